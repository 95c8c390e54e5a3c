/** What the server does not send as its manifest names it: asked for again only where that may help. */
import type { Wanted } from "./reconcile";

/** Until then only another revision, or a person who asks for it, is a reason. */
const AGAIN_AFTER_MS = 24 * 3600 * 1000;

export class GivenUp {
  #known = new Map<string, { revision: string; reason: string; at: number }>();

  note({ url, entry }: Wanted, reason: string, now: number): void {
    this.#known.set(url, { revision: entry.revision, reason, at: now });
  }

  /** Why; undefined where it may be asked for. */
  reasonOf({ url, entry }: Wanted, now: number): string | undefined {
    const known = this.#known.get(url);
    const isStill = known?.revision === entry.revision && now - known.at < AGAIN_AFTER_MS;
    return isStill ? known.reason : undefined;
  }

  forget(): void {
    this.#known.clear();
  }
}
