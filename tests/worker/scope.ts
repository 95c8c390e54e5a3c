/** What a worker runs in, for node. To be imported before anything of the worker's. */
import "fake-indexeddb/auto";

import { openUserDatabase, setDeviceState, type UserDatabase } from "../../webroot/src/offline/database";

export const BASE = "/music/";
export const USER = "a".repeat(32);
const ORIGIN = "http://device";

const listeners = new Map<string, (event: ExtendableEvent) => void>();
/** The names of the locks that are held now. */
export const held = new Set<string>();
/** Caches by their names, each with its files by their paths. */
export const kept = new Map<string, Map<string, Response>>();
/** What happens before a cache is opened. */
export const before = { open: (): Promise<unknown> => Promise.resolve() };

const locks = {
  async request(name: string, work: () => Promise<unknown>): Promise<unknown> {
    held.add(name);
    return work().finally(() => held.delete(name));
  },
};

const cacheOf = (files: Map<string, Response>) => ({
  async put(path: string, response: Response) {
    files.set(path, new Response(await response.arrayBuffer(), { headers: response.headers }));
  },
});

Object.assign(globalThis, {
  self: {
    registration: { scope: ORIGIN + BASE },
    navigator: { locks, userAgent: "" },
    addEventListener: (type: string, listener: (event: ExtendableEvent) => void) => void listeners.set(type, listener),
  },
  caches: {
    async open(name: string) {
      await before.open();
      if (!kept.has(name)) kept.set(name, new Map());
      return cacheOf(kept.get(name)!);
    },
    delete: async (name: string) => kept.delete(name),
  },
});

/** Something happens to the worker; resolves as the browser sees its work end. */
export async function fire(type: string, fields: object): Promise<void> {
  const works: Promise<unknown>[] = [];
  listeners.get(type)!({ ...fields, waitUntil: (work: Promise<unknown>) => void works.push(work) } as ExtendableEvent);
  await Promise.all(works);
}

/** A database of the user who is here, to be closed. */
export async function signIn(): Promise<UserDatabase> {
  await setDeviceState(BASE, "user", USER);
  return openUserDatabase(BASE, USER);
}
