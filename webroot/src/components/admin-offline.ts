/** What everybody's devices counted: totals by day and by user. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { getStats, type OfflineStats } from "../api/offline";
import { formatBytes, formatLength, formatNumber } from "../shell/format";
import { t } from "../shell/i18n";
import { shared } from "../styles/shared";
import { table } from "../styles/table";
import { cardHead } from "./card-head";
import "./loading-state";
import "./stats-days";
import { DAYS } from "./stats-views";

@customElement("admin-offline")
export class AdminOffline extends LitElement {
  @state() private stats: OfflineStats | null = null;
  @state() private error: unknown = null;

  static override styles = [
    ...shared,
    table,
    css`
      th,
      td {
        white-space: nowrap;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    if (!this.stats) return html`<loading-state .error=${this.error} @again=${() => this.load()}></loading-state>`;
    return html`<div class="page">
      <section class="card stack">
        ${cardHead(t("adminOffline.heading"), t("adminOffline.text"))}
        ${this.stats.is_counting ? nothing : html`<p class="soft small">${t("counts.serverOff")}</p>`}
        <stats-days .days=${this.stats.days}></stats-days>
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
