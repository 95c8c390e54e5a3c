/** Fetches what is wanted, two at a time and in order, and says what became of it. */
import { isForAnother } from "../api/answers";
import { type Wanted } from "./reconcile";
import { storeVerified, StoreError, type Kept } from "./storing";

/** Time as the keeper knows it. `later` calls once; what it returns calls that off. */
export interface Clock {
  now(): number;
  later(milliseconds: number, run: () => void): () => void;
}

export interface FetchingDeps {
  kept: Kept;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  clock: Clock;
  user: string;
}

/** What the outside says meanwhile, and wants to hear. */
export interface Control {
  /** Whether to take on another one; what is on its way is brought to its end. */
  isToStop(): boolean;
  /** Playlists that are not to be fetched for any more. */
  isActive(playlist: string): boolean;
  began(wanted: Wanted, abort: AbortController): void;
  came(wanted: Wanted, bytes: number): void;
  /** Stored, or given up: what came of it does not count any more where it was not. */
  ended(wanted: Wanted, isStored: boolean): void;
}

export interface Outcome {
  /** Why something is not there, by address: "changed", "busy", "http_404". */
  failed: Map<string, string>;
  /** What is no sound, and not at the server either: it is done without. */
  absent: Wanted[];
  /** Playlists for which there was no room. */
  short: Set<string>;
  isOffline: boolean;
  isSignedOut: boolean;
  /** The server has other things than the manifest says: ask for it again. */
  isOutdated: boolean;
}

export const AT_ONCE = 2;
const TRIES = 4;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const TURN_MS = 250;
/** A connection that brings nothing for this long is dead. */
const SILENCE_MS = 30_000;

export async function fetchAll(queue: readonly Wanted[], deps: FetchingDeps, control: Control): Promise<Outcome> {
  const outcome: Outcome = {
    failed: new Map(), absent: [], short: new Set(), isOffline: false, isSignedOut: false, isOutdated: false,
  };
  const rest = [...queue];
  const work = async (): Promise<void> => {
    for (let wanted = rest.shift(); wanted; wanted = rest.shift()) {
      if (control.isToStop() || outcome.isOffline || outcome.isSignedOut) return;
      if (!isNeeded(wanted, outcome, control)) continue;
      await fetchOne(wanted, outcome, deps, control);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return outcome;
}

const isNeeded = (wanted: Wanted, { short }: Outcome, control: Control): boolean =>
  wanted.playlists.some((id) => control.isActive(id) && !short.has(id));

async function fetchOne(wanted: Wanted, outcome: Outcome, deps: FetchingDeps, control: Control): Promise<void> {
  for (let n = 1; ; n++) {
    const error = await tryOnce(wanted, deps, control);
    if (error === null || control.isToStop() || !isNeeded(wanted, outcome, control)) return;
    if (settle(wanted, error, outcome)) return;
    if (n === TRIES) return giveUp(wanted, error, outcome);
    await pause(waitOf(error, n), deps.clock, control);
    if (outcome.isOffline || outcome.isSignedOut || control.isToStop()) return;
  }
}

/** What it failed with, null for nothing. Where the reason is that nobody wants it any more, the caller sees that. */
async function tryOnce(wanted: Wanted, { kept, fetch, clock, user }: FetchingDeps, control: Control): Promise<unknown> {
  const abort = new AbortController();
  let callOff = (): void => undefined;
  const watch = (): void => {
    callOff();
    callOff = clock.later(SILENCE_MS, () => abort.abort());
  };
  control.began(wanted, abort);
  let isStored = false;
  try {
    watch();
    // The worker lets this pass; the browser's own cache would keep the bytes twice.
    const init: RequestInit = { headers: { "SoundWave-Keep": "1" }, cache: "no-store", signal: abort.signal };
    const response = await fetch(wanted.entry.url, { ...init, credentials: "same-origin" });
    if (isForAnother(response, user)) throw await stranger(response);
    await storeVerified(kept, wanted.entry, response, (bytes) => {
      watch();
      control.came(wanted, bytes);
    });
    isStored = true;
    return null;
  } catch (error) {
    return error;
  } finally {
    callOff();
    control.ended(wanted, isStored);
  }
}

/** True where trying again now is of no use. */
function settle(wanted: Wanted, error: unknown, outcome: Outcome): boolean {
  if (!(error instanceof StoreError)) return false;
  const { trouble, status, isOurs } = error;
  if (trouble === "quota") for (const id of wanted.playlists) outcome.short.add(id);
  else if (trouble === "changed") fail(wanted, "changed", outcome);
  else if (trouble === "stranger" || (status === 401 && isOurs)) outcome.isSignedOut = true;
  else if (!isOurs || status === 429 || status >= 500) return false;
  else if (wanted.entry.kind !== "audio" && (status === 404 || status === 410)) doWithout(wanted, outcome);
  else fail(wanted, `http_${status}`, outcome);
  return true;
}

function doWithout(wanted: Wanted, outcome: Outcome): void {
  outcome.absent.push(wanted);
  outcome.isOutdated = true;
}

async function stranger({ body, status }: Response): Promise<StoreError> {
  await body?.cancel().catch(() => undefined);
  return new StoreError("stranger", status);
}

function fail({ url }: Wanted, reason: string, outcome: Outcome): void {
  outcome.failed.set(url, reason);
  outcome.isOutdated = true;
}

/** A server that answers is busy, one that does not is away. */
function giveUp({ url }: Wanted, error: unknown, outcome: Outcome): void {
  if (error instanceof StoreError) outcome.failed.set(url, "busy");
  else outcome.isOffline = true;
}

const waitOf = (error: unknown, tries: number): number =>
  Math.min((error instanceof StoreError && error.waitSeconds ? error.waitSeconds * 1000 : FIRST_WAIT_MS * 2 ** (tries - 1)), LONGEST_WAIT_MS);

/** Not longer than anybody wants it; in turns that are counted, for a clock that is put back would make it long. */
async function pause(milliseconds: number, clock: Clock, control: Control): Promise<void> {
  for (let left = milliseconds; left > 0 && !control.isToStop(); left -= TURN_MS) {
    await new Promise<void>((done) => void clock.later(Math.min(TURN_MS, left), done));
  }
}
