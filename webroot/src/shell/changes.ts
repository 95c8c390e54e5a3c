/**
 * What a user changes: shown at once and put into the outbox, whether the server is there or not. Where this browser cannot
 * keep a library, or has yet to get it, the server is told directly. All reject with what went wrong.
 */
import { newId } from "../api/ids";
import * as api from "../api/library";
import type { Playlist, Track } from "../api/types";
import { countPlay } from "../offline/counting";
import * as ops from "../offline/ops";
import { type Local, whenOpen } from "../offline/start";
import type { SyncPlaylist } from "../offline/wire";
import { isOnline } from "./connection";

type Listed = Pick<Playlist, "id">;

export async function setFavorite(track: string, isFavorite: boolean): Promise<void> {
  const here = await hydrated();
  if (here) await here.outbox.add(ops.setFavorite(track, isFavorite));
  else await api.setFavorite(track, isFavorite);
}

export async function createPlaylist(title: string, tracks: readonly string[] = []): Promise<Listed> {
  const here = await hydrated();
  if (here) {
    const draft = ops.createPlaylist(title, "", tracks);
    await here.outbox.add(draft);
    return { id: draft.playlist };
  }
  const made = await api.addPlaylist(title);
  if (tracks.length > 0) await api.addItems(made.id, [...tracks]);
  return made;
}

export async function addToPlaylist(playlist: string, tracks: readonly string[]): Promise<void> {
  const known = await find(playlist);
  if (known) await known.here.outbox.add(ops.addItems(known.playlist, tracks));
  else await api.addItems(playlist, [...tracks]);
}

export async function renamePlaylist(playlist: string, title: string): Promise<void> {
  const known = await find(playlist);
  if (known) await known.here.outbox.add(ops.patchPlaylist(known.playlist, { title }));
  else await api.patchPlaylist(playlist, { title });
}

export async function removePlaylist(playlist: string): Promise<void> {
  const here = await hydrated();
  if (here) await here.outbox.add(ops.removePlaylist(playlist));
  else await api.deletePlaylist(playlist);
}

/** Put an item behind another; behind nothing (`null`) it is the first. */
export async function moveItem(playlist: string, item: string, after: string | null): Promise<void> {
  const known = await find(playlist);
  if (known) await known.here.outbox.add(ops.moveItem(known.playlist, item, after));
  else await api.moveItem(playlist, item, after);
}

export async function removeItem(playlist: string, item: string): Promise<void> {
  const here = await hydrated();
  if (here) await here.outbox.add(ops.removeItem(playlist, item));
  else await api.removeItem(playlist, item);
}

/** That a track was heard, for so many seconds. */
export async function recordPlay(track: Track, seconds: number): Promise<void> {
  const here = await hydrated();
  countPlay(!isOnline.value);
  if (here) await here.outbox.add(ops.played(track, seconds, !isOnline.value));
  else await api.addPlay(newId(), track.id, new Date().toISOString(), seconds);
}

/** Where somebody is in a track. What is told last, when the page goes away, outlives it. */
export async function setPosition(track: string, seconds: number, isLast = false): Promise<void> {
  const here = await hydrated();
  if (here) await here.outbox.add(ops.setPosition(track, seconds));
  else await api.putPosition(track, seconds, isLast);
}

/** Once that is clear: what is changed while the app opens goes the same way. */
async function hydrated(): Promise<Local | null> {
  const here = await whenOpen();
  return here?.library.isHydrated.value ? here : null;
}

/** Null where this device does not know it yet: it was made at the server a moment ago. */
async function find(id: string): Promise<{ here: Local; playlist: SyncPlaylist } | null> {
  const here = await hydrated();
  await here?.library.refresh();
  const playlist = here?.library.playlists.value.find((one) => one.id === id);
  return here && playlist ? { here, playlist } : null;
}
