/** What the worker knows about where it runs. Import `worker` instead of using `self`. */

export interface PrecacheEntry {
  /** Relative to the worker's own address, which is the base of the app. */
  url: string;
  /** Null where the address itself changes with the content. */
  revision: string | null;
}

interface Worker extends ServiceWorkerGlobalScope {
  /** Set by statements that the server puts in front of this script. */
  readonly __SOUNDWAVE_PRECACHE?: readonly PrecacheEntry[];
  /** The paths of all pages, as "/playlist/". */
  readonly __SOUNDWAVE_PAGES?: readonly string[];
}

export const worker = self as unknown as Worker;

/** "/" or, behind a proxy with a prefix, "/audio/". */
export const scopePath = new URL(worker.registration.scope).pathname;
