/** Jobs in words. The server speaks English; other catalogues have its words under `job.ID`. */
import type { Run, Task } from "../api/types";
import { formatAgo, formatDuration, formatInterval, formatTime } from "../shell/format";
import { language, t, tryT } from "../shell/i18n";

const SECONDS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400 };
const SOON_MS = 60_000;
const EVERY = /^every (?:(\d+) )?(second|minute|hour|day)s?$/;
const HOURLY = /^(\d+) \* \* \* \*$/;
const DAILY = /^(\d+) (\d+) \* \* \*$/;

export function nameOf(task: Task): string {
  return tryT(`job.${task.id}`, task.description).replace(/\.$/, "");
}

/** The server's times are UTC, the reader's are those of the browser. */
export function scheduleOf({ schedule }: Task): string {
  const [every, count, unit] = EVERY.exec(schedule) ?? [];
  if (every && unit) {
    return language === "en" ? every : t("jobs.every", { interval: formatInterval(Number(count ?? 1) * (SECONDS[unit] ?? 1)) });
  }
  const [hourly, at] = HOURLY.exec(schedule) ?? [];
  if (hourly) return t("jobs.hourly", { minute: String(at) });
  const [daily, minute, hour] = DAILY.exec(schedule) ?? [];
  if (!daily) return t("jobs.cron", { cron: schedule });
  const moment = new Date();
  moment.setUTCHours(Number(hour), Number(minute));
  return t("jobs.daily", { time: formatTime(moment) });
}

export function lastOf({ last_run }: Task): string {
  if (!last_run) return t("jobs.neverRan");
  if (last_run.state === "running") return t("jobs.began", { when: formatAgo(last_run.started_at) });
  return t("jobs.took", { when: formatAgo(last_run.ended_at), duration: tookOf(last_run) });
}

export function nextOf({ is_paused, next_run_at }: Task): string {
  if (is_paused) return t("jobs.whenResumed");
  if (!next_run_at) return t("time.never");
  return Date.parse(next_run_at) - Date.now() < SOON_MS ? t("jobs.soon") : formatAgo(next_run_at);
}

/** Empty while it runs. */
export function tookOf({ duration_seconds }: Run): string {
  return duration_seconds === null ? "" : formatDuration(duration_seconds);
}
