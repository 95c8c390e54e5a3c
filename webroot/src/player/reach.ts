/** What can be heard now: what is on this device always, everything else while the server is there. */
import type { Track } from "../api/types";
import { kept } from "../offline/start";
import { isOnline } from "../shell/connection";
import { t } from "../shell/i18n";

/** missing: the server has lost its file. away: it is there, and not here. */
export type Obstacle = "missing" | "away";

/** Changes with `isOnline` and `kept`. */
export function obstacle(track: Pick<Track, "id" | "is_missing">): Obstacle | null {
  if (kept.value.has(track.id)) return null;
  if (track.is_missing) return "missing";
  return isOnline.value ? null : "away";
}

/** Why, as a sentence. */
export function explainObstacle(why: Obstacle): string {
  return why === "missing" ? t("player.noFile") : t("player.notHere");
}
