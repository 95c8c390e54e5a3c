/** The audit trail in sentences. What a plugin of tomorrow notes is shown as it is. */
import type { AuditEntry, AuditKind } from "../api/types";
import { formatBytes, formatDate } from "../shell/format";
import { t, tryT } from "../shell/i18n";
import type { IconName } from "./icons";

/** In the order of the filter. */
export const KINDS: Readonly<Record<AuditKind, IconName>> = {
  sign_in: "account",
  sign_in_failed: "warning",
  sign_out: "logout",
  session_ended: "logout",
  refused: "warning",
  token_made: "key",
  token_revoked: "key",
  token_moved: "warning",
  password_changed: "key",
  password_reset: "key",
  second_factor_on: "check",
  second_factor_off: "warning",
  recovery_code_used: "key",
  recovery_codes_made: "key",
  registered: "add",
  user_added: "add",
  user_changed: "pencil",
  user_removed: "trash",
  invite_made: "link",
  invite_removed: "link",
  settings_changed: "admin",
  restored: "retry",
};

export function iconOf(kind: string): IconName {
  return kind in KINDS ? KINDS[kind as AuditKind] : "more";
}

/** Who did what to whom. */
export function sentenceOf(entry: AuditEntry): string {
  const { by, detail, kind } = entry;
  const somebody = t("audit.somebody");
  const why = tryT(`error.${detail["code"]}`, detail["code"] ?? "");
  const count = Number(detail["left"] ?? 0);
  const params = { ...detail, count, why, name: entry.username ?? somebody, by: by ?? somebody };
  const isByAnother = by !== null && by !== entry.username;
  const variants = [
    entry.username === null ? `audit.${kind}.nobody` : "",
    kind === "sign_in_failed" ? `audit.${kind}.${detail["wrong"]}` : "",
    "sessions" in detail ? `audit.${kind}.all` : "",
    isByAnother ? `audit.${kind}.by` : "",
    `audit.${kind}`,
  ];
  const found = variants.map((key) => key && tryT(key, "", params)).find((text) => text);
  return found ?? `${kind}: ${params.name}`;
}

/** What else is known, in the order of the server. */
export function detailsOf({ detail }: AuditEntry): string[] {
  return Object.entries(detail).flatMap(([name, value]) => wordsOf(name, value) ?? []);
}

/** What the sentence says already, or what means nothing to a reader, is null. */
function wordsOf(name: string, value: string): string | null {
  if (["code", "wrong", "left", "names", "sessions", "invite"].includes(name)) return null;
  if (name === "device") return value;
  if (name === "tracks" && value.startsWith("to ")) return t("audit.given", { name: value.slice("to ".length) });
  if (name === "until") return t("tokens.until", { date: formatDate(value) });
  if (name === "quota_bytes") return quotaWords(value);
  if (name === "scopes") return value.split(/[ ,]+/).map((scope) => tryT(`tokens.scope.${scope}`, scope)).join(", ");
  return tryT(`audit.detail.${name}.${value}`, "") || tryT(`audit.detail.${name}`, `${name}: ${value}`, { value });
}

function quotaWords(value: string): string {
  const bytes = Number(value);
  return Number.isFinite(bytes) && value !== "" ? t("audit.quota", { size: formatBytes(bytes) }) : t("audit.noQuota");
}
