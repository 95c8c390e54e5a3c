/** What everybody's devices counted: totals by day and by user. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { getStats, type OfflineStats } from "../api/offline";
import { formatBytes, formatLength, formatNumber } from "../shell/format";
import { t } from "../shell/i18n";
import { shared } from "../styles/shared";
import "./loading-state";
import "./stats-plot";
import { barsOf, VIEWS, type ViewName } from "./stats-views";

const DAYS = 30;

@customElement("admin-offline")
export class AdminOffline extends LitElement {
  @state() private stats: OfflineStats | null = null;
  @state() private error: unknown = null;
  @state() private view: ViewName = "plays";

  static override styles = [
    ...shared,
    css`
      .table {
        overflow-x: auto;
      }
      table {
        inline-size: 100%;
        border-collapse: collapse;
        font-variant-numeric: tabular-nums;
      }
      th,
      td {
        padding: var(--space-2) var(--space-3);
        border-block-end: 1px solid var(--line);
        text-align: end;
        font-weight: 400;
        white-space: nowrap;
      }
      th:first-child {
        text-align: start;
        padding-inline-start: 0;
      }
      thead th {
        color: var(--text-soft);
        font-size: var(--text-2);
        font-weight: 600;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    if (!this.stats) return html`<loading-state .error=${this.error} @again=${() => this.load()}></loading-state>`;
    const view = VIEWS[this.view];
    return html`<div class="page">
      <section class="card stack">
        <div>
          <h2>${t("adminOffline.heading")}</h2>
          <p class="soft small">${t("adminOffline.text")}</p>
        </div>
        ${this.stats.is_counting ? nothing : html`<p class="soft small">${t("counts.serverOff")}</p>`}
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
          .bars=${barsOf(this.stats.days, DAYS, new Date(), view.values)}
          .format=${view.format}
        ></stats-plot>
      </section>
      ${this.stats.users.length > 0 ? this.renderUsers(this.stats.users) : nothing}
    </div>`;
  }

  private renderUsers(users: OfflineStats["users"]) {
    return html`<section class="card stack">
      <h2 id="users">${t("adminOffline.users")}</h2>
      <div class="table" role="region" aria-labelledby="users" tabindex="0">
        <table>
          <thead>
            <tr>
              <th scope="col">${t("adminOffline.user")}</th>
              <th scope="col">${t("counts.plays")}</th>
              <th scope="col">${t("counts.offline")}</th>
              <th scope="col">${t("counts.saved")}</th>
              <th scope="col">${t("counts.fromNetwork")}</th>
            </tr>
          </thead>
          <tbody>
            ${users.map(
              (user) => html`<tr>
                <th scope="row">${user.username ?? t("adminOffline.gone")}</th>
                <td>${formatNumber(user.plays)}</td>
                <td>${formatLength(user.offline_seconds)}</td>
                <td>${formatBytes(user.cache_bytes)}</td>
                <td>${formatBytes(user.network_bytes)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  private async load(): Promise<void> {
    this.error = null;
    try {
      this.stats = await getStats({ days: DAYS, whole: true });
    } catch (error) {
      this.error = error;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "admin-offline": AdminOffline;
  }
}
