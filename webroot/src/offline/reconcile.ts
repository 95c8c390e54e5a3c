/** What a device must fetch, and may drop, so that it has what its offline playlists need: pure, from three lists. */
import type { OfflinePlaylist, StoredEntry } from "./database";
import { keptUrl } from "./names";
import type { ManifestEntry } from "./wire";

/** An address that is wanted, once however many playlists want it. */
export interface Wanted {
  url: string;
  entry: ManifestEntry;
  /** Ids. */
  playlists: string[];
}

/** `fetch` in the order of the wishes and, in each, of its playlist. `drop`: addresses that nobody wants. */
export interface Plan {
  fetch: Wanted[];
  drop: string[];
  keep: StoredEntry[];
}

export interface Progress {
  size_bytes: number;
  stored_bytes: number;
  items: number;
  stored_items: number;
}

const ABOUT = /\/api\/(audio|playlist)\/(\w+)\//;

/** Whose address it is; null where it is no track's. */
export function trackOf(url: string): string | null {
  const [, kind, id] = ABOUT.exec(url) ?? [];
  return kind === "audio" ? id! : null;
}

/** Where the sound of a track is. */
export const soundOf = (base: string, track: string): string => `${base}api/audio/${track}/stream/`;

/** A narrowed playlist wants its own audio only, and all that is not audio but what is done without. */
export function entriesOf({ manifest, urls, absent }: Pick<OfflinePlaylist, "manifest" | "urls" | "absent">): ManifestEntry[] {
  const all = manifest?.entries ?? [];
  const entries = absent ? all.filter(({ url, revision }) => absent[keptUrl(url)] !== revision) : all;
  if (urls === null) return entries;
  const wanted = new Set(urls.map(keptUrl));
  return entries.filter((entry) => entry.kind !== "audio" || wanted.has(keptUrl(entry.url)));
}

/** Of two manifests that disagree about an address, the newer one is right. */
export function wantedOf(playlists: readonly OfflinePlaylist[]): Map<string, Wanted> {
  const wanted = new Map<string, Wanted & { rev: number }>();
  const inOrder = [...playlists].sort((a, b) => compare(a.wanted_at, b.wanted_at) || compare(a.id, b.id));
  for (const playlist of inOrder) {
    const rev = playlist.manifest?.rev ?? 0;
    for (const entry of entriesOf(playlist)) {
      const url = keptUrl(entry.url);
      const known = wanted.get(url);
      if (!known) wanted.set(url, { url, entry, playlists: [playlist.id], rev });
      else {
        if (!known.playlists.includes(playlist.id)) known.playlists.push(playlist.id);
        if (rev > known.rev) Object.assign(known, { entry, rev });
      }
    }
  }
  return wanted;
}

/**
 * What may be needed though no manifest names it. Tracks of which the server cannot say what they are: without a file,
 * or with one to be read yet. A playlist whose manifest has yet to come, and its tracks as the library (`lists`) has them.
 */
export function heldOf(playlists: readonly OfflinePlaylist[], lists: readonly List[] = []): Set<string> {
  const unknown = new Set(playlists.filter(({ manifest }) => manifest === null).map(({ id }) => id));
  const tracks = lists.filter(({ id }) => unknown.has(id)).flatMap(({ items }) => items.map(({ track }) => track));
  return new Set([...unknown, ...tracks, ...playlists.flatMap(heldBack)]);
}

export interface List {
  id: string;
  items: readonly { track: string }[];
}

const heldBack = ({ manifest }: Pick<OfflinePlaylist, "manifest">): string[] => [
  ...(manifest?.missing ?? []),
  ...(manifest?.unread ?? []),
];

export const isHeld = (url: string, held: ReadonlySet<string>): boolean => held.has(ABOUT.exec(url)?.[2] ?? "");

/** Where all the sound is that a playlist wants, also what the server has yet to read; null where nobody knows yet. */
function soundsOf(playlist: OfflinePlaylist, list: List | undefined, base: string): string[] | null {
  const { manifest, urls } = playlist;
  if (manifest === null && urls !== null) return urls.map(keptUrl);
  if (manifest === null) return list ? [...new Set(list.items.map(({ track }) => soundOf(base, track)))] : null;
  const named = manifest.entries.filter(({ kind }) => kind === "audio").map(({ url }) => keptUrl(url));
  const all = new Set([...named, ...heldBack(playlist).map((track) => soundOf(base, track))]);
  return urls === null ? [...all] : urls.map(keptUrl).filter((url) => all.has(url));
}

/**
 * `keys`: the addresses whose bytes are really there, in the cache or among the documents. `held`: tracks and
 * playlists of which nothing is dropped.
 */
export function plan(
  wanted: ReadonlyMap<string, Wanted>,
  stored: readonly StoredEntry[],
  keys: ReadonlySet<string>,
  held: ReadonlySet<string> = new Set(),
): Plan {
  const there = new Map(stored.filter(({ url }) => keys.has(url)).map((entry) => [entry.url, entry]));
  const known = new Set([...keys, ...stored.map(({ url }) => url)]);
  return {
    fetch: [...wanted.values()].filter(({ url, entry }) => there.get(url)?.revision !== entry.revision),
    drop: [...known].filter((url) => !keys.has(url) || !(wanted.has(url) || isHeld(url, held))),
    keep: [...there.values()].filter(({ url, revision }) => wanted.get(url)?.entry.revision === revision),
  };
}

/** What is still wanted without these; null where nobody knows what is in it. What has no file is not left over alone. */
export function leftOf(playlist: OfflinePlaylist, without: readonly string[], list: List | undefined, base: string): string[] | null {
  const out = new Set(without.map(keptUrl));
  const left = soundsOf(playlist, list, base)?.filter((url) => !out.has(url));
  const isEmpty = left?.every((url) => playlist.manifest?.missing.includes(trackOf(url) ?? ""));
  return isEmpty ? [] : (left ?? null);
}

/** How far a playlist is. `isStored` answers for what the plan wants at an address, in its right revision. */
export function progressOf(playlist: OfflinePlaylist, isStored: (url: string) => boolean): Progress {
  const progress: Progress = { size_bytes: 0, stored_bytes: 0, items: 0, stored_items: 0 };
  const seen = new Set<string>();
  for (const entry of entriesOf(playlist)) {
    const url = keptUrl(entry.url);
    if (seen.has(url)) continue;
    seen.add(url);
    const isItem = entry.kind === "audio";
    progress.size_bytes += entry.size_bytes;
    if (isItem) progress.items++;
    if (!isStored(url)) continue;
    progress.stored_bytes += entry.size_bytes;
    if (isItem) progress.stored_items++;
  }
  return progress;
}

/** Addresses that are all of a manifest's audio, and of what it cannot name yet, mean the playlist whatever becomes of it, and are no narrowing: null. */
export function narrowed(urls: readonly string[] | null, manifest: OfflinePlaylist["manifest"]): string[] | null {
  if (urls === null) return null;
  const given = urls.map(keptUrl);
  if (manifest === null) return given;
  const tracks = new Set(given.map(trackOf));
  const isAll = manifest.entries.every((entry) => entry.kind !== "audio" || given.includes(keptUrl(entry.url)));
  return isAll && heldBack({ manifest }).every((track) => tracks.has(track)) ? null : given;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
