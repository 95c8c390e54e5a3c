/** What a page has of its user on this device: opened when it is known who that is, closed when they are gone. */
import { isOnline } from "../shell/connection";
import { t } from "../shell/i18n";
import { router } from "../shell/router";
import { currentUser, isOver, session } from "../shell/session";
import { Store } from "../shell/store";
import { toast } from "../shell/toasts";
import { setDeviceState } from "./database";
import type { LocalLibrary } from "./library";
import { closeLocal, type Local, openLocal } from "./opening";
import type { Summary } from "./sync";
import { takeBack } from "./wipe";

export type { Local } from "./opening";

/** Nobody tells a page that the server has something new: while somebody looks, it asks. */
const LOOK_EVERY_MS = 60_000;
const MOST_TRIES = 3;
const TRY_AGAIN_MS = 2_000;

/** Null where nobody is signed in, and where this browser keeps nothing. */
export const local = new Store<Local | null>(null);
/** The tracks that can be heard without the server. */
export const kept = new Store<ReadonlySet<string>>(new Set());
/** Which stores of the library on this device changed last; all, where it is another one. */
export const libraryChanges = new Store<ReadonlySet<string>>(new Set());
/** What the last sync did. */
export const lastSummary = new Store<Summary | null>(null);

const news = {
  synced: (summary: Summary): void => lastSummary.set(summary),
  freed: (playlists: readonly { title: string }[]): void => {
    for (const { title } of playlists) toast(t("offline.freed", { title }));
  },
  lost: (): void => {
    known = told = undefined;
    triesLeft = MOST_TRIES;
    follow();
  },
};

let begin: () => void;
/** What is to be opened and closed; before it is known who is here, whoever asks waits. */
let work = new Promise<void>((done) => (begin = done));
let ends: (() => void)[] = [];
/** Whose database is open; undefined until this page has tried, and where it was lost. */
let known: string | null | undefined;
/** Whom this page has named to the worker; undefined before: another may have left its user there. */
let told: string | null | undefined;
let isWarned = false;
/** After a loss: the browser may be at it still, and take the next connection too. */
let triesLeft = 0;

/** Call once, with the session known. Resolves when the worker serves this user and nobody else: show nothing before. */
export function followUser(): Promise<void> {
  const named = tellWorker().catch(() => undefined);
  work = named;
  session.subscribe(follow);
  follow();
  begin();
  return named;
}

function follow(): void {
  work = work.then(adapt);
}

/** The library to show: null until it has come whole once, and where this browser keeps none. */
export async function openLibrary(): Promise<LocalLibrary | null> {
  const library = (await whenOpen())?.library;
  return library?.isHydrated.value ? library : null;
}

/** What there is, once that is clear. */
export async function whenOpen(): Promise<Local | null> {
  for (let seen: typeof work | null = null; seen !== work; ) await (seen = work);
  return local.value;
}

const baseOfPage = (): string => new URL(document.baseURI).pathname;

async function tellWorker(): Promise<void> {
  const idOf = (): string | null => currentUser()?.id ?? null;
  for (let user = idOf(); user !== told; user = idOf()) {
    await setDeviceState(baseOfPage(), "user", user);
    told = user;
  }
}

async function adapt(): Promise<void> {
  const user = currentUser()?.id ?? null;
  if (user === known) return;
  try {
    await tellWorker();
    await close();
    if (user !== null) {
      await takeBack(user, { base: baseOfPage(), caches: "caches" in window ? caches : undefined, locks: navigator.locks });
      use(await openLocal(baseOfPage(), user, news));
    }
    known = user;
  } catch (error) {
    if (triesLeft-- > 0) return void setTimeout(follow, TRY_AGAIN_MS);
    // Private windows of some browsers, or a disk that is full: the app then lives on what the server says.
    console.warn("nothing is kept here:", error);
    if (user !== null && !isWarned) toast(t("offline.noDatabase"), { kind: "error" });
    isWarned = true;
  }
}

/** Tell whoever watches, and begin. */
function use(opened: Local): void {
  const { db, drain, library } = opened;
  const look = (): void => void (!document.hidden && isOnline.value && drain.look());
  const timer = setInterval(look, LOOK_EVERY_MS);
  ends = [
    () => clearInterval(timer),
    router.subscribe(look),
    isOnline.subscribe(() => isOnline.value && drain.answered()),
    // Signed in again, in this tab or another, while what played here played on.
    isOver.subscribe(() => void (!isOver.value && currentUser() !== null && drain.drain())),
    library.kept.subscribe(() => kept.set(library.kept.value)),
    library.changes.subscribe(() => libraryChanges.set(library.changes.value)),
  ];
  kept.set(library.kept.value);
  local.set(opened);
  libraryChanges.set(new Set(db.objectStoreNames));
  drain.start([window, "online"], [document, "visibilitychange"]);
}

async function close(): Promise<void> {
  const { value } = local;
  if (!value) return;
  local.set(null);
  kept.set(new Set());
  lastSummary.set(null);
  for (const end of ends.splice(0)) end();
  await closeLocal(value);
}

/** Close what is open before its user is; nothing is opened again until somebody else is signed in. */
export function letGo(): Promise<void> {
  return (work = work.then(close));
}
