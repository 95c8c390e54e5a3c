/** A device with a database and a cache in memory, a server that has files, and time that moves when it is told to. */
import "fake-indexeddb/auto";

import type { Channel, Message } from "../../webroot/src/offline/channel";
import { openUserDatabase, type OfflinePlaylist, type UserDatabase } from "../../webroot/src/offline/database";
import { hasherOf } from "../../webroot/src/offline/hashing";
import { Keeper } from "../../webroot/src/offline/keeper";
import type { KeeperDeps } from "../../webroot/src/offline/keeper-deps";
import type { Manifest, ManifestEntry } from "../../webroot/src/offline/wire";

export const USER = "a".repeat(32);
const ORIGIN = "http://device";

/** Files by address, playlists by id; what was asked is written down. */
export class Server {
  files = new Map<string, string>();
  playlists = new Map<string, Partial<Manifest> & { urls: string[] }>();
  rev = 1;
  asked: string[] = [];
  /** Manifests that the device had already. */
  unchanged = 0;
  told: [method: string, path: string, body: Record<string, unknown> | null][] = [];
  /** What is answered instead: a status, or null for no answer at all. */
  trouble = new Map<string, number | null>();
  isAway = false;
  /** Whose cookie the browser has. */
  user = USER;
  /** Called before the bytes of a file go out. */
  before: ((path: string) => void | Promise<void>) | null = null;

  /** So many tracks with a picture each, and a playlist of them. */
  add(playlist: string, tracks: readonly number[], size = 1000): void {
    const urls = tracks.flatMap((n) => [audio(n), `/api/audio/${n}/artwork/?v=1`]);
    for (const n of tracks) {
      if (!this.files.has(audio(n))) this.files.set(audio(n), `${n} `.repeat(size).slice(0, size));
      this.files.set(`/api/audio/${n}/artwork/`, `picture of ${n}`);
    }
    const own = `/api/playlist/${playlist}/`;
    this.files.set(own, JSON.stringify({ id: playlist, tracks }));
    this.playlists.set(playlist, { urls: [...urls, own] });
    this.rev++;
  }

  async entry(url: string): Promise<ManifestEntry> {
    const path = url.split("?")[0]!;
    const kind = path.endsWith("/stream/") ? "audio" : path.endsWith("/artwork/") ? "artwork" : "metadata";
    const body = new TextEncoder().encode(this.files.get(path) ?? "");
    const hasher = hasherOf(kind);
    await hasher.add(body);
    return { url, kind, revision: await hasher.end(), size_bytes: body.length, track: null };
  }

  async manifest(playlist: string): Promise<Manifest | null> {
    const known = this.playlists.get(playlist);
    if (!known) return null;
    const entries = await Promise.all(known.urls.map((url) => this.entry(url)));
    const size = entries.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
    return { playlist, revision: "", rev: this.rev, size_bytes: size, missing: [], unread: [], ...known, entries };
  }

  fetch = async (url: string, { headers, signal }: RequestInit): Promise<Response> => {
    const path = new URL(url, ORIGIN).pathname;
    this.asked.push(path);
    const trouble = this.trouble.get(path);
    if (this.isAway || trouble === null) throw new TypeError("Failed to fetch");
    if (trouble !== undefined) return this.#signed(problem(trouble));
    const [, playlist] = /playlist\/(\w+)\/manifest\/$/.exec(path) ?? [];
    if (playlist) return this.#signed(await this.#sendManifest(playlist, new Headers(headers).get("If-None-Match")));
    await this.before?.(path);
    signal?.throwIfAborted();
    const body = this.files.get(path);
    return this.#signed(body === undefined ? problem(404) : new Response(body, { headers: { "Content-Type": typeOf(path) } }));
  };

  /** As the server names who asked, unless it does not know. */
  #signed(response: Response): Response {
    if (response.status !== 401) response.headers.set("SoundWave-User", this.user);
    return response;
  }

  send = async (request: Request): Promise<Response> => {
    if (this.isAway) throw new TypeError("Failed to fetch");
    const body = request.method === "PUT" ? ((await request.json()) as Record<string, unknown>) : null;
    const { pathname } = new URL(request.url);
    this.told.push([request.method, pathname, body]);
    return new Response(null, { status: 204 });
  };

  /** How often audio was asked for. */
  sounds(): string[] {
    return this.asked.filter((path) => path.endsWith("/stream/"));
  }

  async #sendManifest(playlist: string, known: string | null): Promise<Response> {
    const etag = `"${this.rev}"`;
    const manifest = await this.manifest(playlist);
    if (!manifest) return problem(404);
    if (known === etag) this.unchanged++;
    if (known === etag) return new Response(null, { status: 304 });
    return new Response(JSON.stringify(manifest), { headers: { ETag: etag } });
  }
}

export const audio = (n: number): string => `/api/audio/${n}/stream/`;
export const manifestOf = (id: string): string => `/api/offline/playlist/${id}/manifest/`;

const typeOf = (path: string): string => (path.endsWith("/stream/") ? "audio/mpeg" : path.endsWith("/artwork/") ? "image/png" : "application/json");

const problem = (status: number): Response =>
  new Response("{}", { status, headers: { "Content-Type": "application/problem+json" } });

/** Of one name; `most` bytes altogether. */
export class FakeCache {
  files = new Map<string, { body: Uint8Array<ArrayBuffer>; headers: Headers }>();
  most = Infinity;

  put = async (url: string, response: Response): Promise<void> => {
    const body = new Uint8Array(await response.arrayBuffer());
    const others = [...this.files].filter(([path]) => path !== url);
    if (others.reduce((sum, [, file]) => sum + file.body.length, body.length) > this.most) {
      throw new DOMException("full", "QuotaExceededError");
    }
    this.files.set(url, { body, headers: response.headers });
  };
  match = async (url: string): Promise<Response | undefined> => {
    const found = this.files.get(url);
    return found && new Response(found.body, { headers: found.headers });
  };
  delete = async (url: string): Promise<boolean> => this.files.delete(url);
  keys = async (): Promise<{ url: string }[]> => [...this.files.keys()].map((url) => ({ url: ORIGIN + url }));
}

/** Time stands still until `pass`, which lets everything happen in between. */
export class Time {
  #now = Date.parse("2026-01-05T12:00:00.000Z");
  #waiting = new Set<{ at: number; run: () => void }>();

  now = (): number => this.#now;
  later = (milliseconds: number, run: () => void): (() => void) => {
    const one = { at: this.#now + milliseconds, run };
    this.#waiting.add(one);
    return () => this.#waiting.delete(one);
  };

  /** The clock alone: what waits has no less to wait. */
  putBack(milliseconds: number): void {
    this.#now -= milliseconds;
    for (const one of this.#waiting) one.at -= milliseconds;
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await quiet();
      const next = [...this.#waiting].sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.#waiting.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }
}

/** Until everything that needs no time has happened: databases, streams and hashes take turns of the event loop. */
async function quiet(): Promise<void> {
  for (let n = 0; n < 40; n++) {
    await new Promise<void>((done) => void setTimeout(done));
    await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  }
}

export interface Device {
  db: UserDatabase;
  cache: FakeCache;
  server: Server;
  time: Time;
  keeper: Keeper;
  deps: KeeperDeps;
  messages: Message[];
  freed: string[];
  record(id: string): Promise<OfflinePlaylist>;
  /** Another keeper on the same device, as after a restart of the browser. */
  reopen(): Keeper;
  close(): void;
}

let made = 0;

export async function device(change: Partial<KeeperDeps> = {}): Promise<Device> {
  const base = `/${++made}/`;
  const db = await openUserDatabase(base, USER);
  const [cache, server, time, messages, freed] = [new FakeCache(), new Server(), new Time(), [] as Message[], [] as string[]];
  const prefixed = (url: string): string => (url.startsWith(base) ? url.slice(base.length - 1) : url);
  const deps: KeeperDeps = {
    base, origin: ORIGIN, user: USER, db, channel: channelOf(messages),
    caches: { open: async () => cache } as unknown as CacheStorage,
    fetch: (url, init) => server.fetch(prefixed(url), init),
    send: server.send,
    locks: null, storage: null, wakeLock: null, background: null,
    clock: time, stamp: () => new Date(time.now()).toISOString(), deviceName: "A test",
    onFreed: (playlists) => void freed.push(...playlists.map(({ id }) => id)),
    ...change,
  };
  const keepers = [new Keeper(deps)];
  return {
    db, cache, server, time, deps, messages, freed,
    get keeper() {
      return keepers.at(-1)!;
    },
    record: async (id) => (await db.get("offline", id))!,
    reopen() {
      keepers.at(-1)!.close();
      keepers.push(new Keeper(deps));
      return keepers.at(-1)!;
    },
    close() {
      keepers.at(-1)!.close();
      db.close();
    },
  };
}

function channelOf(messages: Message[]): Channel {
  const listeners = new Set<(message: Message) => void>();
  return {
    post(message) {
      messages.push(message);
      for (const listener of [...listeners]) listener(message);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => listeners.clear(),
  };
}

/** A device whose server has these playlists. */
export async function within(run: (it: Device) => Promise<void>, change: Partial<KeeperDeps> = {}): Promise<void> {
  const it = await device(change);
  it.server.add("one", [1, 2, 3]);
  it.server.add("two", [3, 4]);
  await run(it).finally(it.close);
}

/** Wished for, and everything done that can be done at once. */
export async function save(it: Device, id: string, wish: Parameters<Device["keeper"]["want"]>[1] = {}): Promise<string> {
  await it.keeper.want(id, wish);
  await it.keeper.reconcile("wish");
  return (await it.record(id)).state;
}
