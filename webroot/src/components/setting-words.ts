/** Settings in words. The server speaks English; other catalogues have its words under `setting.NAME`. */
import type { Setting, SettingValue } from "../api/types";
import { formatBytes, formatInterval, formatNumber } from "../shell/format";
import { language, t, tryT } from "../shell/i18n";

export function wordsOf(setting: Setting): string {
  return tryT(`setting.${setting.name}`, setting.description);
}

/** By plugin: what stands before the dot. The core's have none. */
export function groupOf(setting: Setting): string {
  return setting.name.includes(".") ? (setting.name.split(".")[0] ?? "") : "core";
}

/** What it takes. The server says it in English, and more exactly than other catalogues can. */
export function allowedOf({ allowed, schema, type }: Setting): string {
  if (language === "en" && type !== "boolean") return allowed;
  const { minimum, maximum } = schema;
  if (schema.enum) return t("settings.oneOf", { values: schema.enum.join(", ") });
  const kind = tryT(`settings.type.${type}`, type);
  return minimum !== undefined && maximum !== undefined ? t("settings.range", { kind, minimum, maximum }) : kind;
}

/** One of its choices. */
export function choiceOf({ name }: Setting, choice: string): string {
  return tryT(`setting.${name}.${choice}`, choice);
}

/** As it is written into the field: lists with commas. */
export function textOf(value: SettingValue): string {
  if (value === null) return "";
  return Array.isArray(value) ? value.map(textOf).join(", ") : String(value);
}

/** As it is read: sizes and intervals, whose names end in their unit, also in larger ones. */
export function shown(setting: Setting, value: SettingValue): string {
  const { name } = setting;
  if (typeof value === "boolean") return t(value ? "settings.yes" : "settings.no");
  if (typeof value === "string" && setting.schema.enum) return choiceOf(setting, value);
  if (typeof value !== "number") return textOf(value) || t("settings.nothing");
  if (name.endsWith("_bytes") && value >= 1_000) return `${formatNumber(value)} (${formatBytes(value)})`;
  if (name.endsWith("_seconds") && value >= 60) return `${formatNumber(value)} (${formatInterval(value)})`;
  return formatNumber(value);
}

/** Why it cannot be changed here. */
export function reasonOf({ source, variable }: Setting): string {
  if (source === "environment") return t("settings.fixed.environment", { variable });
  if (source === "options_file") return t("settings.fixed.options");
  return t("settings.fixed.start", { variable });
}
