/** Which playlist shall these tracks go into? One of those there are, or a new one. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { Playlist, Track } from "../api/types";
import { t } from "../shell/i18n";
import { addToPlaylist, createPlaylist, loadPlaylists, playlists } from "../shell/playlists";
import { Watch } from "../shell/store";
import { attempt } from "../shell/toasts";
import { menus } from "../styles/menus";
import { fields } from "../styles/shared";
import "./artwork-image";
import "./form-field";
import { icon } from "./icons";
import { ModalDialog, showModal } from "./modal-dialog";

@customElement("playlist-picker")
export class PlaylistPicker extends ModalDialog {
  @property({ attribute: false }) tracks: readonly Track[] = [];

  static override styles = [
    ModalDialog.styles,
    fields,
    menus,
    css`
      .new {
        display: flex;
        align-items: end;
        gap: var(--space-2);
        margin-block: var(--space-4);
      }
      form-field {
        flex: 1;
      }
      artwork-image {
        inline-size: 40px;
      }
      .words {
        min-inline-size: 0;
        display: grid;
      }
      .item {
        min-block-size: 56px;
      }
      .top {
        display: flex;
        align-items: center;
        justify-content: space-between;
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, playlists);
  }

  protected override firstUpdated(): void {
    super.firstUpdated();
    if (!playlists.value) void attempt(loadPlaylists);
  }

  protected override render() {
    const own = (playlists.value ?? []).filter((playlist) => playlist.kind === "custom");
    return html`<dialog aria-labelledby="title" @close=${this.close}>
      <div class="top">
        <h2 id="title">${t("picker.title")}</h2>
        <button class="icon-button" aria-label=${t("action.close")} @click=${() => this.dialog.close()}>
          ${icon("close")}
        </button>
      </div>
      <form class="new" @submit=${this.create}>
        <form-field name="title" label=${t("picker.new")} maxlength="200" required></form-field>
        <button class="button primary">${t("action.create")}</button>
      </form>
      <ul role="list">
        ${own.map((playlist) => html`<li>${this.renderPlaylist(playlist)}</li>`)}
      </ul>
      ${own.length === 0 && playlists.value ? html`<p class="soft">${t("picker.none")}</p>` : nothing}
    </dialog>`;
  }

  private renderPlaylist(playlist: Playlist) {
    return html`<button class="item" @click=${() => this.choose(playlist)}>
      <artwork-image size="96" .src=${playlist.artwork_url} .seed=${playlist.title}></artwork-image>
      <span class="words">
        <span class="cut" dir="auto">${playlist.title}</span>
        <span class="soft small">${t("playlist.count", { count: playlist.count })}</span>
      </span>
    </button>`;
  }

  protected override answer(): void {}

  private async create(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const title = String(new FormData(event.target as HTMLFormElement).get("title")).trim();
    if (title && (await createPlaylist(title, this.tracks))) this.dialog.close();
  }

  private choose(playlist: Playlist): void {
    this.dialog.close();
    void addToPlaylist(playlist, this.tracks);
  }
}

export function openPicker(tracks: readonly Track[]): void {
  const picker = document.createElement("playlist-picker");
  picker.tracks = tracks;
  void showModal(picker);
}

declare global {
  interface HTMLElementTagNameMap {
    "playlist-picker": PlaylistPicker;
  }
}
