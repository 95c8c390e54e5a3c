/** What came over from the old SoundWave, and what did not. Asked for when it is opened: most servers never had an old one. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { hasCode } from "../api/errors";
import { getImport } from "../api/system";
import type { ImportReport, ImportSection } from "../api/types";
import { formatMoment } from "../shell/format";
import { t, tryT } from "../shell/i18n";
import { toastError } from "../shell/toasts";
import { facts } from "../styles/facts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";

const LONG = 240;
const SAYS = /^(.+? \(\d+\)): (.+)$/s;

@customElement("import-report")
export class ImportReportCard extends LitElement {
  /** Null until it is known. */
  @state() private report: ImportReport | "none" | null = null;

  static override styles = [
    ...shared,
    facts,
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

  protected override render() {
    return html`<details class="card" @toggle=${this.toggle}>
      <summary>${t("import.heading")}</summary>
      ${this.report ? this.renderReport(this.report) : html`<p class="soft small">${t("shell.loading")}</p>`}
    </details>`;
  }

  private renderReport(report: ImportReport | "none") {
    if (report === "none") return html`<p class="soft" role="status">${t("import.none")}</p>`;
    return html`<p class="soft small">${t("import.from", { source: report.source, when: formatMoment(report.at) })}</p>
      <ul class="lines" role="list" aria-label=${t("import.heading")}>
        ${report.sections.map((section) => html`<li>${renderSection(section)}</li>`)}
      </ul>`;
  }

  private async toggle(event: ToggleEvent): Promise<void> {
    if (event.newState !== "open" || this.report) return;
    try {
      this.report = await getImport();
    } catch (error) {
      if (hasCode(error, "no_import")) this.report = "none";
      else toastError(error);
    }
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
