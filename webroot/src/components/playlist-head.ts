/** The top of a playlist: its picture, its name, play and shuffle. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { PlaylistDetail } from "../api/types";
import { formatAgo, formatLength } from "../shell/format";
import { t } from "../shell/i18n";
import { shared } from "../styles/shared";
import "./action-menu";
import type { MenuAction } from "./action-menu";
import "./artwork-image";
import { icon } from "./icons";
import "./keep-button";
import { hostOf } from "./download-card";
import "./plugin-slot";

@customElement("playlist-head")
export class PlaylistHead extends LitElement {
  @property({ attribute: false }) playlist!: PlaylistDetail;
  @property({ attribute: false }) actions: () => readonly MenuAction[] = () => [];

  static override styles = [
    ...shared,
    css`
      header {
        display: flex;
        align-items: end;
        gap: var(--space-6);
      }
      artwork-image {
        inline-size: clamp(112px, 22vw, 208px);
        --artwork-radius: var(--radius-l);
        box-shadow: var(--shadow-2);
      }
      .about {
        display: grid;
        gap: var(--space-2);
        min-inline-size: 0;
        justify-items: start;
      }
      h1 {
        overflow-wrap: anywhere;
      }
      .row {
        margin-block-start: var(--space-2);
      }
      @media (max-width: 599px) {
        header {
          display: grid;
          justify-items: center;
          text-align: center;
          gap: var(--space-4);
        }
        artwork-image {
          inline-size: min(56vw, 220px);
        }
        .about {
          justify-items: center;
        }
        .row {
          justify-content: center;
        }
      }
    `,
  ];

  protected override render() {
    const { playlist } = this;
    const isEmpty = playlist.items.length === 0;
    const length = playlist.duration_seconds > 0 ? ` · ${formatLength(playlist.duration_seconds)}` : "";
    return html`<header>
      <artwork-image size="512" .src=${playlist.artwork_url ?? playlist.items[0]?.track.artwork_url ?? null} .seed=${playlist.title} eager></artwork-image>
      <div class="about">
        <span class="badge ${playlist.kind === "mirrored" ? "accent" : ""}">${t(`playlist.kind.${playlist.kind}`)}</span>
        <h1 dir="auto">${playlist.title}</h1>
        ${playlist.description ? html`<p class="soft" dir="auto">${playlist.description}</p>` : nothing}
        <p class="soft small">
          ${t("playlist.count", { count: playlist.items.length })}${length} · ${t("playlist.updated", { when: formatAgo(playlist.updated_at) })}
          ${playlist.source_url ? html` · ${t("playlist.follows", { site: hostOf(playlist.source_url) })}` : nothing}
        </p>
        <div class="row">
          <button class="button primary with-icon" ?disabled=${isEmpty} @click=${() => this.tell("play")}>
            ${icon("play", 20)}${t("action.playAll")}
          </button>
          <button class="button with-icon" ?disabled=${isEmpty} @click=${() => this.tell("shuffle")}>
            ${icon("shuffle", 20)}${t("action.shuffle")}
          </button>
          <keep-button .playlist=${playlist.id}></keep-button>
          <plugin-slot place="playlist-actions" .context=${{ playlistId: playlist.id }}></plugin-slot>
          <action-menu label=${t("playlist.menu", { title: playlist.title })} .actions=${this.actions}></action-menu>
        </div>
      </div>
    </header>`;
  }

  private tell(what: "play" | "shuffle"): void {
    this.dispatchEvent(new CustomEvent(what));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "playlist-head": PlaylistHead;
  }
}
