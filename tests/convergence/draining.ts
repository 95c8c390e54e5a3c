/** A drain by a clock that only moves when told to, over a server that says what it is told to. */
import { mock } from "node:test";

import { ApiError } from "../../webroot/src/api/errors";
import type { Message } from "../../webroot/src/offline/channel";
import { Drain, type DrainDeps } from "../../webroot/src/offline/drain";
import type { Summary } from "../../webroot/src/offline/sync";
import { USER } from "./world";

export interface Setting {
  drain: Drain;
  /** How many rounds there were. */
  rounds: number;
  /** Ops that wait; a round that goes well sends them. */
  pending: number;
  /** What the next rounds end with; none: well. */
  errors: Error[];
  /** Holds rounds back until what it gives is called. */
  hold(): () => void;
  tags: string[];
  flushed: number;
  page: EventTarget;
  tell(message: Message): void;
  tick(milliseconds: number): Promise<void>;
}

/** Until all that could happen by itself has happened. */
export const settled = (): Promise<void> => new Promise((done) => setImmediate(done));
export const no = (status: number, wait: number | null = null): ApiError => new ApiError("no", "No.", status, wait);

export async function within(run: (it: Setting) => Promise<void>, more: Partial<DrainDeps> = {}): Promise<void> {
  mock.timers.enable({ apis: ["setTimeout"] });
  const listeners = new Set<(message: Message) => void>();
  let now = 0;
  let held: Promise<void> | null = null;
  let release = (): void => undefined;
  const round = async (): Promise<Summary> => {
    it.rounds++;
    await held;
    const error = it.errors.shift();
    if (error) throw error;
    it.pending = 0;
    return { sent: 0, parked: [], stores: new Set() };
  };
  const drain = new Drain({
    base: "/", user: USER, lastSyncAt: null, locks: null, now: () => now, random: () => 1,
    outbox: { count: async () => it.pending },
    syncer: { round },
    channel: { listen: (listener) => (listeners.add(listener), () => listeners.delete(listener)) },
    askForSync: async (tag) => void it.tags.push(tag),
    flushCounts: async () => void it.flushed++,
    ...more,
  });
  const it: Setting = {
    drain, rounds: 0, pending: 0, errors: [], tags: [], flushed: 0, page: new EventTarget(),
    hold: () => {
      held = new Promise((done) => (release = done));
      return () => release();
    },
    tell: (message) => listeners.forEach((listener) => listener(message)),
    tick: async (milliseconds) => {
      now += milliseconds;
      mock.timers.tick(milliseconds);
      await settled();
    },
  };
  try {
    await run(it);
  } finally {
    release();
    await drain.stop();
    mock.timers.reset();
  }
}

export const changed = (...stores: string[]): Message => ({ type: "changed", user: USER, stores });
