/** What this device keeps and what waits on it, how much room there is, and one's other devices. */
import { css, html, LitElement, nothing } from "lit";
import { customElement } from "lit/decorators.js";

import "../components/connection-card";
import "../components/offline-counts";
import "../components/offline-devices";
import "../components/offline-list";
import "../components/offline-others";
import "../components/offline-waiting";
import "../components/parked-list";
import "../components/storage-card";
import { local } from "../offline/start";
import { t } from "../shell/i18n";
import { Watch } from "../shell/store";
import { canWorkOffline } from "../shell/worker";
import { shared } from "../styles/shared";

@customElement("offline-page")
export class OfflinePage extends LitElement {
  static override styles = [
    ...shared,
    css`
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(360px, 100%), 1fr));
        gap: var(--space-4);
        align-items: start;
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, local);
  }

  protected override render() {
    const isHere = local.value !== null;
    return html`<div class="page">
      <header class="page-head">
        <div>
          <h1>${t("page.offline-page")}</h1>
          <p class="soft">${t("offline.lead")}</p>
        </div>
      </header>
      ${canWorkOffline ? nothing : html`<connection-card></connection-card>`}
      <parked-list></parked-list>
      ${canWorkOffline ? html`<offline-list></offline-list>` : nothing}
      <div class="pair">
        ${isHere && canWorkOffline ? html`<storage-card></storage-card>` : nothing}
        <div class="stack"><offline-waiting></offline-waiting><offline-devices></offline-devices></div>
      </div>
      <offline-counts></offline-counts>
      <offline-others></offline-others>
    </div>`;
  }
}
