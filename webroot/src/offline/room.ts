/** How much room the device has, what would fit into it, and what to free for what is wanted more. */
import type { OfflinePlaylist, StoredEntry } from "./database";
import { keptUrl } from "./names";
import { entriesOf, type Wanted } from "./reconcile";

/** What is left to the browser's own bookkeeping and to the app: of a small quota a twentieth. */
const MARGIN_BYTES = 20_000_000;
const MARGIN_PART = 0.05;

/** `limitBytes`: what the user allows for what is kept. Null: the browser does not tell, or nobody set one. */
export interface Room {
  usedBytes: number | null;
  grantedBytes: number | null;
  limitBytes: number | null;
  keptBytes: number;
  /** What may still be stored; negative where too much is there; Infinity where nobody tells. */
  freeBytes: number;
  /** Whether the browser promised never to clear it by itself; null where it cannot promise. */
  isProtected: boolean | null;
}

export type Storage = Pick<StorageManager, "estimate" | "persist" | "persisted">;

/** Freed bytes that the browser's estimate still has: it comes down later, if ever. */
export class Lag {
  #freedBytes = 0;
  /** What the browser used beside what is kept, when it was right. */
  #besides = 0;

  freed(bytes: number, { usedBytes, keptBytes }: Room): void {
    if (this.#freedBytes === 0) this.#besides = (usedBytes ?? 0) - keptBytes;
    this.#freedBytes += bytes;
  }

  bytesOf(usedBytes: number, keptBytes: number): number {
    const lag = Math.min(this.#freedBytes, Math.max(0, usedBytes - keptBytes - this.#besides));
    if (lag === 0) this.forget();
    return lag;
  }

  /** It is no lag: the browser will not store any more. */
  forget(): void {
    this.#freedBytes = 0;
  }
}

export async function roomOf(
  storage: Partial<Storage> | null,
  limitBytes: number | null,
  keptBytes: number,
  lag = new Lag(),
): Promise<Room> {
  const { usage, quota } = (await storage?.estimate?.().catch(() => null)) ?? {};
  const granted =
    usage === undefined || quota === undefined ? Infinity : quota - Math.min(MARGIN_BYTES, quota * MARGIN_PART) - usage + lag.bytesOf(usage, keptBytes);
  const allowed = limitBytes === null ? Infinity : limitBytes - keptBytes;
  return {
    usedBytes: usage ?? null,
    grantedBytes: quota ?? null,
    limitBytes,
    keptBytes,
    freeBytes: Math.min(granted, allowed),
    isProtected: (await storage?.persisted?.().catch(() => null)) ?? null,
  };
}

/** Ask that nothing is cleared; some browsers ask the user. Null where there is nobody to ask. */
export async function protect(storage: Partial<Storage> | null): Promise<boolean | null> {
  return (await storage?.persist?.().catch(() => false)) ?? null;
}

/** What it takes to store this: what it replaces is free again. */
export function bytesOf(wanted: readonly Wanted[], stored: ReadonlyMap<string, StoredEntry>): number {
  return wanted.reduce((sum, { url, entry }) => sum + entry.size_bytes - (stored.get(url)?.size_bytes ?? 0), 0);
}

/** The addresses of the first tracks of a playlist that fit, with all that is not audio; what is stored costs nothing. */
export function whatFits(playlist: OfflinePlaylist, stored: ReadonlyMap<string, StoredEntry>, freeBytes: number): string[] {
  const entries = entriesOf(playlist).map((entry) => ({ entry, url: keptUrl(entry.url) }));
  const cost = ({ entry, url }: (typeof entries)[number]): number =>
    stored.get(url)?.revision === entry.revision ? 0 : entry.size_bytes;
  let left = freeBytes;
  for (const it of entries) if (it.entry.kind !== "audio") left -= cost(it);
  const fitting: string[] = [];
  for (const it of entries) {
    if (it.entry.kind !== "audio") continue;
    left -= cost(it);
    if (left < 0 && cost(it) > 0) break;
    fitting.push(it.url);
  }
  return fitting;
}

/** Bytes that go when this playlist alone is kept no longer. */
export const ownBytes = (id: string, wanted: ReadonlyMap<string, Wanted>, stored: ReadonlyMap<string, StoredEntry>): number =>
  sizeOf(ownEntries([id], wanted, stored));

/** What goes when these playlists are kept no longer: what is there and nobody else wants. */
export function ownEntries(
  ids: readonly string[],
  wanted: ReadonlyMap<string, Wanted>,
  stored: ReadonlyMap<string, StoredEntry>,
): StoredEntry[] {
  const own = [...wanted.values()].filter(({ playlists }) => playlists.every((id) => ids.includes(id)));
  return own.flatMap(({ url }) => stored.get(url) ?? []);
}

export const sizeOf = (entries: Iterable<{ size_bytes: number }>): number =>
  [...entries].reduce((sum, { size_bytes }) => sum + size_bytes, 0);

/**
 * Which playlists to let go of for so many bytes: whole ones that nobody pinned and that are not being fetched, the longest
 * unused first. Nothing is freed in vain: an empty list where all of them together are too little, but for `isAnyGood`,
 * and none without which there would be as much.
 */
export function toFree(
  bytes: number,
  playlists: readonly OfflinePlaylist[],
  wanted: ReadonlyMap<string, Wanted>,
  stored: ReadonlyMap<string, StoredEntry>,
  isAnyGood = false,
): OfflinePlaylist[] {
  const bytesOfAll = (some: readonly OfflinePlaylist[]): number => sizeOf(ownEntries(some.map(({ id }) => id), wanted, stored));
  const candidates = playlists.filter(({ is_pinned, state }) => !is_pinned && state !== "fetching");
  candidates.sort((a, b) => (a.last_used_at < b.last_used_at ? -1 : 1));
  const chosen: OfflinePlaylist[] = [];
  for (const playlist of candidates) if (bytesOfAll(chosen) < bytes) chosen.push(playlist);
  const won = bytesOfAll(chosen);
  if (won < bytes && !isAnyGood) return [];
  for (const playlist of [...chosen].reverse()) {
    const others = chosen.filter((other) => other !== playlist);
    if (bytesOfAll(others) === won) chosen.splice(chosen.indexOf(playlist), 1);
  }
  return chosen;
}
