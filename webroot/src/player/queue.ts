/** What is to be played, in order. Knows nothing of sound, but that a track without a file makes none. */
import { newId } from "../api/ids";
import type { Track } from "../api/types";

export interface Queued {
  key: string;
  track: Track;
}

export const REPEATS = ["off", "all", "one"] as const;
export type Repeat = (typeof REPEATS)[number];

/** More than anyone hears in a week; keeps what is stored in the browser small. */
export const MOST_ITEMS = 1_000;

export class Queue {
  items: Queued[] = [];
  index = -1;
  repeat: Repeat = "off";
  /** The keys in their own order, while they are shuffled. */
  natural: string[] | null = null;

  get current(): Queued | null {
    return this.items[this.index] ?? null;
  }

  get isShuffled(): boolean {
    return this.natural !== null;
  }

  /** `hasFile`: whether a track can ever be played; others are left out. */
  constructor(private readonly hasFile: (track: Track) => boolean) {}

  /** Everything anew, beginning at `index`; where that one has no file, at the next that has. */
  replace(all: readonly Track[], wanted: number): void {
    const tracks = all.filter(this.hasFile);
    const index = Math.min(all.slice(0, wanted).filter(this.hasFile).length, tracks.length - 1);
    const first = Math.max(0, Math.min(index - MOST_ITEMS / 2, tracks.length - MOST_ITEMS));
    const wasShuffled = this.isShuffled;
    this.items = tracks.slice(first, first + MOST_ITEMS).map(queued);
    this.index = this.items.length > 0 ? index - first : -1;
    this.natural = null;
    if (wasShuffled) this.shuffle();
  }

  insertNext(tracks: readonly Track[]): void {
    this.#insert(this.index + 1, tracks);
  }

  append(tracks: readonly Track[]): void {
    this.#insert(this.items.length, tracks);
  }

  remove(key: string): void {
    const at = this.#indexOf(key);
    if (at < 0) return;
    this.items.splice(at, 1);
    this.natural = this.natural?.filter((one) => one !== key) ?? null;
    if (at < this.index || this.index >= this.items.length) this.index -= 1;
  }

  move(key: string, steps: number): void {
    const from = this.#indexOf(key);
    const to = from + steps;
    const item = this.items[from];
    if (!item || to < 0 || to >= this.items.length) return;
    const playing = this.current;
    this.items.splice(from, 1);
    this.items.splice(to, 0, item);
    this.index = playing ? this.items.indexOf(playing) : -1;
  }

  clearUpcoming(): void {
    this.items = this.items.slice(0, this.index + 1);
    this.natural = this.natural?.filter((key) => this.#indexOf(key) >= 0) ?? null;
  }

  jump(key: string): boolean {
    const at = this.#indexOf(key);
    if (at >= 0) this.index = at;
    return at >= 0;
  }

  /** One step on. False at the end, where the queue is not repeated. */
  next(): boolean {
    if (this.index + 1 < this.items.length) this.index += 1;
    else if (this.repeat === "off" || this.items.length === 0) return false;
    else this.index = 0;
    return true;
  }

  previous(): boolean {
    if (this.index > 0) this.index -= 1;
    else if (this.repeat === "all" && this.items.length > 0) this.index = this.items.length - 1;
    else return false;
    return true;
  }

  /** The current one first, the rest in any order. */
  shuffle(): void {
    this.natural = this.items.map((item) => item.key);
    const { current } = this;
    const rest = this.items.filter((item) => item !== current);
    for (let at = rest.length - 1; at > 0; at--) {
      const other = Math.floor(Math.random() * (at + 1));
      [rest[at], rest[other]] = [rest[other] as Queued, rest[at] as Queued];
    }
    this.items = current ? [current, ...rest] : rest;
    this.index = current ? 0 : -1;
  }

  unshuffle(): void {
    const { current, natural } = this;
    if (!natural) return;
    const rank = new Map(natural.map((key, place) => [key, place]));
    this.items.sort((a, b) => (rank.get(a.key) ?? Infinity) - (rank.get(b.key) ?? Infinity));
    this.index = current ? this.items.indexOf(current) : -1;
    this.natural = null;
  }

  #insert(at: number, tracks: readonly Track[]): void {
    const room = Math.max(0, MOST_ITEMS - this.items.length);
    const added = tracks.filter(this.hasFile).slice(0, room).map(queued);
    this.items.splice(at, 0, ...added);
    this.natural?.push(...added.map((item) => item.key));
    if (this.index < 0 && this.items.length > 0) this.index = 0;
  }

  #indexOf(key: string): number {
    return this.items.findIndex((item) => item.key === key);
  }
}

function queued(track: Track): Queued {
  return { key: newId(), track };
}
