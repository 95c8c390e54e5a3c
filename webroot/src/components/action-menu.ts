/** A button that opens a list of actions: a popover beside it, a sheet from below on phones. Its child is shown on it. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { base, buttons } from "../styles/shared";
import { menus } from "../styles/menus";
import { icon, type IconName } from "./icons";
import type { PluginSlot } from "./plugin-slot";

export interface MenuAction {
  label: string;
  icon: IconName;
  isDanger?: boolean;
  run: () => void;
}

@customElement("action-menu")
export class ActionMenu extends LitElement {
  @property() label = "";
  @property() icon: IconName = "more";
  /** Shown instead of the icon. */
  @property() text = "";
  /** Asked when the menu opens, so that the actions fit the moment. */
  @property({ attribute: false }) actions: () => readonly (MenuAction | null)[] = () => [];
  /** What plugins add, drawn while the menu is open. */
  @property({ attribute: false }) extra: (() => TemplateResult) | null = null;
  @state() private isOpen = false;
  @query("[popover]") private menu!: HTMLElement;
  @query(".opener") private opener!: HTMLButtonElement;

  static override styles = [
    base,
    buttons,
    menus,
    css`
      :host {
        flex: none;
      }
      .opener {
        font-size: var(--text-2);
        font-weight: 700;
      }
    `,
  ];

  override focus(): void {
    this.opener.focus();
  }

  protected override render() {
    return html`
      <button
        class="icon-button opener"
        part="opener"
        aria-haspopup="menu"
        aria-expanded=${this.isOpen}
        aria-label=${`${this.label} ${this.text}`.trim()}
        title=${this.label}
        popovertarget="menu"
      >
        ${this.text || html`<slot>${icon(this.icon)}</slot>`}
      </button>
      <div
        id="menu"
        popover
        role="menu"
        aria-label=${this.label}
        @beforetoggle=${this.beforeToggle}
        @toggle=${this.afterToggle}
        @keydown=${this.move}
      >
        ${this.isOpen ? this.renderActions() : nothing}
      </div>
    `;
  }

  /** What is lost for good comes last, below what plugins add. */
  private renderActions() {
    const actions = this.actions().filter((action) => action !== null);
    const safe = actions.filter((action) => !action.isDanger);
    const dangerous = actions.filter((action) => action.isDanger);
    return html`${safe.map((action) => this.renderAction(action))}
      ${this.extra
        ? html`<div @click=${this.chosen} @slot-filled=${() => requestAnimationFrame(() => place(this.menu, this.opener))}>
            ${this.extra()}
          </div>`
        : nothing}
      ${dangerous.map((action) => this.renderAction(action))}`;
  }

  private renderAction(action: MenuAction) {
    const run = (): void => {
      this.menu.hidePopover();
      action.run();
    };
    return html`<button role="menuitem" class=${action.isDanger ? "item danger-text" : "item"} @click=${run}>
      ${icon(action.icon, 20)}<span>${action.label}</span>
    </button>`;
  }

  /** A plugin's item closes the menu as well. */
  private chosen(event: Event): void {
    const isItem = event.composedPath().some((node) => node instanceof Element && node.role === "menuitem");
    if (isItem) this.menu.hidePopover();
  }

  private beforeToggle(event: ToggleEvent): void {
    this.isOpen = event.newState === "open";
  }

  private async afterToggle(event: ToggleEvent): Promise<void> {
    if (event.newState !== "open") return;
    await this.updateComplete;
    place(this.menu, this.opener);
    this.items()[0]?.focus();
  }

  private move(event: KeyboardEvent): void {
    const items = this.items();
    const at = items.indexOf(event.composedPath()[0] as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items[(to + items.length) % items.length]?.focus();
  }

  private items(): HTMLElement[] {
    const nodes = [...this.menu.querySelectorAll<HTMLElement>(".item, plugin-slot")];
    return nodes.flatMap((node) => ("stops" in node ? (node as PluginSlot).stops : [node]));
  }
}

/** Beside its opener, inside the window; the sheet of a phone is placed by its styles. */
export function place(menu: HTMLElement, opener: HTMLElement): void {
  if (matchMedia("(max-width: 599px)").matches) {
    menu.style.removeProperty("inset");
    return;
  }
  const from = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const fitsBelow = from.bottom + height + 16 < innerHeight;
  const top = fitsBelow ? from.bottom + 4 : Math.max(8, from.top - height - 4);
  const left = Math.min(Math.max(8, from.right - width), innerWidth - width - 8);
  menu.style.setProperty("inset", `${top}px auto auto ${left}px`);
}

declare global {
  interface HTMLElementTagNameMap {
    "action-menu": ActionMenu;
  }
}
