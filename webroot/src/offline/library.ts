/** The user's library as this device has it: what the server said last, and on top what was changed here since. */
import type { PlaylistDetail, Track } from "../api/types";
import { Store } from "../shell/store";
import type { Channel, Message } from "./channel";
import { getMeta, type UserDatabase } from "./database";
import { type Library, rebase } from "./rebase";
import { trackOf } from "./reconcile";
import { type Found, foundOf, pick, type Wish } from "./search";
import { byId, byTrack, favoritesOf, inOrder, measured, touched } from "./view";
import type { SyncPlay, SyncPlaylist, SyncTrack } from "./wire";

/** Changes come in bunches; they are looked at together. */
const GATHER_MS = 40;
const PART = 2_000;
const MOST_SEEN = 10_000;
/** Of the history: as much as a device gets when it begins. */
const MOST_PLAYS = 500;
const NONE = new Map<string, never>();

export interface LibraryDeps {
  db: UserDatabase;
  user: string;
  channel: Channel;
}

/** Ids of tracks in order; `slice` gives some of them. */
export interface LocalList {
  count: number;
  slice(from: number, to: number): Promise<Track[]>;
}

export class LocalLibrary {
  /** False until everything has come once: until then only the server can tell. */
  readonly isHydrated = new Store(false);
  /** By title. */
  readonly playlists = new Store<readonly SyncPlaylist[]>([]);
  /** Whose sound is on this device. */
  readonly kept = new Store<ReadonlySet<string>>(new Set());
  /** The favourites that were set here and have yet to come back from the server. */
  readonly favorites = new Store<ReadonlyMap<string, boolean>>(NONE);
  /** Which of the database's stores changed last. */
  readonly changes = new Store<ReadonlySet<string>>(new Set());

  /** Of tracks, positions and plays: those that a waiting change is about. */
  #view: Library = { tracks: NONE, playlists: NONE, positions: NONE, plays: NONE };
  #index: Promise<Found[]> | null = null;
  /** Tracks that were shown lately. */
  #seen = new Map<string, SyncTrack>();
  #waiting = new Set<string>();
  #renewing: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #end: () => void;

  private constructor(private readonly deps: LibraryDeps) {
    this.#end = deps.channel.listen(this.#hear);
  }

  /** Resolves when what is here can be shown. */
  static async open(deps: LibraryDeps): Promise<LocalLibrary> {
    const library = new LocalLibrary(deps);
    await library.#renew(new Set(["meta", "playlists", "entries"]));
    return library;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#end();
    this.#index = null;
  }

  /** Look now at what was told of; what was put into the outbox before is in the view then. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const stores = this.#waiting;
    this.#waiting = new Set();
    this.#timer = undefined;
    if (stores.size > 0) await (this.#renewing = this.#renew(stores));
    else await this.#renewing;
  }

  /** Whether it was removed here, and the server has yet to hear of it. */
  async isRemoved(playlist: string): Promise<boolean> {
    const isSeen = this.playlists.value.some((one) => one.id === playlist);
    return !isSeen && (await this.deps.db.get("playlists", playlist)) !== undefined;
  }

  /** With its tracks, in order; null where there is none of that id. */
  async getPlaylist(id: string): Promise<PlaylistDetail | null> {
    const playlist = this.playlists.value.find((one) => one.id === id);
    if (!playlist) return null;
    const tracks = await this.getTracks(playlist.items.map((item) => item.track));
    const items = playlist.items.flatMap(({ id: item, track, position }) => {
      const known = tracks.get(track);
      return known ? [{ id: item, position, audio_url: known.audio_url, track: known }] : [];
    });
    const seconds = items.reduce((sum, item) => sum + (item.track.duration_seconds ?? 0), 0);
    return { ...playlist, items, count: items.length, duration_seconds: seconds };
  }

  /** Those that are known here, for the caller to keep. */
  async getTracks(ids: Iterable<string>): Promise<Map<string, Track>> {
    const wanted = new Set(ids);
    if (this.#seen.size > MOST_SEEN) this.#seen = new Map();
    const seen = this.#seen;
    const unseen = [...wanted].filter((id) => !seen.has(id));
    if (unseen.length > 0) {
      const { store } = this.deps.db.transaction("tracks");
      for (const track of await Promise.all(unseen.map((id) => store.get(id)))) if (track) seen.set(track.id, track);
    }
    const found = new Map<string, Track>();
    for (const id of wanted) {
      const track = seen.get(id);
      if (track) found.set(id, this.withFavorite({ ...track }));
    }
    return found;
  }

  /** What fits, of everything that is known or (`isKept`) of what can be heard without the server. */
  async find(wish: Wish, isKept: boolean): Promise<LocalList> {
    const all = isKept ? [...(await this.getTracks(this.kept.value)).values()].map(foundOf) : await this.#found();
    const ids = pick(all, wish, this.favorites.value);
    const slice = async (from: number, to: number): Promise<Track[]> => {
      const some = ids.slice(from, to);
      const tracks = await this.getTracks(some);
      return some.flatMap((id) => tracks.get(id) ?? []);
    };
    return { count: ids.length, slice };
  }

  /** Where the user is in a track, in seconds. */
  async positionOf(track: string): Promise<number | null> {
    const changed = this.#view.positions.get(track);
    return (changed ?? (await this.deps.db.get("positions", track)))?.seconds ?? null;
  }

  /** What was heard, the last one first; also what the server has yet to hear of. */
  async plays(): Promise<SyncPlay[]> {
    const { store } = this.deps.db.transaction("plays");
    const all = new Map(this.#view.plays);
    let cursor = await store.index("played_at").openCursor(null, "prev");
    for (let n = 0; cursor && n < MOST_PLAYS; n++, cursor = await cursor.continue()) all.set(cursor.value.id, cursor.value);
    return [...all.values()].sort((a, b) => Date.parse(b.played_at) - Date.parse(a.played_at) || (a.id < b.id ? 1 : -1));
  }

  /** A track of the server's answer, as it is with the changes made here. */
  withFavorite<T extends Track>(track: T): T {
    const isFavorite = this.favorites.value.get(track.id);
    return isFavorite === undefined || isFavorite === track.is_favorite ? track : { ...track, is_favorite: isFavorite };
  }

  readonly #hear = (message: Message): void => {
    if (message.type !== "changed" || message.user !== this.deps.user) return;
    for (const name of message.stores) this.#waiting.add(name);
    // A database that was closed under us belongs to a user who is gone.
    this.#timer ??= setTimeout(() => void this.refresh().catch(() => undefined), GATHER_MS);
  };

  async #renew(stores: ReadonlySet<string>): Promise<void> {
    const { db } = this.deps;
    if (stores.has("tracks")) {
      this.#index = null;
      this.#seen = new Map();
    }
    if (stores.has("entries")) this.kept.set(await keptTracks(db));
    if (["playlists", "outbox", "positions"].some((name) => stores.has(name))) await this.#look();
    if (!this.isHydrated.value) this.isHydrated.set(await getMeta(db, "isHydrated"));
    this.changes.set(stores);
  }

  /** All in one transaction: what was sent and what came of it change places in one as well. */
  async #look(): Promise<void> {
    const tx = this.deps.db.transaction(["playlists", "outbox", "tracks", "positions"]);
    const [known, waiting] = await Promise.all([tx.objectStore("playlists").getAll(), tx.objectStore("outbox").getAll()]);
    const ops = waiting.map((entry) => entry.op);
    const playlists = byId(known);
    const ids = [...touched(ops, playlists)];
    const [tracks, positions] = await Promise.all([
      Promise.all(ids.map((id) => tx.objectStore("tracks").get(id))),
      Promise.all(ids.map((id) => tx.objectStore("positions").get(id))),
    ]);
    const base = { tracks: byId(tracks), playlists, positions: byTrack(positions), plays: NONE };
    this.#view = rebase(base, ops);
    const { tracks: seen } = this.#view;
    this.favorites.set(favoritesOf(ops, seen));
    this.playlists.set(inOrder([...this.#view.playlists.values()].map((one) => measured(one, playlists.get(one.id), seen))));
  }

  #found(): Promise<Found[]> {
    this.#index ??= readAll(this.deps.db);
    return this.#index;
  }
}

/** In parts, so that a large library is never in memory whole. */
async function readAll(db: UserDatabase): Promise<Found[]> {
  const all: Found[] = [];
  for (let after: string | null = null; ; ) {
    const part: SyncTrack[] = await db.getAll("tracks", after === null ? null : IDBKeyRange.lowerBound(after, true), PART);
    for (const track of part) all.push(foundOf(track));
    if (part.length < PART) return all;
    after = part.at(-1)?.id ?? null;
  }
}

async function keptTracks(db: UserDatabase): Promise<Set<string>> {
  const kept = new Set<string>();
  for (const { url, kind } of await db.getAll("entries")) {
    const track = kind === "audio" ? trackOf(url) : null;
    if (track) kept.add(track);
  }
  return kept;
}
