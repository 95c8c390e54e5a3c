/** Backups in words. The server's own sentence stands beside them, where something is wrong. */
import type { Backup, BackupState } from "../api/types";
import { formatAgo, formatBytes, formatMoment } from "../shell/format";
import { t } from "../shell/i18n";

export const LOOKS: Readonly<Record<BackupState, string>> = {
  running: "accent",
  verified: "good",
  unverified: "",
  damaged: "bad",
  failed: "bad",
};

export function nameOf({ made_at }: Backup): string {
  return formatMoment(made_at);
}

/** What it holds, of which version, and when that was tried out. */
export function factsOf({ app_version, media, size_bytes, state, verified_at }: Backup): string {
  const parts = [];
  if (state !== "failed" && size_bytes > 0) parts.push(formatBytes(size_bytes));
  if (media && media.count > 0) parts.push(t(`backups.media.${media.kind}`, { count: media.count, size: formatBytes(media.size_bytes) }));
  if (app_version) parts.push(`SoundWave ${app_version}`);
  if (verified_at) parts.push(t("backups.tested", { when: formatAgo(verified_at) }));
  return parts.join(" · ");
}

/** Only of these is there something to fetch, to test and to go back to. */
export function isWhole({ state }: Backup): boolean {
  return state === "verified" || state === "unverified" || state === "damaged";
}
