/** Numbers, sizes, lengths and moments in the user's language. */
import { language, t } from "./i18n";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export function formatNumber(value: number): string {
  return value.toLocaleString(language);
}

/** 3:07 or 1:02:09. */
export function formatClock(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return "–:––";
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** "1 hr 12 min": for totals. */
export function formatLength(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const parts = [unit(Math.floor(minutes / 60), "hour", "short"), unit(minutes % 60, "minute", "short")];
  return minutes >= 60 ? parts.join(" ") : (parts[1] ?? "");
}

/** "40 ms", "3.2 sec", "4 min 5 sec": how long something took. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return unit(Math.round(seconds * 1000), "millisecond", "short");
  if (seconds < 60) return unit(Math.round(seconds * 10) / 10, "second", "short");
  if (seconds >= 3600) return formatLength(seconds);
  return [unit(Math.floor(seconds / 60), "minute", "short"), unit(Math.floor(seconds % 60), "second", "short")].join(" ");
}

/** "1 hour 2 minutes 9 seconds": for ears. */
export function speakClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [
    [Math.floor(whole / 3600), "hour"],
    [Math.floor(whole / 60) % 60, "minute"],
    [whole % 60, "second"],
  ] as const;
  const said = parts.filter(([value, name]) => value > 0 || name === "second");
  return said.map(([value, name]) => unit(value, name, "long")).join(" ");
}

export function formatBytes(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: UNITS[step] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: step < 2 || value >= 100 ? 0 : 1,
  }).format(value);
}

export function formatDate(moment: string | null): string {
  if (!moment) return "";
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(moment));
}

export function formatMoment(moment: string | null): string {
  if (!moment) return "";
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

/** "3 minutes ago", "in 2 hours"; a date where it is more than a month away. */
export function formatAgo(moment: string | null): string {
  if (!moment) return t("time.never");
  const seconds = (Date.parse(moment) - Date.now()) / 1000;
  if (Math.abs(seconds) > 2_592_000) return formatDate(moment);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "long" });
  for (const [name, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), name);
  }
  return t("time.now");
}

/** "Sunday, 22 November 2026". */
export function formatWeekday(moment: Date): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "full" }).format(moment);
}

/** "05:17", of a moment of any day. */
export function formatTime(moment: Date): string {
  return new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(moment);
}

/** "every 6 hours" and the like, for a stored interval. */
export function formatInterval(seconds: number): string {
  for (const [name, size] of STEPS.slice(2)) {
    if (seconds >= size && seconds % size === 0) {
      return unit(seconds / size, name as "day" | "hour" | "minute", "long");
    }
  }
  return unit(seconds, "second", "long");
}

/** How much longer to wait, in words that do not change every second. */
export function formatWait(seconds: number): string {
  if (seconds > 90) return t("wait.minutes", { count: Math.ceil(seconds / 60) });
  if (seconds > 45) return t("wait.minute");
  if (seconds > 15) return t("wait.half");
  return seconds > 0 ? t("wait.moment") : t("wait.over");
}

/** In how many seconds `formatWait` says something else; null when it never does. */
export function nextWait(seconds: number): number | null {
  if (seconds > 120) return seconds % 60 || 60;
  const step = [90, 45, 15, 0].find((edge) => seconds > edge);
  return step === undefined ? null : seconds - step;
}

function unit(value: number, name: "day" | "hour" | "minute" | "second" | "millisecond", display: "long" | "short"): string {
  return new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: display }).format(value);
}
