/** What a keeper is asked, and what it needs of the device that it is on; `keeping.ts` has a page's. */
import type { Background } from "./background";
import type { Channel } from "./channel";
import type { OfflinePlaylist, UserDatabase } from "./database";
import type { Clock } from "./fetching";
import type { Storage } from "./room";

export interface KeeperDeps {
  /** "/" or "/prefix/". */
  base: string;
  /** In front of `base` where an address alone does not do; "" in a page. */
  origin: string;
  user: string;
  db: UserDatabase;
  channel: Channel;
  /** Null on plain http: then nothing can be kept. */
  caches: CacheStorage | null;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** For what changes something: with what the server wants for that. Rejects with ApiError. */
  send: (request: Request) => Promise<Response>;
  locks: LockManager | null;
  storage: Partial<Storage> | null;
  wakeLock: { request(type: "screen"): Promise<{ release(): Promise<void> }> } | null;
  /** Null where the browser fetches nothing by itself. */
  background: Background | null;
  clock: Clock;
  /** The moment, RFC 3339. */
  stamp(): string;
  deviceName: string;
  /** Calls when the server is there again; what it returns ends that. */
  whenOnline?: (look: () => void) => () => void;
  /** The same for whether anybody looks at the page. */
  whenSeen?: (seen: (isSeen: boolean) => void) => () => void;
  /** Playlists that were let go of to make room. */
  onFreed?: (playlists: readonly OfflinePlaylist[]) => void;
}

/** `urls`: the only audio that is wanted, null for all; what is left out stays as it was. */
export interface KeepWish {
  title?: string;
  urls?: readonly string[] | null;
  isPinned?: boolean;
}

/** Why to look: by all but "again" the waits after what failed begin anew. */
export type Reason = "start" | "online" | "wish" | "healing" | "again";
