/** The devices of one's own that sync with this server, and what they keep. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { forgetOfflineDevice, listOfflineDevices, type OfflineDevice } from "../api/offline";
import { getMeta } from "../offline/database";
import { sizeOf } from "../offline/room";
import type { Local } from "../offline/start";
import { formatAgo, formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { LocalReading } from "../shell/local-reading";
import { attempt, toast } from "../shell/toasts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { cardHead } from "./card-head";
import { confirm } from "./confirm-dialog";
import { HeldFocus } from "./held-focus";
import { icon } from "./icons";
import { WhenOnline } from "./when-online";

@customElement("offline-devices")
export class OfflineDevices extends LitElement {
  @state() private devices: readonly OfflineDevice[] = [];
  private readonly own = new LocalReading(this, ["offline", "entries", "meta"], describe);

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

  constructor() {
    super();
    new WhenOnline(this, () => this.load());
    new HeldFocus(this);
  }

  protected override render() {
    if (this.devices.length === 0) return nothing;
    return html`<section class="card stack">
      ${cardHead(t("offline.devices"), t("offline.devicesText"))}
      <ul class="lines" role="list">
        ${this.devices.map((device) => html`<li>${this.renderDevice(device)}</li>`)}
      </ul>
    </section>`;
  }

  private renderDevice(device: OfflineDevice) {
    const { id, name } = device;
    const isOwn = id === this.own.value?.id;
    const { playlists, stored_bytes, last_sync_at } = { ...device, ...(isOwn ? this.own.value : {}) };
    const label = `${t("offline.forget")}: ${name}`;
    return html`<div class="words">
        <div class="name">
          <h3>${name}</h3>
          ${isOwn ? html`<span class="badge accent">${t("devices.current")}</span>` : nothing}
        </div>
        <p class="soft small numbers">
          ${t("offline.keeps", { count: playlists, size: formatBytes(stored_bytes) })} ·
          ${t("status.synced", { when: formatAgo(last_sync_at) })}
        </p>
      </div>
      ${isOwn
        ? nothing
        : html`<button class="icon-button" aria-label=${label} title=${label} @click=${() => this.forget(device)}>
            ${icon("close", 20)}
          </button>`}`;
  }

  /** Without the server nobody can tell; then there is nothing to show. */
  private async load(): Promise<void> {
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

/** This one knows better than the server what it keeps. */
async function describe({ db, drain }: Local) {
  const [id, playlists, entries] = await Promise.all([getMeta(db, "device"), db.count("offline"), db.getAll("entries")]);
  const { lastSyncAt } = drain.value;
  return { id, playlists, stored_bytes: sizeOf(entries), ...(lastSyncAt === null ? {} : { last_sync_at: lastSyncAt }) };
}

declare global {
  interface HTMLElementTagNameMap {
    "offline-devices": OfflineDevices;
  }
}
