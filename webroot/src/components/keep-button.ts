/** Keep a playlist on this device: how large it is, how far that is, and what can be done about it. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { OfflinePlaylist } from "../offline/database";
import type { Local } from "../offline/start";
import { formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { LocalReading } from "../shell/local-reading";
import { canWorkOffline } from "../shell/worker";
import { ring } from "../styles/ring";
import { base, buttons } from "../styles/shared";
import "./action-menu";
import { HeldFocus } from "./held-focus";
import { icon } from "./icons";
import { actionsOf, explainPlain, keep } from "./offline-actions";
import { moved, named, partOf, stateOf } from "./offline-words";

interface Found {
  kept: OfflinePlaylist | null;
  title: string;
  /** Of its tracks, as the library says; null where it is not known here. */
  sizeBytes: number | null;
}

@customElement("keep-button")
export class KeepButton extends LitElement {
  /** The playlist's id. */
  @property() playlist = "";
  /** Without words, for a tile. */
  @property({ type: Boolean }) compact = false;
  /** It is found out whether it fits. */
  @state() private isAsking = false;

  private readonly reading = new LocalReading(
    this,
    ["offline", "playlists", "tracks", "outbox"],
    (from) => find(from, this.playlist),
    (found, progress) => (found.kept?.id === progress.playlist ? { ...found, kept: moved(found.kept, progress) } : found),
  );

  static override styles = [
    base,
    buttons,
    ring,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: var(--space-1);
      }
      .pill::part(opener) {
        display: inline-flex;
        align-items: center;
        gap: var(--space-2);
        inline-size: auto;
        padding-inline: var(--space-3) var(--space-4);
        border-radius: calc(var(--target) / 2);
        background: var(--surface-2);
        color: var(--text);
        font-size: var(--text-3);
        font-weight: 600;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      [data-state="ready"].pill::part(opener) {
        background: var(--good-soft);
        color: var(--good);
      }
      [data-state="ready"]::part(opener) {
        color: var(--good);
      }
      [data-state="short"]::part(opener),
      [data-state="failed"]::part(opener) {
        color: var(--danger);
      }
    `,
  ];

  constructor() {
    super();
    new HeldFocus(this);
  }

  protected override updated(changed: Map<string, unknown>): void {
    if (changed.has("playlist") && changed.get("playlist") !== undefined) void this.reading.renew();
  }

  protected override render() {
    const found = this.reading.value;
    if (!found || !this.playlist) return nothing;
    return html`${found.kept ? this.renderKept(found.kept) : this.renderWish(found)} ${renderNews(found.kept)}`;
  }

  private renderKept(kept: OfflinePlaylist) {
    return html`<action-menu
        class=${this.compact ? "" : "pill"}
        data-state=${kept.state}
        label=${`${t("keep.menu", { title: kept.title })}: ${stateOf(kept)}`}
        .actions=${() => actionsOf(kept)}
        >${renderMark(kept, this.compact ? 22 : 20)}${this.compact ? nothing : html`<span>${stateOf(kept)}</span>`}</action-menu
      >`;
  }

  private renderWish({ title, sizeBytes }: Found) {
    const words = sizeBytes ? t("keep.keepSize", { size: formatBytes(sizeBytes) }) : t("keep.keep");
    const run = (): void => void this.keep(title);
    if (!this.compact) {
      return html`<button class="button with-icon" aria-disabled=${this.isAsking} @click=${run}>${icon("keep", 20)}${words}</button>`;
    }
    const label = `${words}: ${title}`;
    return html`<button class="icon-button" aria-disabled=${this.isAsking} aria-label=${label} title=${words} @click=${run}>
      ${icon("keep")}
    </button>`;
  }

  private async keep(title: string): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    await (canWorkOffline ? keep(this.playlist, title) : explainPlain());
    this.isAsking = false;
  }
}

/** For ears: where it got to, but not every step of the way. */
export function renderNews(kept: OfflinePlaylist | null) {
  const news = kept && kept.state !== "fetching" ? `${kept.title}: ${stateOf(kept)}` : "";
  return html`<span class="unseen" role="status">${news}</span>`;
}

/** A ring that fills while it comes, a mark for how it ended. */
export function renderMark(kept: OfflinePlaylist, size: number) {
  if (kept.state === "ready") return icon("kept", size);
  if (kept.state === "short" || kept.state === "failed") return icon("warning", size);
  if (kept.state === "offline") return icon("offline", size);
  const done = Math.round((partOf(kept) ?? 0) * 100);
  return html`<svg class="ring" width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true">
    <circle cx="12" cy="12" r="9.5"></circle>
    <circle class="done" cx="12" cy="12" r="9.5" pathLength="100" stroke-dasharray="${done} 100"></circle>
  </svg>`;
}

async function find(from: Local, id: string): Promise<Found> {
  const { db, library } = from;
  await library.refresh(); // a change that was made a moment ago
  const kept = await db.get("offline", id);
  if (kept) return { kept: named(kept, from), title: "", sizeBytes: null };
  const playlist = library.playlists.value.find((one) => one.id === id);
  if (!playlist) return { kept: null, title: "", sizeBytes: null };
  const tracks = await library.getTracks(playlist.items.map((item) => item.track));
  const sizeBytes = [...tracks.values()].reduce((sum, track) => sum + (track.is_missing ? 0 : (track.size_bytes ?? 0)), 0);
  return { kept: null, title: playlist.title, sizeBytes };
}

declare global {
  interface HTMLElementTagNameMap {
    "keep-button": KeepButton;
  }
}
