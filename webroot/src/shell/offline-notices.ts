/** Says at once when a change could not be made, and when somebody else had changed the same thing. */
import type { ParkedOp } from "../offline/database";
import { lastSummary, local } from "../offline/start";
import { namesOf, reasonOf, wordsOf } from "../components/parked-words";
import { t } from "./i18n";
import { navigate } from "./router";
import { attempt, toast } from "./toasts";

/** More than that are told of by their number; the Offline page has them all. */
const MOST = 1;

/** Call once. */
export function followNotices(): void {
  lastSummary.subscribe(() => {
    const parked = lastSummary.value?.parked ?? [];
    if (parked.length > 0) void tell(parked);
  });
}

async function tell(parked: readonly ParkedOp[]): Promise<void> {
  const here = local.value;
  if (!here) return;
  if (parked.length > MOST) {
    const run = (): void => navigate("/offline/");
    return toastOf(t("parked.toast", { count: parked.length }), t("parked.show"), run);
  }
  const names = await namesOf(parked.map(({ op }) => op), here.library);
  for (const { id, op, result, undo } of parked) {
    const isOverride = result.status === "applied";
    const text = `${wordsOf(op, names)}. ${reasonOf(result)}`;
    const run = (): void => void attempt(() => here.outbox.undo(id));
    if (undo.length > 0) toastOf(text, t(isOverride ? "parked.useTheirs" : "parked.undo"), run, isOverride);
    else toastOf(text, t("parked.show"), () => navigate("/offline/"));
  }
}

function toastOf(text: string, label: string, run: () => void, isInfo = false): void {
  toast(text, { kind: isInfo ? "info" : "error", action: { label, run } });
}
