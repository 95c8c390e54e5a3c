/** A device with the shipped outbox and syncer, a database in memory, and a network that loses, doubles and stops. */
import "fake-indexeddb/auto";

import { unwrap } from "idb";

import { ApiError } from "../../webroot/src/api/errors";
import { openUserDatabase, type UserDatabase } from "../../webroot/src/offline/database";
import type { Draft } from "../../webroot/src/offline/ops";
import { Outbox } from "../../webroot/src/offline/outbox";
import { type Library, rebase } from "../../webroot/src/offline/rebase";
import { Syncer } from "../../webroot/src/offline/sync";
import type { Op, OpResult, SyncAnswer, SyncRequest } from "../../webroot/src/offline/wire";
import type { Chance } from "./chance";
import type { Rest } from "./rest";

/** More requests than any device needs: what goes round in circles ends here. */
const MOST_REQUESTS = 2000;

/** The device ended in the middle of something. */
export class Killed extends Error {}

const fuses = new WeakMap<IDBDatabase, number>();
const begin = IDBDatabase.prototype.transaction;
IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...given: Parameters<typeof begin>): IDBTransaction {
  const left = fuses.get(this);
  if (left === 0) throw new Killed();
  if (left !== undefined) fuses.set(this, left - 1);
  return begin.apply(this, given);
};

/** How often which misfortune happens to a request. */
export interface Weather {
  away: number;
  lost: number;
  doubled: number;
  killed: number;
}
export const CALM: Weather = { away: 0, lost: 0, doubled: 0, killed: 0 };

/** What happened to all devices together. */
export interface Tally {
  lost: number;
  doubled: number;
  killed: number;
  away: number;
  resyncs: number;
  duplicates: number;
  parked: number;
  theirs: number;
  undone: number;
  ops: number;
}
export const noTally = (): Tally => ({
  lost: 0, doubled: 0, killed: 0, away: 0, resyncs: 0, duplicates: 0, parked: 0, theirs: 0, undone: 0, ops: 0,
});

export interface Place {
  base: string;
  user: string;
  rest: Rest;
  chance: Chance;
  weather: Weather;
  tally: Tally;
}

export class SimDevice {
  readonly made = new Map<string, Op>();
  /** Kind and id of the ops that reached the server with a request. */
  readonly arrived = new Set<string>();
  readonly results = new Map<string, OpResult>();
  resyncs = 0;
  #asked = 0;
  outbox!: Outbox;
  #db!: UserDatabase;
  #syncer!: Syncer;

  private constructor(private readonly place: Place, private readonly batch: number, private readonly skew: number) {}

  static async begin(place: Place): Promise<SimDevice> {
    const batch = place.chance.is(0.5) ? 1 + place.chance.below(5) : 100;
    const device = new SimDevice(place, batch, (place.chance.next() - 0.5) * 7_200_000);
    await device.#open();
    return device;
  }

  /** What its user sees. */
  async view(): Promise<Library> {
    const [tracks, playlists, positions, plays, entries] = await Promise.all([
      this.#db.getAll("tracks"), this.#db.getAll("playlists"), this.#db.getAll("positions"), this.#db.getAll("plays"),
      this.outbox.list(),
    ]);
    const base = {
      tracks: new Map(tracks.map((one) => [one.id, one])),
      playlists: new Map(playlists.map((one) => [one.id, one])),
      positions: new Map(positions.map((one) => [one.track, one])),
      plays: new Map(plays.map((one) => [one.id, one])),
    };
    return rebase(base, entries.map(({ op }) => op));
  }

  async do(...drafts: Draft[]): Promise<void> {
    this.#keep(await this.outbox.add(...drafts));
  }

  /** See to something that was not applied, as a person would. */
  async settle(): Promise<void> {
    const { chance, tally } = this.place;
    const one = chance.pick(await this.outbox.parked());
    if (!one) return;
    tally.undone++;
    if (chance.is(0.6)) this.#keep(await this.outbox.undo(one.id));
    else if (chance.is(0.5)) this.#keep(await this.outbox.retry(one.id));
    else await this.outbox.discard(one.id);
  }

  /** A round in this weather; whether it came to its end. */
  async sync(weather = this.place.weather): Promise<boolean> {
    const { chance, tally } = this.place;
    this.#weather = weather;
    if (chance.is(weather.killed)) fuses.set(unwrap(this.#db), 1 + chance.below(9));
    try {
      const { parked } = await this.#syncer.round();
      tally.parked += parked.length;
      tally.theirs += parked.filter(({ result }) => result.theirs).length;
      return true;
    } catch (error) {
      if (error instanceof Killed) tally.killed++;
      else if (!(error instanceof ApiError) || error.status !== 0) throw error;
      return false;
    } finally {
      await this.#reopen();
    }
  }

  #weather = CALM;

  async #open(): Promise<void> {
    const { base, user } = this.place;
    const now = (): number => Date.now() + this.skew;
    const channel = { post: () => undefined };
    this.#db = await openUserDatabase(base, user);
    this.outbox = new Outbox(this.#db, user, channel, now);
    const push = (request: SyncRequest): Promise<SyncAnswer> => this.#push(request);
    this.#syncer = new Syncer({ db: this.#db, user, deviceName: base, push, channel, now, batch: this.batch });
  }

  async #reopen(): Promise<void> {
    if (!fuses.has(unwrap(this.#db))) return;
    this.#db.close();
    await this.#open();
  }

  async #push(request: SyncRequest): Promise<SyncAnswer> {
    const { chance, tally } = this.place;
    if (++this.#asked > MOST_REQUESTS) throw new Error("the rounds of this device come to no end");
    if (chance.is(this.#weather.away)) {
      tally.away++;
      throw new ApiError("no_answer", "The server does not answer.", 0);
    }
    const isDoubled = chance.is(this.#weather.doubled);
    const sent = Array.from({ length: isDoubled ? 2 : 1 }, () => this.#send(request));
    const answers = await Promise.all(sent);
    if (isDoubled) tally.doubled++;
    if (chance.is(this.#weather.lost)) {
      tally.lost++;
      throw new ApiError("no_answer", "The server does not answer.", 0);
    }
    const answer = chance.pick(answers) as SyncAnswer;
    for (const result of answer.results) this.results.set(result.id, result);
    if (answer.is_whole && request.since !== null) {
      this.resyncs++;
      tally.resyncs++;
    }
    return answer;
  }

  async #send(request: SyncRequest): Promise<SyncAnswer> {
    const answer = await this.place.rest.ask<SyncAnswer>("POST", "/api/offline/sync/", request);
    for (const { id, kind } of request.ops) this.arrived.add(`${kind} ${id}`);
    this.place.tally.duplicates += answer.results.filter((result) => result.is_duplicate).length;
    return answer;
  }

  #keep(ops: readonly Op[]): void {
    this.place.tally.ops += ops.length;
    for (const op of ops) this.made.set(op.id, op);
  }
}
