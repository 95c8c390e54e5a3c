/** The full player: a sheet over everything, with the words if they are wanted. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import "../components/action-menu";
import "../components/artwork-image";
import { icon } from "../components/icons";
import { favoriteChanges, toggleFavorite, trackActions } from "../components/track-actions";
import { byline } from "../components/track-row";
import { t } from "../shell/i18n";
import { Watch } from "../shell/store";
import { base, buttons } from "../styles/shared";
import "./lyrics-view";
import "./play-controls";
import { player } from "./player";
import "./queue-panel";
import "./seek-bar";
import "./sound-controls";

@customElement("now-playing")
export class NowPlaying extends LitElement {
  @state() private isOpen = false;
  @state() private hasLyrics = false;
  @query("dialog") private dialog!: HTMLDialogElement;

  static override styles = [
    base,
    buttons,
    css`
      dialog {
        inset: 0;
        inline-size: 100vw;
        block-size: 100dvh;
        max-inline-size: none;
        max-block-size: none;
        margin: 0;
        border: 0;
        padding: calc(var(--space-3) + env(safe-area-inset-top)) var(--space-6)
          calc(var(--space-6) + env(safe-area-inset-bottom));
        background: linear-gradient(var(--surface-2), var(--surface-0) 70%);
        color: var(--text);
      }
      dialog[open] {
        display: grid;
        grid-template: auto minmax(0, 1fr) auto auto auto auto / minmax(0, 1fr);
        gap: var(--space-4);
        animation: rise 220ms cubic-bezier(0.2, 0, 0, 1);
      }
      @keyframes rise {
        from {
          transform: translateY(40px);
          opacity: 0;
        }
      }
      .top,
      footer,
      .about {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-2);
      }
      .top {
        margin-inline: calc(-1 * var(--space-3));
      }
      @media (min-width: 900px) {
        dialog[open] {
          grid-template-columns: minmax(0, 640px);
          justify-content: center;
        }
      }
      .picture {
        display: grid;
        place-items: center;
        min-block-size: 0;
        container-type: size;
      }
      .picture artwork-image {
        inline-size: min(100cqi, 100cqb, 440px);
        --artwork-radius: var(--radius-l);
        box-shadow: var(--shadow-2);
      }
      .words {
        min-inline-size: 0;
      }
      .words h2 {
        font-size: var(--text-5);
      }
      .words p {
        color: var(--text-soft);
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, player.changes, favoriteChanges);
  }

  open(hasLyrics = false): void {
    this.isOpen = true;
    this.hasLyrics = hasLyrics;
    this.dialog.showModal();
  }

  protected override render() {
    return html`<dialog aria-label=${t("player.title")} @close=${() => (this.isOpen = false)}>
      ${this.isOpen ? this.renderSheet() : nothing}
    </dialog>`;
  }

  private renderSheet() {
    const track = player.current;
    if (!track) return nothing;
    return html`
      <div class="top">
        <button class="icon-button" aria-label=${t("action.close")} @click=${() => this.dialog.close()}>
          ${icon("down", 26)}
        </button>
        <span class="soft small cut">${track.album ?? track.channel ?? ""}</span>
        <action-menu label=${t("track.menu", { title: track.title })} .actions=${() => trackActions(track)}></action-menu>
      </div>
      ${this.hasLyrics
        ? html`<lyrics-view .track=${track.id}></lyrics-view>`
        : html`<div class="picture">
            <artwork-image size="512" .src=${track.artwork_url} .seed=${track.channel ?? track.title} eager></artwork-image>
          </div>`}
      <div class="about">
        <div class="words">
          <h2 class="cut" dir="auto">${track.title}</h2>
          <p class="cut">${byline(track)}</p>
        </div>
        <button
          class="icon-button"
          aria-pressed=${track.is_favorite}
          aria-label=${t("track.favoriteNamed", { title: track.title })}
          @click=${() => void toggleFavorite(track)}
        >
          ${icon("heart", 26, track.is_favorite)}
        </button>
      </div>
      <seek-bar tall></seek-bar>
      <play-controls large></play-controls>
      <footer>
        <sound-controls></sound-controls>
        <button
          class="icon-button ${this.hasLyrics ? "on" : ""}"
          aria-pressed=${this.hasLyrics}
          aria-label=${t("lyrics.title")}
          title=${t("lyrics.title")}
          @click=${() => (this.hasLyrics = !this.hasLyrics)}
        >
          ${icon("lyrics", 24)}
        </button>
        <queue-panel></queue-panel>
      </footer>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "now-playing": NowPlaying;
  }
}
