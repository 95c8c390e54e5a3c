/** For components: keep a playlist whole on this device, and let go of it. */
import { isOnline } from "../shell/connection";
import type { OfflinePlaylist, OfflineState } from "./database";
import { type Local, local, whenOpen } from "./start";

export interface PlaylistProgress {
  state: OfflineState;
  reason: string | null;
  storedBytes: number;
  sizeBytes: number;
  storedItems: number;
  items: number;
}

export interface PWA {
  /** Whether the server is there, at this moment. */
  readonly isOnline: boolean;
  /**
   * True once every byte is here and right; false where that cannot be now: no room, refused, taken back, plain http.
   * Meanwhile it waits, also for a server that is away. What was wished for stays wished for, whatever is returned.
   * `urls` may name some of the playlist's audio only; all of it, or nothing, is the playlist with what comes later.
   */
  cachePlaylist(id: string, urls?: readonly string[], onProgress?: (progress: PlaylistProgress) => void): Promise<boolean>;
  /** What other offline playlists need stays. `urls`: only these are let go of. */
  removePlaylistCache(id: string, urls?: readonly string[]): Promise<void>;
  pausePlaylist(id: string): Promise<void>;
  resumePlaylist(id: string): Promise<void>;
  /** Takes back a wish that did not come true yet. */
  cancelPlaylist(id: string): Promise<void>;
  /** Null where it is not wished for. */
  getProgress(id: string): Promise<PlaylistProgress | null>;
}

const pwa: PWA = {
  get isOnline() {
    return isOnline.value;
  },
  async cachePlaylist(id, urls, onProgress = () => undefined) {
    const open = await whenOpen();
    if (!open?.keeper.canKeep) return false;
    const title = open.library.playlists.value.find((playlist) => playlist.id === id)?.title;
    await open.keeper.want(id, { urls: urls ?? null, ...(title === undefined ? {} : { title }) });
    return settled(open, id, onProgress);
  },
  async removePlaylistCache(id, urls) {
    const open = await whenOpen();
    if (urls) await open?.keeper.narrow(id, urls);
    else await open?.keeper.unwant(id);
  },
  pausePlaylist: async (id) => (await whenOpen())?.keeper.pause(id),
  resumePlaylist: async (id) => (await whenOpen())?.keeper.resume(id),
  cancelPlaylist: async (id) => (await whenOpen())?.keeper.cancel(id),
  async getProgress(id) {
    const record = await (await whenOpen())?.db.get("offline", id);
    return record ? progressOf(record) : null;
  },
};

export const usePWA = (): PWA => pwa;

const ENDS: Partial<Record<OfflineState, boolean>> = { ready: true, short: false, failed: false };

/** Listens until it is decided, or until its user is gone. */
function settled(open: Local, id: string, onProgress: (progress: PlaylistProgress) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const ends: (() => void)[] = [];
    const end = (isReady: boolean): void => {
      for (const stop of ends.splice(0)) stop();
      resolve(isReady);
    };
    let last: PlaylistProgress | null = null;
    const look = async (): Promise<void> => {
      const record = await open.db.get("offline", id).catch(() => undefined);
      if (!record) return end(false);
      onProgress((last = progressOf(record)));
      const isReady = ENDS[record.state];
      if (isReady !== undefined) end(isReady);
    };
    ends.push(
      local.subscribe(() => local.value !== open && end(false)),
      open.channel.listen((message) => {
        if (message.type === "changed" && message.stores.includes("offline")) void look();
        else if (message.type === "progress" && message.playlist === id && last) {
          const { storedBytes, storedItems } = message;
          onProgress((last = { ...last, storedBytes, storedItems }));
        }
      }),
    );
    void look();
  });
}

const progressOf = (record: OfflinePlaylist): PlaylistProgress => ({
  state: record.state,
  reason: record.reason,
  storedBytes: record.stored_bytes,
  sizeBytes: record.size_bytes,
  storedItems: record.stored_items,
  items: record.items,
});
