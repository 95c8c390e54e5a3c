/**
 * A list of tracks that is loaded part by part, as it is scrolled: from the server, whose search knows everything, or from
 * what is on this device where the server does not answer soon.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";

import { ApiError, isAbort } from "../api/errors";
import { listTracks } from "../api/library";
import type { Track, TrackQuery } from "../api/types";
import type { LocalLibrary, LocalList } from "../offline/library";
import type { Wish } from "../offline/search";
import { libraryChanges, openLibrary } from "../offline/start";
import { isOnline } from "../shell/connection";
import { toastError } from "../shell/toasts";
import { removals } from "./track-actions";
import type { Line } from "./track-list";

const PART = 100;
/** Longer than this nobody waits for a list that the device has as well. */
const PATIENCE_MS = 2_500;

/** `isKept`: only what can be heard without the server. */
export interface ListWish extends Wish {
  channelId?: string | undefined;
  isKept: boolean;
}

export class TrackPager implements ReactiveController {
  /** Null until the first part is there. */
  lines: readonly Line[] | null = null;
  total = 0;
  error: unknown = null;
  isLoading = false;
  /** What is on this device, and not the server's own list. */
  isLocal = false;
  #wish: ListWish = { ordering: "-added_at", isKept: false };
  #next: string | null = null;
  #list: LocalList | null = null;
  #abort = new AbortController();
  #ends: (() => void)[] = [];

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#ends = [
      removals.subscribe(() => this.#drop(removals.value)),
      isOnline.subscribe(() => isOnline.value && this.isLocal && void this.start(this.#wish)),
      libraryChanges.subscribe(() => this.isLocal && void this.#renew()),
    ];
  }

  hostDisconnected(): void {
    for (const end of this.#ends) end();
    this.#abort.abort();
  }

  /** Begin anew; what was shown stays until the answer is there. */
  async start(wish: ListWish): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#wish = wish;
    await this.#load(null, [], this.#abort.signal);
  }

  async more(): Promise<void> {
    if (this.isLoading) return;
    const { lines } = this;
    if (this.#list && lines && lines.length < this.total) await this.#show(this.#list, lines.length + PART);
    else if (!this.#list && this.#next) await this.#load(this.#next, lines ?? [], this.#abort.signal);
  }

  get tracks(): Track[] {
    return (this.lines ?? []).map((line) => line.track);
  }

  async #load(next: string | null, before: readonly Line[], signal: AbortSignal): Promise<void> {
    this.isLoading = true;
    this.host.requestUpdate();
    try {
      const library = await openLibrary();
      const isHere = next === null && library && (this.#wish.isKept || !isOnline.value);
      if (isHere || !(await this.#ask(library, next, before, signal))) await this.#find(library, signal);
      this.error = null;
    } catch (error) {
      if (signal.aborted) return;
      if (this.lines) toastError(error);
      else this.error = error;
    }
    this.isLoading = false;
    this.host.requestUpdate();
  }

  /** False where the device's own copy is to be shown instead. */
  async #ask(library: LocalLibrary | null, next: string | null, before: readonly Line[], signal: AbortSignal): Promise<boolean> {
    const impatience = new AbortController();
    const stop = (): void => impatience.abort();
    signal.addEventListener("abort", stop, { once: true });
    const timer = library && next === null ? setTimeout(stop, PATIENCE_MS) : undefined;
    try {
      const part = await listTracks(queryOf(this.#wish), next, impatience.signal);
      const tracks = part.results.map((track) => library?.withFavorite(track) ?? track);
      this.lines = [...before, ...tracks.map(lineOf)];
      this.total = part.count;
      this.#next = part.next;
      this.#list = null;
      this.isLocal = false;
      return true;
    } catch (error) {
      const isAway = isAbort(error) || (error instanceof ApiError && error.isUnreachable);
      if (signal.aborted || !library || next !== null || !isAway) throw error;
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  async #find(library: LocalLibrary | null, signal: AbortSignal): Promise<void> {
    if (!library) return;
    const list = await library.find(this.#wish, this.#wish.isKept);
    if (signal.aborted) return;
    this.isLocal = true;
    await this.#show(list, PART);
  }

  /** The same list once more, after something of it changed. */
  async #renew(): Promise<void> {
    const { signal } = this.#abort;
    const library = await openLibrary();
    const list = await library?.find(this.#wish, this.#wish.isKept);
    if (list && this.isLocal && !signal.aborted) await this.#show(list, Math.max(PART, this.lines?.length ?? 0));
  }

  async #show(list: LocalList, count: number): Promise<void> {
    const { signal } = this.#abort;
    const tracks = await list.slice(0, count);
    if (signal.aborted) return;
    this.#list = list;
    this.total = list.count;
    this.lines = tracks.map(lineOf);
    this.host.requestUpdate();
  }

  #drop(id: string | null): void {
    const kept = this.lines?.filter((line) => line.track.id !== id) ?? null;
    if (!kept || kept.length === this.lines?.length) return;
    this.lines = kept;
    this.total -= 1;
    this.host.requestUpdate();
  }
}

const lineOf = (track: Track): Line => ({ key: track.id, track });

function queryOf({ search, ordering, isFavorite, channelId }: ListWish): TrackQuery {
  return { search, ordering, is_favorite: isFavorite || undefined, channel: channelId, limit: PART };
}
