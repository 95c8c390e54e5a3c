/** What can be done with a playlist that this device keeps. */
import type { OfflinePlaylist } from "../offline/database";
import { type Local, local } from "../offline/start";
import { isOnline, probe } from "../shell/connection";
import { formatBytes } from "../shell/format";
import { t } from "../shell/i18n";
import { attempt, toast } from "../shell/toasts";
import type { MenuAction } from "./action-menu";
import { confirm } from "./confirm-dialog";

/** Keep it whole, from now on and whatever becomes of it. Where it does not fit, say so before anything is fetched. */
export async function keep(id: string, title: string): Promise<void> {
  await withKeeper(async (keeper) => {
    const forecast = await keeper.forecast(id).catch(() => null);
    if (forecast && !forecast.doesFit && forecast.freed.length === 0) await tellShort({ id, title, urls: null });
    else await keeper.want(id, { title, urls: null });
  });
}

/** Look for what is new of all that is kept. The lists tell what is on its way or in the way; this tells where they would not. */
export async function update(): Promise<void> {
  const isDone = await withKeeper((keeper) => Promise.all([keeper.reconcile("wish"), probe()]));
  if (!isDone || !local.value) return;
  const states = (await local.value.db.getAll("offline")).map(({ state }) => state);
  if (!isOnline.value) toast(t("keep.updateAway"), { kind: "error" });
  else if (states.includes("paused")) toast(t("keep.updatePaused"));
  else if (states.every((state) => state === "ready")) toast(t("keep.updated"));
}

/** What a menu offers in the state that it is in. */
export function actionsOf(kept: OfflinePlaylist): (MenuAction | null)[] {
  const { id, state, is_pinned, ready_at } = kept;
  const isMoving = state === "fetching" || state === "waiting" || state === "offline";
  const again = (): void => void withKeeper((keeper) => keeper.resume(id));
  return [
    state === "short" ? { label: t("keep.why"), icon: "warning", run: () => void tellShort(kept) } : null,
    state === "ready"
      ? { label: t("keep.update"), icon: "retry", run: () => void update() }
      : null,
    isMoving ? { label: t("keep.pause"), icon: "pause", run: () => void withKeeper((keeper) => keeper.pause(id)) } : null,
    state === "paused" ? { label: t("keep.resume"), icon: "download", run: again } : null,
    state === "failed" || state === "short" ? { label: t("keep.retry"), icon: "retry", run: again } : null,
    kept.urls === null ? null : { label: t("keep.whole"), icon: "keep", run: () => void keep(id, kept.title) },
    {
      label: t(is_pinned ? "keep.unpin" : "keep.pin"),
      icon: "pin",
      run: () => void withKeeper((keeper) => keeper.pin(id, !is_pinned)),
    },
    // Until it was whole once there is nothing to remove but the wish.
    ready_at !== null
      ? { label: t("keep.remove"), icon: "trash", isDanger: true, run: () => void remove(kept) }
      : { label: t("keep.cancel"), icon: "close", isDanger: true, run: () => void withKeeper((keeper) => keeper.cancel(id)) },
  ];
}

/** No longer on this device; the playlist itself stays. */
export async function remove({ id, title, stored_bytes }: OfflinePlaylist): Promise<void> {
  const isSure = await confirm({
    title: t("keep.removeTitle", { title }),
    text: t("keep.removeText", { size: formatBytes(stored_bytes) }),
    action: t("keep.remove"),
    isDanger: true,
  });
  if (isSure && (await withKeeper((keeper) => keeper.unwant(id)))) toast(t("keep.removed", { title }));
}

/** Why it does not fit, and what would. */
export async function tellShort(kept: Pick<OfflinePlaylist, "id" | "title" | "urls">): Promise<void> {
  const { showShort } = await import("./offline-short");
  await showShort(kept);
}

/** Why nothing can be kept over plain http. */
export async function explainPlain(): Promise<void> {
  const { showPlain } = await import("./offline-plain");
  await showPlain();
}

async function withKeeper(work: (keeper: Local["keeper"]) => Promise<unknown>): Promise<boolean> {
  return attempt(async () => local.value && work(local.value.keeper));
}
