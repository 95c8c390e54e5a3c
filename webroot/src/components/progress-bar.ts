/** How far something is. `value` is between 0 and 1; null where nobody knows yet. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared";

@customElement("progress-bar")
export class ProgressBar extends LitElement {
  @property({ type: Number }) value: number | null = null;
  @property() label = "";
  @property({ reflect: true }) tone: "accent" | "good" | "bad" | "still" = "accent";

  static override styles = [
    base,
    css`
      div {
        block-size: 6px;
        border-radius: 3px;
        background: var(--surface-3);
        overflow: hidden;
      }
      span {
        display: block;
        block-size: 100%;
        inline-size: var(--done, 0%);
        border-radius: 3px;
        background: var(--accent);
        transition: inline-size 400ms linear;
      }
      :host([tone="good"]) span {
        background: var(--good);
      }
      :host([tone="bad"]) span {
        background: var(--danger);
      }
      :host([tone="still"]) span {
        background: var(--line-strong);
      }
      .unknown span {
        inline-size: 30%;
        animation: travel 1.6s ease-in-out infinite;
      }
      @keyframes travel {
        from {
          transform: translateX(-100%);
        }
        to {
          transform: translateX(340%);
        }
      }
    `,
  ];

  protected override render() {
    const isKnown = this.value !== null;
    const percent = Math.round(Math.min(1, Math.max(0, this.value ?? 0)) * 100);
    return html`<div
      role="progressbar"
      aria-label=${this.label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${isKnown ? percent : nothing}
      class=${isKnown ? "" : "unknown"}
    >
      <span .style=${isKnown ? `--done: ${percent}%` : ""}></span>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "progress-bar": ProgressBar;
  }
}
