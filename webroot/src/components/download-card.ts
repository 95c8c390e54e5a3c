/** One download: how far it is, what went wrong, what can be done. */
import { html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { actOnDownload, deleteDownload, type DownloadAction } from "../api/downloads";
import type { Download, DownloadItem, DownloadState, ItemState } from "../api/types";
import { formatAgo, formatBytes } from "../shell/format";
import { explainFault, t } from "../shell/i18n";
import { href } from "../shell/router";
import { attempt } from "../shell/toasts";
import { card } from "../styles/card";
import { shared } from "../styles/shared";
import { summary } from "../styles/summary";
import { icon, type IconName } from "./icons";
import "./progress-bar";

type State = DownloadState | ItemState;

const ACTIONS: Readonly<Record<DownloadState, readonly DownloadAction[]>> = {
  resolving: ["cancel"],
  queued: ["pause", "cancel"],
  running: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  done: [],
  failed: ["retry"],
  cancelled: ["retry"],
};
const ICONS: Readonly<Record<DownloadAction, IconName>> = {
  pause: "pause",
  resume: "play",
  cancel: "close",
  retry: "retry",
};

@customElement("download-card")
export class DownloadCard extends LitElement {
  @property({ attribute: false }) download!: Download;

  static override styles = [...shared, summary, card];

  protected override render() {
    const { download } = this;
    return html`<article class="card" aria-label=${nameOf(download)}>
      <div class="head">
        <div class="words">
          <h3 class="cut" title=${download.url}>${nameOf(download)}</h3>
          <p class="soft small cut">${hostOf(download.url)} · ${formatAgo(download.finished_at ?? download.created_at)}</p>
        </div>
        <span class="badge ${lookOf(download.state)}">${t(`state.${download.state}`)}</span>
        <div class="buttons">${this.renderActions()}</div>
      </div>
      ${isOver(download.state) ? nothing : this.renderProgress()}
      ${this.renderFoot()}
      ${download.error_code || download.error ? reason(download.error_code, download.error) : nothing}
      ${this.renderItems()}
    </article>`;
  }

  private renderActions() {
    const { download } = this;
    const actions: readonly DownloadAction[] = ACTIONS[download.state];
    const title = nameOf(download);
    return html`
      ${actions.map((action) => this.button(ICONS[action], t(`downloads.${action}`, { title }), () => this.act(action)))}
      ${isOver(download.state) ? this.button("trash", t("downloads.forget", { title }), () => this.forget()) : nothing}
    `;
  }

  private button(name: IconName, label: string, run: () => Promise<void>) {
    return html`<button class="icon-button" aria-label=${label} title=${label} @click=${run}>${icon(name, 20)}</button>`;
  }

  private renderProgress() {
    const { download } = this;
    return html`<progress-bar
      .value=${progressOf(download)}
      tone=${download.state === "paused" ? "still" : "accent"}
      label=${t("downloads.progress", { title: nameOf(download) })}
    ></progress-bar>`;
  }

  private renderFoot() {
    const { playlist_id } = this.download;
    const summary = this.summary();
    if (!summary && !playlist_id) return nothing;
    return html`<div class="foot">
      <p class="soft small numbers">${summary}</p>
      ${playlist_id ? html`<a class="small" href=${href(`/playlist/?id=${playlist_id}`)}>${t("downloads.openPlaylist")}</a>` : nothing}
    </div>`;
  }

  private summary(): string {
    const { items_total, items_done, items_failed, bytes_done, bytes_total } = this.download;
    const parts = [];
    if (items_total > 1) parts.push(t("downloads.itemsOf", { done: items_done, total: items_total }));
    if (items_failed > 0) parts.push(t("downloads.itemsFailed", { count: items_failed }));
    const { not_before } = this.download;
    if (not_before) parts.push(t("queueAdmin.notBefore", { when: formatAgo(not_before) }));
    if (bytes_done > 0) parts.push(bytesOf(bytes_done, isOver(this.download.state) ? null : bytes_total));
    return parts.join(" · ");
  }

  private renderItems() {
    const { items } = this.download;
    const isAlone = items.length === 1 && items[0]?.error === (this.download.error ?? null);
    if (items.length === 0 || isAlone) return nothing;
    return html`<details ?open=${items.length <= 3 && !isOver(this.download.state)}>
      <summary>${t("downloads.items", { count: items.length })}</summary>
      <ol>
        ${items.map((item) => html`<li>${renderItem(item)}</li>`)}
      </ol>
    </details>`;
  }

  private async act(action: DownloadAction): Promise<void> {
    await attempt(async () => {
      this.download = await actOnDownload(this.download.id, action);
    });
    this.tell();
  }

  private async forget(): Promise<void> {
    await attempt(() => deleteDownload(this.download.id));
    this.tell();
  }

  private tell(): void {
    this.dispatchEvent(new CustomEvent("download-changed", { bubbles: true }));
  }
}

function renderItem(item: DownloadItem) {
  const isMoving = item.state === "running";
  return html`<div class="item">
      <span class="cut">${item.title ?? hostOf(item.url)}</span>
      <span class="badge ${lookOf(item.state)}">${t(`state.${item.state}`)}</span>
    </div>
    ${isMoving
      ? html`<progress-bar
          .value=${share(item.bytes_done, item.bytes_total)}
          label=${t("downloads.progress", { title: item.title ?? item.url })}
        ></progress-bar>`
      : nothing}
    ${item.error_code || item.error ? reason(item.error_code, item.error) : nothing}`;
}

function reason(code: string | null, sentence: string | null) {
  return html`<p class="reason small">${icon("warning", 18)}<span>${explainFault(code, sentence)}</span></p>`;
}

/** Between 0 and 1: by items where there are many, the running ones by their bytes. */
export function progressOf(download: Download): number | null {
  if (download.state === "resolving") return null;
  const running = download.items
    .filter((item) => item.state === "running" || item.state === "paused")
    .reduce((sum, item) => sum + (share(item.bytes_done, item.bytes_total) ?? 0), 0);
  const over = download.items_done + download.items_failed;
  return download.items_total > 0 ? Math.min(1, (over + running) / download.items_total) : 0;
}

export function lookOf(state: State): string {
  if (state === "done") return "good";
  if (state === "failed") return "bad";
  return state === "running" || state === "resolving" ? "accent" : "";
}

function isOver(state: DownloadState): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

function share(done: number, total: number | null): number | null {
  return total ? done / total : null;
}

function bytesOf(done: number, total: number | null): string {
  return total ? t("downloads.bytesOf", { done: formatBytes(done), total: formatBytes(total) }) : formatBytes(done);
}

export function nameOf(download: Download): string {
  return download.title ?? download.items[0]?.title ?? download.url;
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

declare global {
  interface HTMLElementTagNameMap {
    "download-card": DownloadCard;
  }
}
