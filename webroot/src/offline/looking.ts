/** What is wanted against what is there: read, and nothing done about it yet. */
import type { OfflinePlaylist, StoredEntry } from "./database";
import type { KeeperDeps } from "./keeper-deps";
import { keptCache } from "./names";
import { heldOf, isHeld, type Plan, plan, type Wanted, wantedOf } from "./reconcile";
import { type Kept, storedKeys } from "./storing";

export interface Look {
  playlists: OfflinePlaylist[];
  wanted: Map<string, Wanted>;
  /** Of `wanted` what goes with those who want it. */
  freeable: Map<string, Wanted>;
  stored: Map<string, StoredEntry>;
  plan: Plan;
  /** Addresses whose bytes are there. */
  keys: Set<string>;
  /** False where one is wished for of which neither a manifest nor the library says what is in it. */
  isAllKnown: boolean;
}

export async function openKept({ base, user, db, caches, stamp }: KeeperDeps): Promise<Kept> {
  return { db, cache: await caches!.open(keptCache(base, user)), stamp };
}

export async function look(kept: Kept): Promise<Look> {
  const [playlists, entries, keys] = await Promise.all([
    kept.db.getAll("offline"),
    kept.db.getAll("entries"),
    storedKeys(kept),
  ]);
  const unknown = playlists.filter(({ manifest }) => manifest === null);
  const found = await Promise.all(unknown.map(({ id }) => kept.db.get("playlists", id)));
  const lists = found.filter((list) => list !== undefined);
  const [wanted, held] = [wantedOf(playlists), heldOf(playlists, lists)];
  const there = entries.filter(({ url }) => keys.has(url));
  return {
    playlists,
    wanted,
    freeable: new Map([...wanted].filter(([url]) => !isHeld(url, held))),
    stored: new Map(there.map((entry) => [entry.url, entry])),
    plan: plan(wanted, entries, keys, held),
    keys,
    isAllKnown: lists.length === unknown.length,
  };
}

/** Whether what was found out about the one holds for the other: nothing else is wanted of it by now. */
export const isSameWish = (a: OfflinePlaylist, b: OfflinePlaylist): boolean =>
  a.etag === b.etag && (a.manifest === null) === (b.manifest === null) && String(a.urls) === String(b.urls);
