/** What was counted in the last days: choose what, and see it day by day. */
import { html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { OfflineStats } from "../api/offline";
import { t } from "../shell/i18n";
import { shared } from "../styles/shared";
import "./stats-plot";
import { barsOf, DAYS, VIEWS, type ViewName } from "./stats-views";

@customElement("stats-days")
export class StatsDays extends LitElement {
  @property({ attribute: false }) days: OfflineStats["days"] = [];
  @state() private view: ViewName = "plays";

  static override styles = shared;

  protected override render() {
    const view = VIEWS[this.view];
    return html`<div class="stack">
      <div class="row" role="group" aria-label=${t("counts.show")}>
        ${(Object.keys(VIEWS) as ViewName[]).map(
          (name) => html`<button class="chip" aria-pressed=${name === this.view} @click=${() => (this.view = name)}>
            ${t(`counts.${name}`)}
          </button>`,
        )}
      </div>
      <stats-plot
        label=${t("counts.label", { what: t(`counts.${this.view}`) })}
        .series=${view.series()}
        .bars=${barsOf(this.days, DAYS, new Date(), view.values)}
        .format=${view.format}
      ></stats-plot>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "stats-days": StatsDays;
  }
}
