/** A track that cannot be played is named, and the next one tried: but not the whole queue in one breath. */
import { getTrack } from "../api/library";
import { ApiError } from "../api/errors";
import type { Track } from "../api/types";
import { kept, local } from "../offline/start";
import { isOnline, probe } from "../shell/connection";
import { explain, t } from "../shell/i18n";
import { toast } from "../shell/toasts";
import type { Player } from "./player";

const MOST_IN_A_ROW = 3;
const SKIP_AFTER_MS = 1_500;

export function reportTrouble(player: Player): void {
  let inARow = 0;
  player.audio.addEventListener("playing", () => (inARow = 0));
  player.audio.addEventListener("error", () => {
    const track = player.current;
    if (!track || !player.audio.hasAttribute("src")) return;
    const wasPlaying = player.isPlaying;
    inARow += 1;
    void reasonOf(track, player.audio.error).then((reason) => {
      if (player.current !== track) return;
      if (!wasPlaying) return;
      toast(t("player.cannotPlay", { title: track.title, reason }), { kind: "error" });
      if (inARow < MOST_IN_A_ROW && player.queue.items.length > 1) {
        setTimeout(() => player.current === track && player.next(), SKIP_AFTER_MS);
      } else {
        player.pause();
      }
    });
  });
}

/** The element says little; the server says more. */
async function reasonOf(track: Track, error: MediaError | null): Promise<string> {
  const isHere = kept.value.has(track.id);
  const isDamaged = isHere && (await local.value?.keeper.verify(track.audio_url)) === false;
  if (isDamaged) return t("player.broken");
  await probe();
  if (!isOnline.value) return t(isHere ? "player.unplayable" : "player.notHere");
  try {
    if ((await getTrack(track.id)).is_missing) return t("player.noFile");
  } catch (refusal) {
    if (refusal instanceof ApiError && refusal.status === 404) return t("player.gone");
    return explain(refusal);
  }
  const isCut = error?.code === MediaError.MEDIA_ERR_NETWORK;
  return isCut ? t("player.cut") : t("player.unplayable");
}
