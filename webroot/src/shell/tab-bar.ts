/** Navigation on a phone: as many pages as fit under a thumb, the rest behind "More". */
import { css, html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import type { PageView } from "../api/types";
import { icon, pageIcon } from "../components/icons";
import { menus } from "../styles/menus";
import { base, buttons } from "../styles/shared";
import { t } from "./i18n";
import { navigationPages, titleOf } from "./pages";
import { href, normalPath, router } from "./router";
import { session } from "./session";
import { Watch } from "./store";

const MOST_TABS = 5;

@customElement("tab-bar")
export class TabBar extends LitElement {
  @state() private isOpen = false;
  @query("[popover]") private menu!: HTMLElement | null;

  static override styles = [
    base,
    buttons,
    menus,
    css`
      nav {
        position: fixed;
        inset: auto 0 0 0;
        z-index: 20;
        block-size: var(--tabs-height);
        padding: 0 var(--space-1) env(safe-area-inset-bottom);
        background: var(--surface-1);
        border-block-start: 1px solid var(--line);
      }
      nav ul {
        display: grid;
        grid-auto-flow: column;
        grid-auto-columns: minmax(0, 1fr);
        block-size: 100%;
      }
      .tab {
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 2px;
        inline-size: 100%;
        block-size: 100%;
        color: var(--text-soft);
        font-size: var(--text-1);
        font-weight: 600;
        text-decoration: none;
      }
      .tab > span {
        max-inline-size: 100%;
      }
      .tab[aria-current] {
        color: var(--accent);
      }
      :focus-visible {
        outline-offset: -3px;
      }
      [popover] {
        inset: auto 0 0 0;
        inline-size: 100vw;
        max-inline-size: 100vw;
      }
      @media (min-width: 900px) {
        :host {
          display: none;
        }
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, session, router);
  }

  protected override render() {
    if (!session.value) return nothing;
    const pages = navigationPages(session.value);
    const fits = pages.length <= MOST_TABS;
    const rest = fits ? [] : pages.slice(MOST_TABS - 1);
    return html`<nav aria-label=${t("shell.navigation")}>
        <ul role="list">
          ${(fits ? pages : pages.slice(0, MOST_TABS - 1)).map((page) => html`<li>${this.renderLink(page, "tab")}</li>`)}
          ${rest.length > 0 ? html`<li>${this.renderMore(rest)}</li>` : nothing}
        </ul>
      </nav>
      <div id="rest" popover @beforetoggle=${(event: ToggleEvent) => (this.isOpen = event.newState === "open")}>
        <ul role="list">
          ${rest.map((page) => html`<li @click=${() => this.menu?.hidePopover()}>${this.renderLink(page, "item")}</li>`)}
        </ul>
      </div>`;
  }

  private renderLink(page: PageView, look: "tab" | "item") {
    const isHere = this.isHere(page);
    return html`<a class=${look} href=${href(page.path)} aria-current=${isHere ? "page" : nothing}>
      ${pageIcon(page.icon, 24)}<span class="cut">${titleOf(page)}</span>
    </a>`;
  }

  private renderMore(rest: readonly PageView[]) {
    const isHere = rest.some((page) => this.isHere(page));
    return html`<button
      class="tab"
      popovertarget="rest"
      aria-expanded=${this.isOpen}
      aria-current=${isHere ? "true" : nothing}
    >
      ${icon("more", 24)}<span>${t("shell.more")}</span>
    </button>`;
  }

  private isHere(page: PageView): boolean {
    return normalPath(page.path) === router.value.path;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tab-bar": TabBar;
  }
}
