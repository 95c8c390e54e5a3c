/** Tracks and playlists. */
import { api, cursorOf, take } from "./client";
import type {
  List,
  Lyrics,
  Play,
  Playlist,
  PlaylistDetail,
  PlaylistItem,
  PlaylistPatch,
  Track,
  TrackDetail,
  TrackQuery,
  Usage,
} from "./types";

/** The first part of a list, or with `next` of the part before the part that follows. */
export const listTracks = (query: TrackQuery, next: string | null, signal: AbortSignal): Promise<List<Track>> =>
  take(api.GET("/api/audio/", { params: { query: { ...query, cursor: next ? cursorOf(next) : undefined } }, signal }));

export const getTrack = (track: string, signal?: AbortSignal): Promise<TrackDetail> =>
  take(api.GET("/api/audio/{track}/", { params: { path: { track } }, signal: signal ?? null }));

export const getLyrics = (track: string): Promise<Lyrics> =>
  take(api.GET("/api/audio/{track}/lyrics/", { params: { path: { track } } }));

/** What was heard, the last one first. */
export const listPlays = (next: string | null, limit = 100): Promise<List<Play>> =>
  take(api.GET("/api/play/", { params: { query: { limit, cursor: next ? cursorOf(next) : undefined } } }));

/** Told twice under one id, it counts once. */
export async function addPlay(id: string, track: string, played_at: string, seconds: number): Promise<void> {
  await api.POST("/api/play/", { body: { id, track, played_at, seconds } });
}

/** What one's own tracks take; admins may ask for somebody else's. */
export const getUsage = (user?: string): Promise<Usage> => take(api.GET("/api/audio/usage/", { params: { query: { user } } }));

export const deleteTrack = (track: string): Promise<void> =>
  take(api.DELETE("/api/audio/{track}/", { params: { path: { track } } }));

export async function setFavorite(track: string, isFavorite: boolean): Promise<void> {
  const params = { path: { track } };
  if (isFavorite) await api.PUT("/api/audio/{track}/favorite/", { params });
  else await api.DELETE("/api/audio/{track}/favorite/", { params });
}

/** The last one outlives the page. */
export async function putPosition(track: string, seconds: number, isLast = false): Promise<void> {
  const body = { seconds, at: new Date().toISOString() };
  await api.PUT("/api/audio/{track}/position/", { params: { path: { track } }, body, keepalive: isLast });
}

export const listPlaylists = (limit = 200): Promise<List<Playlist>> =>
  take(api.GET("/api/playlist/", { params: { query: { limit } } }));

export const getPlaylist = (playlist: string, signal?: AbortSignal): Promise<PlaylistDetail> =>
  take(api.GET("/api/playlist/{playlist}/", { params: { path: { playlist } }, signal: signal ?? null }));

export const addPlaylist = (title: string, description = ""): Promise<Playlist> =>
  take(api.POST("/api/playlist/", { body: { title, description } }));

export const patchPlaylist = (playlist: string, change: PlaylistPatch): Promise<Playlist> =>
  take(api.PATCH("/api/playlist/{playlist}/", { params: { path: { playlist } }, body: change }));

export const deletePlaylist = (playlist: string): Promise<void> =>
  take(api.DELETE("/api/playlist/{playlist}/", { params: { path: { playlist } } }));

export const addItems = (playlist: string, tracks: string[]): Promise<{ items: PlaylistItem[] }> =>
  take(api.POST("/api/playlist/{playlist}/items/", { params: { path: { playlist } }, body: { tracks } }));

/** Put an item behind another; behind nothing (`null`) it is the first. */
export async function moveItem(playlist: string, item: string, after: string | null): Promise<void> {
  const params = { path: { playlist, item } };
  await api.PATCH("/api/playlist/{playlist}/items/{item}/", { params, body: { after } });
}

export const removeItem = (playlist: string, item: string): Promise<void> =>
  take(api.DELETE("/api/playlist/{playlist}/items/{item}/", { params: { path: { playlist, item } } }));
