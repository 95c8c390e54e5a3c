/** Ties the player to the page and to everything around it. */
import { currentUser, session } from "../shell/session";
import { connectMediaSession } from "./media-session";
import { keepMemory } from "./memory";
import { player } from "./player";
import { keepPositions } from "./positions";
import { reportTrouble } from "./trouble";

/** Call once, with the session known. */
export function startPlayer(): void {
  player.audio.preload = "metadata";
  player.audio.hidden = true;
  document.body.append(player.audio);
  followElement();
  reportTrouble(player);
  connectMediaSession(player);
  keepPositions(player);
  let user = currentUser()?.id ?? null;
  const memory = keepMemory(player);
  memory.open(user);
  session.subscribe(() => {
    const now = currentUser()?.id ?? null;
    if (now !== user) memory.open((user = now));
  });
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
