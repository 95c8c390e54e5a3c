/** A search field that speaks up when the typing pauses. */
import { css, html, LitElement } from "lit";
import { customElement, property, query } from "lit/decorators.js";

import { base, fields } from "../styles/shared";
import { icon } from "./icons";

const PAUSE_MS = 250;

@customElement("search-box")
export class SearchBox extends LitElement {
  @property() label = "";
  @property() value = "";
  @query("input") private input!: HTMLInputElement;

  private timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    base,
    fields,
    css`
      div {
        position: relative;
      }
      svg {
        position: absolute;
        inset: 0 auto 0 14px;
        margin-block: auto;
        color: var(--text-soft);
        pointer-events: none;
      }
      input[type="search"] {
        padding-inline-start: 44px;
        border-radius: calc(var(--target) / 2);
        border-color: var(--line);
        background: var(--surface-1);
      }
    `,
  ];

  protected override render() {
    return html`<div>
      ${icon("search", 20)}
      <input
        type="search"
        aria-label=${this.label}
        placeholder=${this.label}
        .value=${this.value}
        maxlength="200"
        autocomplete="off"
        enterkeyhint="search"
        @input=${this.typed}
        @change=${this.tell}
      />
    </div>`;
  }

  private typed(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), PAUSE_MS);
  }

  private tell(): void {
    clearTimeout(this.timer);
    const text = this.input.value.trim();
    if (text === this.value) return;
    this.value = text;
    this.dispatchEvent(new CustomEvent("search", { detail: text }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "search-box": SearchBox;
  }
}
