/**
 * Nothing of a user stays on this device: their database, what they keep, what the browser remembers of them, in every tab.
 * It is written down before it begins, so that a browser that was killed meanwhile goes on at its next start.
 */
import type { Channel } from "./channel";
import { changeDeviceState, deleteUserDatabase, getDeviceState, setDeviceState, type UserDatabase } from "./database";
import { keptCache, lockName, userOf } from "./names";
import { waitingOf } from "./waiting";

/** What signing out would take away. */
export interface Loss {
  playlists: number;
  storedBytes: number;
  /** Changes that the server has yet to hear of, and what was heard meanwhile. */
  unsent: number;
  plays: number;
  /** Changes that it would not take. */
  parked: number;
}

/** Somebody who left something on this device. */
export interface Trace {
  user: string;
  storedBytes: number;
}

export interface WipeDeps {
  base: string;
  channel: Channel;
  /** Forgets what the browser remembers of them outside of databases and caches. */
  forgetTraces(user: string): void;
  /** Absent on plain http. */
  caches?: CacheStorage | undefined;
  locks?: LockManager | undefined;
  /** Takes back what the browser fetches in the background for this user. */
  abortFetches?: (user: string) => Promise<unknown>;
}

/** Where something of a user is. */
type Place = Pick<WipeDeps, "base" | "caches" | "locks">;

/** Another tab that was in the middle of something lets go of it within this time, or is not waited for. */
const PATIENCE_MS = 3_000;
const TRIES = 5;

export async function lossOf(db: UserDatabase): Promise<Loss> {
  const tx = db.transaction(["offline", "outbox", "parked", "entries"]);
  const [playlists, ops, parked, entries] = await Promise.all([
    tx.objectStore("offline").count(),
    tx.objectStore("outbox").getAll(),
    tx.objectStore("parked").count(),
    tx.objectStore("entries").getAll(),
  ]);
  const { changes, plays } = waitingOf(ops);
  const storedBytes = entries.reduce((sum, entry) => sum + entry.size_bytes, 0);
  return { playlists, storedBytes, unsent: changes.length, plays: plays.length, parked };
}

/**
 * It is decided: a next start would finish it, and the other tabs let go of what they are doing for this user. A device
 * that has no room for a word of it goes on all the same.
 */
export async function announceWipe(user: string, { base, channel }: Pick<WipeDeps, "base" | "channel">): Promise<void> {
  await changeDeviceState(base, "wiping", (users) => [...users.filter((other) => other !== user), user]).catch(
    (error: unknown) => console.warn("not written down:", error),
  );
  channel.post({ type: "wiped", user });
}

/** Rejects where something of theirs is still there; the next start tries again. */
export async function wipe(user: string, deps: WipeDeps): Promise<void> {
  await announceWipe(user, deps);
  await alone(deps, () => wipeNow(user, deps));
}

/**
 * What a browser that was killed did not come to. Call at each start, before anything of a user is opened. Resolves whether
 * all is gone now.
 */
export async function finishWipe(deps: WipeDeps): Promise<boolean> {
  if ((await getDeviceState(deps.base, "wiping")).length === 0) return true;
  await alone(deps, async () => {
    // Another tab may have done it meanwhile, and its user may be back.
    for (const user of await getDeviceState(deps.base, "wiping")) await wipeNow(user, deps).catch(warn);
  });
  return (await getDeviceState(deps.base, "wiping")).length === 0;
}

/**
 * Somebody is back before all of theirs was gone: what they do from now on stays, whatever becomes of the rest. Rejects
 * where that still does not go, and nothing new can be begun.
 */
export async function takeBack(user: string, here: Place): Promise<void> {
  const { base } = here;
  if (!(await getDeviceState(base, "wiping")).includes(user)) return;
  await alone(here, async () => {
    if (!(await getDeviceState(base, "wiping")).includes(user)) return;
    await forgetMark(base, user);
    await undisturbed(user, here, () => removeAll(user, here));
  });
}

const warn = (error: unknown): void => console.warn("not all is gone:", error);

const forgetMark = (base: string, user: string): Promise<void> =>
  changeDeviceState(base, "wiping", (users) => users.filter((other) => other !== user));

async function wipeNow(user: string, deps: WipeDeps): Promise<void> {
  const { base, channel } = deps;
  deps.forgetTraces(user);
  if ((await getDeviceState(base, "user")) === user) await setDeviceState(base, "user", null);
  channel.post({ type: "wiped", user });
  await deps.abortFetches?.(user).catch(() => undefined);
  await undisturbed(user, deps, () => removeAll(user, deps));
  await forgetMark(base, user);
}

/** Who else left something here, and how much of it are sounds and pictures. */
export async function findTraces(base: string, me: string | null, caches: CacheStorage | undefined): Promise<Trace[]> {
  const names = [...(await databaseNames()), ...((await caches?.keys()) ?? [])];
  const users = new Set(names.map((name) => userOf(base, name)).filter((user) => user !== null && user !== me));
  return Promise.all([...users].map(async (user) => ({ user: user!, storedBytes: await sizeOf(base, user!, caches) })));
}

async function alone({ base, locks }: Place, work: () => Promise<void>): Promise<void> {
  if (locks) await locks.request(`soundwave:${base}:wipe`, work);
  else await work();
}

/** Once the other tabs have let go of what they were doing. They cannot begin anew: they are on their way out. */
async function undisturbed(user: string, { base, locks }: Place, work: () => Promise<void>): Promise<void> {
  if (!locks) return work();
  const signal = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS);
  const held = async (name: string, then: () => Promise<void>): Promise<void> => {
    let isBegun = false;
    const begin = (): Promise<void> => {
      isBegun = true;
      return then();
    };
    await locks.request(name, { signal: signal() }, begin).catch((error: unknown) => {
      if (isBegun) throw error;
      return begin();
    });
  };
  await held(lockName(base, user, "sync"), () => held(lockName(base, user, "reconcile"), work));
}

/** What was being written into it when it was deleted may have brought it back. */
async function removeAll(user: string, { base, caches }: Place): Promise<void> {
  for (let n = 0; n < TRIES; n++) {
    await Promise.all([deleteUserDatabase(base, user), caches?.delete(keptCache(base, user))]);
    const left = [...(await databaseNames()), ...((await caches?.keys()) ?? [])];
    if (!left.some((name) => userOf(base, name) === user)) return;
  }
  throw new Error("something of the user is still on this device");
}

/** Firefox before 126 cannot tell; there the deletion is taken at its word. */
async function databaseNames(): Promise<string[]> {
  const known = "databases" in indexedDB ? await indexedDB.databases() : [];
  return known.map(({ name }) => name ?? "");
}

async function sizeOf(base: string, user: string, caches: CacheStorage | undefined): Promise<number> {
  if (!caches || !(await caches.has(keptCache(base, user)))) return 0;
  const cache = await caches.open(keptCache(base, user));
  const sizes = (await cache.keys()).map(async (request) => {
    const answer = await cache.match(request);
    return Number(answer?.headers.get("Content-Length") ?? 0);
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
