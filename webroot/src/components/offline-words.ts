/** How far keeping a playlist is, in words. */
import type { OfflinePlaylist } from "../offline/database";
import type { Local } from "../offline/start";
import { formatBytes, formatNumber } from "../shell/format";
import type { Progress } from "../shell/local-reading";
import { t, tryT } from "../shell/i18n";

/** By the name that its playlist has by now. */
export function named(kept: OfflinePlaylist, { library }: Local): OfflinePlaylist {
  const playlist = library.playlists.value.find(({ id }) => id === kept.id);
  return playlist ? { ...kept, title: playlist.title } : kept;
}

/** Between 0 and 1; by bytes, for tracks differ in size. Null where nobody knows yet. */
export function partOf({ size_bytes, stored_bytes }: OfflinePlaylist): number | null {
  return size_bytes > 0 ? Math.min(1, stored_bytes / size_bytes) : null;
}

/** As far as it is by now; the same where the message is of another playlist. */
export function moved(playlist: OfflinePlaylist, { playlist: id, storedBytes, storedItems }: Progress): OfflinePlaylist {
  return playlist.id === id ? { ...playlist, stored_bytes: storedBytes, stored_items: storedItems } : playlist;
}

/** How many tracks it has: also those that are not wished for, and those without a file. */
function wholeOf({ manifest, items }: OfflinePlaylist): number {
  if (manifest === null) return items;
  const tracks = manifest.entries.filter(({ kind }) => kind === "audio").map(({ track }) => track);
  return new Set([...tracks, ...manifest.missing, ...manifest.unread]).size;
}

/** "Keeping, 43 %", "On this device", "2 of 20 on this device", "Paused at 12 %". */
export function stateOf(playlist: OfflinePlaylist): string {
  const { state, stored_items } = playlist;
  const whole = wholeOf(playlist);
  if (state === "ready" && stored_items < whole) return t("keep.part", { done: stored_items, count: whole });
  const part = partOf(playlist);
  const percent = `${formatNumber(Math.floor((part ?? 0) * 100))} %`;
  if (state === "fetching" && part !== null) return t("keep.fetching", { percent });
  if (state === "paused") return t("keep.paused", { percent });
  if (state === "fetching") return t("keep.waiting");
  return t(`keep.${state}`);
}

/** "4 of 20 · 31 MB of 182 MB", or just the size where all is here; empty where nobody knows yet. */
export function sizeOf(playlist: OfflinePlaylist): string {
  const { items, stored_items, size_bytes, stored_bytes, state, manifest } = playlist;
  if (manifest === null) return "";
  // What is here only in part says so itself.
  if (state === "ready" && stored_items < wholeOf(playlist)) return formatBytes(size_bytes);
  if (state === "ready") return `${t("library.count", { count: items })} · ${formatBytes(size_bytes)}`;
  const done = t("keep.items", { done: stored_items, count: items });
  return size_bytes > 0 ? `${done} · ${t("quota.used", { used: formatBytes(stored_bytes), quota: formatBytes(size_bytes) })}` : done;
}

/** Why it is not going on, or what is not here although it is ready; empty where there is nothing to say. */
export function reasonOf({ state, reason, manifest }: OfflinePlaylist): string {
  if (state === "short") return t("keep.shortText");
  if (state === "offline") return t("keep.offlineText");
  const missing = manifest?.missing.length ?? 0;
  if (state === "ready") return missing > 0 ? t("keep.reason.missing", { count: missing }) : "";
  return reason ? tryT(`keep.reason.${reason}`, t("keep.reason.http"), { count: missing }) : "";
}
