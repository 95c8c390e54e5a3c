/** What nobody wants any more goes, and what was kept longest unused goes where there is no room for what is wished for. */
import { getDeviceState, type OfflinePlaylist } from "./database";
import type { KeeperDeps } from "./keeper-deps";
import { type Look, look } from "./looking";
import { forgetRecord, tellKept } from "./records";
import { bytesOf, type Lag, ownEntries, roomOf, sizeOf, toFree } from "./room";
import { adopt, dropStored, type Kept } from "./storing";

/** For which playlists there is no room: by the browser's own estimate, or because it would not store any more. */
export type Short = Map<string, "room" | "quota">;

/** What nobody wants goes, unless it is not known yet what all want; and what is more than its user allows. */
export async function tidy(deps: KeeperDeps, kept: Kept): Promise<void> {
  let now = await look(kept);
  const lost = now.plan.fetch.filter(({ url }) => now.keys.has(url) && !now.stored.has(url));
  if (lost.length > 0) {
    await adopt(kept, lost.map(({ entry }) => entry));
    now = await look(kept);
  }
  if (now.isAllKnown && now.plan.drop.length > 0) {
    await dropStored(kept, now.plan.drop);
    tellKept(deps);
    now = await look(kept);
  }
  await keepLimit(deps, kept, now, now.playlists);
}

/** Lets go of what has to go, once and by sums of its own, and notes for whom there is no room all the same. */
export async function makeRoom(deps: KeeperDeps, kept: Kept, short: Short, lag: Lag): Promise<Look> {
  let now = await look(kept);
  const limit = await getDeviceState(deps.base, "limitBytes");
  const room = await roomOf(deps.storage, limit, sizeOf(now.stored.values()), lag);
  let left = room.freeBytes;
  const counted = new Set<string>();
  for (const { id, state } of [...now.playlists].sort((a, b) => (a.wanted_at < b.wanted_at ? -1 : 1))) {
    const mine = now.plan.fetch.filter(({ url, playlists }) => playlists.includes(id) && !counted.has(url));
    if (state === "paused" || short.has(id) || mine.length === 0) continue;
    const bytes = bytesOf(mine, now.stored);
    const others = now.playlists.filter((playlist) => playlist.id !== id);
    const chosen = bytes > left ? toFree(bytes - left, others, now.freeable, now.stored) : [];
    if (chosen.length > 0) {
      const won = await free(deps, kept, now, chosen);
      lag.freed(won, room);
      left += won;
      now = await look(kept);
    }
    if (bytes > left) {
      short.set(id, "room");
      continue;
    }
    left -= bytes;
    for (const { url } of mine) counted.add(url);
  }
  const still = now.playlists.map((one) => (short.has(one.id) ? { ...one, state: "short" as const } : one));
  return (await keepLimit(deps, kept, now, still)) ? look(kept) : now;
}

/** Where more is kept than its user allows; whether something went. */
async function keepLimit(deps: KeeperDeps, kept: Kept, now: Look, playlists: readonly OfflinePlaylist[]): Promise<boolean> {
  const limit = await getDeviceState(deps.base, "limitBytes");
  const over = limit === null ? 0 : sizeOf(now.stored.values()) - limit;
  return (await free(deps, kept, now, toFree(over, playlists, now.freeable, now.stored, true))) > 0;
}

/** These wishes go, and at once what they alone have, but for those that were pinned a moment ago; so many bytes. */
export async function free(deps: KeeperDeps, kept: Kept, now: Look, chosen: readonly OfflinePlaylist[]): Promise<number> {
  const gone: OfflinePlaylist[] = [];
  for (const one of chosen) if (await forgetRecord(deps, one.id, ({ is_pinned }) => !is_pinned)) gone.push(one);
  if (gone.length === 0) return 0;
  const entries = ownEntries(gone.map(({ id }) => id), now.freeable, now.stored);
  await dropStored(kept, entries.map(({ url }) => url));
  tellKept(deps);
  deps.onFreed?.(gone);
  return sizeOf(entries);
}
