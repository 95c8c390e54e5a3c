/** One track: a big button that plays it, a heart, a menu. */
import { html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { Track } from "../api/types";
import { kept } from "../offline/start";
import { player } from "../player/player";
import { explainObstacle, obstacle } from "../player/reach";
import { isOnline, probe } from "../shell/connection";
import { formatClock, formatDate } from "../shell/format";
import { t } from "../shell/i18n";
import { Watch } from "../shell/store";
import { toast } from "../shell/toasts";
import { base, buttons } from "../styles/shared";
import "./action-menu";
import type { MenuAction } from "./action-menu";
import "./artwork-image";
import { icon } from "./icons";
import "./plugin-slot";
import { favoriteChanges, toggleFavorite, trackActions } from "./track-actions";
import { rows } from "../styles/rows";

@customElement("track-row")
export class TrackRow extends LitElement {
  @property({ attribute: false }) track!: Track;
  /** What the list adds to the menu. */
  @property({ attribute: false }) more: () => readonly (MenuAction | null)[] = () => [];

  static override styles = [base, buttons, rows];

  constructor() {
    super();
    new Watch(this, player.changes, favoriteChanges, kept, isOnline);
  }

  protected override render() {
    const { track } = this;
    const isCurrent = player.current?.id === track.id;
    const isPlaying = isCurrent && player.isPlaying;
    const why = obstacle(track);
    return html`
      <slot name="start"></slot>
      <button
        class="main"
        ?data-current=${isCurrent}
        ?data-missing=${why !== null}
        aria-disabled=${why ? "true" : nothing}
        @click=${this.play}
      >
        ${why ? nothing : html`<span class="unseen">${t(isPlaying ? "player.pause" : "player.play")}:</span>`}
        <span class="picture">
          <artwork-image size="96" .src=${track.artwork_url} .seed=${track.channel ?? track.title}></artwork-image>
          ${why ? nothing : html`<span class="veil">${icon(isPlaying ? "pause" : "play", 22)}</span>`}
          ${isPlaying ? html`<span class="bars" aria-hidden="true"><i></i><i></i><i></i></span>` : nothing}
        </span>
        <span class="words">
          <span class="title cut" dir="auto">${track.title}</span>
          <span class="by cut">${this.renderMark()}${why ? t(`track.${why}`) : byline(track)}</span>
        </span>
        <span class="from cut">${track.album || track.channel || ""}</span>
        <span class="when cut">${formatDate(track.published_at ?? track.added_at)}</span>
        <span class="length numbers">${formatClock(track.duration_seconds)}</span>
      </button>
      <button
        class="icon-button heart"
        aria-pressed=${track.is_favorite}
        aria-label=${t("track.favoriteNamed", { title: track.title })}
        title=${track.is_favorite ? t("track.unfavorite") : t("track.favorite")}
        @click=${() => void toggleFavorite(track)}
      >
        ${icon("heart", 20, track.is_favorite)}
      </button>
      <slot name="end"></slot>
      <action-menu
        label=${t("track.menu", { title: track.title })}
        .actions=${() => trackActions(track, this.more())}
        .extra=${() => html`<plugin-slot place="track-actions" .context=${{ track }}></plugin-slot>`}
      ></action-menu>
    `;
  }

  private renderMark() {
    if (!kept.value.has(this.track.id)) return nothing;
    return html`<span class="kept" title=${t("track.kept")}>${icon("kept", 14)}<span class="unseen">${t("track.kept")}.</span></span>`;
  }

  private play(): void {
    const why = obstacle(this.track);
    if (why) {
      toast(t("player.cannotPlay", { title: this.track.title, reason: explainObstacle(why) }));
      if (why === "away") void probe();
    } else if (player.current?.id === this.track.id) player.toggle();
    else this.dispatchEvent(new CustomEvent("play-track", { detail: this.track.id, bubbles: true, composed: true }));
  }
}

export function byline(track: Track): string {
  return track.artist || track.channel || track.album || "";
}

declare global {
  interface HTMLElementTagNameMap {
    "track-row": TrackRow;
  }
}
