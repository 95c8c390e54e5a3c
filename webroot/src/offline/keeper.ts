/**
 * Keeps whole playlists on this device. One wishes for them; what is wanted and what is there are then made to agree, at
 * each start and after each change, by one function that may be broken off anywhere.
 */
import { NextLook } from "./again";
import { restOf } from "./background";
import type { Message } from "./channel";
import { tidy } from "./clearing";
import { getDeviceState, isDatabaseClosed, type OfflineState, setDeviceState } from "./database";
import { type Forecast, forecast } from "./forecast";
import { GivenUp } from "./given-up";
import type { KeeperDeps, KeepWish, Reason } from "./keeper-deps";
import { look, openKept } from "./looking";
import { keptUrl, lockName } from "./names";
import { leftOf, narrowed } from "./reconcile";
import { changeRecord, forgetRecord, newRecord, tellKept, wishRecord } from "./records";
import { report } from "./reporting";
import { Lag, protect, type Room, roomOf, sizeOf } from "./room";
import { type Course, runRound } from "./round";
import type { Again } from "./settling";
import { Traffic } from "./traffic";
import { verifyOldest, verifyStored, type Verified } from "./verify";

const STILL: readonly OfflineState[] = ["paused", "failed", "short"];
const NEWS: readonly string[] = ["playlists", "tracks"];
/** Changes of a library come in handfuls. */
const AFTER_CHANGE_MS = 1_500;
/** Looked at again after a look that found all in order. */
const VERIFIED_AT_ONCE = 3;

export class Keeper {
  readonly canKeep: boolean;
  readonly #traffic: Traffic;
  readonly #course: Course;
  readonly #next: NextLook;
  readonly #ends: (() => void)[];
  #running: Promise<void> | null = null;
  #isWantedAgain = false;
  #isClosed = false;
  /** Stores whose change is a reason to look again; also what the worker puts away, while it does. */
  #news = NEWS;

  constructor(private readonly deps: KeeperDeps) {
    this.canKeep = deps.caches !== null;
    this.#traffic = new Traffic(deps);
    this.#course = { traffic: this.#traffic, givenUp: new GivenUp(), freedFor: new Set(), lag: new Lag() };
    this.#next = new NextLook(deps.clock, () => this.#nudge("again"));
    this.#ends = [deps.channel.listen((message) => this.#hear(message))];
    if (deps.whenOnline) this.#ends.push(deps.whenOnline(() => this.#nudge("online")));
    if (deps.whenSeen) this.#ends.push(deps.whenSeen((isSeen) => void (isSeen ? this.takeBack() : this.handOver())));
  }

  /** Resolves once the wish is stored: from then on it comes true by itself, after whatever happens. */
  async want(playlist: string, { title, urls, isPinned }: KeepWish = {}): Promise<void> {
    if (!this.canKeep) throw new Error("nothing can be kept on plain http");
    if ((await this.deps.db.count("offline")) === 0) void protect(this.deps.storage);
    const now = this.deps.stamp();
    await wishRecord(this.deps, newRecord(playlist, title ?? "", now), (known) => ({
      title: title ?? known.title,
      is_pinned: isPinned ?? known.is_pinned,
      ...(urls === undefined ? {} : { urls: narrowed(urls, known.manifest) }),
      last_used_at: now,
    }));
    this.#nudge("wish");
  }

  async unwant(playlist: string): Promise<void> {
    await forgetRecord(this.deps, playlist);
    await this.deps.background?.takeBack();
    this.#nudge("wish");
  }

  /** Take some addresses out of what is wanted; without any left, the playlist. Throws where nobody knows what is in it. */
  async narrow(playlist: string, without: readonly string[]): Promise<void> {
    const { db, base } = this.deps;
    const [known, list] = await Promise.all([db.get("offline", playlist), db.get("playlists", playlist)]);
    if (!known) return;
    const left = leftOf(known, without, list, base);
    if (left === null) throw new Error("it is not known yet what is in this playlist");
    if (left.length === 0) await this.unwant(playlist);
    else await this.want(playlist, { urls: left });
  }

  async pause(playlist: string): Promise<void> {
    await changeRecord(this.deps, playlist, ({ state }) => (state === "ready" ? {} : { state: "paused", reason: null }));
    await Promise.all([this.#traffic.changed(), this.deps.background?.takeBack()]);
  }

  async resume(playlist: string): Promise<void> {
    await changeRecord(this.deps, playlist, ({ state }) => (state === "ready" ? {} : { state: "waiting", reason: null }));
    this.#nudge("wish");
  }

  /**
   * What is on its way is not wanted. Of what was whole before only the news are left out, for now; where nothing moves
   * that there would be to leave out, the wish is taken back.
   */
  async cancel(playlist: string): Promise<void> {
    const known = await this.deps.db.get("offline", playlist);
    const isStill = known && STILL.includes(known.state);
    if (known?.ready_at && !isStill) await this.pause(playlist);
    else await this.unwant(playlist);
  }

  async pin(playlist: string, isPinned: boolean): Promise<void> {
    await changeRecord(this.deps, playlist, () => ({ is_pinned: isPinned }));
  }

  /** It was played: others are let go of before it. */
  async touch(playlist: string): Promise<void> {
    await changeRecord(this.deps, playlist, () => ({ last_used_at: this.deps.stamp() }));
  }

  /** Null: as much as the browser grants. Resolves when what is too much is gone. */
  async limit(bytes: number | null): Promise<void> {
    await setDeviceState(this.deps.base, "limitBytes", bytes);
    await this.tidy();
  }

  /** Resolves when all is gone. */
  async clear(): Promise<void> {
    for (const id of await this.deps.db.getAllKeys("offline")) await forgetRecord(this.deps, id);
    await this.tidy();
  }

  /** Resolves when what nobody wants is gone, whatever is on its way; what is wanted is fetched then. */
  async tidy(): Promise<void> {
    if (!this.canKeep) return;
    await tidy(this.deps, await openKept(this.deps));
    this.#nudge("wish");
  }

  /** What wishing for it would take; null where the server does not say. */
  forecast(playlist: string, urls: readonly string[] | null = null): Promise<Forecast | null> {
    return forecast(this.deps, playlist, urls);
  }

  async room(): Promise<Room> {
    const keptBytes = sizeOf(await this.deps.db.getAll("entries"));
    return roomOf(this.deps.storage, await getDeviceState(this.deps.base, "limitBytes"), keptBytes);
  }

  protect(): Promise<boolean | null> {
    return protect(this.deps.storage);
  }

  /** After a media error: whether the bytes at this address are right. Wrong ones go, and are fetched again. */
  async verify(url: string): Promise<boolean> {
    if (!this.canKeep) return true;
    const kept = await openKept(this.deps);
    const entry = await this.deps.db.get("entries", keptUrl(url));
    if (!entry || (await verifyStored(kept, entry))) return true;
    tellKept(this.deps);
    this.#nudge("healing");
    return false;
  }

  /** All of them, the longest unverified first. */
  async verifyAll(onProgress: (verified: Verified) => void = () => undefined): Promise<Verified> {
    if (!this.canKeep) return { checked: 0, bad: 0 };
    const result = await verifyOldest(await openKept(this.deps), { most: Infinity, before: null }, onProgress);
    if (result.bad > 0) this.#nudge("healing");
    return result;
  }

  /** Nobody looks any more: what is not on its way yet goes to the browser, where its user wants that. */
  async handOver(): Promise<void> {
    const { base, background } = this.deps;
    if (!this.canKeep || !background || !this.#traffic.isBusy() || !(await getDeviceState(base, "isBackgroundFetchWanted"))) return;
    this.#news = [...NEWS, "entries"];
    await background.handOver(async () => {
      // First, so that the page begins none of what is handed over.
      this.#traffic.stale();
      const { playlists, plan } = await look(await openKept(this.deps));
      return restOf(playlists, plan, (url) => this.#traffic.isOnItsWay(url));
    });
  }

  /** Somebody looks again. */
  async takeBack(): Promise<void> {
    this.#news = NEWS;
    await this.deps.background?.takeBack();
    await this.reconcile("online");
  }

  /** Make what is wanted and what is there agree. Resolves when nothing more can be done about it for now. */
  reconcile(reason: Reason): Promise<void> {
    if (!this.canKeep || this.#isClosed) return Promise.resolve();
    if (reason === "wish") this.#course.givenUp.forget();
    this.#next.callOff(reason !== "again");
    this.#isWantedAgain = true;
    if (this.#running) this.#traffic.stale();
    this.#running ??= this.#alone(() => this.#run()).finally(() => (this.#running = null));
    return this.#running;
  }

  /** Nothing is begun any more, what is on its way is broken off; the next keeper goes on. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends.splice(0)) end();
    this.#next.end();
    this.#traffic.end();
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    const { base, user, locks } = this.deps;
    if (locks) await locks.request(lockName(base, user, "reconcile"), work);
    else await work();
  }

  async #run(): Promise<void> {
    let again: Again = null;
    let isAnswered = false;
    try {
      while (this.#isWantedAgain && !this.#isClosed) {
        this.#isWantedAgain = false;
        await this.#traffic.begin();
        ({ again, isAnswered } = await runRound(this.deps, this.#course));
        if (this.#traffic.isToStop()) this.#isWantedAgain = true;
      }
      if (this.#isClosed) return;
      if (isAnswered) await report(this.deps, this.#traffic.closing);
      if (again === null) await this.#verifySome();
    } catch (error) {
      // The database is closed under us where its user is wiped; all else is worth another try.
      if (this.#isClosed) return;
      if (!isDatabaseClosed(error)) console.warn("reconciliation broke off:", error);
      again = "later";
    }
    this.#next.schedule(again);
    if (again === null && this.#isWantedAgain) this.#next.after(0);
  }

  async #verifySome(): Promise<void> {
    const kept = await openKept(this.deps);
    const { bad } = await verifyOldest(kept, { most: VERIFIED_AT_ONCE, before: "a month ago" });
    if (bad > 0) this.#isWantedAgain = true;
  }

  #nudge(reason: Reason): void {
    void this.reconcile(reason);
  }

  #hear(message: Message): void {
    if (message.type === "progress" || message.user !== this.deps.user) return;
    if (message.type === "wiped") this.close();
    else if (message.stores.includes("offline")) void this.#follow().catch(() => undefined);
    else if (message.stores.some((store) => this.#news.includes(store))) void this.#lookSoon();
  }

  /** Should the tab that fetches be closed, this one goes on: it waits for its turn meanwhile. */
  async #follow(): Promise<void> {
    await this.#traffic.changed();
    if (this.#running || this.#isClosed) return;
    const records = await this.deps.db.getAll("offline");
    if (records.some(({ state }) => state === "fetching")) this.#next.after(AFTER_CHANGE_MS);
  }

  async #lookSoon(): Promise<void> {
    if (this.#isClosed || (await this.deps.db.count("offline")) === 0) return;
    this.#next.after(AFTER_CHANGE_MS);
  }
}
