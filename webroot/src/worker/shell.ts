/** The app's own files, kept whole for each release, and the shell that answers every page. */
import { setCacheNameDetails } from "workbox-core";
import { PrecacheController, PrecacheRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

import { type PrecacheEntry, scopePath, worker } from "./scope";

/** The address of the shell, relative to the scope: every page is this one document. */
const SHELL = "./";

/** What the server answers itself, below the scope. */
const SERVER_OWN = ["api/", "static/", "metrics", "service-worker.js", "manifest.webmanifest"];

/** Stores the listed files at install, serves them from there, and drops older releases' at activation. */
export function precacheShell(): void {
  setCacheNameDetails({ prefix: "soundwave", suffix: scopePath });
  const files = (worker.__SOUNDWAVE_PRECACHE ?? []).filter(isOfTheShell);
  const controller = new PrecacheController();
  controller.addToCacheList(files.map(({ url, revision }) => ({ url, revision })));
  worker.addEventListener("install", (event) => controller.install(event));
  worker.addEventListener("activate", (event) => controller.activate(event));
  registerRoute(
    new PrecacheRoute(controller, { cleanURLs: false, directoryIndex: "", ignoreURLParametersMatching: [] }),
  );
  if (controller.getCacheKeyForURL(SHELL)) {
    registerRoute(new NavigationRoute(controller.createHandlerBoundToURL(SHELL), { denylist: serverOwnPaths() }));
  }
}

/** No answer of the API is ever stored, whatever the list says. */
function isOfTheShell({ url }: PrecacheEntry): boolean {
  const { origin, pathname } = new URL(url, worker.registration.scope);
  return origin === worker.location.origin && !pathname.startsWith(`${scopePath}api/`);
}

function serverOwnPaths(): RegExp[] {
  return SERVER_OWN.map((path) => new RegExp(`^${escape(scopePath + path)}`));
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
