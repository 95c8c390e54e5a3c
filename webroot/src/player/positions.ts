/** Where a user is in a track: told to the server while it plays, asked for when a long one begins. */
import { getTrack, putPosition } from "../api/library";
import type { Track } from "../api/types";
import { currentUser } from "../shell/session";
import type { Player } from "./player";

const EVERY_MS = 15_000;
const LONG_SECONDS = 20 * 60;
/** So near to the beginning or the end, starting anew is meant. */
const EDGE_SECONDS = 30;

/** Tell the server every 15 seconds, at each pause, at a change of track, and when the page goes away. */
export function keepPositions(player: Player): void {
  let track: Track | null = null;
  let seconds = 0;
  let told = 0;

  const tell = (isLast = false): void => {
    if (!track || !currentUser() || Math.abs(seconds - told) < 1) return;
    told = seconds;
    putPosition(track.id, Math.round(seconds * 10) / 10, isLast).catch(() => undefined);
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
  addEventListener("pagehide", () => tell(true));
}

/** Where to go on in a long track, or null to begin at its beginning. */
export async function resumePoint(track: Track): Promise<number | null> {
  const duration = track.duration_seconds ?? 0;
  if (duration < LONG_SECONDS) return null;
  const detail = await getTrack(track.id).catch(() => null);
  const seconds = detail?.position_seconds ?? 0;
  return seconds > EDGE_SECONDS && seconds < duration - EDGE_SECONDS ? seconds : null;
}
