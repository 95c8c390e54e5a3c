/** The app's own files, kept whole for each release, and the shell that answers every page. */
import { setCacheNameDetails } from "workbox-core";
import type { CachedResponseWillBeUsedCallbackParam } from "workbox-core/types.js";
import { PrecacheController, PrecacheRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

import { count } from "./counts";
import { type PrecacheEntry, scopePath, worker } from "./scope";

/** The address of the shell, relative to the scope: every page is this one document. */
const SHELL = "./";

/** What can be put right without a new release. */
export interface Shell {
  /** Fetches what the browser has lost of it. Rejects where the server does not have it either. */
  refill(): Promise<void>;
}

/** Stores the listed files at install, serves them from there, and drops older releases', and no more, at activation. */
export function precacheShell(): Shell {
  setCacheNameDetails({ prefix: "soundwave", suffix: scopePath });
  const files = (worker.__SOUNDWAVE_PRECACHE ?? []).filter(isOfTheShell);
  const controller = new PrecacheController({
    plugins: [{ cachedResponseWillBeUsed: countUse, cacheWillUpdate: ({ response }) => Promise.resolve(ifOurs(response)) }],
  });
  controller.addToCacheList(files.map(({ url, revision }) => ({ url, revision })));
  worker.addEventListener("install", (event) => controller.install(event));
  worker.addEventListener("activate", (event) => controller.activate(event));
  registerRoute(
    new PrecacheRoute(controller, { cleanURLs: false, directoryIndex: "", ignoreURLParametersMatching: [] }),
  );
  if (controller.getCacheKeyForURL(SHELL)) {
    registerRoute(new NavigationRoute(controller.createHandlerBoundToURL(SHELL), { allowlist: pages() }));
  }
  return { refill: () => refill(controller) };
}

/**
 * Null for what a hotel's network or a proxy says in the server's place, so that the install fails, and is tried again: the
 * server has this policy on each of its answers (`soundwave_core/front.py`), though a proxy may have put in its own.
 */
function ifOurs(response: Response): Response | null {
  const isWhole = response.status === 200 && !response.redirected;
  return isWhole && response.headers.has("Cross-Origin-Resource-Policy") ? response : null;
}

/** As at install: there a file that is not in the cache is fetched. */
async function refill(controller: PrecacheController): Promise<void> {
  await controller.install({ type: "install", waitUntil: () => undefined } as unknown as ExtendableEvent);
}

/** What is given stays what was found. */
async function countUse(found: CachedResponseWillBeUsedCallbackParam): Promise<Response | undefined> {
  const { cachedResponse, request, event } = found;
  const isAsked = event?.type === "fetch";
  if (isAsked) count(event, null, { kind: "shell", isHit: cachedResponse !== undefined, request, answer: null });
  return cachedResponse;
}

/** No answer of the API is ever stored, whatever the list says. */
function isOfTheShell({ url }: PrecacheEntry): boolean {
  const { origin, pathname } = new URL(url, worker.registration.scope);
  return origin === worker.location.origin && !pathname.startsWith(`${scopePath}api/`);
}

/** Anything else below the scope is answered by who has it: the server itself, or another app behind the same name. */
function pages(): RegExp[] {
  const paths = worker.__SOUNDWAVE_PAGES ?? [];
  return paths.map((path) => new RegExp(`^${escape(scopePath + path.slice(1).replace(/\/$/, ""))}/?(\\?|$)`));
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
