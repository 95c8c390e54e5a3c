/** What came over from the old SoundWave, and what did not: nothing where there never was one. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { listImports } from "../api/system";
import type { ImportReport, ImportSection } from "../api/types";
import { formatMoment } from "../shell/format";
import { t, tryT } from "../shell/i18n";
import { toastError } from "../shell/toasts";
import { facts } from "../styles/facts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { summary } from "../styles/summary";

const LONG = 240;
const SAYS = /^(.+? \(\d+\)): (.+)$/s;

@customElement("import-report")
export class ImportReportCard extends LitElement {
  @state() private reports: readonly ImportReport[] = [];

  static override styles = [
    ...shared,
    facts,
    summary,
    lines,
    css`
      .card {
        padding-block: var(--space-2);
      }
      .card > summary {
        color: var(--text);
        font-size: var(--text-3);
      }
      .notes {
        display: grid;
        gap: var(--space-1);
        padding-inline-start: var(--space-5);
        list-style: disc;
        overflow-wrap: anywhere;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load().catch(toastError);
  }

  protected override render() {
    return this.reports.map(
      (report) => html`<details class="card">
        <summary>${t("import.heading")}</summary>
        <p class="soft small">${t("import.from", { source: report.source, when: formatMoment(report.at) })}</p>
        <ul class="lines" role="list" aria-label=${t("import.heading")}>
          ${report.sections.map((section) => html`<li>${renderSection(section)}</li>`)}
        </ul>
      </details>`,
    );
  }

  private async load(): Promise<void> {
    this.reports = (await listImports()).results;
  }
}

function renderSection({ found, imported, name, notes }: ImportSection) {
  return html`<h3>${tryT(`import.section.${name}`, name)}</h3>
    <span class="badge ${imported === found ? "good" : ""}">${t("import.count", { imported, found })}</span>
    ${notes.length > 0
      ? html`<ul class="notes small soft wide">
          ${notes.map((note) => html`<li>${renderNote(note)}</li>`)}
        </ul>`
      : nothing}`;
}

/** One that names many things is folded behind what it says of them. */
function renderNote(note: string) {
  const [, what, names] = SAYS.exec(note) ?? [];
  if (!what || !names || note.length <= LONG) return note;
  return html`<details>
    <summary>${what}</summary>
    ${names}
  </details>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "import-report": ImportReportCard;
  }
}
