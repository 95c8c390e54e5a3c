/** What is everybody's on this device: who is here, who is on their way out, and what was chosen for it. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";

import { deviceDatabase } from "./names";

/** What a user may choose for this device; `limitBytes` null: as much as the browser grants. */
export interface DeviceState {
  user: string | null;
  /** A user who signed out while the server was away: the session is ended before anything else is asked. */
  leaving: string | null;
  /** Users of whom nothing is to stay; each is named until that is so (`wipe.ts`). */
  wiping: readonly string[];
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
  wiping: [],
  limitBytes: null,
  isCounting: true,
  isBackgroundFetchWanted: true,
};

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

/** Read and written in one transaction: two tabs may be at it. */
export async function changeDeviceState<K extends keyof DeviceState>(
  base: string, name: K, change: (known: DeviceState[K]) => DeviceState[K],
): Promise<void> {
  const db = await openDevice(base);
  const tx = db.transaction("state", "readwrite");
  const kept = (await tx.store.get(name)) as DeviceState[K] | undefined;
  await tx.store.put(change(kept === undefined ? DEFAULTS[name] : kept), name);
  await tx.done;
  db.close();
}

function openDevice(base: string): Promise<IDBPDatabase<DeviceSchema>> {
  return openDB<DeviceSchema>(deviceDatabase(base), VERSION, {
    upgrade: (made) => void made.createObjectStore("state"),
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
}
