/** Which module draws which page. The server says which pages there are; webroot has the bundled ones. */
import type { PageView, Session } from "../api/types";
import { tryT } from "./i18n";
import { makeElement } from "./plugins";
import { normalPath } from "./router";

const BUNDLED: Readonly<Record<string, () => Promise<unknown>>> = {
  "account-page": () => import("../pages/account-page"),
  "admin-page": () => import("../pages/admin-page"),
  "channels-page": () => import("../pages/channels-page"),
  "docs-page": () => import("../pages/docs-page"),
  "downloads-page": () => import("../pages/downloads-page"),
  "history-page": () => import("../pages/history-page"),
  "library-page": () => import("../pages/library-page"),
  "login-page": () => import("../pages/login-page"),
  "offline-page": () => import("../pages/offline-page"),
  "playlist-page": () => import("../pages/playlist-page"),
  "playlists-page": () => import("../pages/playlists-page"),
  "setup-page": () => import("../pages/setup-page"),
};

export function findPage(session: Session, path: string): PageView | null {
  return session.pages.find((page) => normalPath(page.path) === path) ?? null;
}

/** The pages of the navigation: those with an icon, in the server's order. */
export function navigationPages(session: Session): PageView[] {
  return session.pages
    .filter((page) => page.icon !== null && (page.module !== null || page.element in BUNDLED))
    .sort((a, b) => a.order - b.order);
}

export function titleOf(page: PageView): string {
  return tryT(`page.${page.element}`, page.title);
}

/** Load the module that defines the page's element, and make one. Rejects where there is none. */
export async function makePage(page: PageView): Promise<HTMLElement> {
  if (page.module !== null) return makeElement(page.plugin, page.module, page.element);
  await BUNDLED[page.element]?.();
  if (!customElements.get(page.element)) throw new Error(`${page.element} is not defined`);
  return document.createElement(page.element);
}
