/** Which addresses beyond audio and pictures are on this device, so that no other request is touched. */
import { openChannel } from "../offline/channel";
import { scopePath, worker } from "./scope";
import { currentUser, inDatabaseOf } from "./user";

export interface Addresses {
  user: string | null;
  /** Paths of answers of the API that are shown offline; with a query it is another answer. */
  documents: ReadonlySet<string>;
  /** Paths of what plugins have kept, with any query. */
  others: ReadonlySet<string>;
}

const MEDIA = /^api\/(?:audio|playlist|channel)\/[^/]+\/(?:stream|artwork)\/$/;
/** Whatever is kept, a change of one of these comes after it. */
const STORES: readonly string[] = ["offline", "entries", "documents"];
const NOBODY: Addresses = { user: null, documents: new Set(), others: new Set() };

let known: Addresses | null = null;
let loading: Promise<Addresses> | null = null;

/** What is at a path: audio, or a picture; null for all else. */
export function kindOf(path: string): "audio" | "artwork" | null {
  if (!path.startsWith(scopePath) || !MEDIA.test(path.slice(scopePath.length))) return null;
  return path.endsWith("/stream/") ? "audio" : "artwork";
}

/** Those of the current user. */
export function addresses(): Promise<Addresses> {
  if (known) return Promise.resolve(known);
  const load = (loading ??= read().then((found) => {
    if (loading === load) [known, loading] = [found.user === null ? null : found, null];
    return found;
  }));
  load.catch(forget);
  return load;
}

/** Whether this may be one of them. Where it is not known, after waking or with nobody signed in, it is looked up. */
export function mayBeStored({ pathname, search }: URL): boolean {
  return known === null || (search === "" && known.documents.has(pathname)) || known.others.has(pathname);
}

function forget(): void {
  known = loading = null;
}

/** Tabs tell what they keep. One that speaks of another user has seen somebody else sign in. */
export function followAddresses(): void {
  openChannel(scopePath).listen((message) => {
    const isAbout = message.type === "changed" && message.stores.some((store) => STORES.includes(store));
    if (isAbout || message.type === "wiped" || message.user !== known?.user) forget();
  });
}

async function read(): Promise<Addresses> {
  const user = await currentUser();
  if (user === null) return NOBODY;
  const [documents, entries] = await inDatabaseOf(user, [[], []] as [string[], string[]], (db) =>
    Promise.all([db.getAllKeys("documents"), db.getAllKeys("entries")]),
  );
  const texts = new Set(documents.map(pathOf));
  const others = entries.map(pathOf).filter((path) => kindOf(path) === null && !texts.has(path));
  return { user, documents: texts, others: new Set(others) };
}

const pathOf = (key: string): string => new URL(key, worker.registration.scope).pathname;
