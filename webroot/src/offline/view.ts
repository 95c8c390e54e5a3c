/** What `rebase` needs to know of a library that is too large to be in memory, and what it cannot know. */
import type { Library } from "./rebase";
import type { Op, SyncPlaylist, SyncPosition } from "./wire";

/** The tracks that ops are about, also those whose items they remove. */
export function touched(ops: readonly Op[], playlists: ReadonlyMap<string, SyncPlaylist>): Set<string> {
  const ids = new Set<string>();
  for (const op of ops) {
    if ("track" in op) ids.add(op.track);
    if ("items" in op) for (const item of op.items) ids.add(item.track);
    const known = op.kind === "item-remove" ? playlists.get(op.playlist) : undefined;
    const gone = known?.items.find((item) => "item" in op && item.id === op.item);
    if (gone) ids.add(gone.track);
  }
  return ids;
}

/** A playlist of the view with its length, without looking at the tracks that stayed in it. */
export function measured(now: SyncPlaylist, before: SyncPlaylist | undefined, tracks: Library["tracks"]): SyncPlaylist {
  if (!before || before === now) return now;
  const missingFrom = (some: SyncPlaylist, others: SyncPlaylist): number => {
    const known = new Set(others.items.map((item) => item.id));
    const rest = some.items.filter((item) => !known.has(item.id));
    return rest.reduce((sum, { track }) => sum + (tracks.get(track)?.duration_seconds ?? 0), 0);
  };
  const seconds = before.duration_seconds + missingFrom(now, before) - missingFrom(before, now);
  return { ...now, duration_seconds: Math.max(0, seconds) };
}

/** What was set here: of each track the last word. */
export function favoritesOf(ops: readonly Op[], tracks: Library["tracks"]): Map<string, boolean> {
  const favorites = new Map<string, boolean>();
  for (const op of ops) {
    if (op.kind === "favorite") favorites.set(op.track, tracks.get(op.track)?.is_favorite ?? op.is_favorite);
  }
  return favorites;
}

export function byId<T extends { id: string }>(all: readonly (T | undefined)[]): Map<string, T> {
  return new Map(all.flatMap((one) => (one ? [[one.id, one]] : [])));
}

export function byTrack(all: readonly (SyncPosition | undefined)[]): Map<string, SyncPosition> {
  return new Map(all.flatMap((one) => (one ? [[one.track, one]] : [])));
}

/** By title, as a person would look for them. */
export function inOrder(playlists: readonly SyncPlaylist[]): SyncPlaylist[] {
  const { compare } = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });
  return [...playlists].sort((a, b) => compare(a.title, b.title) || (a.id < b.id ? -1 : 1));
}
