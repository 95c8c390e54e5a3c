/** The admin's view: the queue, people, what happened, jobs, settings, plugins, health. */
import { html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";

import "../components/admin-audit";
import "../components/admin-jobs";
import "../components/admin-people";
import "../components/admin-plugins";
import "../components/admin-queue";
import "../components/admin-settings";
import "../components/tab-strip";
import { t } from "../shell/i18n";
import { rewriteQuery, router } from "../shell/router";
import { shared } from "../styles/shared";

const TABS = ["queue", "people", "audit", "jobs", "settings", "plugins"] as const;
type TabName = (typeof TABS)[number];

@customElement("admin-page")
export class AdminPage extends LitElement {
  @state() private tab: TabName = TABS.find((name) => name === router.value.query.get("tab")) ?? "queue";

  static override styles = shared;

  protected override render() {
    return html`<div class="page">
      <header class="page-head"><h1>${t("page.admin-page")}</h1></header>
      <tab-strip
        label=${t("page.admin-page")}
        chosen=${this.tab}
        .tabs=${TABS.map((id) => ({ id, label: t(`admin.tab.${id}`) }))}
        @choose=${this.choose}
      ></tab-strip>
      <div role="tabpanel" aria-label=${t(`admin.tab.${this.tab}`)}>${this.renderTab()}</div>
    </div>`;
  }

  private renderTab() {
    if (this.tab === "people") return html`<admin-people></admin-people>`;
    if (this.tab === "audit") return html`<admin-audit></admin-audit>`;
    if (this.tab === "jobs") return html`<admin-jobs></admin-jobs>`;
    if (this.tab === "settings") return html`<admin-settings></admin-settings>`;
    if (this.tab === "plugins") return html`<admin-plugins></admin-plugins>`;
    return html`<admin-queue></admin-queue>`;
  }

  private choose(event: CustomEvent<TabName>): void {
    this.tab = event.detail;
    rewriteQuery({ tab: this.tab });
  }
}
