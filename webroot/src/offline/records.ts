/** The records of the `offline` store: what is wished for, and how far it is. Every change is told to all tabs. */
import type { Channel } from "./channel";
import type { OfflinePlaylist, UserDatabase } from "./database";

export interface Records {
  db: UserDatabase;
  channel: Channel;
  user: string;
}

/** Changes one record in one transaction; null where there is none (any more). Nothing is told where nothing changed. */
export async function changeRecord(
  { db, channel, user }: Records,
  id: string,
  change: (record: OfflinePlaylist) => Partial<OfflinePlaylist>,
): Promise<OfflinePlaylist | null> {
  const tx = db.transaction("offline", "readwrite");
  const known = await tx.store.get(id);
  if (!known) return null;
  const changes = change(known);
  const isNew = Object.entries(changes).some(([name, value]) => known[name as keyof OfflinePlaylist] !== value);
  const record = { ...known, ...changes };
  if (isNew) await tx.store.put(record);
  await tx.done;
  if (isNew) channel.post({ type: "changed", user, stores: ["offline"] });
  return record;
}

export function newRecord(id: string, title: string, now: string): OfflinePlaylist {
  return {
    id, title, is_pinned: false, urls: null, wanted_at: now, last_used_at: now, state: "waiting", reason: null,
    manifest: null, etag: null, size_bytes: 0, stored_bytes: 0, items: 0, stored_items: 0, sync_status: "pending",
    ready_at: null, told: null,
  };
}

/**
 * The wish is gone; its bytes go at the next look, and the server hears of it when it can. `isToGo` has the last word, by
 * what the wish is now; whether it went.
 */
export async function forgetRecord(
  { db, channel, user }: Records,
  id: string,
  isToGo: (record: OfflinePlaylist) => boolean = () => true,
): Promise<boolean> {
  const tx = db.transaction(["offline", "meta"], "readwrite");
  const [offline, meta] = [tx.objectStore("offline"), tx.objectStore("meta")];
  const known = await offline.get(id);
  if (known && !isToGo(known)) return false;
  const unkept = ((await meta.get("unkept")) as string[] | undefined) ?? [];
  await Promise.all([offline.delete(id), meta.put([...new Set([...unkept, id])], "unkept"), tx.done]);
  channel.post({ type: "changed", user, stores: ["offline"] });
  return true;
}

/** An older wish is kept, and begins again where it had stopped, or where its `urls` are given. */
export async function wishRecord(
  { db, channel, user }: Records,
  fresh: OfflinePlaylist,
  change: (record: OfflinePlaylist) => Partial<OfflinePlaylist>,
): Promise<void> {
  const tx = db.transaction(["offline", "meta"], "readwrite");
  const [offline, meta] = [tx.objectStore("offline"), tx.objectStore("meta")];
  const known = (await offline.get(fresh.id)) ?? fresh;
  const unkept = ((await meta.get("unkept")) as string[] | undefined) ?? [];
  const changes = change(known);
  const isToDo = changes.urls !== undefined || known.state !== "ready";
  const state = isToDo && known.state !== "fetching" ? { state: "waiting" as const, reason: null } : {};
  await offline.put({ ...known, ...state, ...changes });
  if (unkept.includes(fresh.id)) await meta.put(unkept.filter((id) => id !== fresh.id), "unkept");
  await tx.done;
  channel.post({ type: "changed", user, stores: ["offline"] });
}

/** Something was put away, or dropped. */
export function tellKept({ channel, user }: Records): void {
  channel.post({ type: "changed", user, stores: ["entries", "documents"] });
}
