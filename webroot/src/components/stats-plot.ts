/** Bars by day, one or two values on top of each other, with a table that says the same. */
import { css, html, LitElement, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";

import { formatDate } from "../shell/format";
import { t } from "../shell/i18n";
import { base } from "../styles/shared";
import { summary } from "../styles/summary";
import { table } from "../styles/table";

export interface Bar {
  /** "2026-11-22". */
  day: string;
  /** From below; as many as there are `series`. */
  values: readonly number[];
}

/** In units of the drawing, which is stretched to the room that there is. */
const STEP = 10;
const GAP = 2;
const HEIGHT = 100;
/** What is more than nothing can be seen. */
const LEAST = 1.5;

@customElement("stats-plot")
export class StatsPlot extends LitElement {
  @property() label = "";
  @property({ attribute: false }) series: readonly string[] = [];
  @property({ attribute: false }) bars: readonly Bar[] = [];
  @property({ attribute: false }) format: (value: number) => string = String;

  static override styles = [
    base,
    summary,
    table,
    css`
      .plot {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0 var(--space-2);
        color: var(--text-soft);
        font-size: var(--text-1);
        font-variant-numeric: tabular-nums;
      }
      svg {
        inline-size: 100%;
        block-size: 140px;
        border-block-end: 1px solid var(--line-strong);
        background: repeating-linear-gradient(to top, transparent 0 69px, var(--line) 69px 70px);
      }
      rect {
        fill: var(--accent);
      }
      rect.second {
        fill: var(--line-strong);
      }
      .scale {
        display: flex;
        flex-direction: column;
        justify-content: space-between;
        text-align: end;
        block-size: 140px;
      }
      .days {
        grid-column: 2;
        display: flex;
        justify-content: space-between;
        padding-block-start: var(--space-1);
      }
      .key {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1) var(--space-4);
        font-size: var(--text-2);
      }
      .key li::before {
        content: "";
        display: inline-block;
        inline-size: 10px;
        block-size: 10px;
        margin-inline-end: var(--space-2);
        border-radius: 3px;
        background: var(--accent);
      }
      .key li + li::before {
        background: var(--line-strong);
      }
      .table {
        max-block-size: 320px;
        font-size: var(--text-2);
      }
    `,
  ];

  protected override render() {
    const { bars, series } = this;
    const most = Math.max(0, ...bars.map(total));
    if (most === 0) return html`<p class="soft small">${t("counts.none")}</p>`;
    return html`
      ${series.length > 1 ? html`<ul class="key" role="list">${series.map((name) => html`<li>${name}</li>`)}</ul>` : nothing}
      <div class="plot" role="img" aria-label=${this.describe(most)}>
        <div class="scale"><span>${this.format(most)}</span><span>${this.format(0)}</span></div>
        <svg viewBox="0 0 ${Math.max(1, bars.length) * STEP} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
          ${bars.map((bar, at) => drawBar(bar, at, most))}
        </svg>
        <div class="days"><span>${formatDate(bars[0]?.day ?? null)}</span><span>${formatDate(bars.at(-1)?.day ?? null)}</span></div>
      </div>
      <details>
        <summary>${t("counts.table")}</summary>
        <div class="table" tabindex="0" role="region" aria-label=${this.label}>${this.renderTable()}</div>
      </details>
    `;
  }

  private renderTable() {
    const days = [...this.bars].reverse().filter((bar) => total(bar) > 0);
    return html`<table>
      <thead>
        <tr><th scope="col">${t("counts.day")}</th>${this.series.map((name) => html`<th scope="col">${name}</th>`)}</tr>
      </thead>
      <tbody>
        ${days.map(
          ({ day, values }) => html`<tr>
            <th scope="row">${formatDate(day)}</th>
            ${values.map((value) => html`<td>${this.format(value)}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>`;
  }

  private describe(most: number): string {
    const best = this.bars.find((bar) => total(bar) === most);
    return `${this.label}. ${t("counts.best", { day: formatDate(best?.day ?? null), value: this.format(most) })}`;
  }
}

const total = ({ values }: Bar): number => values.reduce((sum, value) => sum + value, 0);

function drawBar({ values }: Bar, at: number, most: number) {
  let from = HEIGHT;
  return values.map((value, place) => {
    if (value <= 0) return nothing;
    const height = Math.max(LEAST, (value / most) * HEIGHT);
    from -= height;
    const x = at * STEP + GAP / 2;
    return svg`<rect class=${place > 0 ? "second" : ""} x=${x} y=${from} width=${STEP - GAP} height=${height} />`;
  });
}

declare global {
  interface HTMLElementTagNameMap {
    "stats-plot": StatsPlot;
  }
}
