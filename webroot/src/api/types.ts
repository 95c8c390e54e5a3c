/** What goes over the wire. Times are RFC 3339 in UTC, ids are opaque, addresses are resolved against <base>. */

export interface List<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

export interface User {
  id: string;
  username: string;
  is_admin: boolean;
  created_at: string;
}

export interface PageView {
  path: string;
  title: string;
  element: string;
  module: string | null;
  icon: string | null;
  order: number;
  plugin: string;
}

export interface SlotView {
  place: string;
  element: string;
  module: string;
  plugin: string;
}

export type Registration = "closed" | "invite" | "open";

export interface Session {
  user: User | null;
  csrf_token: string | null;
  pages: PageView[];
  slots: SlotView[];
  version: string;
  is_setup_open: boolean;
  registration: Registration;
  is_secure: boolean;
}

export interface SignedIn {
  user: User;
  csrf_token: string | null;
  token: string | null;
}

export type Scope = "read" | "play" | "write" | "download" | "admin";

export interface Token {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  expires_at: string | null;
  last_used_at?: string | null;
}

export interface NewToken extends Token {
  token: string;
}

export interface Track {
  id: string;
  title: string;
  /** Empty where nobody knows. */
  artist: string;
  album: string | null;
  channel: string | null;
  duration_seconds: number | null;
  size_bytes: number;
  codec: string;
  added_at: string;
  published_at: string | null;
  is_favorite: boolean;
  audio_url: string;
  artwork_url: string | null;
  revision: string;
}

export interface TrackDetail extends Track {
  description: string | null;
  source_url: string | null;
  position_seconds: number | null;
}

export type PlaylistKind = "custom" | "mirrored" | "smart";

export interface Playlist {
  id: string;
  title: string;
  description: string;
  kind: PlaylistKind;
  count: number;
  duration_seconds: number;
  rev: number;
  artwork_url: string | null;
  updated_at: string;
  source_url: string | null;
}

export interface PlaylistItem {
  id: string;
  position: string;
  audio_url: string;
  track: Track;
}

export interface PlaylistDetail extends Playlist {
  items: PlaylistItem[];
}

export type DownloadState = "resolving" | "queued" | "running" | "paused" | "done" | "failed" | "cancelled";
export type ItemState = Exclude<DownloadState, "resolving"> | "skipped";

export interface DownloadItem {
  id: string;
  title: string | null;
  url: string;
  state: ItemState;
  attempts: number;
  bytes_done: number;
  bytes_total: number | null;
  error_code: string | null;
  error: string | null;
  track_id: string | null;
}

export interface Download {
  id: string;
  url: string;
  title: string | null;
  state: DownloadState;
  error_code: string | null;
  error: string | null;
  items_total: number;
  items_done: number;
  items_failed: number;
  bytes_done: number;
  bytes_total: number | null;
  playlist_id: string | null;
  created_at: string;
  updated_at: string;
  finished_at: string | null;
  items: DownloadItem[];
}

/** One line of the admin's queue: an item of anyone's download. */
export interface QueueItem extends DownloadItem {
  download_id: string;
  user_id: string;
  not_before: string | null;
  updated_at: string;
}

export interface Channel {
  id: string;
  title: string;
  url: string;
  description: string | null;
  track_count: number;
  artwork_url: string | null;
  interval_seconds: number;
  last_checked_at: string | null;
  next_check_at: string | null;
  error: string | null;
  is_enabled: boolean;
}

export interface Run {
  id: string;
  started_at: string;
  ended_at: string | null;
  state: "running" | "done" | "failed";
  error: string | null;
  duration_seconds: number | null;
}

export interface Task {
  id: string;
  plugin: string;
  description: string;
  schedule: string;
  is_paused: boolean;
  last_run: Run | null;
  next_run_at: string | null;
}

export type SettingValue = string | number | boolean | null | SettingValue[];

export interface Setting {
  name: string;
  type: string;
  value: SettingValue;
  default: SettingValue;
  source: "environment" | "stored" | "default";
  description: string;
  variable: string;
  is_secret: boolean;
  is_editable: boolean;
}

export interface PluginView {
  name: string;
  version: string;
  status: "enabled" | "disabled" | "failed";
  reason: string | null;
}

export interface Health {
  status: "ok" | "degraded";
  version: string;
  checks: { name: string; is_ok: boolean; detail: string }[];
}
