/** What goes between a device and the server: ops out, changes in. Moments are RFC 3339 in UTC. */
import type { Playlist, Track } from "../api/types";

/** A place in a playlist as its device made it; `position` is a fractional key (`order.ts`). */
export interface NewItem {
  id: string;
  track: string;
  position: string;
}

interface AnyOp {
  /** UUIDv7; the server applies it once. A play is known by it ever after. */
  id: string;
  /** When it happened here, by the server's clock as far as this device knows it. */
  at: string;
}

export type Op = AnyOp &
  (
    | { kind: "play"; track: string; title: string; artist: string; seconds: number; is_offline: boolean }
    | { kind: "position"; track: string; seconds: number }
    | { kind: "favorite"; track: string; is_favorite: boolean }
    | { kind: "playlist-create"; playlist: string; title: string; description: string; items: NewItem[] }
    /** `was`: what this device took for true, by which the server sees that somebody else changed it too. */
    | { kind: "playlist-patch"; playlist: string; title?: string; description?: string; was: Fields }
    | { kind: "playlist-remove"; playlist: string }
    | { kind: "items-add"; playlist: string; items: NewItem[] }
    | { kind: "item-move"; playlist: string; item: string; position: string }
    | { kind: "item-remove"; playlist: string; item: string }
    | { kind: "stats"; day: string; counts: Partial<Counts> }
  );

export type OpKind = Op["kind"];
export type Fields = Partial<Record<"title" | "description", string>>;

/** Increments of one day (the device's own calendar day). */
export interface Counts {
  audio_hits: number;
  audio_misses: number;
  artwork_hits: number;
  artwork_misses: number;
  shell_hits: number;
  shell_misses: number;
  errors: number;
  cache_bytes: number;
  network_bytes: number;
  offline_seconds: number;
  offline_plays: number;
  plays: number;
}

/**
 * applied: it holds. gone: what it was about is no more, and nothing was done. rejected: the server will not.
 * `theirs`: it was applied, and somebody else had changed the same field meanwhile, to this.
 */
export interface OpResult {
  id: string;
  status: "applied" | "gone" | "rejected";
  is_duplicate: boolean;
  code: string | null;
  detail: string | null;
  theirs: Fields | null;
}

export type SyncTrack = Track & { is_own: boolean };
export interface SyncItem {
  id: string;
  track: string;
  position: string;
}
/** A playlist whole; its items by (`position`, `id`), compared as bytes. */
export type SyncPlaylist = Playlist & { items: SyncItem[] };
export interface SyncPosition {
  track: string;
  seconds: number;
  at: string;
}
export interface SyncPlay {
  id: string;
  track_id: string | null;
  title: string;
  artist: string;
  played_at: string;
  seconds: number | null;
}
/** What is not there, or not there for this user; a position is named by its track, and goes with it. */
export interface Gone {
  kind: "track" | "playlist" | "position";
  id: string;
}

/** POST api/offline/sync/. `since`: the last `cursor`, or null to begin anew. At most 100 ops. */
export interface SyncRequest {
  device: string;
  device_name: string;
  since: string | null;
  ops: Op[];
}

/**
 * The state of everything that changed after `since`, the ops of this request included. `is_whole`: `since` was not
 * good any more, and this begins anew: what the device knows and does not get again is gone. `is_more`: ask again.
 */
export interface SyncAnswer {
  results: OpResult[];
  cursor: string;
  is_whole: boolean;
  is_more: boolean;
  now: string;
  tracks: SyncTrack[];
  playlists: SyncPlaylist[];
  positions: SyncPosition[];
  plays: SyncPlay[];
  gone: Gone[];
}

/**
 * One address that an offline playlist needs. `revision`: for audio the SHA-256 of the SHA-256s of its 4 MiB blocks,
 * for all else the SHA-256 of the bytes; in hex. Lyrics and metadata are answers of the API: they are kept in the
 * user's database, and never in a cache.
 */
export interface ManifestEntry {
  url: string;
  kind: "audio" | "artwork" | "lyrics" | "metadata" | "other";
  revision: string;
  size_bytes: number;
  /** Whose it is; null where it is the whole playlist's. */
  track: string | null;
}

/** GET api/offline/playlist/ID/manifest/. In the order of the playlist: what is heard first is fetched first. */
export interface Manifest {
  playlist: string;
  revision: string;
  rev: number;
  size_bytes: number;
  entries: ManifestEntry[];
  /** Tracks whose file is not there. */
  missing: string[];
  /** Tracks whose file the server has yet to read: ask again soon. */
  unread: string[];
}
