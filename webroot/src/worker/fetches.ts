/**
 * What the browser has fetched by itself, with the app closed (Background Fetch): verified and put away as the page
 * would. Which file it is, and what it must be, says the manifest of a playlist that still wants it.
 */
import type { UserDatabase } from "../offline/database";
import { fetchOf, keptCache, keptUrl, userDatabase } from "../offline/names";
import { storeVerified } from "../offline/storing";
import type { ManifestEntry } from "../offline/wire";
import { attempt, complain } from "./isolation";
import { scopePath, worker } from "./scope";
import { inDatabaseOf, tellKeepers } from "./user";

/** Of the Background Fetch API, which the compiler's library does not have. */
interface Fetched {
  readonly id: string;
  matchAll(): Promise<{ readonly responseReady: Promise<Response> }[]>;
}
interface FetchedEvent extends ExtendableEvent {
  readonly registration: Fetched;
}

/** Where a user sees how far it is. */
const PAGE = "offline/";

export function followFetches(): void {
  on("backgroundfetchsuccess", async ({ registration }) => {
    await putAway(registration).catch(complain); // other bytes than the manifest names: the page asks for it anew
    tell(registration.id);
  });
  on("backgroundfetchfail", async ({ registration }) => tell(registration.id));
  on("backgroundfetchabort", async ({ registration }) => tell(registration.id));
  on("backgroundfetchclick", show);
}

async function putAway(fetched: Fetched): Promise<void> {
  const about = fetchOf(fetched.id);
  const [record] = await fetched.matchAll();
  if (about && record) await store(about.user, about.url, await record.responseReady);
}

/** Nothing of a user who was wiped: without their database nothing is opened, and where it went meanwhile that goes again. */
async function store(user: string, url: string, response: Response): Promise<void> {
  const name = keptCache(scopePath, user);
  const work = inDatabaseOf(user, undefined, async (db) => {
    const entry = await wantedAt(db, url);
    if (!entry) return;
    const kept = { db, cache: await caches.open(name), stamp: () => new Date().toISOString() };
    await storeVerified(kept, entry, response);
  });
  await work.finally(async () => (await isThere(user)) || caches.delete(name));
}

/** Known for sure: one that merely cannot be opened now is no reason to let go of anything. */
async function isThere(user: string): Promise<boolean> {
  return (await indexedDB.databases()).some(({ name }) => name === userDatabase(scopePath, user));
}

async function wantedAt(db: UserDatabase, url: string): Promise<ManifestEntry | undefined> {
  const entries = (await db.getAll("offline")).flatMap(({ manifest }) => manifest?.entries ?? []);
  return entries.find((entry) => keptUrl(entry.url) === url);
}

function tell(name: string): void {
  const user = fetchOf(name)?.user;
  if (user !== undefined) tellKeepers(user);
}

async function show(): Promise<void> {
  const pages = await worker.clients.matchAll({ type: "window" });
  const [page] = pages as readonly WindowClient[];
  await (page?.focus() ?? worker.clients.openWindow(new URL(PAGE, worker.registration.scope)));
}

function on(type: string, work: (event: FetchedEvent) => Promise<unknown>): void {
  worker.addEventListener(type, (event) => attempt(event as FetchedEvent, () => work(event as FetchedEvent)));
}
