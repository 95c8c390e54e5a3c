/** What is playing, at the bottom of every screen. On a phone it is small, and opens the full sheet. */
import { html, LitElement, nothing } from "lit";
import { customElement, query } from "lit/decorators.js";

import "../components/artwork-image";
import { icon } from "../components/icons";
import { favoriteChanges, toggleFavorite } from "../components/track-actions";
import { byline } from "../components/track-row";
import { t } from "../shell/i18n";
import { Watch } from "../shell/store";
import { base, buttons } from "../styles/shared";
import { bar } from "../styles/bar";
import type { NowPlaying } from "./now-playing";
import "./now-playing";
import "./play-controls";
import { player } from "./player";
import "./queue-panel";
import "./seek-bar";
import "./small-progress";
import "./sound-controls";
import type { Track } from "../api/types";

@customElement("player-bar")
export class PlayerBar extends LitElement {
  @query("now-playing") private sheet!: NowPlaying | null;

  static override styles = [base, buttons, bar];

  constructor() {
    super();
    new Watch(this, player.changes, favoriteChanges);
  }

  protected override render() {
    const track = player.current;
    if (!track) return nothing;
    return html`
      <section class="bar" aria-label=${t("player.title")}>
        ${this.renderTrack(track)}
        <div class="middle">
          <play-controls></play-controls>
          <seek-bar></seek-bar>
        </div>
        <div class="side">
          <button
            class="icon-button"
            aria-label=${t("lyrics.title")}
            title=${t("lyrics.title")}
            @click=${() => this.sheet?.open(true)}
          >
            ${icon("lyrics", 20)}
          </button>
          <sound-controls volume></sound-controls>
          <queue-panel></queue-panel>
        </div>
        ${this.renderSmallControls()}
        <small-progress class="thin"></small-progress>
      </section>
      <p class="unseen" aria-live="polite">
        ${player.isPlaying ? t("player.nowPlaying", { title: track.title, by: byline(track) }) : ""}
      </p>
      <now-playing></now-playing>
    `;
  }

  private renderTrack(track: Track) {
    return html`<div class="track">
      <artwork-image size="256" .src=${track.artwork_url} .seed=${track.channel ?? track.title} eager></artwork-image>
      <div class="words">
        <p class="title cut" dir="auto" title=${track.title}>${track.title}</p>
        <p class="soft small cut">${byline(track)}</p>
      </div>
      <button class="opener" aria-label=${t("player.open", { title: track.title })} @click=${() => this.sheet?.open()}></button>
      <button
        class="icon-button heart"
        aria-pressed=${track.is_favorite}
        aria-label=${t("track.favoriteNamed", { title: track.title })}
        @click=${() => void toggleFavorite(track)}
      >
        ${icon("heart", 20, track.is_favorite)}
      </button>
    </div>`;
  }

  private renderSmallControls() {
    const label = player.isPlaying ? t("player.pause") : t("player.play");
    return html`<div class="small-controls">
      <button class="icon-button play" aria-label=${label} @click=${() => player.toggle()}>
        ${icon(player.isPlaying ? "pause" : "play", 26)}
      </button>
      <button class="icon-button" aria-label=${t("player.next")} @click=${() => player.next()}>
        ${icon("next", 24)}
      </button>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "player-bar": PlayerBar;
  }
}
