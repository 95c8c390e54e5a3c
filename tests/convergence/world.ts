/** What unit tests begin with: tracks, playlists, a database, a channel, and a server that says what it is told to. */
import "fake-indexeddb/auto";

import { type Channel, openChannel } from "../../webroot/src/offline/channel";
import { openUserDatabase, type UserDatabase } from "../../webroot/src/offline/database";
import type { Op, OpResult, SyncAnswer, SyncPlaylist, SyncTrack } from "../../webroot/src/offline/wire";

let made = 0;

/** 32 hex digits that nobody else has. */
export const id = (): string => (++made).toString(16).padStart(32, "0");

export function track(fields: Partial<SyncTrack> = {}): SyncTrack {
  const name = fields.id ?? id();
  return {
    id: name, title: `Track ${name}`, artist: "", album: null, channel: null, duration_seconds: 10, size_bytes: 1,
    codec: "mp3", added_at: "2026-01-01T00:00:00.000Z", published_at: null, is_favorite: false, is_missing: false,
    audio_url: "", artwork_url: null, revision: "", is_own: true, ...fields,
  };
}

export function playlist(tracks: readonly string[], fields: Partial<SyncPlaylist> = {}): SyncPlaylist {
  const items = tracks.map((name, index) => ({ id: id(), track: name, position: `b0${index}`.padEnd(3, "1") }));
  return {
    id: id(), title: "List", description: "", kind: "custom", count: items.length, duration_seconds: 10 * items.length,
    rev: 1, artwork_url: null, updated_at: "2026-01-01T00:00:00.000Z", source_url: null, items, ...fields,
  };
}

export const byId = <T extends { id: string }>(things: readonly T[]): Map<string, T> => new Map(things.map((one) => [one.id, one]));

export const USER = "a".repeat(32);

export interface Device {
  db: UserDatabase;
  channel: Channel;
  close(): void;
}

/** A device of its own; the same name is the same device. */
export async function device(name: string): Promise<Device> {
  const db = await openUserDatabase(`/${name}/`, USER);
  const channel = openChannel(`/${name}/`);
  return {
    db, channel,
    close: () => {
      db.close();
      channel.close();
    },
  };
}

export function answer(fields: Partial<SyncAnswer> = {}): SyncAnswer {
  return {
    results: [], cursor: "c", is_whole: false, is_more: false, now: "2026-01-05T12:00:00.000Z",
    tracks: [], playlists: [], positions: [], plays: [], gone: [], ...fields,
  };
}

export const applied = ({ id: op }: Op, fields: Partial<OpResult> = {}): OpResult => ({
  id: op, status: "applied", is_duplicate: false, code: null, detail: null, theirs: null, ...fields,
});
