/** A worker must never break the app: what goes wrong here is said once, and the network answers as if it were not there. */
import { registerRoute } from "workbox-routing";

/** The page fetches with this header what it is about to keep: that comes from the network, and through nobody's hands. */
const KEEP = "SoundWave-Keep";

const said = new Set<string>();

/** Answers what is asked below these addresses, but for a page that is opened. Failing, or null, it is the network's. */
export function serve(
  isOurs: (url: URL) => boolean,
  work: (request: Request, event: ExtendableEvent) => Promise<Response | null>,
): void {
  for (const method of ["GET", "HEAD"] as const) {
    registerRoute(
      ({ url, request, sameOrigin }) =>
        sameOrigin && request.mode !== "navigate" && !request.headers.has(KEEP) && isOurs(url),
      async ({ request, event }) => (await work(request, event).catch(complain)) ?? passOn(request),
      method,
    );
  }
}

/** The request as it came. Nobody there is what it is without a worker: a fetch rejects, an element has an error. */
export async function passOn(request: Request): Promise<Response> {
  return fetch(request).catch(() => Response.error());
}

/** An event's work, whose failure is not the event's. */
export function attempt(event: ExtendableEvent, work: () => Promise<unknown>): void {
  event.waitUntil(Promise.resolve().then(work).catch(complain));
}

/** Into the console, the same only once in this worker's life. */
export function complain(error: unknown): void {
  const text = String(error);
  if (said.has(text)) return;
  said.add(text);
  console.warn("service worker:", error);
}
