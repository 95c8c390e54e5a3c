/** Ties the player to the page and to everything around it. */
import { currentUser, endIfOver, session, stayWhile } from "../shell/session";
import { libraryChanges, local } from "../offline/start";
import { isOnline, probe } from "../shell/connection";
import { t } from "../shell/i18n";
import { toast } from "../shell/toasts";
import { connectMediaSession } from "./media-session";
import { keepMemory } from "./memory";
import { player } from "./player";
import { keepPlays } from "./plays";
import { keepPositions } from "./positions";
import { reportTrouble } from "./trouble";

const SILENCE_MS = 1_000;

/** Call once, with the session known. */
export function startPlayer(): void {
  player.audio.preload = "metadata";
  player.audio.hidden = true;
  document.body.append(player.audio);
  followElement();
  reportTrouble(player);
  connectMediaSession(player);
  keepPositions(player);
  keepPlays(player);
  player.strandings.subscribe(() => {
    toast(t(isOnline.value ? "player.lost" : "player.stranded"));
    void probe();
  });
  outliveSession();
  libraryChanges.subscribe(() => void followLibrary().catch(() => undefined));
  let user = currentUser()?.id ?? null;
  const memory = keepMemory(player);
  memory.open(user);
  session.subscribe(() => {
    const now = currentUser()?.id ?? null;
    if (now !== user) memory.open((user = now));
  });
}

/** What is queued is shown as the library has it now: hearts that were set elsewhere, other titles. */
async function followLibrary(): Promise<void> {
  const library = local.value?.library;
  const { items } = player.queue;
  if (!library || items.length === 0) return;
  const tracks = await library.getTracks(items.map((item) => item.track.id));
  for (const { track } of items) Object.assign(track, tracks.get(track.id));
  player.changed();
}

/** What plays from the device does not stop because its user was signed out meanwhile; once it does, they are asked in. */
function outliveSession(): void {
  const { audio } = player;
  const isSounding = (): boolean => !audio.paused && audio.error === null;
  stayWhile(isSounding);
  // Between two tracks it is silent for a moment.
  const look = (): void => void setTimeout(() => isSounding() || endIfOver(), SILENCE_MS);
  for (const event of ["pause", "ended", "error"]) audio.addEventListener(event, look);
}

function followElement(): void {
  const { audio } = player;
  const wait = (isWaiting: boolean) => () => {
    player.isWaiting = isWaiting;
    player.changed();
  };
  audio.addEventListener("timeupdate", () => audio.readyState > 0 && player.time.set(audio.currentTime));
  audio.addEventListener("durationchange", () => player.changed());
  audio.addEventListener("waiting", wait(true));
  audio.addEventListener("playing", wait(false));
  audio.addEventListener("ended", () => {
    if (player.queue.repeat === "one") player.load({ isToPlay: true, at: 0 });
    else player.next();
  });
  // The system may stop or start us: a call, a headset, another tab.
  audio.addEventListener("pause", () => {
    if (player.isPlaying && !audio.ended && audio.readyState > 0) player.pause();
  });
  audio.addEventListener("play", () => {
    if (!player.isPlaying) {
      player.isPlaying = true;
      player.changed();
    }
  });
}
