/** The app's names for what goes over the wire. Times are RFC 3339 in UTC, ids are opaque, addresses are resolved against <base>. */
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type List<T> = Omit<Schemas["Listing_Track_"], "results"> & { results: T[] };

export type User = Schemas["User"];
export type Session = Schemas["SessionStart"];
export type PageView = Schemas["PageView"];
export type SlotView = Schemas["SlotView"];
export type SignedIn = Schemas["SignedIn"];
export type Device = Schemas["SessionView"];
export type Credentials = Schemas["Login"];
export type Registration = Schemas["Register"];
export type PasswordChange = Schemas["PasswordChange"];
export type Account = Schemas["Account"];
export type Config = Schemas["UserConfig"];
export type SecondFactor = Schemas["FactorState"];
export type PendingFactor = Schemas["PendingFactor"];
/** How much a user has: the tracks of their own. */
export type Usage = Schemas["Usage"];

export type Scope = Schemas["TokenWish"]["scopes"][number];
export type Token = Schemas["TokenView"];
export type TokenWish = Schemas["TokenWish"];
export type NewToken = Schemas["NewToken"];

export type Person = Schemas["AdminUser"];
export type PersonWish = Schemas["UserWish"];
export type PersonPatch = Schemas["UserPatch"];
export type PasswordReset = Schemas["PasswordReset"];
export type AuditEntry = Schemas["AuditView"];
export type AuditQuery = NonNullable<paths["/api/user/admin/audit/"]["get"]["parameters"]["query"]>;
export type AuditKind = NonNullable<AuditQuery["kind"]>;
export type Invite = Schemas["InviteView"];
export type NewInvite = Schemas["NewInvite"];

/** `artist` is empty where nobody knows. */
export type Track = Schemas["Track"];
export type TrackDetail = Schemas["TrackDetail"];
export type Lyrics = Schemas["Lyrics"];
/** That a track was heard; it outlives the track. */
export type Play = Schemas["Play"];
export type TrackQuery = NonNullable<paths["/api/audio/"]["get"]["parameters"]["query"]>;
export type Ordering = NonNullable<TrackQuery["ordering"]>;

export type Playlist = Schemas["Playlist"];
export type PlaylistKind = Playlist["kind"];
export type PlaylistItem = Schemas["Item"];
export type PlaylistDetail = Schemas["PlaylistDetail"];
export type PlaylistPatch = Schemas["PlaylistPatch"];

export type Download = Schemas["Download"];
export type DownloadState = Download["state"];
export type DownloadItem = Schemas["DownloadItem"];
export type ItemState = DownloadItem["state"];
export type DownloadWish = Schemas["NewDownload"];
/** One line of the admin's queue: an item of anyone's download. */
export type QueueItem = Schemas["QueueItem"];

export type Channel = Schemas["Channel"];
export type ChannelWish = Schemas["NewChannel"];
export type ChannelPatch = Schemas["ChannelPatch"];

export type Run = Schemas["Run"];
export type RunDetail = Schemas["RunDetail"];
export type Task = Schemas["Task"];

/** What a setting holds depends on the setting, so that the description leaves it open. */
export type SettingValue = string | number | boolean | null | SettingValue[];
/** Of the JSON schema, what a field makes use of. */
export interface SettingSchema {
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
}
export type Setting = Omit<Schemas["SettingInfo"], "value" | "default" | "schema"> & {
  value: SettingValue;
  default: SettingValue;
  schema: SettingSchema;
};

export type Backup = Schemas["BackupView"];
export type BackupState = Backup["state"];
export type BackupUpload = Schemas["UploadView"];
export type Restore = Schemas["RestoreView"];

export type ImportReport = Schemas["ImportReport"];
export type ImportSection = ImportReport["sections"][number];

export type PluginView = Schemas["PluginView"];
export type Health = Schemas["Health"];
