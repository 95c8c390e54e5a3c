/** Links in, tracks out: the form, and what is on its way. */
import { html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { getDownload, listActive, listByState, listCompleted } from "../api/downloads";
import type { Download, List } from "../api/types";
import "../components/download-card";
import { nameOf } from "../components/download-card";
import "../components/empty-state";
import type { IconName } from "../components/icons";
import "../components/link-form";
import "../components/loading-state";
import "../components/tab-strip";
import { t } from "../shell/i18n";
import { loadPlaylists } from "../shell/playlists";
import { Poll } from "../shell/poll";
import { navigate } from "../shell/router";
import { toast } from "../shell/toasts";
import { shared } from "../styles/shared";

const TABS = ["active", "completed", "failed", "cancelled"] as const;
type TabName = (typeof TABS)[number];

const LISTS: Readonly<Record<TabName, (count: number) => Promise<List<Download>>>> = {
  active: listActive,
  completed: listCompleted,
  failed: (count) => listByState("failed", count),
  cancelled: (count) => listByState("cancelled", count),
};
const ICONS: Readonly<Record<TabName, IconName>> = {
  active: "link",
  completed: "download",
  failed: "check",
  cancelled: "check",
};
const EVERY_MS = 2_000;
const PART = 50;

@customElement("downloads-page")
export class DownloadsPage extends LitElement {
  @state() private tab: TabName = "active";
  @state() private list: List<Download> | null = null;
  @state() private error: unknown = null;
  private wanted = PART;
  private active: readonly Download[] = [];
  private readonly poll = new Poll(this, EVERY_MS, () => this.look());

  static override styles = shared;

  protected override render() {
    return html`<div class="page">
      <header class="page-head"><h1>${t("page.downloads-page")}</h1></header>
      <link-form @download-added=${() => this.choose("active")}></link-form>
      <section class="stack">
        <tab-strip
          label=${t("page.downloads-page")}
          chosen=${this.tab}
          .tabs=${TABS.map((id) => ({ id, label: t(`downloads.tab.${id}`) }))}
          @choose=${(event: CustomEvent<TabName>) => this.choose(event.detail)}
        ></tab-strip>
        <div class="stack" role="tabpanel" aria-label=${t(`downloads.tab.${this.tab}`)} @download-changed=${() => this.poll.now()}>
          ${this.renderList()}
        </div>
      </section>
    </div>`;
  }

  private renderList() {
    const { list } = this;
    if (list === null) {
      return html`<loading-state rows="3" .error=${this.error} @again=${() => this.poll.now()}></loading-state>`;
    }
    if (list.results.length === 0) {
      return html`<empty-state
        icon=${ICONS[this.tab]}
        heading=${t(`downloads.empty.${this.tab}`)}
        text=${t(`downloads.emptyText.${this.tab}`)}
      ></empty-state>`;
    }
    return html`${repeat(
      list.results,
      (download) => download.id,
      (download) => html`<download-card .download=${download}></download-card>`,
    )}
    ${list.next === null ? nothing : html`<button class="button more" @click=${this.more}>${t("action.more")}</button>`}`;
  }

  private choose(tab: TabName): void {
    if (tab !== this.tab) {
      this.list = null;
      this.wanted = PART;
    }
    this.tab = tab;
    void this.poll.now();
  }

  private more(): void {
    this.wanted += PART;
    void this.poll.now();
  }

  private async look(): Promise<void> {
    const { tab, wanted } = this;
    try {
      const list = await LISTS[tab](wanted);
      if (tab !== this.tab || wanted !== this.wanted) return void this.look();
      this.error = null;
      this.list = list;
      if (tab === "active") this.follow(list.results);
    } catch (error) {
      this.error = error;
    }
  }

  /** What was active and is no more has ended: say how. */
  private follow(now: readonly Download[]): void {
    const ids = new Set(now.map((download) => download.id));
    for (const download of this.active) if (!ids.has(download.id)) void this.tellEnd(download);
    this.active = now;
  }

  private async tellEnd(download: Download): Promise<void> {
    const end = await getDownload(download.id).catch(() => null);
    if (end?.state === "done") {
      const action = { label: t("downloads.show"), run: () => navigate("/") };
      toast(t("downloads.finished", { title: nameOf(end) }), { action });
      void loadPlaylists().catch(() => undefined);
    } else if (end?.state === "failed") {
      toast(t("downloads.broke", { title: nameOf(end) }), { kind: "error" });
    }
  }
}
