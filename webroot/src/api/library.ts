/** Tracks and playlists. */
import { client } from "./client";
import type { List, Playlist, PlaylistDetail, PlaylistItem, Track, TrackDetail } from "./types";

export type Ordering = "-added_at" | "title" | "artist";

export interface TrackQuery {
  search?: string;
  ordering?: Ordering;
  /** A channel's id. */
  channel?: string;
  is_favorite?: boolean;
  limit?: number;
}

export const listTracks = (query: TrackQuery, signal?: AbortSignal): Promise<List<Track>> =>
  client.get("api/audio/", { query: { ...query }, signal });

/** The next part of a list; `next` is relative to the list's own address. */
export const nextTracks = (next: string, signal?: AbortSignal): Promise<List<Track>> =>
  client.get(new URL(next, new URL("api/audio/", document.baseURI)).href, { signal });

export const getTrack = (id: string, signal?: AbortSignal): Promise<TrackDetail> =>
  client.get(`api/audio/${id}/`, { signal });

export const deleteTrack = (id: string): Promise<void> => client.delete(`api/audio/${id}/`);

export const setFavorite = (id: string, isFavorite: boolean): Promise<void> =>
  isFavorite ? client.put(`api/audio/${id}/favorite/`) : client.delete(`api/audio/${id}/favorite/`);

export const putPosition = (id: string, seconds: number, isLast = false): Promise<void> =>
  client.put(`api/audio/${id}/position/`, { seconds, at: new Date().toISOString() }, { keepalive: isLast });

export const listPlaylists = (limit = 200): Promise<List<Playlist>> =>
  client.get("api/playlist/", { query: { limit } });

export const getPlaylist = (id: string, signal?: AbortSignal): Promise<PlaylistDetail> =>
  client.get(`api/playlist/${id}/`, { signal });

export const addPlaylist = (title: string, description?: string): Promise<Playlist> =>
  client.post("api/playlist/", description ? { title, description } : { title });

export const patchPlaylist = (id: string, change: { title?: string; description?: string }): Promise<Playlist> =>
  client.patch(`api/playlist/${id}/`, change);

export const deletePlaylist = (id: string): Promise<void> => client.delete(`api/playlist/${id}/`);

export const addItems = (id: string, tracks: string[]): Promise<{ items: PlaylistItem[] }> =>
  client.post(`api/playlist/${id}/items/`, { tracks });

/** Put an item behind another; behind nothing (`null`) it is the first. */
export const moveItem = (id: string, item: string, after: string | null): Promise<unknown> =>
  client.patch(`api/playlist/${id}/items/${item}/`, { after });

export const removeItem = (id: string, item: string): Promise<void> =>
  client.delete(`api/playlist/${id}/items/${item}/`);
