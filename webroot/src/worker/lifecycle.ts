/** When a release takes over, the first one at once and a later one when a page says so; and what else pages tell. */
import { attempt } from "./isolation";
import { worker } from "./scope";
import type { Shell } from "./shell";

/**
 * SKIP_WAITING: a user agreed to reload, which the page does at `controllerchange`.
 * REPAIR: look whether the shell is whole; the port that comes with it is told {isWhole}.
 */
export function followPage(shell: Shell): void {
  const acts = new Map<unknown, (event: ExtendableMessageEvent) => Promise<void>>([
    ["SKIP_WAITING", () => worker.skipWaiting()],
    ["REPAIR", (event) => repair(shell, event)],
  ]);
  worker.addEventListener("message", (event: ExtendableMessageEvent) => {
    const act = acts.get((event.data as { type?: unknown } | null)?.type);
    if (act) attempt(event, () => act(event));
  });
  worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
}

async function repair(shell: Shell, event: ExtendableMessageEvent): Promise<void> {
  const isWhole = await shell.refill().then(
    () => true,
    () => false,
  );
  event.ports[0]?.postMessage({ isWhole });
}
