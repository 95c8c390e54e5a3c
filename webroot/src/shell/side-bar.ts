/** Navigation on a desk: pages, then the user's playlists. */
import { css, html, LitElement, nothing } from "lit";
import { customElement } from "lit/decorators.js";

import type { PageView } from "../api/types";
import "../components/artwork-image";
import { logo, pageIcon } from "../components/icons";
import { base } from "../styles/shared";
import { t } from "./i18n";
import "./offline-status";
import { navigationPages, titleOf } from "./pages";
import { playlists } from "./playlists";
import { href, normalPath, router } from "./router";
import { session } from "./session";
import { Watch } from "./store";

@customElement("side-bar")
export class SideBar extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: none;
      }
      @media (min-width: 900px) {
        :host {
          display: flex;
          flex-direction: column;
          position: fixed;
          inset: 0 auto var(--player-height) 0;
          z-index: 10;
          inline-size: var(--sidebar);
          padding: var(--space-5) var(--space-3);
          background: var(--surface-1);
          border-inline-end: 1px solid var(--line);
          overflow: auto;
          scrollbar-width: thin;
        }
      }
      .brand {
        display: flex;
        align-items: center;
        gap: var(--space-3);
        padding: 0 var(--space-2) var(--space-5);
        color: var(--text);
        font-size: var(--text-4);
        font-weight: 700;
        letter-spacing: -0.02em;
        text-decoration: none;
      }
      h2 {
        padding: var(--space-5) var(--space-3) var(--space-2);
        color: var(--text-soft);
        font-size: var(--text-2);
        font-weight: 600;
        letter-spacing: 0;
      }
      li a {
        display: flex;
        align-items: center;
        gap: var(--space-3);
        min-block-size: var(--target);
        padding-inline: var(--space-3);
        border-radius: var(--radius-s);
        color: var(--text-soft);
        font-weight: 500;
        text-decoration: none;
        transition: background-color var(--quick), color var(--quick);
      }
      li a:hover {
        background: var(--surface-2);
        color: var(--text);
      }
      li a[aria-current] {
        background: var(--accent-soft);
        color: var(--accent);
      }
      offline-status {
        margin-block-start: auto;
        padding-block-start: var(--space-4);
      }
      .playlists a {
        padding-inline: var(--space-2);
      }
      .playlists artwork-image {
        inline-size: 28px;
        --artwork-radius: 6px;
      }
    `,
  ];

  constructor() {
    super();
    new Watch(this, session, router, playlists);
  }

  protected override render() {
    if (!session.value) return nothing;
    return html`
      <nav aria-label=${t("shell.navigation")}>
        <a class="brand" href=${href("/")}>${logo()}<span>SoundWave</span></a>
        <ul role="list">
          ${navigationPages(session.value).map((page) => this.renderPage(page))}
        </ul>
        ${this.renderPlaylists()}
      </nav>
      <offline-status></offline-status>
    `;
  }

  private renderPage(page: PageView) {
    const isHere = normalPath(page.path) === router.value.path;
    return html`<li>
      <a href=${href(page.path)} aria-current=${isHere ? "page" : nothing}>${pageIcon(page.icon)}<span class="cut">${titleOf(page)}</span></a>
    </li>`;
  }

  private renderPlaylists() {
    const known = playlists.value ?? [];
    if (known.length === 0) return nothing;
    const open = router.value.path === "/playlist/" ? router.value.query.get("id") : null;
    return html`
      <h2>${t("shell.playlists")}</h2>
      <ul role="list" class="playlists">
        ${known.map(
          (playlist) =>
            html`<li>
              <a href=${href(`/playlist/?id=${playlist.id}`)} aria-current=${playlist.id === open ? "page" : nothing}>
                <artwork-image size="96" .src=${playlist.artwork_url} .seed=${playlist.title}></artwork-image>
                <span class="cut">${playlist.title}</span>
              </a>
            </li>`,
        )}
      </ul>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "side-bar": SideBar;
  }
}
