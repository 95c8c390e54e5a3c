/** Where we are: History API, paths relative to <base>, so that a prefix changes nothing. */
import { Store } from "./store";

export interface Place {
  /** Begins and ends in a slash: "/playlists/". */
  path: string;
  query: URLSearchParams;
}

const base = new URL(document.baseURI);

export const router = new Store<Place>(placeOf(new URL(location.href)));

/** Follow the address bar and every link inside the app. Call once. */
export function startRouter(): void {
  addEventListener("popstate", () => router.set(placeOf(new URL(location.href))));
  document.addEventListener("click", followLink);
}

/** Go to a path of ours, such as "/playlist/?id=…". */
export function navigate(path: string, how: { replace?: boolean } = {}): void {
  const address = addressOfPath(path);
  if (how.replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  router.set(placeOf(new URL(address)));
}

/** Change the query without leaving a step in the history and without drawing the page anew. */
export function rewriteQuery(query: Readonly<Record<string, string>>): void {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(query)) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  history.replaceState(history.state, "", address);
  router.value.query = address.searchParams;
}

/** The address for an href: relative, so that it works under a prefix and in a new tab. */
export function href(path: string): string {
  return path.replace(/^\//, "") || "./";
}

/** "/setup", "/setup/" and "setup" are one path. */
export function normalPath(path: string): string {
  return `/${path.replace(/^\/+|\/+$/g, "")}/`.replace("//", "/");
}

function addressOfPath(path: string): string {
  return new URL(href(path), base).href;
}

function placeOf(address: URL): Place {
  const inside = address.pathname.startsWith(base.pathname) ? address.pathname.slice(base.pathname.length) : "";
  return { path: normalPath(inside), query: address.searchParams };
}

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.composedPath().find((node): node is HTMLAnchorElement => node instanceof HTMLAnchorElement);
  if (!link || link.target || link.hasAttribute("download") || link.hasAttribute("data-plain")) return;
  const address = new URL(link.href);
  if (address.origin !== base.origin || !address.pathname.startsWith(base.pathname)) return;
  if (address.hash && address.pathname === location.pathname) return;
  event.preventDefault();
  navigate(address.pathname.slice(base.pathname.length) + address.search);
}
