/** When a release takes over: the first one at once, a later one when the page says so. */
import { worker } from "./scope";

/** A page posts {type: "SKIP_WAITING"} when its user agreed to reload, and reloads at `controllerchange`. */
export function followPage(): void {
  worker.addEventListener("message", (event: ExtendableMessageEvent) => {
    if ((event.data as { type?: unknown } | null)?.type === "SKIP_WAITING") event.waitUntil(worker.skipWaiting());
  });
  worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
}
