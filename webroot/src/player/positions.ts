/** Where a user is in a track: written down while it plays, looked up when a long one begins. */
import { getTrack } from "../api/library";
import type { Track } from "../api/types";
import { local } from "../offline/start";
import { setPosition } from "../shell/changes";
import { currentUser } from "../shell/session";
import type { Player } from "./player";

const EVERY_MS = 15_000;
const LONG_SECONDS = 20 * 60;
/** So near to the beginning or the end, starting anew is meant. */
const EDGE_SECONDS = 30;
/** What moved by less since it was told is not told again. */
const STEP_SECONDS = 1;

/** Every 15 seconds, at each pause, at a change of track, and when nobody looks any more or the page goes away. */
export function keepPositions(player: Player): void {
  let track: Track | null = null;
  let seconds = 0;
  let told = 0;

  const tell = (isLast = false): void => {
    if (!track || !currentUser() || Math.abs(seconds - told) < STEP_SECONDS) return;
    told = seconds;
    setPosition(track.id, Math.round(seconds * 10) / 10, isLast).catch(() => undefined);
  };

  player.time.subscribe(() => {
    if (player.current === track) seconds = player.position;
  });
  player.changes.subscribe(() => {
    if (player.current !== track) {
      tell();
      track = player.current;
      seconds = told = player.position;
    } else if (!player.isPlaying) {
      tell();
    }
  });
  setInterval(() => player.isPlaying && tell(), EVERY_MS);
  document.addEventListener("visibilitychange", () => document.hidden && tell());
  addEventListener("pagehide", () => tell(true));
}

/** Where to go on in a long track, or null to begin at its beginning. */
export async function resumePoint(track: Track): Promise<number | null> {
  const duration = track.duration_seconds ?? 0;
  if (duration < LONG_SECONDS) return null;
  const seconds = (await positionOf(track)) ?? 0;
  return seconds > EDGE_SECONDS && seconds < duration - EDGE_SECONDS ? seconds : null;
}

async function positionOf(track: Track): Promise<number | null> {
  const library = local.value?.library;
  if (library?.isHydrated.value) return library.positionOf(track.id);
  return (await getTrack(track.id).catch(() => null))?.position_seconds ?? null;
}
