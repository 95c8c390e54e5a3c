/** What can be done with a track, wherever it is shown. */
import { deleteTrack } from "../api/library";
import { addressOf } from "../api/plugin-client";
import type { Track } from "../api/types";
import { local } from "../offline/start";
import { player } from "../player/player";
import { setFavorite } from "../shell/changes";
import { t } from "../shell/i18n";
import { attempt, toast } from "../shell/toasts";
import type { MenuAction } from "./action-menu";
import { confirm } from "./confirm-dialog";
import { Store } from "../shell/store";

/** Changes made here, so that every list that shows the track follows. */
export const favoriteChanges = new Store<{ id: string; isFavorite: boolean } | null>(null);
export const removals = new Store<string | null>(null);

export async function toggleFavorite(track: Track): Promise<void> {
  const isFavorite = !track.is_favorite;
  showFavorite(track, isFavorite);
  const worked = await attempt(() => setFavorite(track.id, isFavorite));
  if (!worked) showFavorite(track, !isFavorite);
}

/** The actions of a row's menu. `more` are the list's own, such as "remove from this playlist". */
export function trackActions(track: Track, more: readonly (MenuAction | null)[] = []): (MenuAction | null)[] {
  return [
    { label: t("track.playNext"), icon: "next", run: () => playNext(track) },
    { label: t("track.addToQueue"), icon: "queue", run: () => addToQueue(track) },
    { label: t("track.addToPlaylist"), icon: "playlist", run: () => void pickPlaylist([track]) },
    {
      label: track.is_favorite ? t("track.unfavorite") : t("track.favorite"),
      icon: "heart",
      run: () => void toggleFavorite(track),
    },
    { label: t("track.saveFile"), icon: "download", run: () => saveFile(track) },
    ...more,
    { label: t("track.delete"), icon: "trash", isDanger: true, run: () => void removeTrack(track) },
  ];
}

/** Loaded when first needed. */
export async function pickPlaylist(tracks: readonly Track[]): Promise<void> {
  const { openPicker } = await import("./playlist-picker");
  openPicker(tracks);
}

function playNext(track: Track): void {
  player.playNext([track]);
  toast(t("track.willPlayNext", { title: track.title }));
}

function addToQueue(track: Track): void {
  player.append([track]);
  toast(t("track.addedToQueue", { title: track.title }));
}

function showFavorite(track: Track, isFavorite: boolean): void {
  track.is_favorite = isFavorite;
  favoriteChanges.set({ id: track.id, isFavorite });
}

function saveFile(track: Track): void {
  const link = document.createElement("a");
  link.href = addressOf(`api/audio/${track.id}/download/`);
  link.download = "";
  link.click();
}

async function removeTrack(track: Track): Promise<void> {
  const isSure = await confirm({
    title: t("track.deleteTitle", { title: track.title }),
    text: t("track.deleteText"),
    action: t("action.delete"),
    isDanger: true,
  });
  if (!isSure || !(await attempt(() => deleteTrack(track.id)))) return;
  removals.set(track.id);
  void local.value?.drain.drain();
  toast(t("track.deleted", { title: track.title }));
}
