/** What waits to be sent, as its user counts it. */
import type { OutboxEntry } from "./database";
import type { Op } from "./wire";

/** The changes that somebody made, and what was heard meanwhile; both in order. */
export interface Waiting {
  changes: Op[];
  plays: Op[];
}

/** Nobody makes these by hand: they are sent along, and counted nowhere. */
const UNTOLD: readonly Op["kind"][] = ["play", "position", "stats"];

/** The one count of it: for the status line, the Offline page and whoever signs out. */
export function waitingOf(outbox: readonly OutboxEntry[]): Waiting {
  const ops = outbox.filter(({ isSent }) => !isSent).map(({ op }) => op);
  return { changes: ops.filter(({ kind }) => !UNTOLD.includes(kind)), plays: ops.filter(({ kind }) => kind === "play") };
}
