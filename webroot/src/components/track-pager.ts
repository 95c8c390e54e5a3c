/** A list of tracks that is loaded part by part, as it is scrolled. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

import { isAbort } from "../api/errors";
import { listTracks } from "../api/library";
import type { Track, TrackQuery } from "../api/types";
import { toastError } from "../shell/toasts";
import { removals } from "./track-actions";
import type { Line } from "./track-list";

const PART = 100;

export class TrackPager implements ReactiveController {
  /** Null until the first part is there. */
  lines: readonly Line[] | null = null;
  total = 0;
  error: unknown = null;
  isLoading = false;
  #query: TrackQuery = {};
  #next: string | null = null;
  #abort = new AbortController();
  #end: () => void = () => undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#end = removals.subscribe(() => this.#drop(removals.value));
  }

  hostDisconnected(): void {
    this.#end();
    this.#abort.abort();
  }

  /** Begin anew; what was shown stays until the answer is there. */
  async start(query: TrackQuery): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#query = { ...query, limit: PART };
    await this.#load(null, []);
  }

  async more(): Promise<void> {
    if (this.#next && !this.isLoading) await this.#load(this.#next, this.lines ?? []);
  }

  get tracks(): Track[] {
    return (this.lines ?? []).map((line) => line.track);
  }

  async #load(next: string | null, before: readonly Line[]): Promise<void> {
    this.isLoading = true;
    this.host.requestUpdate();
    try {
      const part = await listTracks(this.#query, next, this.#abort.signal);
      this.lines = [...before, ...part.results.map((track) => ({ key: track.id, track }))];
      this.total = part.count;
      this.#next = part.next;
      this.error = null;
    } catch (error) {
      if (isAbort(error)) return;
      if (this.lines) toastError(error);
      else this.error = error;
    }
    this.isLoading = false;
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
