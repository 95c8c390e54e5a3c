/** Speed and volume. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../components/action-menu";
import type { MenuAction } from "../components/action-menu";
import { icon } from "../components/icons";
import { formatNumber } from "../shell/format";
import { t } from "../shell/i18n";
import { Watch } from "../shell/store";
import { ranges } from "../styles/ranges";
import { base, buttons } from "../styles/shared";
import { player } from "./player";

const RATES = [0.75, 1, 1.25, 1.5, 1.75, 2];

@customElement("sound-controls")
export class SoundControls extends LitElement {
  /** Where there is room for it; an iPhone's volume belongs to its buttons. */
  @property({ type: Boolean }) volume = false;

  static override styles = [
    base,
    buttons,
    ranges,
    css`
      :host {
        display: flex;
        align-items: center;
      }
      input[type="range"] {
        inline-size: 96px;
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, player.changes);
  }

  protected override render() {
    const { playbackRate } = player.audio;
    return html`
      <action-menu
        icon="speed"
        text=${playbackRate === 1 ? "" : `${formatNumber(playbackRate)}×`}
        label=${t("player.speed")}
        .actions=${rateActions}
      ></action-menu>
      ${this.volume && canSetVolume() ? this.renderVolume() : nothing}
    `;
  }

  private renderVolume() {
    const { volume, muted } = player.audio;
    const percent = muted ? 0 : Math.round(volume * 100);
    return html`
      <button
        class="icon-button"
        aria-pressed=${muted}
        aria-label=${t("player.mute")}
        title=${t("player.mute")}
        @click=${() => player.toggleMute()}
      >
        ${icon(percent === 0 ? "muted" : "volume", 20)}
      </button>
      <input
        type="range"
        min="0"
        max="100"
        step="5"
        .value=${String(percent)}
        aria-label=${t("player.volume")}
        .style=${`--done: ${percent}%`}
        @input=${(event: Event) => player.setVolume(Number((event.target as HTMLInputElement).value) / 100)}
      />
    `;
  }
}

function rateActions(): MenuAction[] {
  return RATES.map((rate) => ({
    label: rate === 1 ? t("player.normalSpeed") : `${formatNumber(rate)}×`,
    icon: rate === player.audio.playbackRate ? "check" : "speed",
    run: () => player.setRate(rate),
  }));
}

let isVolumeOurs: boolean | null = null;

function canSetVolume(): boolean {
  if (isVolumeOurs === null) {
    const probe = document.createElement("audio");
    probe.volume = 0.5;
    isVolumeOurs = probe.volume === 0.5;
  }
  return isVolumeOurs;
}

declare global {
  interface HTMLElementTagNameMap {
    "sound-controls": SoundControls;
  }
}
