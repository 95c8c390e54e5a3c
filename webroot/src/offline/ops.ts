/** What a person does, as ops; and what brings back what an op took away. */
import type { Track } from "../api/types";
import { newId } from "../api/ids";
import { compareItems, END, keysBehind } from "./order";
import type { Counts, Fields, NewItem, Op, SyncPlaylist } from "./wire";

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An op before the outbox gave it its id and moment. */
export type Draft = Without<Op, "id" | "at">;
type DraftOf<K extends Op["kind"]> = Extract<Draft, { kind: K }>;

/** A track was heard, for so many seconds. */
export const played = (
  track: Pick<Track, "id" | "title" | "artist">, seconds: number, isOffline: boolean,
): DraftOf<"play"> => ({
  kind: "play", track: track.id, title: track.title, artist: track.artist, seconds, is_offline: isOffline,
});

export const setPosition = (track: string, seconds: number): DraftOf<"position"> => ({ kind: "position", track, seconds });

export const setFavorite = (track: string, isFavorite: boolean): DraftOf<"favorite"> => ({
  kind: "favorite", track, is_favorite: isFavorite,
});

/** A new playlist of one's own with these tracks, in this order. */
export function createPlaylist(title: string, description = "", tracks: readonly string[] = []): DraftOf<"playlist-create"> {
  return { kind: "playlist-create", playlist: newId(), title, description, items: newItems([], tracks, END) };
}

/** Other words for a playlist; what stays as it is on this device is left out. */
export function patchPlaylist(
  playlist: Pick<SyncPlaylist, "id" | "title" | "description">, fields: Fields,
): DraftOf<"playlist-patch"> {
  const was: Fields = {};
  const changed: Fields = {};
  for (const name of ["title", "description"] as const) {
    const value = fields[name];
    if (value === undefined || value === playlist[name]) continue;
    changed[name] = value;
    was[name] = playlist[name];
  }
  return { kind: "playlist-patch", playlist: playlist.id, ...changed, was };
}

export const removePlaylist = (playlist: string): DraftOf<"playlist-remove"> => ({ kind: "playlist-remove", playlist });

/** Tracks behind the item `place` (null: in front of all; END: behind all), in the playlist as this device sees it. */
export function addItems(
  playlist: Pick<SyncPlaylist, "id" | "items">, tracks: readonly string[], place: string | null = END,
): DraftOf<"items-add"> {
  return { kind: "items-add", playlist: playlist.id, items: newItems(playlist.items, tracks, place) };
}

/** An item behind another one, or in front of all where `place` is null. */
export function moveItem(
  playlist: Pick<SyncPlaylist, "id" | "items">, item: string, place: string | null,
): DraftOf<"item-move"> {
  const [position = ""] = keysBehind([...playlist.items].sort(compareItems), place, 1, item);
  return { kind: "item-move", playlist: playlist.id, item, position };
}

export const removeItem = (playlist: string, item: string): DraftOf<"item-remove"> => ({
  kind: "item-remove", playlist, item,
});

export const countDay = (day: string, counts: Partial<Counts>): DraftOf<"stats"> => ({ kind: "stats", day, counts });

/** The playlist of an op; null where it is about none. */
export const playlistOf = (op: Draft | Op): string | null => ("playlist" in op ? op.playlist : null);

/**
 * What undoes an op that was done: by `before`, its playlist as it was seen before it. A favourite becomes what it was
 * not; what is a fact (plays, positions, counts) has no way back.
 */
export function inverseOf(op: Draft | Op, before: SyncPlaylist | undefined): Draft[] {
  if (op.kind === "favorite") return [setFavorite(op.track, !op.is_favorite)];
  if (op.kind === "playlist-create" && !before) return [removePlaylist(op.playlist)];
  if (!before) return [];
  if (op.kind === "playlist-patch") return [patchPlaylist({ ...before, ...wordsOf(op) }, wordsOf(before, op))];
  if (op.kind === "playlist-remove") return [revival(before)];
  if (op.kind === "items-add") return op.items.map((item) => removeItem(op.playlist, item.id));
  if (op.kind !== "item-move" && op.kind !== "item-remove") return [];
  const item = before.items.find(({ id }) => id === op.item);
  if (!item) return [];
  if (op.kind === "item-remove") return [{ kind: "items-add", playlist: op.playlist, items: [{ ...item }] }];
  return [{ kind: "item-move", playlist: op.playlist, item: op.item, position: item.position }];
}

/** A playlist once more, under the ids that it and its items had. */
export const revival = (playlist: SyncPlaylist): DraftOf<"playlist-create"> => ({
  kind: "playlist-create", playlist: playlist.id, title: playlist.title, description: playlist.description,
  items: playlist.items.map(({ id, track, position }) => ({ id, track, position })),
});

/** The words of an op or a playlist, or of those only that `like` has. */
function wordsOf(words: Fields, like: Fields = words): Fields {
  const found: Fields = {};
  for (const name of ["title", "description"] as const) {
    const value = words[name];
    if (value !== undefined && like[name] !== undefined) found[name] = value;
  }
  return found;
}

function newItems(items: SyncPlaylist["items"], tracks: readonly string[], place: string | null): NewItem[] {
  const keys = keysBehind([...items].sort(compareItems), place, tracks.length);
  return tracks.map((track, index) => ({ id: newId(), track, position: keys[index] as string }));
}
