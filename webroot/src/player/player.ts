/** The player: one queue, one audio element, and what the rest of the app may ask of them. */
import type { Track } from "../api/types";
import { Store } from "../shell/store";
import { resumePoint } from "./positions";
import { obstacle } from "./reach";
import { Queue, type Queued, REPEATS } from "./queue";

/** "Previous" restarts a track that has been heard for longer than this. */
const RESTART_AFTER_SECONDS = 3;

export class Player {
  /** Anything but the position has changed. */
  readonly changes = new Store({});
  /** The position has changed. */
  readonly time = new Store(0);
  /** A track was put in, to be heard from where it begins or where it was left. */
  readonly starts = new Store({});
  /** Nothing of what is next can be heard now. */
  readonly strandings = new Store({});
  readonly audio = document.createElement("audio");
  readonly queue = new Queue((track) => obstacle(track) !== "missing");
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

  /** Everything anew, from the one at `index`, or the next after it that can be heard now; where there is none, nothing. */
  playList(tracks: readonly Track[], index = 0): void {
    const { isShuffled, repeat } = this.queue;
    const ahead = isShuffled || repeat !== "off" ? tracks : tracks.slice(index);
    if (!ahead.some((track) => obstacle(track) === null)) return this.#strand();
    this.queue.replace(tracks, index);
    if (this.#isHeard() || this.#step(() => this.queue.next())) return this.load({ isToPlay: true });
    this.load({ isToPlay: false });
    this.#strand();
  }

  playNext(tracks: readonly Track[]): void {
    this.#enqueue(() => this.queue.insertNext(tracks));
  }

  append(tracks: readonly Track[]): void {
    this.#enqueue(() => this.queue.append(tracks));
  }

  jump(item: Queued): void {
    if (obstacle(item.track) !== null) this.#strand();
    else if (this.queue.jump(item.key)) this.load({ isToPlay: true });
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
    if (!this.#isHeard()) return this.#strand();
    if (this.audio.error) this.#reload();
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
    // To the moment: the element tells where it is a few times a second, on a busy device less often.
    if (this.audio.readyState > 0) this.time.set(this.audio.currentTime);
    this.changed();
  }

  next(): void {
    if (this.#step(() => this.queue.next())) return this.load({ isToPlay: true });
    const { index, items, repeat } = this.queue;
    if (index + 1 < items.length || repeat !== "off") this.#strand();
    this.finish();
  }

  previous(): void {
    if (this.position > RESTART_AFTER_SECONDS || !this.#step(() => this.queue.previous())) this.seek(0);
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
    this.starts.set({});
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

  /** On to a track that can be heard now; false, and nowhere else than before, where there is none on that side. */
  #step(step: () => boolean): boolean {
    const { index } = this.queue;
    for (let n = this.queue.items.length; n > 0 && step(); n--) if (this.#isHeard()) return true;
    this.queue.index = index;
    return false;
  }

  #isHeard(): boolean {
    return this.current !== null && obstacle(this.current) === null;
  }

  /** What sounds goes on. */
  #strand(): void {
    this.isPlaying = !this.audio.paused;
    this.strandings.set({});
    this.changed();
  }

  /** An element that gave up begins anew, where it was. */
  #reload(): void {
    const at = this.position;
    this.audio.load();
    if (at > 0) this.audio.currentTime = at;
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
