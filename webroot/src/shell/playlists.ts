/** The user's playlists, as the sidebar, the picker and the playlists' page show them. */
import { listPlaylists } from "../api/library";
import type { Playlist, Track } from "../api/types";
import { libraryChanges, local, openLibrary } from "../offline/start";
import * as changes from "./changes";
import { t } from "./i18n";
import { Store } from "./store";
import { attempt, toast } from "./toasts";

/** Null until they are known. */
export const playlists = new Store<readonly Playlist[] | null>(null);

/** Follow what this device has. Call once. */
export function followPlaylists(): void {
  libraryChanges.subscribe(() => {
    const library = local.value?.library;
    if (library?.isHydrated.value) playlists.set(library.playlists.value);
  });
}

/** Ask anew: what this device has is shown meanwhile. */
export async function loadPlaylists(): Promise<void> {
  const library = await openLibrary();
  if (!library) return playlists.set((await listPlaylists()).results);
  playlists.set(library.playlists.value);
  void local.value?.drain.drain();
}

/** Resolves with its id; null where it was not made, which the user was told. */
export async function createPlaylist(title: string, tracks: readonly Track[] = []): Promise<string | null> {
  const ids = tracks.map((track) => track.id);
  let made: string | null = null;
  await attempt(async () => {
    made = (await changes.createPlaylist(title, ids)).id;
    await follow();
  });
  if (made && ids.length > 0) toast(t("playlist.added", { count: ids.length, title }));
  return made;
}

export async function addToPlaylist(playlist: Playlist, tracks: readonly Track[]): Promise<void> {
  const ids = tracks.map((track) => track.id);
  if (!(await attempt(() => changes.addToPlaylist(playlist.id, ids)))) return;
  toast(t("playlist.added", { count: ids.length, title: playlist.title }));
  await follow().catch(() => undefined);
}

/** What was changed in the outbox is seen by itself. */
async function follow(): Promise<void> {
  if (!(await openLibrary())) await loadPlaylists();
}
