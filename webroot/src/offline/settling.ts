/** At the end of a round: how far each playlist is, and whether to look again by oneself. */
import type { OfflinePlaylist } from "./database";
import type { Short } from "./clearing";
import type { Outcome } from "./fetching";
import type { KeeperDeps } from "./keeper-deps";
import { isSameWish, look } from "./looking";
import { progressOf, type Wanted } from "./reconcile";
import { changeRecord } from "./records";
import type { Kept } from "./storing";
import type { Traffic } from "./traffic";

/** When to look again: once the server has read what it had not, or once it is there again; null: when something changes. */
export type Again = "soon" | "later" | null;

/** What the server said of the manifests, beside the manifests; `trouble`: by playlist. */
export interface Said {
  isOffline: boolean;
  isSignedOut: boolean;
  trouble: Map<string, "busy" | "refused">;
}

/** What a round found out. */
export interface Findings {
  said: Said;
  short: Short;
  /** Null where nothing was fetched. */
  outcome: Outcome | null;
  /** Of the addresses that are given up. */
  reasonOf(wanted: Wanted): string | undefined;
}

export async function settle(deps: KeeperDeps, kept: Kept, traffic: Traffic, findings: Findings): Promise<Again> {
  const { said, outcome } = findings;
  const now = await look(kept);
  const missing = new Set(now.plan.fetch.map(({ url }) => url));
  const elsewhere = await deps.background?.running();
  let again: Again = said.isOffline || said.trouble.size > 0 || outcome?.isOffline ? "later" : null;
  for (const looked of now.playlists) {
    const mine = now.plan.fetch.filter(({ playlists }) => playlists.includes(looked.id));
    const record = await changeRecord(deps, looked.id, (known) => {
      // Something else is wished for since: of that nothing is known yet.
      if (!isSameWish(looked, known)) return traffic.stale(), {};
      const progress = progressOf(known, (url) => !missing.has(url));
      const ready = mine.length === 0 ? readyOf(known) : null;
      if (ready) return { ...progress, ...ready, ready_at: known.ready_at ?? deps.stamp() };
      if (known.state === "fetching" && mine.some(({ url }) => elsewhere?.has(url))) return progress;
      return { ...progress, ...unfinished(known, mine, findings) };
    });
    if (record) again = sooner(again, record);
  }
  return again;
}

function readyOf({ manifest }: OfflinePlaylist): Pick<OfflinePlaylist, "state" | "reason"> | null {
  if (manifest === null || manifest.unread.length > 0) return null;
  return { state: "ready", reason: manifest.missing.length > 0 ? "missing" : null };
}

function sooner(again: Again, { state, reason }: OfflinePlaylist): Again {
  if (state === "fetching" || (state === "waiting" && reason === "unread")) return again ?? "soon";
  return state === "waiting" || (state === "failed" && reason !== "signed_out") ? "later" : again;
}

function unfinished(
  { id, state, manifest }: OfflinePlaylist,
  mine: readonly Wanted[],
  { said, short, outcome, reasonOf }: Findings,
): Pick<OfflinePlaylist, "state" | "reason"> {
  if (state === "paused") return { state, reason: null };
  if (said.isSignedOut || outcome?.isSignedOut) return { state: "failed", reason: "signed_out" };
  if (said.isOffline || outcome?.isOffline) return { state: "offline", reason: null };
  const why = short.get(id);
  if (why) return { state: "short", reason: why };
  if (said.trouble.get(id) === "refused") return { state: "failed", reason: "http_403" };
  const failed = mine.map((wanted) => reasonOf(wanted) ?? outcome?.failed.get(wanted.url)).find((reason) => reason !== undefined);
  if (failed) return { state: "failed", reason: failed };
  if (manifest && mine.length === 0 && manifest.unread.length > 0) return { state: "waiting", reason: "unread" };
  return { state: "waiting", reason: said.trouble.has(id) ? "busy" : null };
}
