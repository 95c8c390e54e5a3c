/** Downloads, channels, and the admin's queue. */
import { client } from "./client";
import type { Channel, Download, ItemState, List, QueueItem } from "./types";

export interface DownloadWish {
  url: string;
  follow?: boolean;
  playlist_title?: string;
  interval_seconds?: number;
}

export type DownloadAction = "pause" | "resume" | "cancel" | "retry";

export const addDownload = (wish: DownloadWish): Promise<Download> => client.post("api/playlist/downloads/", wish);

export const getDownload = (id: string): Promise<Download> => client.get(`api/playlist/downloads/${id}/`);

export const listActive = (): Promise<List<Download>> => client.get("api/playlist/downloads/active/");

export const listCompleted = (): Promise<List<Download>> => client.get("api/playlist/downloads/completed/");

export const listByState = (state: "failed" | "cancelled"): Promise<List<Download>> =>
  client.get("api/playlist/downloads/", { query: { state } });

export const actOnDownload = (id: string, action: DownloadAction): Promise<Download> =>
  client.post(`api/playlist/downloads/${id}/${action}/`);

export const deleteDownload = (id: string): Promise<void> => client.delete(`api/playlist/downloads/${id}/`);

export const listChannels = (): Promise<List<Channel>> => client.get("api/channel/", { query: { limit: 200 } });

export const addChannel = (wish: { url: string; title?: string; interval_seconds?: number }): Promise<Channel> =>
  client.post("api/channel/", wish);

export const patchChannel = (
  id: string,
  change: { title?: string; interval_seconds?: number; is_enabled?: boolean },
): Promise<Channel> => client.patch(`api/channel/${id}/`, change);

export const refreshChannel = (id: string): Promise<Channel> => client.post(`api/channel/${id}/refresh/`);

export const deleteChannel = (id: string): Promise<void> => client.delete(`api/channel/${id}/`);

export const listQueue = (state: ItemState | ""): Promise<List<QueueItem>> =>
  client.get("api/download/", { query: { state, limit: 100 } });

export const retryQueueItem = (id: string): Promise<unknown> => client.post(`api/download/${id}/retry/`);
