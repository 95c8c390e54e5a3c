/** The devices of one's own that sync with this server, and what they keep. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { forgetOfflineDevice, listOfflineDevices, type OfflineDevice } from "../api/offline";
import { getMeta } from "../offline/database";
import { whenOpen } from "../offline/start";
import { formatAgo, formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { attempt, toast } from "../shell/toasts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { confirm } from "./confirm-dialog";
import { icon } from "./icons";

@customElement("offline-devices")
export class OfflineDevices extends LitElement {
  @state() private devices: readonly OfflineDevice[] = [];
  @state() private own = "";

  static override styles = [
    ...shared,
    lines,
    css`
      .lines {
        padding-block: 0;
      }
      .lines > li:last-child {
        padding-block-end: 0;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    if (this.devices.length === 0) return nothing;
    return html`<section class="card stack">
      <div>
        <h2>${t("offline.devices")}</h2>
        <p class="soft small">${t("offline.devicesText")}</p>
      </div>
      <ul class="lines" role="list">
        ${this.devices.map((device) => html`<li>${this.renderDevice(device)}</li>`)}
      </ul>
    </section>`;
  }

  private renderDevice(device: OfflineDevice) {
    const { id, name, playlists, stored_bytes, last_sync_at } = device;
    const label = `${t("offline.forget")}: ${name}`;
    return html`<div class="words">
        <div class="name">
          <h3>${name}</h3>
          ${id === this.own ? html`<span class="badge accent">${t("devices.current")}</span>` : nothing}
        </div>
        <p class="soft small numbers">
          ${t("offline.keeps", { count: playlists, size: formatBytes(stored_bytes) })} ·
          ${t("status.synced", { when: formatAgo(last_sync_at) })}
        </p>
      </div>
      ${id === this.own
        ? nothing
        : html`<button class="icon-button" aria-label=${label} title=${label} @click=${() => this.forget(device)}>
            ${icon("close", 20)}
          </button>`}`;
  }

  /** Without the server nobody can tell; then there is nothing to show. */
  private async load(): Promise<void> {
    const here = await whenOpen();
    if (here) this.own = await getMeta(here.db, "device");
    const answer = await listOfflineDevices().catch(() => null);
    if (answer) this.devices = answer.results;
  }

  private async forget({ id, name }: OfflineDevice): Promise<void> {
    const isSure = await confirm({
      title: t("offline.forgetTitle", { name }),
      text: t("offline.forgetText"),
      action: t("offline.forget"),
      isDanger: true,
    });
    if (isSure && (await attempt(() => forgetOfflineDevice(id)))) toast(t("offline.forgotten", { name }));
    if (isSure) await this.load();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "offline-devices": OfflineDevices;
  }
}
