/**
 * One look at everything: what is wanted against what is there, and then what it takes that they agree. It may be broken
 * off anywhere and begun anew: nothing is remembered but what is stored.
 */
import { free, makeRoom, type Short, tidy } from "./clearing";
import type { OfflinePlaylist } from "./database";
import { fetchAll, type Outcome } from "./fetching";
import type { GivenUp } from "./given-up";
import type { KeeperDeps } from "./keeper-deps";
import { isSameWish, look, openKept } from "./looking";
import { askManifest, type ManifestAnswer } from "./manifests";
import { keptUrl } from "./names";
import { narrowed, progressOf, type Wanted } from "./reconcile";
import { changeRecord } from "./records";
import { bytesOf, type Lag, toFree } from "./room";
import { type Again, type Said, settle } from "./settling";
import type { Kept } from "./storing";
import type { Traffic } from "./traffic";
import type { Manifest } from "./wire";

/** What outlives a round. `freedFor`: for whom something went where the browser granted less than it said: once is enough. */
export interface Course {
  traffic: Traffic;
  givenUp: GivenUp;
  freedFor: Set<string>;
  lag: Lag;
}

/** `isAnswered`: the server was there, and this user is signed in. */
export interface Ended {
  again: Again;
  isAnswered: boolean;
}

interface Round extends Course {
  deps: KeeperDeps;
  kept: Kept;
  short: Short;
}

/** How often a server is asked again that sends other bytes than it says. */
const MOST_PASSES = 3;
/** One manifest may take too long to make; a phone that has left the house hears nothing at all. */
const MOST_SILENCES = 2;

/** Until all is there that can be, or until `traffic` says that something else is wanted. */
export async function runRound(deps: KeeperDeps, course: Course): Promise<Ended> {
  const round: Round = { ...course, deps, kept: await openKept(deps), short: new Map() };
  const { traffic, kept, short, givenUp } = round;
  const reasonOf = (wanted: Wanted): string | undefined => givenUp.reasonOf(wanted, deps.clock.now());
  for (let pass = 1; ; pass++) {
    await tidy(deps, kept);
    const said = await refresh(round);
    const isAway = said.isOffline || said.isSignedOut;
    const outcome = isAway ? null : await fetchWhatFits(round, reasonOf);
    if (!traffic.isToStop() && outcome?.isOutdated && pass < MOST_PASSES) continue;
    const again = await settle(deps, kept, traffic, { said, short, outcome, reasonOf });
    for (const { id, state } of await deps.db.getAll("offline")) if (state === "ready") course.freedFor.delete(id);
    return { again, isAnswered: !isAway && !outcome?.isOffline && !outcome?.isSignedOut };
  }
}

async function refresh({ deps, kept, traffic }: Round): Promise<Said> {
  const said: Said = { isOffline: false, isSignedOut: false, trouble: new Map() };
  let hasNews = false;
  let silences = 0;
  for (const playlist of await deps.db.getAll("offline")) {
    if (playlist.state === "paused" || traffic.isToStop()) continue;
    const answer = await askManifest(deps, playlist, traffic.closing);
    silences = answer.state === "silent" ? silences + 1 : 0;
    said.isOffline = answer.state === "offline" || silences === MOST_SILENCES;
    said.isSignedOut = answer.state === "signed-out";
    if (said.isOffline || said.isSignedOut) break;
    if (answer.state === "refused") said.trouble.set(playlist.id, "refused");
    if (answer.state === "busy" || answer.state === "silent") said.trouble.set(playlist.id, "busy");
    hasNews = (await take(deps, playlist.id, answer)) || hasNews;
  }
  if (hasNews) await tidy(deps, kept);
  return said;
}

/** Whether it was news. */
async function take(deps: KeeperDeps, id: string, answer: ManifestAnswer): Promise<boolean> {
  if (answer.state === "gone") await forgetGone(deps, id);
  if (answer.state !== "new") return answer.state === "gone";
  const { manifest, etag } = answer;
  await changeRecord(deps, id, ({ manifest: before, urls, absent }) => ({
    manifest,
    etag,
    urls: before === null ? narrowed(urls, manifest) : urls,
    ...(absent ? { absent: stillAbsent(absent, manifest) } : {}),
  }));
  return true;
}

function stillAbsent(absent: Record<string, string>, { entries }: Manifest): Record<string, string> {
  const still = entries.filter(({ url, revision }) => absent[keptUrl(url)] === revision);
  return Object.fromEntries(still.map(({ url, revision }) => [keptUrl(url), revision]));
}

/** One that was made here and has yet to get to the server is not gone. */
async function forgetGone({ db, channel, user }: KeeperDeps, id: string): Promise<void> {
  const ops = await db.getAll("outbox");
  if (ops.some(({ op }) => op.kind === "playlist-create" && op.playlist === id)) return;
  await db.delete("offline", id);
  channel.post({ type: "changed", user, stores: ["offline"] });
}

async function fetchWhatFits(round: Round, reasonOf: (wanted: Wanted) => string | undefined): Promise<Outcome> {
  const { deps, kept, short, traffic, givenUp } = round;
  const now = await makeRoom(deps, kept, short, round.lag);
  const isActive = (id: string): boolean => !short.has(id) && traffic.isActive(id);
  const elsewhere = await deps.background?.running();
  const isWorthIt = (wanted: Wanted): boolean => reasonOf(wanted) === undefined && !elsewhere?.has(wanted.url);
  const queue = now.plan.fetch.filter((wanted) => wanted.playlists.some(isActive) && isWorthIt(wanted));
  const missing = new Set(now.plan.fetch.map(({ url }) => url));
  for (const looked of now.playlists) {
    if (!isActive(looked.id) || !queue.some(({ playlists }) => playlists.includes(looked.id))) continue;
    await changeRecord(deps, looked.id, (known) => {
      const progress = isSameWish(looked, known) ? progressOf(known, (url) => !missing.has(url)) : {};
      // Its user, perhaps in another tab, goes before what was read of it a moment ago.
      return known.state === "paused" ? progress : { ...progress, state: "fetching", reason: null };
    });
  }
  traffic.start(now);
  const control = { ...traffic.control, isActive };
  const { fetch, clock, user } = deps;
  const outcome = await traffic.awake(() => fetchAll(queue, { kept, fetch, clock, user }, control));
  for (const wanted of queue) {
    const reason = outcome.failed.get(wanted.url);
    if (reason !== undefined && reason !== "busy") givenUp.note(wanted, reason, clock.now());
  }
  for (const wanted of outcome.absent) await doWithout(deps, wanted);
  return { ...outcome, isOutdated: (await freeForQuota(round, outcome.short)) || outcome.isOutdated };
}

async function doWithout(deps: KeeperDeps, { url, entry, playlists }: Wanted): Promise<void> {
  for (const id of playlists) {
    await changeRecord(deps, id, ({ absent }: OfflinePlaylist) => ({ absent: { ...absent, [url]: entry.revision } }));
  }
}

/** The browser granted less than it said: what can be freed is freed, and then once more. */
async function freeForQuota({ deps, kept, short, freedFor, lag }: Round, without: ReadonlySet<string>): Promise<boolean> {
  for (const id of without) short.set(id, "quota");
  if (without.size > 0) lag.forget();
  const rest = [...without].filter((id) => !freedFor.has(id));
  if (rest.length === 0) return false;
  const now = await look(kept);
  const needed = bytesOf(now.plan.fetch.filter(({ playlists }) => playlists.some((id) => rest.includes(id))), now.stored);
  const won = await free(deps, kept, now, toFree(needed, now.playlists, now.freeable, now.stored));
  if (won === 0) return false;
  for (const id of rest) {
    freedFor.add(id);
    short.delete(id);
  }
  return true;
}
