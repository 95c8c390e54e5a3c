/** What was playing is there again after a reload, for the same user, paused where it was. */
import type { Track } from "../api/types";
import { recall, remember } from "../shell/storage";
import type { Player } from "./player";
import type { Queued, Repeat } from "./queue";

const SAVE_AFTER_MS = 400;
const SAVE_POSITION_EVERY_SECONDS = 5;

interface Kept {
  items: Queued[];
  index: number;
  repeat: Repeat;
  natural: string[] | null;
}

interface Sound {
  volume: number;
  isMuted: boolean;
  rate: number;
}

export interface Memory {
  /** Stop, and take up what this user had; nobody has nothing. */
  open(userId: string | null): void;
}

export function keepMemory(player: Player): Memory {
  let userId: string | null = null;
  let saved = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const save = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!userId) return;
    const { items, index, repeat, natural } = player.queue;
    remember(`queue.${userId}`, { items, index, repeat, natural } satisfies Kept);
    savePosition();
    const { volume, muted, playbackRate } = player.audio;
    remember("sound", { volume, isMuted: muted, rate: playbackRate } satisfies Sound);
  };

  const savePosition = (): void => {
    saved = player.position;
    if (userId) remember(`position.${userId}`, saved);
  };

  player.changes.subscribe(() => (timer ??= setTimeout(save, SAVE_AFTER_MS)));
  player.time.subscribe(() => {
    if (Math.abs(player.position - saved) >= SAVE_POSITION_EVERY_SECONDS) savePosition();
  });
  addEventListener("pagehide", save);
  takeUpSound(player);

  return {
    open(id) {
      if (userId && timer) save();
      userId = null;
      takeUpQueue(player, id === null ? null : recall<Kept>(`queue.${id}`), recall<number>(`position.${id}`));
      userId = id;
    },
  };
}

function takeUpQueue(player: Player, kept: Kept | null, position: number | null): void {
  const { queue } = player;
  queue.items = (kept?.items ?? []).filter(isWhole);
  queue.index = Math.min(kept?.index ?? -1, queue.items.length - 1);
  queue.repeat = kept?.repeat ?? "off";
  queue.natural = kept?.natural ?? null;
  player.load({ isToPlay: false, at: position ?? 0 });
}

function takeUpSound(player: Player): void {
  const sound = recall<Sound>("sound");
  if (!sound) return;
  player.audio.volume = sound.volume;
  player.audio.muted = sound.isMuted;
  player.audio.defaultPlaybackRate = sound.rate;
  player.audio.playbackRate = sound.rate;
}

/** An older release may have kept less. */
function isWhole(item: Queued): boolean {
  const track = item.track as Partial<Track> | undefined;
  return typeof item.key === "string" && typeof track?.id === "string" && typeof track.audio_url === "string";
}
