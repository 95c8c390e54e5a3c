/** The user's playlists, as the sidebar, the picker and the playlists' page show them. */
import { addItems, addPlaylist, listPlaylists } from "../api/library";
import type { Playlist, Track } from "../api/types";
import { t } from "./i18n";
import { Store } from "./store";
import { attempt, toast } from "./toasts";

/** Null until they are known. */
export const playlists = new Store<readonly Playlist[] | null>(null);

export async function loadPlaylists(): Promise<void> {
  playlists.set((await listPlaylists()).results);
}

export async function createPlaylist(title: string): Promise<Playlist | null> {
  let made: Playlist | null = null;
  await attempt(async () => {
    made = await addPlaylist(title);
    await loadPlaylists();
  });
  return made;
}

export async function addToPlaylist(playlist: Playlist, tracks: readonly Track[]): Promise<void> {
  const ids = tracks.map((track) => track.id);
  const worked = await attempt(() => addItems(playlist.id, ids));
  if (!worked) return;
  toast(t("playlist.added", { count: ids.length, title: playlist.title }));
  await loadPlaylists().catch(() => undefined);
}
