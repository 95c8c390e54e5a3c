/** Nothing here yet: says what to do next. The default slot holds the way there. */
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared";
import { icon, type IconName } from "./icons";

@customElement("empty-state")
export class EmptyState extends LitElement {
  @property() icon: IconName = "library";
  @property() heading = "";
  @property() text = "";

  static override styles = [
    base,
    css`
      :host {
        display: grid;
        justify-items: center;
        gap: var(--space-3);
        padding: var(--space-12) var(--space-4);
        text-align: center;
      }
      .disc {
        display: grid;
        place-items: center;
        inline-size: 72px;
        block-size: 72px;
        border-radius: 50%;
        background: var(--accent-soft);
        color: var(--accent);
        margin-block-end: var(--space-2);
      }
      p {
        max-inline-size: 46ch;
        color: var(--text-soft);
        text-wrap: pretty;
      }
      .ways {
        display: flex;
        flex-wrap: wrap;
        justify-content: center;
        gap: var(--space-2);
        margin-block-start: var(--space-2);
      }
    `,
  ];

  protected override render() {
    return html`
      <div class="disc">${icon(this.icon, 32)}</div>
      <h2>${this.heading}</h2>
      <p>${this.text}</p>
      <div class="ways"><slot></slot></div>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "empty-state": EmptyState;
  }
}
