/** The player: one queue, one audio element, and what the rest of the app may ask of them. */
import type { Track } from "../api/types";
import { Store } from "../shell/store";
import { resumePoint } from "./positions";
import { Queue, type Queued, REPEATS } from "./queue";

/** "Previous" restarts a track that has been heard for longer than this. */
const RESTART_AFTER_SECONDS = 3;

export class Player {
  /** Anything but the position has changed. */
  readonly changes = new Store({});
  /** The position has changed. */
  readonly time = new Store(0);
  readonly audio = document.createElement("audio");
  readonly queue = new Queue();
  /** Wants to sound, though it may be waiting for data. */
  isPlaying = false;
  isWaiting = false;

  get current(): Track | null {
    return this.queue.current?.track ?? null;
  }

  get position(): number {
    return this.time.value;
  }

  get duration(): number {
    const { duration } = this.audio;
    return Number.isFinite(duration) ? duration : (this.current?.duration_seconds ?? 0);
  }

  playList(tracks: readonly Track[], index = 0): void {
    if (tracks.every((track) => track.is_missing)) return;
    this.queue.replace(tracks, index);
    this.load({ isToPlay: true });
  }

  playNext(tracks: readonly Track[]): void {
    this.#enqueue(() => this.queue.insertNext(tracks));
  }

  append(tracks: readonly Track[]): void {
    this.#enqueue(() => this.queue.append(tracks));
  }

  jump(item: Queued): void {
    if (this.queue.jump(item.key)) this.load({ isToPlay: true });
  }

  remove(item: Queued): void {
    const wasCurrent = this.queue.current === item;
    this.queue.remove(item.key);
    if (wasCurrent) this.load({ isToPlay: this.isPlaying });
    this.changed();
  }

  move(item: Queued, steps: number): void {
    this.queue.move(item.key, steps);
    this.changed();
  }

  clearUpcoming(): void {
    this.queue.clearUpcoming();
    this.changed();
  }

  toggle(): void {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  play(): void {
    if (!this.current) return;
    this.isPlaying = true;
    this.changed();
    this.audio.play().catch((error: unknown) => {
      // The browser wants a click first; being interrupted by the next load is no news.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.pause();
    });
  }

  pause(): void {
    this.isPlaying = false;
    this.audio.pause();
    this.changed();
  }

  next(): void {
    if (this.queue.next()) this.load({ isToPlay: true });
    else this.finish();
  }

  previous(): void {
    if (this.position > RESTART_AFTER_SECONDS || !this.queue.previous()) this.seek(0);
    else this.load({ isToPlay: this.isPlaying });
  }

  seek(seconds: number): void {
    const target = Math.max(0, Math.min(seconds, this.duration || seconds));
    this.audio.currentTime = target;
    this.time.set(target);
  }

  seekBy(seconds: number): void {
    this.seek(this.position + seconds);
  }

  setVolume(volume: number): void {
    this.audio.volume = Math.max(0, Math.min(1, volume));
    this.audio.muted = false;
    this.changed();
  }

  toggleMute(): void {
    this.audio.muted = !this.audio.muted;
    this.changed();
  }

  setRate(rate: number): void {
    this.audio.defaultPlaybackRate = rate;
    this.audio.playbackRate = rate;
    this.changed();
  }

  toggleShuffle(): void {
    if (this.queue.isShuffled) this.queue.unshuffle();
    else this.queue.shuffle();
    this.changed();
  }

  cycleRepeat(): void {
    const at = REPEATS.indexOf(this.queue.repeat);
    this.queue.repeat = REPEATS[(at + 1) % REPEATS.length] ?? "off";
    this.changed();
  }

  /** Put the current track into the element; `at` is where to begin, else where the user left a long one. */
  load({ isToPlay, at }: { isToPlay: boolean; at?: number }): void {
    const track = this.current;
    if (!track) return this.stop();
    this.audio.src = new URL(track.audio_url, document.baseURI).href;
    this.time.set(at ?? 0);
    if (at) this.audio.currentTime = at;
    if (isToPlay) this.play();
    else this.pause();
    if (at === undefined) void this.#resume(track);
  }

  /** Nothing is left to play: stand still at the beginning of the last track. */
  finish(): void {
    this.pause();
    this.seek(0);
  }

  stop(): void {
    this.isPlaying = false;
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
    this.time.set(0);
    this.changed();
  }

  changed(): void {
    this.changes.set({});
  }

  #enqueue(insert: () => void): void {
    const wasEmpty = !this.current;
    insert();
    if (wasEmpty) this.load({ isToPlay: false, at: 0 });
    this.changed();
  }

  async #resume(track: Track): Promise<void> {
    const seconds = await resumePoint(track);
    const isUntouched = this.current === track && this.position < 10;
    if (seconds !== null && isUntouched) this.seek(seconds);
  }
}

export const player = new Player();
