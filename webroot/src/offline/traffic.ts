/** What is being fetched right now: who still wants it, how far it is, and whether to go on. */
import type { Control } from "./fetching";
import type { KeeperDeps } from "./keeper-deps";
import { progressOf, type Progress, type Wanted } from "./reconcile";
import { tellKept } from "./records";
import type { Look } from "./looking";

const TELL_EVERY_MS = 250;
/** Whoever draws what is kept reads all of it anew. */
const ANNOUNCE_EVERY_MS = 1_000;

interface Flight {
  wanted: Wanted;
  abort: AbortController;
  bytes: number;
}

export class Traffic {
  #isStale = false;
  readonly #closing = new AbortController();
  /** Of playlists that are wished for and not paused, with what each is narrowed to. */
  #active = new Map<string, string>();
  #flights = new Set<Flight>();
  #progress = new Map<string, Progress>();
  #toldAt = 0;
  #hasNews = false;
  #announcedAt = 0;

  constructor(private readonly deps: KeeperDeps) {}

  readonly control: Control = {
    isToStop: () => this.isToStop(),
    isActive: (id) => this.isActive(id),
    began: (wanted, abort) => void this.#flights.add({ wanted, abort, bytes: 0 }),
    came: (wanted, bytes) => this.#came(wanted, bytes),
    ended: (wanted, isStored) => this.#ended(wanted, isStored),
  };

  /** Aborts when nothing is to go on. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  isToStop(): boolean {
    return this.#isStale || this.closing.aborted;
  }

  isActive(id: string): boolean {
    return this.#active.has(id);
  }

  isBusy(): boolean {
    return this.#flights.size > 0;
  }

  isOnItsWay(url: string): boolean {
    return [...this.#flights].some(({ wanted }) => wanted.url === url);
  }

  /** Before each round: what is wished for now. */
  async begin(): Promise<void> {
    this.#isStale = false;
    this.#active = await this.#readActive();
  }

  /** What was taken back is broken off. Something was wished for: the round begins anew, too. */
  async changed(): Promise<void> {
    const active = await this.#readActive();
    const isMore = [...active].some(([id, urls]) => this.#active.get(id) !== urls);
    this.#active = active;
    if (isMore) this.stale();
    else this.#breakOff();
  }

  /** The round begins anew once what is on its way is there. */
  stale(): void {
    this.#isStale = true;
    this.#breakOff();
  }

  #breakOff(): void {
    for (const { wanted, abort } of this.#flights) if (!wanted.playlists.some((id) => this.#active.has(id))) abort.abort();
  }

  end(): void {
    this.#closing.abort();
    for (const { abort } of this.#flights) abort.abort();
  }

  start({ playlists, plan }: Look): void {
    const missing = new Set(plan.fetch.map(({ url }) => url));
    this.#progress = new Map(playlists.map((playlist) => [playlist.id, progressOf(playlist, (url) => !missing.has(url))]));
    void this.#tell(true);
  }

  /** With the screen on, where the browser can: a phone that falls asleep stops fetching. */
  async awake<T>(work: () => Promise<T>): Promise<T> {
    const lock = await this.deps.wakeLock?.request("screen").catch(() => null);
    try {
      return await work();
    } finally {
      this.#announce();
      await lock?.release().catch(() => undefined);
    }
  }

  #came(wanted: Wanted, bytes: number): void {
    for (const flight of this.#flights) if (flight.wanted === wanted) flight.bytes += bytes;
    void this.#tell(false);
  }

  #ended(wanted: Wanted, isStored: boolean): void {
    for (const flight of this.#flights) if (flight.wanted === wanted) this.#flights.delete(flight);
    if (isStored) {
      this.#hasNews = true;
      if (this.deps.clock.now() - this.#announcedAt >= ANNOUNCE_EVERY_MS) this.#announce();
      for (const progress of this.#of(wanted)) {
        progress.stored_bytes += wanted.entry.size_bytes;
        if (wanted.entry.kind === "audio") progress.stored_items++;
      }
    }
    void this.#tell(isStored);
  }

  #announce(): void {
    if (!this.#hasNews || this.closing.aborted) return;
    this.#hasNews = false;
    this.#announcedAt = this.deps.clock.now();
    tellKept(this.deps);
  }

  #of({ playlists }: Wanted): Progress[] {
    return playlists.map((id) => this.#progress.get(id)).filter((progress) => progress !== undefined);
  }

  /** At most four times a second to the screens; what was stored also to the database. */
  async #tell(isNow: boolean): Promise<void> {
    const now = this.deps.clock.now();
    if (this.closing.aborted || (!isNow && now - this.#toldAt < TELL_EVERY_MS)) return;
    this.#toldAt = now;
    const { channel, user } = this.deps;
    for (const [playlist, { stored_items }] of this.#progress) {
      if (!this.#active.has(playlist)) continue;
      channel.post({ type: "progress", user, playlist, storedBytes: this.#bytesOf(playlist), storedItems: stored_items });
    }
    if (isNow) await this.#save().catch(() => undefined);
  }

  #bytesOf(playlist: string): number {
    const flights = [...this.#flights].filter(({ wanted }) => wanted.playlists.includes(playlist));
    return flights.reduce((sum, { bytes }) => sum + bytes, this.#progress.get(playlist)?.stored_bytes ?? 0);
  }

  /** Silently: whoever draws it heard of it already. */
  async #save(): Promise<void> {
    const tx = this.deps.db.transaction("offline", "readwrite");
    for (const [id, progress] of this.#progress) {
      const record = await tx.store.get(id);
      if (record?.state === "fetching") await tx.store.put({ ...record, ...progress });
    }
    await tx.done;
  }

  async #readActive(): Promise<Map<string, string>> {
    const records = await this.deps.db.getAll("offline");
    return new Map(records.filter(({ state }) => state !== "paused").map(({ id, urls }) => [id, urls?.join() ?? "all"]));
  }
}
