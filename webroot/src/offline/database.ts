/** One user's database on this device. Without it nothing is known offline, so that it is opened before anything else. */
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";

import { newId } from "../api/ids";
import { userDatabase } from "./names";
import type { Counts, Manifest, Op, OpResult, SyncPlay, SyncPlaylist, SyncPosition, SyncTrack } from "./wire";

export { changeDeviceState, type DeviceState, getDeviceState, setDeviceState } from "./device-state";

/** Something as the server told it last. `generation`: of the whole answer that it came with (`sync.ts`). */
export type Known<T> = T & { generation: number };

/** An op on its way, in the order of `n`. Once sent it still counts until what it did has come back. */
export interface OutboxEntry {
  n?: number;
  id: string;
  op: Op;
  isSent: boolean;
  /** What brings back what the op is about, kept where the base lost it before the op was answered. */
  undo?: Op[];
}

/**
 * An op that the server would not apply, or that overrode what somebody else had put there (`result.theirs`), kept
 * until its user has seen to it. `undo`: ops that bring back what was; theirs, in the second case.
 */
export interface ParkedOp {
  id: string;
  op: Op;
  result: OpResult;
  parked_at: string;
  undo: Op[];
}

/**
 * waiting: it has yet to be looked at. fetching, paused: by the user. ready: every byte is there, its hash is right.
 * short: the device has not enough room. offline: the server is away. failed: `reason` says why; it is tried again.
 */
export type OfflineState = "waiting" | "fetching" | "paused" | "ready" | "short" | "offline" | "failed";

/** The wish to keep a playlist whole, and how far that is. */
export interface OfflinePlaylist {
  /** The playlist's. */
  id: string;
  title: string;
  /** Never freed to make room. */
  is_pinned: boolean;
  /** The only addresses of audio that are wanted; null for all, also those that come later. */
  urls: string[] | null;
  wanted_at: string;
  last_used_at: string;
  state: OfflineState;
  reason: string | null;
  manifest: Manifest | null;
  etag: string | null;
  /** Of what is wanted. */
  size_bytes: number;
  stored_bytes: number;
  items: number;
  stored_items: number;
  /** What is done without: addresses of what is no sound and not at the server, by the revision that is not there. */
  absent?: Record<string, string>;
  /** As `updatePlaylistSyncStatus` was told. */
  sync_status: string;
  ready_at: string | null;
  /** What the server was told of it last; null for nothing. */
  told: string | null;
}

/** What is in the cache at an address, or in `documents`. */
export interface StoredEntry {
  url: string;
  kind: Manifest["entries"][number]["kind"];
  revision: string;
  size_bytes: number;
  stored_at: string;
  /** When its bytes were last compared with its revision. */
  verified_at: string;
}

/** An answer of the API that is shown offline: lyrics, a playlist. */
export interface StoredDocument {
  url: string;
  revision: string;
  type: string;
  body: string;
}

export interface Meta {
  device: string;
  /** Null: everything is asked for anew. */
  cursor: string | null;
  generation: number;
  /** Whether a whole answer has come to its end, ever. */
  isHydrated: boolean;
  /** A whole answer is on its way: at its end goes what is of an older generation. */
  isRenewing: boolean;
  /** Milliseconds to add to this device's clock to have the server's. */
  clockOffset: number;
  lastSyncAt: string | null;
  /** Playlists that are kept no longer, of which the server has yet to hear. */
  unkept: string[];
}

export interface UserSchema extends DBSchema {
  meta: { key: keyof Meta; value: Meta[keyof Meta] };
  tracks: { key: string; value: Known<SyncTrack> };
  playlists: { key: string; value: Known<SyncPlaylist> };
  positions: { key: string; value: Known<SyncPosition> };
  plays: { key: string; value: Known<SyncPlay>; indexes: { played_at: string } };
  outbox: { key: number; value: OutboxEntry; indexes: { id: string } };
  parked: { key: string; value: ParkedOp };
  offline: { key: string; value: OfflinePlaylist };
  entries: { key: string; value: StoredEntry };
  documents: { key: string; value: StoredDocument };
  stats: { key: string; value: { day: string; counts: Partial<Counts> } };
}
export type UserDatabase = IDBPDatabase<UserSchema>;

const VERSION = 1;
/** Another tab lets go of what it has open within this time, or is not waited for; a slow phone may take some to open. */
const OPENING_MS = 15_000;
const FINDING_MS = 2_000;
const DELETING_MS = 3_000;
const FIRST_META: Omit<Meta, "device"> = {
  cursor: null,
  generation: 0,
  isHydrated: false,
  isRenewing: false,
  clockOffset: 0,
  lastSyncAt: null,
  unkept: [],
};

/**
 * The user's database, made if need be. It closes by itself where another tab deletes it or brings a newer one. `lost` is
 * called where it was closed under its user and may be opened again: by the browser, or for a newer release. Rejects
 * where another tab does not let go of an old one.
 */
export async function openUserDatabase(base: string, user: string, lost: () => void = () => undefined): Promise<UserDatabase> {
  const opening = openDB<UserSchema>(userDatabase(base, user), VERSION, {
    upgrade(made) {
      made.createObjectStore("meta");
      made.createObjectStore("stats", { keyPath: "day" });
      made.createObjectStore("positions", { keyPath: "track" });
      made.createObjectStore("plays", { keyPath: "id" }).createIndex("played_at", "played_at");
      made.createObjectStore("outbox", { keyPath: "n", autoIncrement: true }).createIndex("id", "id", { unique: true });
      for (const name of ["tracks", "playlists", "parked", "offline"] as const) made.createObjectStore(name, { keyPath: "id" });
      for (const name of ["entries", "documents"] as const) made.createObjectStore(name, { keyPath: "url" });
    },
    blocking(_current, newer, event) {
      (event.target as IDBDatabase).close();
      if (newer !== null) lost();
    },
    terminated: lost,
  });
  const db = await openedInTime(opening, OPENING_MS);
  await nameDevice(db);
  return db;
}

/**
 * For the worker, which must not bring back what was wiped: null where there is none, none of this version, or one that is
 * being deleted, for which somebody's request would wait.
 */
export async function findUserDatabase(base: string, user: string): Promise<UserDatabase | null> {
  const opening = openDB<UserSchema>(userDatabase(base, user), VERSION, {
    upgrade(_made, _before, _now, tx) {
      tx.done.catch(() => undefined);
      tx.abort();
    },
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
  try {
    return await openedInTime(opening, FINDING_MS);
  } catch (error) {
    const isNone = error instanceof DOMException && ["AbortError", "VersionError", "TimeoutError"].includes(error.name);
    if (isNone) return null;
    throw error;
  }
}

/** A value of the user's own, or what it begins with. */
export const getMeta = async <K extends keyof Meta>(db: UserDatabase, name: K): Promise<Meta[K]> =>
  metaOf(name, await db.get("meta", name));

/** The same of what `meta` has under this name, for who is in a transaction. */
export const metaOf = <K extends keyof Meta>(name: K, kept: Meta[keyof Meta] | undefined): Meta[K] =>
  kept === undefined ? (FIRST_META as Meta)[name] : (kept as Meta[K]);

/** Resolves when it is gone; other tabs let go of it by themselves. Rejects where one does not. */
export const deleteUserDatabase = (base: string, user: string): Promise<void> =>
  inTime(deleteDB(userDatabase(base, user)), DELETING_MS);

/** The database was closed meanwhile: another tab deletes it, or the browser did; it is opened anew where it should be. */
export const isDatabaseClosed = (error: unknown): boolean =>
  error instanceof DOMException && error.name === "InvalidStateError";

/** Who comes too late is closed again. */
function openedInTime(opening: Promise<UserDatabase>, milliseconds: number): Promise<UserDatabase> {
  return inTime(opening, milliseconds).catch((error: unknown) => {
    opening.then((late) => late.close()).catch(() => undefined);
    throw error;
  });
}

/** Where somebody does not let go of a database, the browser waits for ever. */
async function inTime<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new DOMException("Another tab does not let go of the database.", "TimeoutError");
    timer = setTimeout(() => reject(error), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** A device has another name for each of its users, so that nobody can tell that it is one. */
async function nameDevice(db: UserDatabase): Promise<void> {
  const tx = db.transaction("meta", "readwrite");
  if ((await tx.store.get("device")) === undefined) await tx.store.put(newId(), "device");
  await tx.done;
}
