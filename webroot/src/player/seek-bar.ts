/** Where we are in the track: a native range that says its time in words. */
import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { formatClock, speakClock } from "../shell/format";
import { t } from "../shell/i18n";
import { Watch } from "../shell/store";
import { ranges } from "../styles/ranges";
import { base } from "../styles/shared";
import { player } from "./player";

@customElement("seek-bar")
export class SeekBar extends LitElement {
  /** Times below the line instead of at its ends. */
  @property({ type: Boolean, reflect: true }) tall = false;
  /** Where the thumb is held, while it is. */
  @state() private held: number | null = null;

  static override styles = [
    base,
    ranges,
    css`
      div {
        display: grid;
        grid-template-columns: 5.5ch 1fr 5.5ch;
        align-items: center;
        gap: var(--space-2);
        font-size: var(--text-1);
        color: var(--text-soft);
        font-variant-numeric: tabular-nums;
      }
      .now {
        text-align: end;
      }
      :host([tall]) div {
        grid-template: "line line" auto "now end" auto / 1fr 1fr;
        row-gap: 0;
      }
      :host([tall]) input {
        grid-area: line;
      }
      :host([tall]) .now {
        text-align: start;
      }
      :host([tall]) .end {
        text-align: end;
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, player.changes, player.time);
  }

  protected override render() {
    const { duration } = player;
    const position = Math.min(this.held ?? player.position, duration || 0);
    const done = duration > 0 ? (position / duration) * 100 : 0;
    const spoken = t("player.positionOf", { position: speakClock(position), duration: speakClock(duration) });
    return html`<div>
      <span class="now">${formatClock(position)}</span>
      <input
        type="range"
        min="0"
        max=${Math.max(1, Math.floor(duration))}
        step="1"
        .value=${String(Math.floor(position))}
        aria-label=${t("player.seek")}
        aria-valuetext=${spoken}
        ?disabled=${!player.current || duration === 0}
        .style=${`--done: ${done.toFixed(2)}%`}
        @input=${this.hold}
        @change=${this.release}
        @keydown=${this.step}
      />
      <span class="end">${formatClock(duration)}</span>
    </div>`;
  }

  private hold(event: Event): void {
    this.held = Number((event.target as HTMLInputElement).value);
  }

  private release(event: Event): void {
    player.seek(Number((event.target as HTMLInputElement).value));
    this.held = null;
  }

  /** One second is too small a step for an hour. */
  private step(event: KeyboardEvent): void {
    const seconds = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageUp: 60, PageDown: -60 }[event.key];
    if (seconds === undefined) return;
    event.preventDefault();
    player.seekBy(seconds);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "seek-bar": SeekBar;
  }
}
