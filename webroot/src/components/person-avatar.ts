/** Somebody's picture in a circle; without one, or while it cannot be had, how their name begins. */
import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { language } from "../shell/i18n";
import { base } from "../styles/shared";

@customElement("person-avatar")
export class PersonAvatar extends LitElement {
  @property() src: string | null = null;
  @property() name = "";
  @state() private isBroken = false;

  static override styles = [
    base,
    css`
      :host {
        display: grid;
        place-items: center;
        flex: none;
        inline-size: var(--avatar, 44px);
        block-size: var(--avatar, 44px);
        border-radius: 50%;
        overflow: hidden;
        background: var(--accent-soft);
        color: var(--accent);
        font-size: calc(var(--avatar, 44px) * 0.42);
        font-weight: 700;
        line-height: 1;
      }
      img {
        inline-size: 100%;
        block-size: 100%;
        object-fit: cover;
      }
    `,
  ];

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("src")) this.isBroken = false;
  }

  protected override render() {
    if (!this.src || this.isBroken) {
      return html`<span aria-hidden="true">${[...this.name][0]?.toLocaleUpperCase(language)}</span>`;
    }
    return html`<img src=${this.src} alt="" decoding="async" draggable="false" @error=${() => (this.isBroken = true)} />`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "person-avatar": PersonAvatar;
  }
}
