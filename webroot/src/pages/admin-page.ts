/** The admin's view: the queue, people, what happened, listening offline, jobs, settings, backups, health. */
import { html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";

import "../components/admin-audit";
import "../components/admin-backups";
import "../components/admin-health";
import "../components/admin-jobs";
import "../components/admin-offline";
import "../components/admin-people";
import "../components/admin-queue";
import "../components/admin-settings";
import "../components/tab-strip";
import { t } from "../shell/i18n";
import { rewriteQuery, router } from "../shell/router";
import { session } from "../shell/session";
import { Watch } from "../shell/store";
import { shared } from "../styles/shared";

const TABS = ["queue", "people", "audit", "offline", "jobs", "settings", "backups", "health"] as const;
/** Those of a plugin that may be withdrawn, by the page that it has as well. */
const PAGES: Readonly<Record<string, string>> = { queue: "/downloads/", offline: "/offline/" };
type TabName = (typeof TABS)[number];

@customElement("admin-page")
export class AdminPage extends LitElement {
  static override styles = shared;

  constructor() {
    super();
    new Watch(this, router);
    new Watch(this, session);
  }

  private get tabs(): readonly TabName[] {
    const paths = (session.value?.pages ?? []).map((page) => page.path);
    return TABS.filter((name) => paths.includes(PAGES[name] ?? "/admin/"));
  }

  private get tab(): TabName {
    return this.tabs.find((name) => name === router.value.query.get("tab")) ?? this.tabs[0] ?? "people";
  }

  protected override render() {
    return html`<div class="page">
      <header class="page-head"><h1>${t("page.admin-page")}</h1></header>
      <tab-strip
        label=${t("page.admin-page")}
        chosen=${this.tab}
        .tabs=${this.tabs.map((id) => ({ id, label: t(`admin.tab.${id}`) }))}
        @choose=${this.choose}
      ></tab-strip>
      <div role="tabpanel" aria-label=${t(`admin.tab.${this.tab}`)}>${this.renderTab()}</div>
    </div>`;
  }

  private renderTab() {
    const { tab } = this;
    if (tab === "people") return html`<admin-people></admin-people>`;
    if (tab === "audit") return html`<admin-audit></admin-audit>`;
    if (tab === "offline") return html`<admin-offline></admin-offline>`;
    if (tab === "jobs") return html`<admin-jobs></admin-jobs>`;
    if (tab === "settings") return html`<admin-settings></admin-settings>`;
    if (tab === "backups") return html`<admin-backups></admin-backups>`;
    if (tab === "health") return html`<admin-health></admin-health>`;
    return html`<admin-queue></admin-queue>`;
  }

  private choose(event: CustomEvent<TabName>): void {
    rewriteQuery({ tab: event.detail, find: "" });
    this.requestUpdate();
  }
}
