/** What an op does, in words; and why the server would not do it. */
import type { LocalLibrary } from "../offline/library";
import type { Fields, Op, OpResult } from "../offline/wire";
import { language, t, tryT } from "../shell/i18n";

/** Names of what ops are about, by id. */
export type Names = ReadonlyMap<string, string>;

export async function namesOf(ops: readonly Op[], library: LocalLibrary): Promise<Names> {
  const names = new Map(library.playlists.value.map(({ id, title }) => [id, title]));
  const ids = ops.flatMap((op) => ("track" in op ? [op.track] : "items" in op ? op.items.map((item) => item.track) : []));
  for (const [id, { title }] of await library.getTracks(ids)) names.set(id, title);
  for (const op of ops) {
    if (op.kind === "play") names.set(op.track, op.title);
    if (op.kind === "playlist-create") names.set(op.playlist, op.title);
    if (op.kind === "playlist-patch" && !names.has(op.playlist) && op.was.title) names.set(op.playlist, op.was.title);
  }
  return names;
}

/** "Rename “Morning” to “Evening”". */
export function wordsOf(op: Op, names: Names): string {
  const about = "playlist" in op ? op.playlist : "track" in op ? op.track : "";
  const name = names.get(about) ?? t("op.unnamed");
  if (op.kind === "favorite") return t(op.is_favorite ? "op.favorite" : "op.unfavorite", { name });
  if (op.kind === "items-add") return t("op.items-add", { name, count: op.items.length });
  if (op.kind !== "playlist-patch") return t(`op.${op.kind}`, { name });
  if (op.title === undefined) return t("op.describe", { name });
  return t("op.rename", { name: op.was.title ?? name, title: op.title });
}

/** Why it was not done, or what somebody else had put there. */
export function reasonOf({ status, code, detail, theirs }: OpResult): string {
  if (status === "applied" && theirs) return t("parked.theirs", { value: valueOf(theirs) });
  if (status === "gone") return t("parked.gone");
  return tryT(`op.code.${code}`, tryT(`error.${code}`, (language === "en" && detail) || t("parked.rejected")));
}

export const valueOf = ({ title, description }: Fields): string => title ?? description ?? "";
