/** What was counted on one's devices: plays, listening without a server, and what did not have to come over the network. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { deleteStats, getStats, type OfflineStats } from "../api/offline";
import { saveCounts } from "../offline/counting";
import { getDeviceState, setDeviceState } from "../offline/database";
import { local, whenOpen } from "../offline/start";
import { formatBytes, formatLength, formatNumber } from "../shell/format";
import { t } from "../shell/i18n";
import { attempt, toast } from "../shell/toasts";
import { facts } from "../styles/facts";
import { shared } from "../styles/shared";
import { cardHead } from "./card-head";
import { confirm } from "./confirm-dialog";
import "./stats-days";
import { DAYS, hitsOf, missesOf } from "./stats-views";
import { WhenOnline } from "./when-online";

@customElement("offline-counts")
export class OfflineCounts extends LitElement {
  @state() private stats: OfflineStats | null = null;
  @state() private isCounting = true;

  static override styles = [
    ...shared,
    facts,
    css`
      dd {
        font-size: var(--text-4);
        font-weight: 650;
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  constructor() {
    super();
    new WhenOnline(this, () => this.load());
  }

  protected override render() {
    return html`<section class="card stack">
      ${cardHead(t("counts.heading"), t("counts.text"))}
      <label class="check">
        <input type="checkbox" .checked=${this.isCounting} @change=${this.turn} />${t("counts.switch")}
      </label>
      ${this.stats ? this.renderStats(this.stats) : html`<p class="soft small">${t("counts.away")}</p>`}
    </section>`;
  }

  private renderStats(stats: OfflineStats) {
    const { totals } = stats;
    const asked = hitsOf(totals) + missesOf(totals);
    return html`${stats.is_counting ? nothing : html`<p class="soft small">${t("counts.serverOff")}</p>`}
      <dl class="facts">
        <div><dt>${t("counts.plays")}</dt><dd>${formatNumber(totals.plays)}</dd></div>
        <div><dt>${t("counts.offline")}</dt><dd>${formatLength(totals.offline_seconds)}</dd></div>
        <div><dt>${t("counts.saved")}</dt><dd>${formatBytes(totals.cache_bytes)}</dd></div>
      </dl>
      <p class="soft small">
        ${t("counts.hitRatio", { percent: `${formatNumber(asked > 0 ? Math.round((hitsOf(totals) / asked) * 100) : 0)} %` })}
      </p>
      <stats-days .days=${stats.days}></stats-days>
      <div><button class="button" @click=${this.clear}>${t("counts.clear")}</button></div>`;
  }

  private async load(): Promise<void> {
    const here = await whenOpen();
    if (here) this.isCounting = await getDeviceState(here.base, "isCounting");
    this.stats = await getStats({ days: DAYS }).catch(() => this.stats);
  }

  /** What was counted before it was turned off goes as well: nobody would send it. */
  private async turn(event: Event): Promise<void> {
    const isOn = (event.target as HTMLInputElement).checked;
    this.isCounting = isOn;
    await attempt(async () => {
      if (!local.value) return;
      await setDeviceState(local.value.base, "isCounting", isOn);
      local.value.channel.post({ type: "changed", user: local.value.user, stores: ["state"] });
      if (!isOn) await local.value.db.clear("stats");
      await saveCounts();
    });
  }

  private async clear(): Promise<void> {
    const isSure = await confirm({
      title: t("counts.clearTitle"),
      text: t("counts.clearText"),
      action: t("counts.clear"),
      isDanger: true,
    });
    if (!isSure || !(await attempt(deleteStats))) return;
    toast(t("counts.cleared"));
    await this.load();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "offline-counts": OfflineCounts;
  }
}
