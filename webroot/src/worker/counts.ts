/**
 * How often, and how much, this device answers itself: per day into the user's `stats`, never per request.
 * A track counts when its first bytes are asked for, with its whole size: what a player asks for later, seeking, was
 * counted then. Safari's look at two bytes is no start.
 */
import { dayOf, sum } from "../offline/counting";
import { getDeviceState } from "../offline/database";
import type { Counts } from "../offline/wire";
import { complain } from "./isolation";
import { parseRange } from "./ranges";
import { scopePath } from "./scope";
import { currentUser, inDatabaseOf } from "./user";

export interface Answered {
  kind: "audio" | "artwork" | "shell";
  isHit: boolean;
  request: Request;
  answer: Response | null;
}

const WRITE_AFTER_MS = 3_000;
const PROBE_BYTES = 2;
/** Whose it is shows when it is written: the shell is asked for before anybody is known. */
const WHOEVER = "";

let waiting = new Map<string, Partial<Counts>>();
let writing: Promise<void> | null = null;

/** Call while the event lasts: the worker is kept awake until it is written. */
export function count(event: ExtendableEvent, user: string | null, answered: Answered): void {
  const counts = countsOf(answered);
  if (!counts) return;
  const owner = user ?? WHOEVER;
  waiting.set(owner, sum(waiting.get(owner) ?? {}, counts));
  writing ??= new Promise<void>((done) => setTimeout(done, WRITE_AFTER_MS)).then(write).catch(complain);
  event.waitUntil(writing);
}

function countsOf({ kind, isHit, request, answer }: Answered): Partial<Counts> | null {
  if (request.method !== "GET") return null;
  if (kind === "shell") return isHit ? { shell_hits: 1 } : { shell_misses: 1 };
  if (answer?.type === "error") return { errors: 1 };
  const size = sizeOf(answer);
  if (!answer?.ok || !isStart(request, size)) return null;
  return isHit ? { [`${kind}_hits`]: 1, cache_bytes: size } : { [`${kind}_misses`]: 1, network_bytes: size };
}

function sizeOf(answer: Response | null): number {
  const whole = answer?.headers.get("Content-Range")?.split("/")[1] ?? answer?.headers.get("Content-Length");
  return Number(whole ?? 0) || 0;
}

function isStart(request: Request, size: number): boolean {
  const part = parseRange(request.headers.get("Range"), size);
  return part === null || (part !== "past" && part.first === 0 && part.last >= Math.min(PROBE_BYTES, size - 1));
}

async function write(): Promise<void> {
  const taken = waiting;
  [waiting, writing] = [new Map(), null];
  if (!(await getDeviceState(scopePath, "isCounting"))) return;
  const day = dayOf(new Date());
  for (const [owner, counts] of taken) {
    const user = owner === WHOEVER ? await currentUser() : owner;
    if (user === null) continue;
    await inDatabaseOf(user, undefined, async (db) => {
      const tx = db.transaction("stats", "readwrite");
      const known = await tx.store.get(day);
      await tx.store.put({ day, counts: sum(known?.counts ?? {}, counts) });
      await tx.done;
    });
  }
}
