/** The server by its ordinary routes, as any program with a token sees it; and what another program does to a library. */
import { ApiError } from "../../webroot/src/api/errors";
import type { Playlist, PlaylistDetail, Track, TrackDetail } from "../../webroot/src/api/types";
import type { SyncPlay } from "../../webroot/src/offline/wire";
import type { Chance } from "./chance";

export class Rest {
  constructor(private readonly url: string, private readonly token: string) {}

  /** The JSON of the answer. Rejects with ApiError as the app's own client does. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(new URL(path, this.url), init);
    const text = await answer.text();
    if (answer.ok) return (text ? JSON.parse(text) : null) as T;
    const { code, detail } = JSON.parse(text) as { code: string; detail: string };
    throw new ApiError(code, detail, answer.status, Number(answer.headers.get("Retry-After")) || null);
  }

  get = <T>(path: string): Promise<T> => this.ask<T>("GET", path);

  async #all<T>(path: string): Promise<T[]> {
    const found: T[] = [];
    for (let page: string | null = `${path}?limit=200`; page !== null; ) {
      const answer: { results: T[]; next: string | null } = await this.get(page);
      found.push(...answer.results);
      page = answer.next;
    }
    return found;
  }

  tracks = (): Promise<Track[]> => this.#all<Track>("/api/audio/");
  track = (id: string): Promise<TrackDetail> => this.get(`/api/audio/${id}/`);
  plays = (): Promise<SyncPlay[]> => this.#all<SyncPlay>("/api/play/");
  stats = (): Promise<{ totals: { plays: number } }> => this.get("/api/offline/stats/");

  async playlists(): Promise<PlaylistDetail[]> {
    const lists = await this.#all<Playlist>("/api/playlist/");
    return Promise.all(lists.map(({ id }) => this.get<PlaylistDetail>(`/api/playlist/${id}/`)));
  }

  /** One change behind the devices' backs; how many plays it was. */
  async meddle(chance: Chance, own: readonly string[]): Promise<number> {
    const [lists, tracks] = [await this.playlists(), await this.tracks()];
    const list = chance.pick(lists);
    const item = chance.pick(list?.items ?? []);
    const track = chance.pick(tracks)?.id as string;
    const after = chance.is(0.3) ? null : (chance.pick(list?.items ?? [])?.id ?? null);
    const at = `/api/playlist/${list?.id}/`;
    const changes: [is: boolean, method: string, path: string, body?: unknown][] = [
      [lists.length < 6, "POST", "/api/playlist/", { title: `Made elsewhere ${chance.below(100)}` }],
      [!!list, "PATCH", at, { title: `Elsewhere ${chance.below(100)}` }],
      [!!list, "PATCH", at, { description: `Words ${chance.below(100)}` }],
      [!!list && chance.is(0.4), "DELETE", at],
      [!!list, "POST", `${at}items/`, { tracks: [track, chance.pick(tracks)?.id], after }],
      [!!item && after !== item.id, "PATCH", `${at}items/${item?.id}/`, { after }],
      [!!item, "DELETE", `${at}items/${item?.id}/`],
      [true, chance.is(0.5) ? "PUT" : "DELETE", `/api/audio/${track}/favorite/`],
      [true, "PUT", `/api/audio/${track}/position/`, { seconds: chance.below(60) }],
      [true, "POST", "/api/play/", { track, seconds: 5 }],
      [own.includes(track) && chance.is(0.4), "DELETE", `/api/audio/${track}/`],
    ];
    const [is, method, path, body] = changes[chance.below(changes.length)] as (typeof changes)[number];
    if (is) await this.ask(method, path, body);
    return is && path === "/api/play/" ? 1 : 0;
  }
}
