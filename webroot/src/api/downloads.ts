/** Downloads, channels, and the admin's queue. */
import { api, take, takeUpTo } from "./client";
import type { Channel, ChannelPatch, ChannelWish, Download, DownloadWish, ItemState, List, QueueItem } from "./types";

const ALL = 1_000;

export type DownloadAction = "pause" | "resume" | "cancel" | "retry";

export const addDownload = (wish: DownloadWish): Promise<Download> =>
  take(api.POST("/api/playlist/downloads/", { body: wish }));

export const getDownload = (download: string): Promise<Download> =>
  take(api.GET("/api/playlist/downloads/{download}/", { params: { path: { download } } }));

export const listActive = (count: number): Promise<List<Download>> =>
  takeUpTo(count, (query) => take(api.GET("/api/playlist/downloads/active/", { params: { query } })));

export const listCompleted = (count: number): Promise<List<Download>> =>
  takeUpTo(count, (query) => take(api.GET("/api/playlist/downloads/completed/", { params: { query } })));

export const listByState = (state: "failed" | "cancelled", count: number): Promise<List<Download>> =>
  takeUpTo(count, (part) => take(api.GET("/api/playlist/downloads/", { params: { query: { ...part, state } } })));

export const actOnDownload = (download: string, action: DownloadAction): Promise<Download> =>
  take(api.POST(`/api/playlist/downloads/{download}/${action}/`, { params: { path: { download } } }));

export const deleteDownload = (download: string): Promise<void> =>
  take(api.DELETE("/api/playlist/downloads/{download}/", { params: { path: { download } } }));

export const listChannels = (): Promise<List<Channel>> =>
  takeUpTo(ALL, (query) => take(api.GET("/api/channel/", { params: { query } })));

export const addChannel = (wish: ChannelWish): Promise<Channel> => take(api.POST("/api/channel/", { body: wish }));

export const patchChannel = (channel: string, change: ChannelPatch): Promise<Channel> =>
  take(api.PATCH("/api/channel/{channel}/", { params: { path: { channel } }, body: change }));

export const refreshChannel = (channel: string): Promise<Channel> =>
  take(api.POST("/api/channel/{channel}/refresh/", { params: { path: { channel } } }));

export const deleteChannel = (channel: string): Promise<void> =>
  take(api.DELETE("/api/channel/{channel}/", { params: { path: { channel } } }));

/** `""` is every state. */
export const listQueue = (state: ItemState | "", count: number): Promise<List<QueueItem>> =>
  takeUpTo(count, (part) =>
    take(api.GET("/api/download/", { params: { query: { ...part, state: state || undefined } } })),
  );

export const retryQueueItem = (download_item: string): Promise<QueueItem> =>
  take(api.POST("/api/download/{download_item}/retry/", { params: { path: { download_item } } }));
