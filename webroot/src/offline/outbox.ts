/** Changes on their way to the server, in order; and those that it would not take, until their user has seen to them. */
import { newId } from "../api/ids";
import type { Channel } from "./channel";
import { getMeta, type OutboxEntry, type ParkedOp, type UserDatabase } from "./database";
import { type Draft, playlistOf } from "./ops";
import type { Op } from "./wire";

/** What an op answered with `id_taken` needs to be tried again. */
const ID_TAKEN = "id_taken";

export class Outbox {
  /** To the server's clock, in milliseconds, as it was read last: who goes at once has no time to read it. */
  #clockOffset: number | null = null;

  constructor(
    private readonly db: UserDatabase,
    private readonly user: string,
    private readonly channel: Pick<Channel, "post">,
    private readonly now: () => number = Date.now,
  ) {}

  /** At the beginning, and whenever a sync may have learnt it anew. */
  async readClock(): Promise<void> {
    this.#clockOffset = await getMeta(this.db, "clockOffset");
  }

  /**
   * Resolves with the ops when they are on the disk: from then on they are not lost. Rejects where there is no room. Once
   * the clock was read, they are handed over in the task that called: also where that is the last of its page.
   */
  async add(...drafts: readonly Draft[]): Promise<Op[]> {
    if (this.#clockOffset === null) await this.readClock();
    const at = new Date(this.now() + (this.#clockOffset ?? 0)).toISOString();
    return this.#put(drafts.map((draft): Op => ({ ...wellFormed(draft), id: newId(), at })));
  }

  /** All that is to be replayed over the base, in order: also what is sent, until what it did has come back. */
  list(): Promise<OutboxEntry[]> {
    return this.db.getAll("outbox");
  }

  /** How many ops have yet to be sent. */
  async count(): Promise<number> {
    return (await this.list()).filter(({ isSent }) => !isSent).length;
  }

  /** Oldest first: what was not applied (`result.status`), and what overrode somebody else's change (`result.theirs`). */
  async parked(): Promise<ParkedOp[]> {
    return (await this.db.getAll("parked")).sort((one, other) => (one.parked_at < other.parked_at ? -1 : 1));
  }

  /** Do what brings back what was (which may be nothing), and forget it. Twice is as good as once. */
  undo(id: string): Promise<Op[]> {
    return this.#settle(id, ({ undo }) => undo, isRevivedBy);
  }

  /** Ask the server once more; under another id, for it has answered this one. */
  retry(id: string): Promise<Op[]> {
    return this.#settle(id, ({ op, result }) => [renewed(op, result.code === ID_TAKEN)]);
  }

  /** Let it be as it is. */
  async discard(id: string): Promise<void> {
    await this.#settle(id, () => []);
  }

  /** Takes a parked op away, and others that are settled by the same, and puts ops into the outbox: all or nothing. */
  async #settle(
    id: string,
    opsOf: (parked: ParkedOp) => readonly Op[],
    isSettled: (other: ParkedOp, ops: readonly Op[]) => boolean = never,
  ): Promise<Op[]> {
    const tx = this.db.transaction(["outbox", "parked"], "readwrite", { durability: "strict" });
    const parked = await tx.objectStore("parked").get(id);
    const ops = parked ? [...opsOf(parked)] : [];
    for (const other of parked ? await tx.objectStore("parked").getAll() : []) {
      if (other.id === id || isSettled(other, ops)) await tx.objectStore("parked").delete(other.id);
    }
    for (const op of ops) await tx.objectStore("outbox").add({ id: op.id, op, isSent: false });
    await tx.done;
    if (parked) this.channel.post({ type: "changed", user: this.user, stores: ["outbox", "parked"] });
    return ops;
  }

  async #put(ops: Op[]): Promise<Op[]> {
    const tx = this.db.transaction("outbox", "readwrite", { durability: "strict" });
    for (const op of ops) tx.store.add({ id: op.id, op, isSent: false }).catch(() => undefined);
    tx.commit();
    await tx.done;
    // What is not dropped is sent too, and changes nothing.
    if (ops.some(isReplaceable)) await this.#dropReplaced(ops).catch(() => undefined);
    if (ops.length) this.channel.post({ type: "changed", user: this.user, stores: ["outbox"] });
    return ops;
  }

  /** Apart from putting the later ones in, which must not wait for it. */
  async #dropReplaced(ops: readonly Op[]): Promise<void> {
    const tx = this.db.transaction("outbox", "readwrite");
    const entries = await tx.store.getAll();
    const later = entries.filter(({ id }) => ops.some((op) => op.id === id));
    for (const entry of entries) {
      const n = entry.n as number;
      if (later.some((one) => (one.n as number) > n && replaces(one.op, entry))) await tx.store.delete(n);
    }
    await tx.done;
  }
}

const never = (): boolean => false;

/** Half of a pair, as where a text was cut: no server reads it, for UTF-8 has no such thing. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** The same, with a sign in the place of what no JSON that is sent may have. */
function wellFormed<T>(value: T): T {
  const mended = (_: string, one: unknown): unknown =>
    typeof one === "string" ? one.replace(LONE_SURROGATE, "\uFFFD") : one;
  return JSON.parse(JSON.stringify(value), mended) as T;
}

/** A playlist comes back with all that was waiting for it when it went. */
const isRevivedBy = ({ op, result }: ParkedOp, ops: readonly Op[]): boolean =>
  result.status === "gone" && ops.some((made) => made.kind === "playlist-create" && made.playlist === playlistOf(op));

const isReplaceable = ({ kind }: Op): boolean => kind === "position" || kind === "favorite";

/**
 * Whether the later op alone has the outcome of both. Where a drain has the earlier one on the wire already, the
 * server applies both, in order: the same outcome again. Of positions the newest moment wins, not the last to arrive.
 */
function replaces(later: Op, { op: earlier, isSent }: OutboxEntry): boolean {
  if (isSent) return false;
  if (later.kind === "favorite") return earlier.kind === "favorite" && earlier.track === later.track;
  if (later.kind !== "position" || earlier.kind !== "position") return false;
  return earlier.track === later.track && earlier.at <= later.at;
}

function renewed(op: Op, isIdTaken: boolean): Op {
  if (op.kind !== "playlist-create" || !isIdTaken) return { ...op, id: newId() };
  return { ...op, id: newId(), playlist: newId(), items: op.items.map((item) => ({ ...item, id: newId() })) };
}
