/** The keeper of a page: with the browser's own caches, locks, network and time. */
import { send } from "../api/transport";
import { isOnline } from "../shell/connection";
import { Background, findFetches } from "./background";
import type { Channel } from "./channel";
import type { OfflinePlaylist, UserDatabase } from "./database";
import { deviceName } from "./device";
import { Keeper } from "./keeper";

export interface Page {
  base: string;
  user: string;
  db: UserDatabase;
  channel: Channel;
  onFreed?: (playlists: readonly OfflinePlaylist[]) => void;
}

/** It begins at once. */
export function openKeeper(page: Page): Keeper {
  const { wakeLock, storage, locks, userAgent } = navigator as Partial<Navigator>;
  const keeper = new Keeper({
    ...page,
    origin: location.origin,
    caches: "caches" in window ? caches : null,
    fetch: (url, init) => fetch(url, init),
    send,
    locks: locks ?? null,
    storage: storage ?? null,
    wakeLock: wakeLock ?? null,
    background: new Background(page.user, findFetches),
    clock: {
      now: () => Date.now(),
      later(milliseconds, run) {
        const timer = setTimeout(run, milliseconds);
        return () => clearTimeout(timer);
      },
    },
    stamp: () => new Date().toISOString(),
    deviceName: deviceName(userAgent ?? ""),
    whenOnline,
    whenSeen,
  });
  void (document.hidden ? keeper.reconcile("start") : keeper.takeBack());
  return keeper;
}

function whenOnline(look: () => void): () => void {
  const end = isOnline.subscribe(() => isOnline.value && look());
  addEventListener("online", look);
  return () => {
    end();
    removeEventListener("online", look);
  };
}

/** A phone freezes what nobody looks at. */
function whenSeen(seen: (isSeen: boolean) => void): () => void {
  const look = (): void => seen(!document.hidden);
  document.addEventListener("visibilitychange", look);
  return () => document.removeEventListener("visibilitychange", look);
}
