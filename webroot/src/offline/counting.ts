/** How much is heard, by the device's own calendar days: counted here, kept in `stats`, sent as increments by the outbox. */
import { newId } from "../api/ids";
import type { Channel } from "./channel";
import { getDeviceState, getMeta, type UserDatabase } from "./database";
import type { Counts } from "./wire";

/** What was counted in memory is written so often. */
const SAVE_AFTER_MS = 10_000;
/** No more than this many days in one go. */
const MOST_DAYS = 50;

export interface CountingDeps {
  base: string;
  user: string;
  db: UserDatabase;
  channel: Channel;
  /** This device's clock. */
  now(): Date;
}

/** "2026-11-22" where this device is. */
export function dayOf(moment: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** Counts of one user in one tab, from when they come until they go. */
export class Counting {
  #waiting = new Map<string, Partial<Counts>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly deps: CountingDeps) {}

  add(counts: Partial<Counts>): void {
    const day = dayOf(this.deps.now());
    this.#waiting.set(day, sum(this.#waiting.get(day) ?? {}, counts));
    this.#timer ??= setTimeout(() => void this.save().catch(() => undefined), SAVE_AFTER_MS);
  }

  /** Into the database, or to nowhere where counting is off. */
  async save(): Promise<void> {
    const taken = this.#take();
    if (taken.size === 0 || !(await isCounting(this.deps.base))) return;
    const tx = this.deps.db.transaction("stats", "readwrite");
    for (const [day, counts] of taken) {
      const known = await tx.store.get(day);
      await tx.store.put({ day, counts: sum(known?.counts ?? {}, counts) });
    }
    await tx.done;
  }

  /** What has not been written is forgotten, when its user goes. */
  close(): void {
    this.#take();
  }

  #take(): Map<string, Partial<Counts>> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const taken = this.#waiting;
    this.#waiting = new Map();
    return taken;
  }
}

/**
 * From `stats` into the outbox, one op a day, both in one transaction: nothing is counted twice, nothing is lost.
 * Where counting is off, what had been counted is forgotten.
 */
export async function flushCounts({ base, user, db, channel, now }: CountingDeps): Promise<void> {
  await saveCounts();
  const isOn = await isCounting(base);
  const at = new Date(now().getTime() + (await getMeta(db, "clockOffset"))).toISOString();
  const tx = db.transaction(["stats", "outbox"], "readwrite");
  const days = await tx.objectStore("stats").getAll(null, MOST_DAYS);
  for (const { day, counts } of days) {
    await tx.objectStore("stats").delete(day);
    const op = { kind: "stats" as const, id: newId(), at, day, counts: whole(counts) };
    if (isOn && Object.keys(op.counts).length > 0) await tx.objectStore("outbox").add({ id: op.id, op, isSent: false });
  }
  await tx.done;
  if (days.length > 0) channel.post({ type: "changed", user, stores: ["stats", "outbox"] });
}

const isCounting = (base: string): Promise<boolean> => getDeviceState(base, "isCounting");

export function sum(some: Partial<Counts>, more: Partial<Counts>): Partial<Counts> {
  const total = { ...some };
  for (const [name, value] of Object.entries(more) as [keyof Counts, number][]) total[name] = (total[name] ?? 0) + value;
  return total;
}

/** Parts of a second are summed up here, and told of as seconds. */
function whole(counts: Partial<Counts>): Partial<Counts> {
  const rounded = Object.entries(counts).map(([name, value]) => [name, Math.round(value)] as const);
  return Object.fromEntries(rounded.filter(([, value]) => value > 0));
}

let current: Counting | null = null;

/** Call when a user's database is open; with null when it closes. */
export function countFor(deps: CountingDeps | null): void {
  current?.close();
  current = deps && new Counting(deps);
}

/** Seconds of sound that were heard; those without a server are what is told of. */
export function countListening(seconds: number, isOffline: boolean): void {
  if (isOffline && seconds > 0) current?.add({ offline_seconds: seconds });
}

/** A play, as the history has it. */
export function countPlay(isOffline: boolean): void {
  current?.add(isOffline ? { plays: 1, offline_plays: 1 } : { plays: 1 });
}

/** What this tab has counted so far, into the database. */
export async function saveCounts(): Promise<void> {
  await current?.save();
}
