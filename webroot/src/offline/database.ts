/** One user's database on this device. Without it nothing is known offline, so that it is opened before anything else. */
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";

import { newId } from "../api/ids";
import { deviceDatabase, userDatabase } from "./names";
import type { Counts, Manifest, Op, OpResult, SyncPlay, SyncPlaylist, SyncPosition, SyncTrack } from "./wire";

/** Something as the server told it last. `generation`: of the whole answer that it came with (`sync.ts`). */
export type Known<T> = T & { generation: number };

/** An op on its way, in the order of `n`. Once sent it still counts until what it did has come back. */
export interface OutboxEntry {
  n?: number;
  id: string;
  op: Op;
  isSent: boolean;
}

/** An op that the server would not apply, kept until its user has seen to it. `undo`: ops that bring back what was. */
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
  /** As `updatePlaylistSyncStatus` was told. */
  sync_status: string;
  ready_at: string | null;
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
  /** Milliseconds to add to this device's clock to have the server's. */
  clockOffset: number;
  lastSyncAt: string | null;
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

/** What a user may choose for this device; `limitBytes` null: as much as the browser grants. */
export interface DeviceState {
  user: string | null;
  /** A user who signed out while the server was away: the session is ended before anything else is asked. */
  leaving: string | null;
  limitBytes: number | null;
  isCounting: boolean;
  isBackgroundFetchWanted: boolean;
}

interface DeviceSchema extends DBSchema {
  state: { key: keyof DeviceState; value: DeviceState[keyof DeviceState] };
}

const VERSION = 1;
const DEFAULTS: DeviceState = {
  user: null,
  leaving: null,
  limitBytes: null,
  isCounting: true,
  isBackgroundFetchWanted: true,
};
const FIRST: Omit<Meta, "device"> = { cursor: null, generation: 0, isHydrated: false, clockOffset: 0, lastSyncAt: null };

/** The user's database, made if need be. It closes by itself where another tab deletes it or brings a newer one. */
export async function openUserDatabase(base: string, user: string): Promise<UserDatabase> {
  const db = await openDB<UserSchema>(userDatabase(base, user), VERSION, {
    upgrade(made) {
      made.createObjectStore("meta");
      made.createObjectStore("stats", { keyPath: "day" });
      made.createObjectStore("positions", { keyPath: "track" });
      made.createObjectStore("plays", { keyPath: "id" }).createIndex("played_at", "played_at");
      made.createObjectStore("outbox", { keyPath: "n", autoIncrement: true }).createIndex("id", "id", { unique: true });
      for (const name of ["tracks", "playlists", "parked", "offline"] as const) made.createObjectStore(name, { keyPath: "id" });
      for (const name of ["entries", "documents"] as const) made.createObjectStore(name, { keyPath: "url" });
    },
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
  await nameDevice(db);
  return db;
}

/** A value of the user's own, or what it begins with. */
export async function getMeta<K extends keyof Meta>(db: UserDatabase, name: K): Promise<Meta[K]> {
  const kept = (await db.get("meta", name)) as Meta[K] | undefined;
  return kept === undefined ? (FIRST as Meta)[name] : kept;
}

/** What anybody chose for this device, or the default. */
export async function getDeviceState<K extends keyof DeviceState>(base: string, name: K): Promise<DeviceState[K]> {
  const db = await openDevice(base);
  const kept = (await db.get("state", name)) as DeviceState[K] | undefined;
  db.close();
  return kept === undefined ? DEFAULTS[name] : kept;
}

export async function setDeviceState<K extends keyof DeviceState>(base: string, name: K, value: DeviceState[K]): Promise<void> {
  const db = await openDevice(base);
  await db.put("state", value, name);
  db.close();
}

/** Resolves when it is gone; other tabs let go of it by themselves. */
export const deleteUserDatabase = (base: string, user: string): Promise<void> => deleteDB(userDatabase(base, user));

function openDevice(base: string): Promise<IDBPDatabase<DeviceSchema>> {
  return openDB<DeviceSchema>(deviceDatabase(base), VERSION, {
    upgrade: (made) => void made.createObjectStore("state"),
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
}

/** A device has another name for each of its users, so that nobody can tell that it is one. */
async function nameDevice(db: UserDatabase): Promise<void> {
  const tx = db.transaction("meta", "readwrite");
  if ((await tx.store.get("device")) === undefined) await tx.store.put(newId(), "device");
  await tx.done;
}
