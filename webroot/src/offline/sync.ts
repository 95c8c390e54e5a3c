/** One round: ops out, changes in. What an answer says is written in one transaction, so that a killed tab loses nothing. */
import { ApiError } from "../api/errors";
import { newId } from "../api/ids";
import type { Channel } from "./channel";
import { getMeta, type OutboxEntry, type ParkedOp, type UserDatabase } from "./database";
import { applyAnswer, type Applied } from "./applying";
import type { Op, OpResult, SyncAnswer, SyncRequest } from "./wire";

export const BATCH = 100;

export interface SyncDeps {
  db: UserDatabase;
  user: string;
  /** How this device is called in its user's list of devices. */
  deviceName: string;
  /** POST api/offline/sync/. Rejects with ApiError. */
  push(request: SyncRequest): Promise<SyncAnswer>;
  channel: Pick<Channel, "post">;
  now?: () => number;
  batch?: number;
}

/** What a round did. `parked`: what it parked, for its user to see to. `stores`: whose content is another now. */
export interface Summary {
  sent: number;
  parked: ParkedOp[];
  stores: Set<string>;
}

export class Syncer {
  constructor(private readonly deps: SyncDeps) {}

  /**
   * Sends all that waits and asks for all that changed, in as many requests as it takes. Rejects with the ApiError of
   * a request that was refused or not answered; what was answered before it is kept, and the rest goes again.
   */
  async round(): Promise<Summary> {
    const summary: Summary = { sent: 0, parked: [], stores: new Set() };
    const most = this.deps.batch ?? BATCH;
    let size = most;
    for (let isMore = true; isMore; ) {
      const outbox = await this.deps.db.getAll("outbox");
      const entries = outbox.filter(({ isSent }) => !isSent).slice(0, size);
      const request = await this.#requestOf(entries);
      const asked = this.#now();
      const answer = await this.deps.push(request).catch((error: unknown) => refused(error, entries.length));
      if (answer instanceof ApiError) {
        if (entries.length > 1) size = Math.ceil(entries.length / 2);
        else await this.#park(entries, answer, summary);
        continue;
      }
      ensureAnswered(request, answer);
      const offset = Math.round(Date.parse(answer.now) - (asked + this.#now()) / 2);
      const sentBefore = new Set(outbox.filter(({ isSent }) => isSent).map(({ id }) => id));
      const round = { request, answer, sentBefore };
      const applied = await applyAnswer(this.deps.db, round, offset, () => this.#stamp(offset));
      this.#tell(applied, summary);
      summary.sent += entries.length;
      size = Math.min(size * 2, most);
      isMore = applied.isMore;
    }
    return summary;
  }

  async #requestOf(entries: readonly OutboxEntry[]): Promise<SyncRequest> {
    const { db, deviceName } = this.deps;
    const [device, since] = await Promise.all([getMeta(db, "device"), getMeta(db, "cursor")]);
    return { device, device_name: deviceName, since, ops: entries.map(({ op }) => op) };
  }

  /** The server takes no request with this op: it must not hold back the others. */
  async #park(entries: readonly OutboxEntry[], error: ApiError, summary: Summary): Promise<void> {
    const { at } = this.#stamp(await getMeta(this.deps.db, "clockOffset"));
    const parked = entries.map(({ op }): ParkedOp => {
      return { id: op.id, op, result: resultOf(op, error), parked_at: at, undo: [] };
    });
    const tx = this.deps.db.transaction(["outbox", "parked"], "readwrite", { durability: "strict" });
    for (const { n } of entries) await tx.objectStore("outbox").delete(n as number);
    for (const one of parked) await tx.objectStore("parked").put(one);
    await tx.done;
    this.#tell({ parked, stores: ["outbox", "parked"] }, summary);
  }

  #tell({ parked, stores }: Pick<Applied, "parked" | "stores">, summary: Summary): void {
    summary.parked.push(...parked);
    for (const store of stores) summary.stores.add(store);
    if (stores.length) this.deps.channel.post({ type: "changed", user: this.deps.user, stores });
  }

  #now = (): number => (this.deps.now ?? Date.now)();

  /** By the server's clock, as every op. */
  #stamp(offset: number): { id: string; at: string } {
    return { id: newId(), at: new Date(this.#now() + offset).toISOString() };
  }
}

/**
 * Whether a request as it is will never be taken: it cannot be read, is too large, or is wrong. Any other 400 is about where
 * it was sent to, as by a name that the server does not go by, and says nothing of the ops.
 */
const isForGood = ({ status, code }: ApiError): boolean => status === 413 || status === 422 || code === "body_unreadable";

/** The error where the ops of a request are the reason for it; any other is thrown on. */
function refused(error: unknown, ops: number): ApiError {
  if (ops > 0 && error instanceof ApiError && isForGood(error)) return error;
  throw error;
}

const LISTS = ["results", "tracks", "playlists", "positions", "plays", "gone"] as const;

/** What is no answer to a sync is not begun with; one without a word on what was sent would be asked for again and again. */
function ensureAnswered({ ops }: SyncRequest, answer: SyncAnswer | null): void {
  const isWhole = LISTS.every((name) => Array.isArray(answer?.[name])) && typeof answer?.cursor === "string";
  if (!answer || !isWhole || Number.isNaN(Date.parse(answer.now))) {
    throw new ApiError("sync_unreadable", "The server's answer to the changes cannot be read.", 502);
  }
  const { results } = answer;
  const answered = new Set(results.map(({ id }) => id));
  if (ops.length > 0 && !ops.some(({ id }) => answered.has(id))) {
    throw new ApiError("sync_unanswered", "The server said nothing of the changes that it was sent.", 502);
  }
}

const resultOf = ({ id }: Op, { code, sentence }: ApiError): OpResult => ({
  id, status: "rejected", is_duplicate: false, code, detail: sentence, theirs: null,
});
