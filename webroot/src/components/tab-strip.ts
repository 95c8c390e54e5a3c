/** Choose one of a few views of the same page. */
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base, buttons, surfaces } from "../styles/shared";

export interface Tab {
  id: string;
  label: string;
}

@customElement("tab-strip")
export class TabStrip extends LitElement {
  @property() label = "";
  @property() chosen = "";
  @property({ attribute: false }) tabs: readonly Tab[] = [];

  static override styles = [
    base,
    buttons,
    surfaces,
    css`
      div {
        display: flex;
        gap: var(--space-2);
        overflow-x: auto;
        scrollbar-width: none;
        padding: 4px;
        margin: -4px;
      }
      .chip {
        flex: none;
      }
    `,
  ];

  protected override render() {
    return html`<div role="tablist" aria-label=${this.label} @keydown=${this.move}>
      ${this.tabs.map(
        (tab) => html`<button
          class="chip"
          role="tab"
          aria-selected=${tab.id === this.chosen}
          tabindex=${tab.id === this.chosen ? 0 : -1}
          @click=${() => this.choose(tab.id)}
        >
          ${tab.label}
        </button>`,
      )}
    </div>`;
  }

  protected override updated(): void {
    const chosen = this.renderRoot.querySelector('[aria-selected="true"]');
    if (chosen) chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  private async move(event: KeyboardEvent): Promise<void> {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const at = this.tabs.findIndex((tab) => tab.id === this.chosen);
    const next = this.tabs[(at + step + this.tabs.length) % this.tabs.length];
    if (next) this.choose(next.id);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  }

  private choose(id: string): void {
    this.chosen = id;
    this.dispatchEvent(new CustomEvent("choose", { detail: id }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tab-strip": TabStrip;
  }
}
