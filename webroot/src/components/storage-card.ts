/** How much room the browser grants, what is taken of it, whether it may be cleared, and how much may be kept. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";

import type { Room } from "../offline/room";
import { local } from "../offline/start";
import { formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { LocalReading } from "../shell/local-reading";
import { attempt, toast } from "../shell/toasts";
import { canWorkOffline } from "../shell/worker";
import { shared } from "../styles/shared";
import { confirm } from "./confirm-dialog";
import { HeldFocus } from "./held-focus";
import { icon } from "./icons";
import "./progress-bar";
import "./storage-repair";

const GIGABYTE = 1e9;
const LIMITS = [1, 2, 5, 10, 20, 50, 100];

@customElement("storage-card")
export class StorageCard extends LitElement {
  @state() private isBusy = false;
  private readonly reading = new LocalReading(this, ["entries", "offline"], ({ keeper }) => keeper.room());

  static override styles = [
    ...shared,
    css`
      .note {
        display: flex;
        gap: var(--space-3);
        align-items: center;
        flex-wrap: wrap;
      }
      .note > span {
        flex: 1 1 220px;
      }
      .note svg {
        flex: none;
      }
      progress-bar {
        margin-block-start: var(--space-2);
      }
      label {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-2) var(--space-3);
      }
      select {
        inline-size: auto;
      }
    `,
  ];

  constructor() {
    super();
    new HeldFocus(this);
  }

  protected override render() {
    const room = this.reading.value;
    return html`<section class="card stack">
      <h2>${t("storage.heading")}</h2>
      ${room ? html`${this.renderBar(room)} ${this.renderProtected(room)} ${this.renderLimit(room)}` : nothing}
      <storage-repair></storage-repair>
      ${room && room.keptBytes > 0
        ? html`<div>
            <button class="button with-icon" aria-disabled=${this.isBusy} @click=${this.clear}>${icon("trash", 20)}${t("storage.clear")}</button>
          </div>`
        : nothing}
    </section>`;
  }

  private renderBar({ usedBytes, grantedBytes, limitBytes, keptBytes }: Room) {
    const keeps = t("storage.kept", { size: formatBytes(keptBytes) });
    if (limitBytes !== null) {
      const words = t("quota.used", { used: formatBytes(keptBytes), quota: formatBytes(limitBytes) });
      return html`<div>
        <p class="small numbers">${words}</p>
        <progress-bar .value=${limitBytes > 0 ? keptBytes / limitBytes : 1} label=${words}></progress-bar>
      </div>`;
    }
    if (usedBytes === null || !grantedBytes) return html`<p class="small numbers">${keeps}</p>`;
    const words = t("storage.used", { used: formatBytes(usedBytes), quota: formatBytes(grantedBytes) });
    return html`<div>
      <p class="small numbers">${keeps} · ${words}</p>
      <progress-bar .value=${usedBytes / grantedBytes} label=${words}></progress-bar>
    </div>`;
  }

  private renderProtected({ isProtected }: Room) {
    if (!canWorkOffline || isProtected === null) return nothing;
    if (isProtected) return html`<p class="note"><span class="row">${icon("lock", 20)}${t("storage.protected")}</span></p>`;
    return html`<p class="note">
      <span>${t("storage.unprotected")}</span><button class="button" @click=${this.protect}>${t("storage.protect")}</button>
    </p>`;
  }

  private renderLimit({ limitBytes, keptBytes }: Room) {
    const now = limitBytes === null ? 0 : limitBytes / GIGABYTE;
    const choices = [...new Set([...LIMITS, ...(now > 0 ? [now] : [])])].sort((a, b) => a - b);
    return html`<label>
      ${t("storage.limit")}
      <select @change=${this.limit}>
        <option value="0" ?selected=${now === 0}>${t("storage.noLimit")}</option>
        ${choices.map((size) => html`<option value=${size} ?selected=${size === now}>${formatBytes(size * GIGABYTE)}</option>`)}
      </select>
    </label>
    ${limitBytes !== null && keptBytes > limitBytes
      ? html`<p class="small" role="status">${t("storage.over", { size: formatBytes(keptBytes - limitBytes) })}</p>`
      : nothing}`;
  }

  private async protect(): Promise<void> {
    const answer = await local.value?.keeper.protect();
    toast(t(answer ? "storage.nowProtected" : "storage.refused"), { kind: answer ? "info" : "error" });
    await this.reading.renew();
  }

  private async limit(event: Event): Promise<void> {
    const gigabytes = Number((event.target as HTMLSelectElement).value);
    await attempt(async () => local.value?.keeper.limit(gigabytes > 0 ? gigabytes * GIGABYTE : null));
    await this.reading.renew();
  }

  private async clear(): Promise<void> {
    if (this.isBusy) return;
    const isSure = await confirm({
      title: t("storage.clearTitle"),
      text: t("storage.clearText", { size: formatBytes(this.reading.value?.keptBytes ?? 0) }),
      action: t("storage.clear"),
      isDanger: true,
    });
    if (!isSure) return;
    this.isBusy = true;
    if (await attempt(async () => local.value?.keeper.clear())) toast(t("storage.cleared"));
    this.isBusy = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "storage-card": StorageCard;
  }
}
