/** All playlists, and a new one. */
import { css, html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";

import type { Playlist } from "../api/types";
import "../components/artwork-image";
import { ask } from "../components/confirm-dialog";
import "../components/empty-state";
import { icon } from "../components/icons";
import "../components/keep-button";
import "../components/loading-state";
import { formatLength } from "../shell/format";
import { t } from "../shell/i18n";
import { createPlaylist, loadPlaylists, playlists } from "../shell/playlists";
import { href, navigate } from "../shell/router";
import { Watch } from "../shell/store";
import { shared } from "../styles/shared";

@customElement("playlists-page")
export class PlaylistsPage extends LitElement {
  @state() private error: unknown = null;

  static override styles = [
    ...shared,
    css`
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(168px, calc(50% - 8px)), 1fr));
        gap: var(--space-5) var(--space-4);
      }
      li {
        position: relative;
      }
      keep-button {
        position: absolute;
        inset: var(--space-2) var(--space-2) auto auto;
        border-radius: calc(var(--target) / 2);
        background: color-mix(in oklab, var(--surface-1) 85%, transparent);
      }
      a.tile {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-1);
        color: inherit;
        text-decoration: none;
        border-radius: var(--radius-l);
      }
      .tile artwork-image {
        --artwork-radius: var(--radius-l);
        margin-block-end: var(--space-2);
        transition: transform var(--quick);
      }
      .tile:hover artwork-image {
        transform: scale(1.02);
      }
      .tile h2 {
        font-size: var(--text-3);
      }
      .meta {
        display: flex;
        align-items: center;
        gap: var(--space-2);
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, playlists);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    const known = playlists.value;
    return html`<div class="page">
      <header class="page-head">
        <h1>${t("page.playlists-page")}</h1>
        <button class="button primary with-icon" @click=${this.create}>${icon("add", 20)}${t("playlists.new")}</button>
      </header>
      ${known === null
        ? html`<loading-state rows="4" .error=${this.error} @again=${() => this.load()}></loading-state>`
        : known.length === 0
          ? html`<empty-state icon="playlist" heading=${t("playlists.empty")} text=${t("playlists.emptyText")}></empty-state>`
          : html`<ul role="list">
              ${known.map((playlist) => html`<li>${this.renderTile(playlist)}</li>`)}
            </ul>`}
    </div>`;
  }

  private renderTile(playlist: Playlist) {
    const length = playlist.duration_seconds > 0 ? ` · ${formatLength(playlist.duration_seconds)}` : "";
    return html`<a class="tile" href=${href(`/playlist/?id=${playlist.id}`)}>
        <artwork-image size="512" .src=${playlist.artwork_url} .seed=${playlist.title}></artwork-image>
        <h2 class="cut" dir="auto">${playlist.title}</h2>
        <p class="soft small meta">
          ${playlist.kind === "custom" ? "" : html`<span class="badge accent">${t(`playlist.kind.${playlist.kind}`)}</span>`}
          <span class="cut">${t("playlist.count", { count: playlist.count })}${length}</span>
        </p>
      </a>
      <keep-button compact .playlist=${playlist.id}></keep-button>`;
  }

  private async load(): Promise<void> {
    this.error = null;
    await loadPlaylists().catch((error: unknown) => (this.error = error));
  }

  private async create(): Promise<void> {
    const title = await ask({
      title: t("playlists.new"),
      action: t("action.create"),
      field: { label: t("playlist.title"), value: "" },
    });
    const id = title ? await createPlaylist(title) : null;
    if (id) navigate(`/playlist/?id=${id}`);
  }
}
