/** Shuffle, previous, play or pause, next, repeat. */
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";

import { icon } from "../components/icons";
import { t } from "../shell/i18n";
import { Watch } from "../shell/store";
import { base, buttons } from "../styles/shared";
import { player } from "./player";

@customElement("play-controls")
export class PlayControls extends LitElement {
  @property({ type: Boolean, reflect: true }) large = false;

  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: flex;
        align-items: center;
        justify-content: center;
        gap: var(--space-1);
      }
      :host([large]) {
        justify-content: space-between;
      }
      :host([large]) .solid {
        inline-size: 72px;
        block-size: 72px;
      }
      .waiting {
        animation: breathe 1.2s ease-in-out infinite;
      }
      @keyframes breathe {
        50% {
          opacity: 0.55;
        }
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, player.changes);
  }

  protected override render() {
    const { queue, isPlaying } = player;
    const isWaiting = isPlaying && player.isWaiting;
    const size = this.large ? 28 : 22;
    return html`
      <button
        class="icon-button"
        aria-pressed=${queue.isShuffled}
        aria-label=${t("player.shuffle")}
        title=${t("player.shuffle")}
        @click=${() => player.toggleShuffle()}
      >
        ${icon("shuffle", this.large ? 24 : 20)}
      </button>
      ${this.button("previous", t("player.previous"), size, () => player.previous())}
      <button
        class="icon-button solid ${isWaiting ? "waiting" : ""}"
        aria-label=${isPlaying ? t("player.pause") : t("player.play")}
        title=${isPlaying ? t("player.pause") : t("player.play")}
        @click=${() => player.toggle()}
      >
        ${icon(isPlaying ? "pause" : "play", this.large ? 34 : 24)}
      </button>
      ${this.button("next", t("player.next"), size, () => player.next())}
      <button
        class="icon-button ${queue.repeat === "off" ? "" : "on"}"
        aria-label=${t(`player.repeat.${queue.repeat}`)}
        title=${t(`player.repeat.${queue.repeat}`)}
        @click=${() => player.cycleRepeat()}
      >
        ${icon(queue.repeat === "one" ? "repeatOne" : "repeat", this.large ? 24 : 20)}
      </button>
    `;
  }

  private button(name: "previous" | "next", label: string, size: number, run: () => void) {
    return html`<button class="icon-button" aria-label=${label} title=${label} @click=${run}>
      ${icon(name, size)}
    </button>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "play-controls": PlayControls;
  }
}
