/** The offline playlists of this device: what is wished for, and what is known of it without a network. */
import type { PlaylistDetail } from "../api/types";
import type { OfflinePlaylist, OfflineState } from "./database";
import { keptUrl } from "./names";
import { changeRecord } from "./records";
import { type Local, whenOpen } from "./start";

/** What a component knows of a playlist; its items are the library's, and are not stored a second time. */
export interface PlaylistToSave {
  id: string;
  title: string;
  items?: readonly unknown[];
  /** False takes the wish back. */
  offline?: boolean;
}

export interface SavedPlaylist {
  id: string;
  title: string;
  /** In order, each with its track; of a narrowed playlist those that are kept. */
  items: PlaylistDetail["items"];
  offline: true;
  state: OfflineState;
  /** As `updatePlaylistSyncStatus` was told last; "pending" at first. */
  syncStatus: string;
  sizeBytes: number;
  storedBytes: number;
}

export const offlineStorage = {
  /** Stores the wish to keep it; told twice, it is the same wish. Without IndexedDB or on plain http nothing is stored. */
  async savePlaylist({ id, title, offline = true }: PlaylistToSave): Promise<void> {
    const open = await whenOpen();
    if (!open?.keeper.canKeep) return;
    if (offline) await open.keeper.want(id, { title });
    else await open.keeper.unwant(id);
  },

  /** In the order in which they were wished for. */
  async getOfflinePlaylists(): Promise<SavedPlaylist[]> {
    const open = await whenOpen();
    const records = (await open?.db.getAll("offline")) ?? [];
    records.sort((a, b) => (a.wanted_at < b.wanted_at ? -1 : 1));
    return Promise.all(records.map((record) => saved(open!, record)));
  },

  /** A word of the caller's own, kept beside the playlist; nothing happens where it is not kept. */
  async updatePlaylistSyncStatus(id: string, status: string): Promise<void> {
    const open = await whenOpen();
    if (open) await changeRecord(open, id, () => ({ sync_status: status }));
  },

  async removePlaylist(id: string): Promise<void> {
    const open = await whenOpen();
    if (await open?.db.count("offline", id)) await open?.keeper.unwant(id);
  },
};

async function saved(open: Local, record: OfflinePlaylist): Promise<SavedPlaylist> {
  const playlist = (await open.library.getPlaylist(record.id)) ?? (await ofDocument(open, record.id));
  const urls = record.urls && new Set(record.urls);
  return {
    id: record.id,
    title: playlist?.title ?? record.title,
    items: (playlist?.items ?? []).filter((item) => !urls || urls.has(keptUrl(item.audio_url))),
    offline: true,
    state: record.state,
    syncStatus: record.sync_status,
    sizeBytes: record.size_bytes,
    storedBytes: record.stored_bytes,
  };
}

/** As the server sent it with the rest, where the library has not come yet. */
async function ofDocument({ base, db }: Local, id: string): Promise<PlaylistDetail | null> {
  const document = await db.get("documents", `${base}api/playlist/${id}/`);
  return document ? (JSON.parse(document.body) as PlaylistDetail) : null;
}
