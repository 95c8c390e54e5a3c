/** Where one is signed in, and a way to end that from here. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import { endDevice, endOtherDevices, listDevices } from "../api/account";
import type { Device } from "../api/types";
import { formatAgo, formatDate } from "../shell/format";
import { t } from "../shell/i18n";
import { attempt, toast } from "../shell/toasts";
import { lines } from "../styles/lines";
import { shared } from "../styles/shared";
import { cardHead } from "./card-head";
import { confirm } from "./confirm-dialog";
import { HeldFocus } from "./held-focus";
import { icon } from "./icons";
import { WhenOnline } from "./when-online";

@customElement("device-list")
export class DeviceList extends LitElement {
  @state() private devices: readonly Device[] = [];

  static override styles = [
    ...shared,
    lines,
    css`
      .lines > li:last-child {
        padding-block-end: 0;
      }
      h3 {
        overflow-wrap: anywhere;
      }
    `,
  ];

  constructor() {
    super();
    new WhenOnline(this, () => this.load());
    new HeldFocus(this);
  }

  protected override render() {
    const others = this.devices.filter((device) => !device.is_current);
    return html`<section class="card stack">
      <div class="page-head">
        ${cardHead(t("devices.heading"), t("devices.text"))}
        ${others.length > 0
          ? html`<button class="button with-icon" @click=${this.endOthers}>${icon("logout", 20)}${t("devices.endOthers")}</button>`
          : nothing}
      </div>
      <ul class="lines" role="list">
        ${this.devices.map((device) => html`<li>${this.renderDevice(device)}</li>`)}
      </ul>
    </section>`;
  }

  private renderDevice(device: Device) {
    const label = t("devices.end", { name: device.device });
    return html`<div class="words">
        <div class="name">
          <h3>${device.device}</h3>
          ${device.is_current ? html`<span class="badge accent">${t("devices.current")}</span>` : nothing}
        </div>
        <p class="soft small">
          ${device.address} · ${t("devices.seen", { when: formatAgo(device.last_seen_at) })} ·
          ${t("tokens.until", { date: formatDate(device.expires_at) })}
        </p>
      </div>
      ${device.is_current
        ? nothing
        : html`<button class="icon-button" aria-label=${label} title=${label} @click=${() => this.end(device)}>
            ${icon("logout", 20)}
          </button>`}`;
  }

  private async end(device: Device): Promise<void> {
    if (await attempt(() => endDevice(device.id))) toast(t("devices.ended", { name: device.device }));
    await this.load();
  }

  private async endOthers(): Promise<void> {
    const isSure = await confirm({
      title: t("devices.endOthersTitle"),
      text: t("devices.endOthersText"),
      action: t("devices.endOthers"),
      isDanger: true,
    });
    if (isSure && (await attempt(endOtherDevices))) await this.load();
  }

  async load(): Promise<void> {
    await attempt(async () => {
      this.devices = (await listDevices()).results;
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "device-list": DeviceList;
  }
}
