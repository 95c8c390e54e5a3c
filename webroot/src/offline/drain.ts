/** When ops go out and changes come in: one drainer at a time over all tabs, patient where the server is not there. */
import { ApiError, hasCode } from "../api/errors";
import type { Channel } from "./channel";
import { isDatabaseClosed } from "./database";
import { lockName } from "./names";
import type { Outbox } from "./outbox";
import type { Summary, Syncer } from "./sync";

/** The Background Sync tag under which the worker drains. */
export const SYNC_TAG = "soundwave-outbox";

/**
 * offline: no answer. signed-out, refused: nothing is tried until something changes. busy: the server asked to wait.
 * absent: this server has no sync now, as where its plugin is disabled. full: this device has no room for what came.
 * broken: something went wrong here; it is tried again all the same.
 */
export type Trouble = "offline" | "signed-out" | "refused" | "busy" | "absent" | "full" | "broken";

export interface DrainState {
  /** Ops that wait to be sent. */
  pending: number;
  isSyncing: boolean;
  lastSyncAt: string | null;
  trouble: Trouble | null;
}

export interface DrainDeps {
  base: string;
  user: string;
  outbox: Pick<Outbox, "count">;
  syncer: Pick<Syncer, "round">;
  channel: Pick<Channel, "listen">;
  /** What was known before this page was opened. */
  lastSyncAt: string | null;
  /** navigator.locks; null on plain http, where two tabs may send the same op, which is applied once all the same. */
  locks: LockManager | null;
  /** Registers a Background Sync of this tag, where the browser has it. */
  askForSync?: (tag: string) => Promise<void>;
  /** Puts into the outbox what was only counted so far. */
  flushCounts?: () => Promise<void>;
  onSummary?: (summary: Summary) => void;
  now?: () => number;
  random?: () => number;
}

/** After an op, so that several made at once go together. */
const SOON_MS = 1_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 5 * 60_000;
/** Counts are worth no request of their own. */
const FLUSH_EVERY_MS = 10 * 60_000;

export class Drain {
  #state: DrainState;
  readonly #listeners = new Set<() => void>();
  readonly #ends: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;
  readonly #end = new AbortController();
  #isWantedAgain = false;
  #isPullWanted = false;
  #failures = 0;
  #waitUntil = 0;
  #flushedAt = -Infinity;

  constructor(private readonly deps: DrainDeps) {
    this.#state = { pending: 0, isSyncing: false, lastSyncAt: deps.lastSyncAt, trouble: null };
  }

  get value(): DrainState {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Drains now, after each op that is put into the outbox here or in another tab, and at each of these events; but not
   * before the wait after a failure is over.
   */
  start(...events: readonly (readonly [EventTarget, string])[]): void {
    const drain = (): void => this.#goByItself();
    for (const [target, type] of events) {
      target.addEventListener(type, drain);
      this.#ends.push(() => target.removeEventListener(type, drain));
    }
    this.#ends.push(
      this.deps.channel.listen((message) => {
        if (message.type !== "changed" || message.user !== this.deps.user || !message.stores.includes("outbox")) return;
        // A connection that was lost is opened anew (`start.ts`), and counted then.
        void this.#count().then(() => this.#afterOp(), () => undefined);
      }),
    );
    drain();
  }

  /** Nothing is begun from now on, nor waited for; resolves when what is under way here has come to its end. */
  async stop(): Promise<void> {
    this.#end.abort();
    clearTimeout(this.#timer);
    for (const end of this.#ends.splice(0)) end();
    await this.#running?.catch(() => undefined);
  }

  /** Some other request was answered: the server is there again. */
  answered(): void {
    const { trouble, pending } = this.#state;
    if (trouble === "offline" || (trouble === null && pending > 0)) this.#in(0);
  }

  /** Somebody looks: there may be something new. Where a person has to do something first, that is waited for. */
  look(): void {
    if (!this.#isForAPerson()) this.#goByItself();
  }

  /**
   * A round, now, or another one after that which is under way; resolves when it has ended, well or not. For what a
   * person wishes: whoever comes by themselves waits as long as is to be waited.
   */
  drain(): Promise<DrainState> {
    this.#isPullWanted = true;
    return this.#go();
  }

  #goByItself(): void {
    if (this.#running === null && this.#now() >= this.#waitUntil) void this.drain();
  }

  #go(): Promise<DrainState> {
    this.#isWantedAgain = this.#running !== null;
    this.#running ??= this.#run().finally(() => (this.#running = null));
    return this.#running.then(() => this.#state);
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    do {
      this.#isWantedAgain = false;
      if (!this.#isStopped) await this.#alone(() => this.#round()).catch((error: unknown) => this.#fail(error));
    } while (this.#isWantedAgain);
  }

  /** Who stops does not wait for another tab, which may be at it for long. */
  async #alone(work: () => Promise<void>): Promise<void> {
    const { locks, base, user } = this.deps;
    if (locks) await locks.request(lockName(base, user, "sync"), { signal: this.#end.signal }, work);
    else await work();
  }

  async #round(): Promise<void> {
    const isPull = this.#isPullWanted;
    this.#isPullWanted = false;
    if (this.#isStopped) return;
    await this.#count();
    // Another tab may have sent everything while this one waited for it.
    if (!isPull && this.#state.pending === 0) return;
    this.#set({ isSyncing: true });
    try {
      await this.#flush();
      const summary = await this.deps.syncer.round();
      this.#failures = this.#waitUntil = 0;
      this.#set({ trouble: null, lastSyncAt: new Date(this.#now()).toISOString() });
      this.deps.onSummary?.(summary);
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.#set({ isSyncing: false });
      if (!this.#isStopped) await this.#count().catch(() => undefined);
    }
  }

  async #flush(): Promise<void> {
    if (this.#now() - this.#flushedAt < FLUSH_EVERY_MS) return;
    this.#flushedAt = this.#now();
    await this.deps.flushCounts?.();
  }

  /** Refusals wait for a person, all else for time. */
  async #fail(error: unknown): Promise<void> {
    // The database is closed under it, or what was on its way broken off: nobody is there any more who would care.
    if (this.#isStopped) return;
    const trouble = troubleOf(error);
    this.#set({ trouble });
    if (trouble === "broken" && !isDatabaseClosed(error)) console.warn("a sync went wrong here:", error);
    if (this.#isForAPerson()) return;
    // Full jitter: devices that lost the server together do not come back together.
    const longest = Math.min(FIRST_WAIT_MS * 2 ** this.#failures++, LONGEST_WAIT_MS);
    const asked = error instanceof ApiError ? (error.waitSeconds ?? 0) * 1000 : 0;
    const wait = Math.max(longest * (this.deps.random ?? Math.random)(), asked);
    // A server that was away is looked for as soon as anything changes; one that has too much to do is not.
    this.#waitUntil = this.#now() + (trouble === "offline" ? asked : wait);
    this.#isPullWanted = true;
    this.#in(wait);
    // A browser may refuse it to a page in the background; the timer is there all the same.
    if (this.#state.pending > 0) await this.deps.askForSync?.(SYNC_TAG).catch(() => undefined);
  }

  async #count(): Promise<void> {
    this.#set({ pending: await this.deps.outbox.count() });
  }

  #afterOp(): void {
    const { pending, isSyncing, trouble } = this.#state;
    if (pending > 0 && !isSyncing && trouble === null) this.#in(SOON_MS);
  }

  #isForAPerson(): boolean {
    return this.#state.trouble === "signed-out" || this.#state.trouble === "refused";
  }

  get #isStopped(): boolean {
    return this.#end.signal.aborted;
  }

  /** One timer at a time. */
  #in(milliseconds: number): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#go(), milliseconds);
  }

  #set(change: Partial<DrainState>): void {
    const next = { ...this.#state, ...change };
    const isSame = (Object.keys(next) as (keyof DrainState)[]).every((name) => next[name] === this.#state[name]);
    this.#state = next;
    if (!isSame) for (const listener of [...this.#listeners]) listener();
  }

  #now = (): number => (this.deps.now ?? Date.now)();
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof ApiError)) return isQuota(error) ? "full" : "broken";
  const { status } = error;
  if (status === 0) return "offline";
  if (status === 401) return "signed-out";
  if (hasCode(error, "path_not_found")) return "absent";
  return status === 429 || status >= 500 ? "busy" : "refused";
}

const isQuota = (error: unknown): boolean => error instanceof DOMException && error.name === "QuotaExceededError";
