/**
 * Lets the browser itself go on fetching when nobody looks at the app any more (Background Fetch, where there is one): one
 * registration a track, which the worker puts away (`worker/fetches.ts`). Whoever looks again has the page fetch, which
 * shows how far it is, and does not fill the browser's list of downloads.
 */
import type { OfflinePlaylist } from "./database";
import { fetchName, fetchOf } from "./names";
import type { Plan, Wanted } from "./reconcile";

/** Of the Background Fetch API, which the compiler's library does not have. */
export interface BackgroundFetches {
  fetch(id: string, requests: string[], options: { title: string; downloadTotal: number }): Promise<unknown>;
  get(id: string): Promise<{ abort(): Promise<boolean> } | undefined>;
  getIds(): Promise<string[]>;
}

/** A track, and what the browser calls it while it is at it. */
interface Rest {
  wanted: Wanted;
  title: string;
}

/** The rest is fetched when the app is opened again. */
const MOST = 100;

export class Background {
  #handingOver: Promise<void> = Promise.resolve();

  /** `find`: what the worker's registration has; null where there is none. */
  constructor(
    private readonly user: string,
    private readonly find: () => Promise<BackgroundFetches | null>,
  ) {}

  /** The addresses that the browser is at, or is about to be. */
  async running(): Promise<Set<string>> {
    await this.#handingOver;
    return this.#known();
  }

  /** In the order of what `find` finds. Until it is done nobody is told what is running. */
  handOver(find: () => Promise<Rest[]>): Promise<void> {
    const work = find().then((rest) => this.#start(rest));
    this.#handingOver = work.catch(() => undefined);
    return work;
  }

  /** The browser lets go of all that it has not brought to an end, if it can: the page goes on in any case. */
  async takeBack(): Promise<void> {
    await this.#handingOver;
    await abortFetches(this.user, this.find).catch(() => undefined);
  }

  /** Nothing where the browser cannot tell: then the page fetches all. */
  async #known(): Promise<Set<string>> {
    const asked = this.find().then((fetches) => fetches?.getIds());
    const ids = (await asked.catch(() => undefined)) ?? [];
    return new Set(ids.map(fetchOf).flatMap((known) => (known?.user === this.user ? [known.url] : [])));
  }

  /** A browser that will not take one (its user said no) does not take the others. */
  async #start(rest: readonly Rest[]): Promise<void> {
    const fetches = await this.find();
    const known = await this.#known();
    for (const { wanted, title } of rest.slice(0, fetches ? MOST : 0)) {
      const { url, entry } = wanted;
      if (known.has(url)) continue;
      const options = { title, downloadTotal: entry.size_bytes };
      if (!(await taken(fetches!.fetch(fetchName(this.user, url), [entry.url], options)))) return;
    }
  }
}

/** What the page's own worker has. */
export async function findFetches(): Promise<BackgroundFetches | null> {
  const registration = await navigator.serviceWorker?.getRegistration();
  return (registration as { backgroundFetch?: BackgroundFetches } | undefined)?.backgroundFetch ?? null;
}

/** The browser lets go of what it fetches for this user, and puts nothing of it away any more. */
export async function abortFetches(user: string, find: () => Promise<BackgroundFetches | null> = findFetches): Promise<void> {
  const fetches = await find();
  for (const id of (await fetches?.getIds()) ?? []) {
    if (fetchOf(id)?.user === user) await (await fetches?.get(id))?.abort();
  }
}

const taken = (asked: Promise<unknown>): Promise<boolean> =>
  asked.then(
    () => true,
    () => false,
  );

/** The sound that the page has not begun, of playlists for which there is room; each under the title of its playlist. */
export function restOf(playlists: readonly OfflinePlaylist[], plan: Plan, isOnItsWay: (url: string) => boolean): Rest[] {
  const titles = new Map(playlists.filter(({ state }) => state === "fetching").map(({ id, title }) => [id, title]));
  return plan.fetch.flatMap((wanted) => {
    const id = wanted.playlists.find((one) => titles.has(one));
    if (id === undefined || wanted.entry.kind !== "audio" || isOnItsWay(wanted.url)) return [];
    return [{ wanted, title: titles.get(id) || "SoundWave" }];
  });
}
