/** All that works on one user's database in a page, tied together. */
import { openChannel, type Channel } from "./channel";
import { countFor, flushCounts } from "./counting";
import { getMeta, openUserDatabase, type OfflinePlaylist, type UserDatabase } from "./database";
import { deviceName } from "./device";
import { Drain } from "./drain";
import type { Keeper } from "./keeper";
import { openKeeper } from "./keeping";
import { LocalLibrary } from "./library";
import { Outbox } from "./outbox";
import { push } from "./push";
import { type Summary, Syncer } from "./sync";

export interface Local {
  base: string;
  user: string;
  db: UserDatabase;
  channel: Channel;
  outbox: Outbox;
  syncer: Syncer;
  drain: Drain;
  library: LocalLibrary;
  keeper: Keeper;
  /** Ends what is on its way to the server. */
  breakOff(): void;
}

/** What a page is told of. */
export interface News {
  synced(summary: Summary): void;
  freed(playlists: readonly OfflinePlaylist[]): void;
  /** The browser closed the database under it, or a newer release did. */
  lost(): void;
}

/** Rejects where this browser keeps nothing. What is kept is looked after from now on; the outbox waits for `drain.start`. */
export async function openLocal(base: string, user: string, news: News): Promise<Local> {
  const db = await openUserDatabase(base, user, news.lost);
  const end = new AbortController();
  const channel = openChannel(base);
  const shared = {
    base, user, db, channel,
    deviceName: deviceName(navigator.userAgent),
    locks: (navigator.locks as LockManager | undefined) ?? null,
  }; // prettier-ignore
  const outbox = await openOutbox(shared);
  const syncer = new Syncer({ ...shared, push: (request) => push(user, request, end.signal) });
  const counting = { ...shared, now: () => new Date() };
  countFor(counting);
  const drain = new Drain({
    ...shared,
    outbox,
    syncer,
    lastSyncAt: await getMeta(db, "lastSyncAt"),
    askForSync,
    flushCounts: async () => void (await flushCounts(counting)),
    onSummary: news.synced,
  });
  const library = await LocalLibrary.open({ db, user, channel });
  const keeper = openKeeper({ base, user, db, channel, onFreed: news.freed });
  return { base, user, db, channel, outbox, syncer, drain, library, keeper, breakOff: () => end.abort() };
}

/** It knows the server's clock from the beginning, and as often as a sync learns it. */
async function openOutbox({ db, user, channel }: Pick<Local, "db" | "user" | "channel">): Promise<Outbox> {
  const outbox = new Outbox(db, user, channel);
  channel.listen((message) => {
    if (message.type !== "changed" || message.user !== user || !message.stores.includes("meta")) return;
    void outbox.readClock().catch(() => undefined);
  });
  await outbox.readClock();
  return outbox;
}

export async function closeLocal({ drain, library, keeper, channel, db, breakOff }: Local): Promise<void> {
  countFor(null);
  library.close();
  keeper.close();
  const stopped = drain.stop();
  breakOff();
  await stopped;
  channel.close();
  db.close();
}

async function askForSync(tag: string): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  const { sync } = (registration ?? {}) as { sync?: { register(tag: string): Promise<void> } };
  await sync?.register(tag);
}
