/**
 * What a user sees: what the server said last, with the ops replayed on top that are not in it yet. Pure; an op over a
 * base that has it already changes nothing. The rules are the server's (plugins/offline/ops.py), so that little jumps
 * when the answer comes; where they differ the server is right, and is seen at the next pull.
 */
import { compareItems } from "./order";
import type { NewItem, Op, SyncItem, SyncPlay, SyncPlaylist, SyncPosition, SyncTrack } from "./wire";

/** By id, and positions by their track's. */
export interface Library {
  tracks: ReadonlyMap<string, SyncTrack>;
  playlists: ReadonlyMap<string, SyncPlaylist>;
  positions: ReadonlyMap<string, SyncPosition>;
  plays: ReadonlyMap<string, SyncPlay>;
}

/** The base itself stays as it is; what no op touches is the very same object in the view. */
export function rebase(base: Library, ops: Iterable<Op>): Library {
  const view = new View(base);
  for (const op of ops) view.replay(op);
  return view.done();
}

/** A map over another one, which is copied at the first change. */
class Layer<T> {
  #copy: Map<string, T> | null = null;

  constructor(private readonly under: ReadonlyMap<string, T>) {}

  get map(): ReadonlyMap<string, T> {
    return this.#copy ?? this.under;
  }

  get = (key: string): T | undefined => this.map.get(key);

  set(key: string, value: T): void {
    (this.#copy ??= new Map(this.under)).set(key, value);
  }

  delete(key: string): void {
    if (this.map.has(key)) (this.#copy ??= new Map(this.under)).delete(key);
  }
}

/** A playlist while ops change it: its items by id, in no order. */
interface Draft {
  playlist: SyncPlaylist;
  items: Map<string, SyncItem>;
  isChanged: boolean;
}

class View {
  readonly #tracks: Layer<SyncTrack>;
  readonly #playlists: Layer<SyncPlaylist>;
  readonly #positions: Layer<SyncPosition>;
  readonly #plays: Layer<SyncPlay>;
  readonly #drafts = new Map<string, Draft>();

  constructor(base: Library) {
    this.#tracks = new Layer(base.tracks);
    this.#playlists = new Layer(base.playlists);
    this.#positions = new Layer(base.positions);
    this.#plays = new Layer(base.plays);
  }

  replay(op: Op): void {
    switch (op.kind) {
      case "play":
        return this.#play(op);
      case "position":
        return this.#position(op);
      case "favorite":
        return this.#favorite(op);
      case "playlist-create":
        return this.#create(op);
      case "playlist-patch":
        return this.#patch(op);
      case "playlist-remove":
        this.#drafts.delete(op.playlist);
        return this.#playlists.delete(op.playlist);
      case "items-add":
        return this.#add(op.playlist, op.items, op.at);
      case "item-move":
        return this.#move(op);
      case "item-remove":
        return this.#take(op);
      case "stats":
        return;
    }
  }

  done(): Library {
    for (const [id, draft] of this.#drafts) if (draft.isChanged) this.#playlists.set(id, this.#closed(draft));
    return {
      tracks: this.#tracks.map,
      playlists: this.#playlists.map,
      positions: this.#positions.map,
      plays: this.#plays.map,
    };
  }

  /** Plays are facts: once known, an op of the same id says nothing new. */
  #play({ id, track, title, artist, at, seconds }: Extract<Op, { kind: "play" }>): void {
    if (this.#plays.get(id)) return;
    const track_id = this.#tracks.get(track) ? track : null;
    this.#plays.set(id, { id, track_id, title, artist, played_at: at, seconds });
  }

  /** The newest moment counts. */
  #position({ track, seconds, at }: Extract<Op, { kind: "position" }>): void {
    const known = this.#positions.get(track);
    if (this.#tracks.get(track) && !(known && isLater(known.at, at))) this.#positions.set(track, { track, seconds, at });
  }

  #favorite({ track, is_favorite }: Extract<Op, { kind: "favorite" }>): void {
    const known = this.#tracks.get(track);
    if (known && known.is_favorite !== is_favorite) this.#tracks.set(track, { ...known, is_favorite });
  }

  /** One that is there already gets the items that it lacks. */
  #create({ playlist, title, description, items, at }: Extract<Op, { kind: "playlist-create" }>): void {
    if (!this.#playlists.get(playlist)) {
      const bare = { count: 0, duration_seconds: 0, rev: 0, artwork_url: null, source_url: null, items: [] };
      this.#playlists.set(playlist, {
        ...bare, id: playlist, title: trimmed(title), description: description ?? "", kind: "custom", updated_at: at,
      });
    }
    this.#add(playlist, items, at);
  }

  #patch({ playlist, title, description, at }: Extract<Op, { kind: "playlist-patch" }>): void {
    const draft = this.#open(playlist);
    if (!draft) return;
    const known = draft.playlist;
    const wanted = { title: trimmed(title) || known.title, description: description ?? known.description };
    if (wanted.title === known.title && wanted.description === known.description) return;
    Object.assign(known, wanted);
    change(draft, at);
  }

  /** Known items are skipped, and tracks that are not in the library are left out. */
  #add(playlist: string, items: readonly NewItem[], at: string): void {
    const draft = this.#open(playlist);
    if (!draft) return;
    for (const { id, track, position } of listOf(items)) {
      if (draft.items.has(id) || !this.#tracks.get(track)) continue;
      draft.items.set(id, { id, track, position });
      change(draft, at);
    }
  }

  #move({ playlist, item, position, at }: Extract<Op, { kind: "item-move" }>): void {
    const draft = this.#open(playlist);
    const known = draft?.items.get(item);
    if (!draft || !known || known.position === position) return;
    draft.items.set(item, { ...known, position });
    change(draft, at);
  }

  #take({ playlist, item, at }: Extract<Op, { kind: "item-remove" }>): void {
    const draft = this.#open(playlist);
    if (draft?.items.delete(item)) change(draft, at);
  }

  /** Kept open, so that finding an item in a long list costs nothing the second time. */
  #open(playlist: string): Draft | null {
    const open = this.#drafts.get(playlist);
    const known = this.#playlists.get(playlist);
    if (open || !known) return open ?? null;
    const items = new Map(listOf(known.items).map((item) => [item.id, item]));
    const draft = { playlist: { ...known }, items, isChanged: false };
    this.#drafts.set(playlist, draft);
    return draft;
  }

  #closed({ playlist, items }: Draft): SyncPlaylist {
    const sorted = [...items.values()].sort(compareItems);
    const duration = sorted.reduce((sum, { track }) => sum + (this.#tracks.get(track)?.duration_seconds ?? 0), 0);
    return { ...playlist, items: sorted, count: sorted.length, duration_seconds: duration };
  }
}

function change(draft: Draft, at: string): void {
  draft.isChanged = true;
  if (isLater(at, draft.playlist.updated_at)) draft.playlist.updated_at = at;
}

/** Whether one moment is after another; what is no moment is before all. */
function isLater(one: string, other: string): boolean {
  const [first, second] = [Date.parse(one), Date.parse(other)];
  return Number.isNaN(second) ? !Number.isNaN(first) : first > second;
}

const trimmed = (text: string | undefined): string => (typeof text === "string" ? text.trim() : "");
const listOf = <T extends object>(items: readonly T[]): readonly T[] => (Array.isArray(items) ? items.filter(isThere) : []);
const isThere = (item: unknown): boolean => typeof item === "object" && item !== null;
