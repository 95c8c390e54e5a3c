/** What was really heard: the rule of scrobblers, half of a track or four minutes, whichever comes first, once a start. */
import type { Track } from "../api/types";
import { countListening } from "../offline/counting";
import { recordPlay } from "../shell/changes";
import { isOnline } from "../shell/connection";
import { currentUser } from "../shell/session";
import { recall, remember } from "../shell/storage";
import type { Player } from "./player";

/** https://www.last.fm/api/scrobbling: half its duration, or four minutes. */
const ENOUGH_SECONDS = 240;
const SAVE_EVERY_SECONDS = 5;
/** Between two looks at a sounding element no more than this can pass unseen beyond the clock's time. */
const SLACK_SECONDS = 1;

/** One start of a track, as far as it was heard; a reload goes on with it. */
interface Hearing {
  /** Of the item in the queue. */
  key: string;
  seconds: number;
  isTold: boolean;
}

/** Call once. */
export function keepPlays(player: Player): void {
  const { audio } = player;
  let hearing: Hearing = { key: "", seconds: 0, isTold: true };
  let seen: { at: number; moment: number } | null = null;
  let saved = 0;
  let uncounted = 0;

  const save = (): void => {
    const user = currentUser();
    // What was heard before a reload is not forgotten by what has yet to begin.
    if (user && hearing.key !== "") remember(`hearing.${user.id}`, hearing);
    saved = hearing.seconds;
    countListening(uncounted, !isOnline.value);
    uncounted = 0;
  };

  const begin = (): void => {
    save();
    const key = player.queue.current?.key ?? "";
    const kept = recall<Hearing>(`hearing.${currentUser()?.id ?? ""}`);
    const isResumed = hearing.key === "" && kept?.key === key && player.position > 0;
    hearing = isResumed ? kept : { key, seconds: 0, isTold: false };
    saved = hearing.seconds;
    seen = null;
  };

  /** What sounded since the last look; a seek is no hearing. */
  const look = (): void => {
    const now = { at: audio.currentTime, moment: performance.now() };
    const heard = seen ? now.at - seen.at : 0;
    const most = seen ? ((now.moment - seen.moment) / 1000) * audio.playbackRate + SLACK_SECONDS : 0;
    seen = audio.seeking ? null : now;
    if (heard <= 0 || heard > most) return;
    hearing.seconds += heard;
    uncounted += heard / audio.playbackRate;
    if (!hearing.isTold && isEnough(hearing.seconds, player.duration)) tell(player.current);
    if (hearing.seconds - saved >= SAVE_EVERY_SECONDS) save();
  };

  const tell = (track: Track | null): void => {
    if (!track || !currentUser()) return;
    hearing.isTold = true;
    save();
    // A device that is full: playing goes on all the same.
    recordPlay(track, Math.round(hearing.seconds)).catch((error: unknown) => console.warn("a play is lost:", error));
  };

  player.starts.subscribe(begin);
  for (const name of ["timeupdate", "pause", "ended"]) audio.addEventListener(name, look);
  for (const name of ["seeking", "emptied"]) audio.addEventListener(name, () => (seen = null));
  addEventListener("pagehide", save);
}

export function isEnough(heardSeconds: number, durationSeconds: number): boolean {
  return heardSeconds >= (durationSeconds > 0 ? Math.min(durationSeconds / 2, ENOUGH_SECONDS) : ENOUGH_SECONDS);
}
