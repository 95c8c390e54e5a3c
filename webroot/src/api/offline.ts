/** What one's devices keep, and what was counted on them. */
import { api, take } from "./client";
import type { components, paths } from "./schema";
import type { List } from "./types";

export type OfflineDevice = components["schemas"]["Device"];
export type OfflineStats = components["schemas"]["Stats"];
export type StatsQuery = NonNullable<paths["/api/offline/stats/"]["get"]["parameters"]["query"]>;

export const listOfflineDevices = (): Promise<List<OfflineDevice>> => take(api.GET("/api/offline/device/"));

/** The server no longer lists it, nor what it kept. */
export const forgetOfflineDevice = (device: string): Promise<void> =>
  take(api.DELETE("/api/offline/device/{device}/", { params: { path: { device } } }));

/** One's own; for admins with `whole` everybody's, and by user. */
export const getStats = (query: StatsQuery = {}): Promise<OfflineStats> =>
  take(api.GET("/api/offline/stats/", { params: { query } }));

export const deleteStats = (): Promise<void> => take(api.DELETE("/api/offline/stats/"));
