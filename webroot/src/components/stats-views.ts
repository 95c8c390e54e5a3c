/** The ways to look at what was counted. */
import type { OfflineStats } from "../api/offline";
import { dayOf } from "../offline/counting";
import type { Counts } from "../offline/wire";
import { formatBytes, formatLength, formatNumber } from "../shell/format";
import { t } from "../shell/i18n";
import type { Bar } from "./stats-plot";

/** So many are asked for, and shown. */
export const DAYS = 30;

export type ViewName = "plays" | "offline" | "saved" | "hits";

interface View {
  series(): string[];
  values(counts: Counts): number[];
  format(value: number): string;
}

export const hitsOf = (counts: Counts): number => counts.audio_hits + counts.artwork_hits + counts.shell_hits;
export const missesOf = (counts: Counts): number => counts.audio_misses + counts.artwork_misses + counts.shell_misses;

export const VIEWS: Readonly<Record<ViewName, View>> = {
  plays: {
    series: () => [t("counts.playsOffline"), t("counts.playsOnline")],
    values: ({ plays, offline_plays }) => [offline_plays, Math.max(0, plays - offline_plays)],
    format: formatNumber,
  },
  offline: { series: () => [t("counts.offline")], values: ({ offline_seconds }) => [offline_seconds], format: formatLength },
  saved: {
    series: () => [t("counts.fromDevice"), t("counts.fromNetwork")],
    values: ({ cache_bytes, network_bytes }) => [cache_bytes, network_bytes],
    format: formatBytes,
  },
  hits: {
    series: () => [t("counts.hit"), t("counts.miss")],
    values: (counts) => [hitsOf(counts), missesOf(counts)],
    format: formatNumber,
  },
};

/** One for each of the last `count` days, also for those without any. */
export function barsOf(days: OfflineStats["days"], count: number, today: Date, values: View["values"]): Bar[] {
  const known = new Map(days.map((day) => [day.day, day]));
  return Array.from({ length: count }, (_, n) => {
    // At noon: the days on which clocks are changed have other lengths.
    const day = dayOf(new Date(today.getFullYear(), today.getMonth(), today.getDate() - (count - 1 - n), 12));
    const counts = known.get(day);
    return { day, values: counts ? values(counts) : values(NONE) };
  });
}

const NONE: Counts = {
  audio_hits: 0,
  audio_misses: 0,
  artwork_hits: 0,
  artwork_misses: 0,
  shell_hits: 0,
  shell_misses: 0,
  errors: 0,
  cache_bytes: 0,
  network_bytes: 0,
  offline_seconds: 0,
  offline_plays: 0,
  plays: 0,
};
