/** One history: a user or two, four devices, what they do and what befalls them; at the end all of them see the same. */
import assert from "node:assert/strict";

import type { PlaylistDetail } from "../../webroot/src/api/types";
import { compareItems } from "../../webroot/src/offline/order";
import type { Library } from "../../webroot/src/offline/rebase";
import { type Chance } from "./chance";
import { CALM, noTally, type Place, SimDevice, type Tally, type Weather } from "./device";
import { something, STOLEN } from "./doing";
import { Rest } from "./rest";

export interface Person {
  id: string;
  token: string;
  /** Tracks of their own; besides, they hear the household's. */
  own: string[];
}

/**
 * lossy: everything at once. offline: long gaps. silent: the last device, for longer than tombstones are kept; large:
 * that too, with more tracks than one answer holds. two: strangers.
 */
export type Kind = "lossy" | "offline" | "silent" | "large" | "two";

const STEPS = 36;
/** Of a large library not every track is looked at by itself. */
const LOOKED_AT = 30;
const WEATHER: Record<Kind, Weather> = {
  lossy: { away: 0.05, lost: 0.25, doubled: 0.25, killed: 0.25 },
  offline: { away: 0.5, lost: 0.1, doubled: 0.1, killed: 0.05 },
  silent: { away: 0.05, lost: 0.1, doubled: 0.1, killed: 0.1 },
  large: { away: 0.1, lost: 0.3, doubled: 0.2, killed: 0.4 },
  two: { away: 0.05, lost: 0.1, doubled: 0.15, killed: 0.1 },
};

/** A person with their devices and all that was ever done in their name. */
class Party {
  devices: SimDevice[] = [];
  restPlays = 0;

  constructor(readonly person: Person, readonly rest: Rest, readonly place: Place) {}

  async begin(count: number): Promise<void> {
    const { base } = this.place;
    for (let n = 0; n < count; n++) this.devices.push(await SimDevice.begin({ ...this.place, base: `${base}${n}/` }));
  }
}

export class History {
  readonly tally: Tally = noTally();
  readonly parties: Party[];

  constructor(readonly seed: number, readonly kind: Kind, url: string, people: readonly Person[], readonly chance: Chance) {
    this.parties = people.map((person, n) => {
      const rest = new Rest(url, person.token);
      const base = `/${seed}/${n}/`;
      const place = { base, user: person.id, rest, chance, weather: WEATHER[kind], tally: this.tally };
      return new Party(person, rest, place);
    });
  }

  /** Whether its tombstones go between its halves. */
  get isSwept(): boolean {
    return this.kind === "silent" || this.kind === "large";
  }

  /** Until where the tombstones are swept, or to the end of what is done. */
  async begin(): Promise<void> {
    for (const party of this.parties) await party.begin(4 / this.parties.length);
    for (const { devices } of this.parties) await Promise.all(devices.map((device) => device.sync(CALM)));
    await this.#live(STEPS, this.isSwept);
  }

  /** What is left, and that it comes to one. */
  async end(): Promise<void> {
    if (this.isSwept) await this.#live(STEPS / 4, false);
    for (const party of this.parties) await settle(party);
    for (const party of this.parties) await ensureEqual(party);
    if (this.isSwept) assert(this.parties[0]?.devices.at(-1)?.resyncs, "the silent device began anew");
  }

  async #live(steps: number, isLastSilent: boolean): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const party = this.chance.pick(this.parties) as Party;
      if (this.chance.is(0.15)) party.restPlays += await party.rest.meddle(this.chance, party.person.own);
      const index = this.chance.below(party.devices.length);
      const device = party.devices[index] as SimDevice;
      if (isLastSilent && index === party.devices.length - 1 && step > 0 && this.chance.is(0.8)) continue;
      await this.#act(party, device);
      const isSilent = isLastSilent && index === party.devices.length - 1;
      if (!isSilent && this.chance.is(0.5)) await device.sync();
    }
  }

  async #act(party: Party, device: SimDevice): Promise<void> {
    const strangers = await this.#listsOfOthers(party);
    for (let count = 1 + this.chance.below(3); count > 0; count--) {
      const wish = something(await device.view(), this.chance, strangers);
      if (wish) await device.do(wish);
    }
    if (this.chance.is(0.2)) await device.settle();
  }

  async #listsOfOthers(party: Party): Promise<string[]> {
    const views = this.parties.filter((other) => other !== party).map((other) => other.devices[0]?.view());
    return (await Promise.all(views)).flatMap((view) => [...(view?.playlists.keys() ?? [])]);
  }
}

/** Everything sent in fair weather; then everybody asks once more. */
async function settle({ devices }: Party): Promise<void> {
  for (const device of devices) {
    for (let tries = 0; !(await device.sync(CALM)); tries++) assert(tries < 3, "a calm round came to no end");
    assert.equal((await device.outbox.list()).length, 0, "the outbox is empty");
  }
  for (const device of devices) assert(await device.sync(CALM));
}

/** Every device, and one that begins now, sees what the server tells any program. */
async function ensureEqual({ person, rest, place, devices, restPlays }: Party): Promise<void> {
  const fresh = await SimDevice.begin({ ...place, base: `${place.base}fresh/` });
  assert(await fresh.sync(CALM));
  const told = await serverView(rest);
  const looked = new Set(told.tracks.slice(0, LOOKED_AT).map(({ id }) => id));
  for (const [n, device] of [...devices, fresh].entries()) {
    const seen = seenBy(await device.view(), looked);
    for (const name of Object.keys(told) as (keyof Told)[]) {
      assert.deepEqual(seen[name], told[name], `${name} of ${device === fresh ? "a fresh device" : `device ${n}`}`);
    }
  }
  const made = devices.flatMap((device) => [...device.made.values()]);
  const plays = made.filter(({ kind }) => kind === "play").length;
  assert.equal(told.plays.length, plays + restPlays, "every play counts once");
  assert.equal((await rest.stats()).totals.plays, made.filter(({ kind }) => kind === "stats").length, "every count, once");
  const theirs = made.flatMap((op) => (op.kind === "playlist-create" ? [op.playlist] : []));
  assert(told.playlists.every(({ id, title }) => title !== STOLEN || theirs.includes(id)), "nobody else wrote here");
  for (const device of devices) ensureSent(device, person);
}

/** What never reached the server is what a later op of the same device said anew. */
function ensureSent(device: SimDevice, { id }: Person): void {
  for (const op of device.made.values()) {
    const isReplaceable = op.kind === "position" || op.kind === "favorite";
    assert(isReplaceable || device.results.has(op.id), `an answer to ${op.kind} ${op.id} of ${id}`);
  }
}

type Told = ReturnType<typeof seenBy>;

async function serverView(rest: Rest): Promise<Told> {
  const [tracks, playlists, plays] = await Promise.all([rest.tracks(), rest.playlists(), rest.plays()]);
  tracks.sort(byId);
  const details = await Promise.all(tracks.slice(0, LOOKED_AT).map(({ id }) => rest.track(id)));
  const positions = details.filter(({ position_seconds }) => position_seconds !== null);
  return {
    tracks,
    playlists: playlists.map(({ items, ...list }: PlaylistDetail) => ({
      ...list, items: items.map(({ id, position, track }) => ({ id, position, track: track.id })),
    })).sort(byId),
    positions: positions.map(({ id, position_seconds }) => ({ id, seconds: position_seconds as number })).sort(byId),
    plays: plays.sort(byId),
  } as Told;
}

/** A device's view in the shape of the routes; positions of these tracks. */
function seenBy(view: Library, looked: ReadonlySet<string>) {
  const playlists = [...view.playlists.values()].map(({ generation: _, ...list }: Kept<SyncPlaylistOf>) => ({
    ...list, items: [...list.items].sort(compareItems),
  }));
  const positions = [...view.positions.values()].filter(({ track }) => looked.has(track));
  return {
    tracks: [...view.tracks.values()].map(({ generation: _, is_own: __, ...track }: Kept<SyncTrackOf>) => track).sort(byId),
    playlists: playlists.sort(byId),
    positions: positions.map(({ track, seconds }) => ({ id: track, seconds })).sort(byId),
    plays: [...view.plays.values()].map(({ generation: _, ...play }: Kept<SyncPlayOf>) => play).sort(byId),
  };
}

type ValueOf<T> = T extends ReadonlyMap<string, infer V> ? V : never;
type SyncPlaylistOf = ValueOf<Library["playlists"]>;
type SyncTrackOf = ValueOf<Library["tracks"]>;
type SyncPlayOf = ValueOf<Library["plays"]>;
type Kept<T> = T & { generation?: number };

const byId = (one: { id: string }, other: { id: string }): number => (one.id < other.id ? -1 : 1);
