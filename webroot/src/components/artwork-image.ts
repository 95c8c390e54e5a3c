/** A square picture that keeps its place while it loads; without one, a glyph in a colour of its own. */
import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { isOnline } from "../shell/connection";
import { base } from "../styles/shared";

const BARS = 7;

@customElement("artwork-image")
export class ArtworkImage extends LitElement {
  @property() src: string | null = null;
  /** What the glyph is drawn from: the same words give the same picture. */
  @property() seed = "";
  @property({ type: Boolean }) eager = false;
  /** Which of the server's sizes is enough; all are one picture on a device that keeps it. */
  @property({ type: Number }) size: ArtworkSize | null = null;
  @state() private isBroken = false;

  static override styles = [
    base,
    css`
      :host {
        aspect-ratio: 1;
        border-radius: var(--artwork-radius, var(--radius-s));
        overflow: hidden;
        background: var(--surface-2);
        flex: none;
      }
      img,
      svg {
        display: block;
        inline-size: 100%;
        block-size: 100%;
        object-fit: cover;
      }
      .glyph {
        block-size: 100%;
        background: linear-gradient(
          145deg,
          light-dark(oklch(0.86 0.055 var(--tint)), oklch(0.4 0.06 var(--tint))),
          light-dark(oklch(0.78 0.075 calc(var(--tint) + 45)), oklch(0.29 0.055 calc(var(--tint) + 45)))
        );
        color: light-dark(oklch(0.42 0.08 var(--tint)), oklch(0.82 0.07 var(--tint)));
      }
    `,
  ];

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("src")) this.isBroken = false;
  }

  protected override render() {
    if (!this.src || this.isBroken) return this.renderGlyph();
    return html`<img
      src=${this.size ? sized(this.src, this.size) : this.src}
      alt=""
      loading=${this.eager ? "eager" : "lazy"}
      decoding="async"
      draggable="false"
      @error=${this.failed}
    />`;
  }

  /** What only the network lacked is tried once more when the server is there. */
  private failed(): void {
    this.isBroken = true;
    if (isOnline.value) return;
    const end = isOnline.subscribe(() => {
      if (!isOnline.value) return;
      end();
      this.isBroken = false;
    });
  }

  private renderGlyph() {
    let hash = hashOf(this.seed);
    const tint = hash % 360;
    const bars = Array.from({ length: BARS }, (_, place) => {
      hash = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995) >>> 0;
      return { x: 26 + place * 8, height: 8 + (hash % 36) };
    });
    const path = bars.map(({ x, height }) => `M${x} ${50 - height / 2}v${height}`).join("");
    return html`<div class="glyph" .style=${`--tint: ${tint}`}>
      <svg viewBox="0 0 100 100" aria-hidden="true">
        <path d=${path} stroke="currentColor" stroke-width="4" stroke-linecap="round" fill="none" />
      </svg>
    </div>`;
  }
}

/** The longer side in pixels, as the server makes them. */
export type ArtworkSize = 96 | 256 | 512;

/** The address of a picture in this size. */
export function sized(address: string, size: ArtworkSize): string {
  return `${address}${address.includes("?") ? "&" : "?"}size=${size}`;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

declare global {
  interface HTMLElementTagNameMap {
    "artwork-image": ArtworkImage;
  }
}
