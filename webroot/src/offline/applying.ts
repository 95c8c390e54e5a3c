/** What an answer of the server makes of a device's database, in one transaction. */
import type { IDBPTransaction } from "idb";

import { type Meta, metaOf, type OutboxEntry, type ParkedOp, type UserDatabase, type UserSchema } from "./database";
import { type Draft, playlistOf, revival } from "./ops";
import { rebase } from "./rebase";
import type { Op, OpResult, SyncAnswer, SyncPlaylist, SyncRequest, SyncTrack } from "./wire";

const BASE = ["tracks", "playlists", "positions", "plays"] as const;
const STORES = ["meta", "outbox", "parked", ...BASE] as const;
type Tx = IDBPTransaction<UserSchema, (typeof STORES)[number][], "readwrite">;
type Stamp = () => { id: string; at: string };

/** `isMore`: another request has something to send or to get. `stores`: what is another now, by name. */
export interface Applied {
  parked: ParkedOp[];
  stores: string[];
  isMore: boolean;
}

/** What was asked and answered. `sentBefore`: ids of the ops that the server had when it was asked. */
export interface Exchange {
  request: SyncRequest;
  answer: SyncAnswer;
  sentBefore: ReadonlySet<string>;
}

/**
 * All of it or, where it rejects, nothing. The results go into the outbox in any case. The changes count only where the
 * device is still where it asked from: another tab that drains at the same time may have been answered in between, and
 * then it is asked again.
 */
export async function applyAnswer(
  db: UserDatabase, exchange: Exchange, clockOffset: number, stamp: Stamp,
): Promise<Applied> {
  const tx: Tx = db.transaction([...STORES], "readwrite", { durability: "strict" });
  const applied = await apply(tx, exchange, clockOffset, stamp).catch((error: unknown) => undone(tx, error));
  await tx.done;
  return applied;
}

/** What was done before a fault would be committed otherwise. */
function undone(tx: Tx, error: unknown): never {
  tx.done.catch(() => undefined);
  if (tx.error) throw tx.error;
  tx.abort();
  throw error;
}

async function apply(tx: Tx, { request, answer, sentBefore }: Exchange, clockOffset: number, stamp: Stamp): Promise<Applied> {
  const isCurrent = (await get(tx, "cursor")) === request.since;
  const entries = await tx.objectStore("outbox").getAll();
  const views = await viewsOf(tx, entries, concernedBy(entries, answer, isCurrent));
  const settling = { views, isCurrent, isRestart: isRestart(request, answer), sentBefore, stamp };
  const parked = await settleOps(tx, entries, answer, settling);
  if (isCurrent) {
    await takeRecords(tx, answer, request.since === null || answer.is_whole);
    await put(tx, "clockOffset", clockOffset);
    await put(tx, "cursor", answer.cursor);
    if (!answer.is_more) await put(tx, "lastSyncAt", answer.now);
  }
  const isWaiting = (await tx.objectStore("outbox").getAll()).some(({ isSent }) => !isSent);
  return { parked, stores: changed(answer, entries, parked, isCurrent), isMore: isWaiting || answer.is_more || !isCurrent };
}

/** The server began anew for a device that had something: its database may be an older one, without what was sent. */
const isRestart = (request: SyncRequest, answer: SyncAnswer): boolean => answer.is_whole && request.since !== null;

interface Settling {
  views: ReadonlyMap<string, SyncPlaylist>;
  isCurrent: boolean;
  isRestart: boolean;
  sentBefore: ReadonlySet<string>;
  stamp: Stamp;
}

/**
 * Results to ops: sent ones stay until all that they did has come back; those refused are parked. What another tab has
 * sent since this was asked is not in it yet.
 */
async function settleOps(tx: Tx, entries: OutboxEntry[], answer: SyncAnswer, settling: Settling): Promise<ParkedOp[]> {
  const results = new Map(answer.results.map((result) => [result.id, result]));
  const isComplete = settling.isCurrent && !answer.is_more;
  const [outbox, parking] = [tx.objectStore("outbox"), tx.objectStore("parked")];
  const parked: ParkedOp[] = [];
  for (const entry of entries) {
    const result = results.get(entry.id);
    const before = settling.views.get(playlistOf(entry.op) ?? "");
    if (result && isToBeTold(entry.op, result)) {
      const { at } = settling.stamp();
      const undo = undoOf(entry, result, before, answer, settling.stamp);
      parked.push({ id: entry.id, op: entry.op, result, parked_at: at, undo });
    }
    const isSent = result ? result.status === "applied" : entry.isSent && !settling.isRestart;
    if (result && result.status !== "applied") await outbox.delete(entry.n as number);
    else if (isSent && isComplete && (result || settling.sentBefore.has(entry.id))) await outbox.delete(entry.n as number);
    else await keep(tx, { ...entry, isSent }, entry, () => undoOfLost(entry.op, before, answer, settling));
  }
  for (const one of parked) await parking.put(one);
  return parked;
}

/** All but what was applied, also by a word of a newer server; but where somebody was in a track that is no more is no loss. */
const isToBeTold = (op: Op, { status, theirs }: OpResult): boolean =>
  theirs !== null || (status !== "applied" && !(status === "gone" && op.kind === "position"));

async function keep(tx: Tx, entry: OutboxEntry, was: OutboxEntry, undoOfIt: () => Op[]): Promise<void> {
  const undo = entry.isSent || entry.undo ? [] : undoOfIt();
  if (undo.length) await tx.objectStore("outbox").put({ ...entry, undo });
  else if (entry.isSent !== was.isSent) await tx.objectStore("outbox").put(entry);
}

/** What a person may want back: a list or an item that somebody took away under their change, or their own words. */
function undoOf(
  { op, undo }: OutboxEntry, result: OpResult, before: SyncPlaylist | undefined, answer: SyncAnswer, stamp: Stamp,
): Op[] {
  if (op.kind === "playlist-patch" && result.theirs) {
    const { title, description } = op;
    const was = { ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }) };
    return [{ kind: "playlist-patch", playlist: op.playlist, ...result.theirs, was, ...stamp() }];
  }
  if (result.status !== "gone") return [];
  if (undo) return undo;
  return stamped(before ? backOf(op, before, answer) : [], stamp);
}

/** An op that has yet to be answered, and whose target this answer takes out of the base. */
function undoOfLost(op: Op, before: SyncPlaylist | undefined, answer: SyncAnswer, { isCurrent, stamp }: Settling): Op[] {
  if (!isCurrent || !before || op.kind === "playlist-remove" || op.kind === "item-remove") return [];
  const isListGone = answer.gone.some(({ kind, id }) => kind === "playlist" && id === before.id);
  const now = answer.playlists.find(({ id }) => id === before.id);
  const isItemGone = op.kind === "item-move" && now && !now.items.some(({ id }) => id === op.item);
  return isListGone || isItemGone ? stamped(backOf(op, before, answer), stamp) : [];
}

/** The whole list where it is gone; the one item where only that is. */
function backOf(op: Op, before: SyncPlaylist, answer: SyncAnswer): Draft[] {
  const isListGone = answer.gone.some(({ kind, id }) => kind === "playlist" && id === before.id);
  if (op.kind === "item-move" && !isListGone) {
    const item = before.items.find(({ id }) => id === op.item);
    return item ? [{ kind: "items-add", playlist: op.playlist, items: [item] }] : [];
  }
  if (op.kind === "items-add" && !op.items.some(({ id }) => before.items.some((item) => item.id === id))) return [];
  return op.kind === "items-add" || op.kind === "playlist-patch" || op.kind === "item-move" ? [revival(before)] : [];
}

const stamped = (drafts: readonly Draft[], stamp: Stamp): Op[] => drafts.map((draft): Op => ({ ...draft, ...stamp() }));

/** The playlists whose state before this answer may be wanted back. */
function concernedBy(entries: readonly OutboxEntry[], answer: SyncAnswer, isCurrent: boolean): Set<string> {
  const gone = new Set(answer.results.filter(({ status }) => status === "gone").map(({ id }) => id));
  const changed = new Set(isCurrent ? [...answer.gone, ...answer.playlists].map(({ id }) => id) : []);
  const concerned = entries.filter(({ id, op, isSent }) => gone.has(id) || (!isSent && changed.has(playlistOf(op) ?? "")));
  return new Set(concerned.map(({ op }) => playlistOf(op)).filter((id) => id !== null));
}

/** These playlists as they are seen now, with everything that waits. */
async function viewsOf(
  tx: Tx, entries: readonly OutboxEntry[], ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, SyncPlaylist>> {
  const all = entries.map(({ op }) => op).filter((op) => ids.has(playlistOf(op) ?? ""));
  const ops = all.filter(({ kind }) => kind !== "playlist-remove");
  const playlists = new Map<string, SyncPlaylist>();
  const tracks = new Map<string, SyncTrack>();
  for (const id of ids) {
    const known = await tx.objectStore("playlists").get(id);
    if (known) playlists.set(id, known);
  }
  for (const item of ops.flatMap((op) => (op.kind === "items-add" || op.kind === "playlist-create" ? op.items : []))) {
    const known = await tx.objectStore("tracks").get(item.track);
    if (known) tracks.set(item.track, known);
  }
  return rebase({ playlists, tracks, positions: new Map(), plays: new Map() }, ops).playlists;
}

/** Records into the base; at the end of a whole answer what did not come again is gone. What fails ends the transaction. */
async function takeRecords(tx: Tx, answer: SyncAnswer, isBeginning: boolean): Promise<void> {
  const generation = (await get(tx, "generation")) + (isBeginning ? 1 : 0);
  for (const name of BASE) {
    for (const record of answer[name]) tx.objectStore(name).put({ ...record, generation } as never).catch(() => undefined);
  }
  for (const { kind, id } of answer.gone) {
    // A newer server may speak of what this release does not know.
    const name = BASE.find((one) => one === `${kind}s`);
    if (name) tx.objectStore(name).delete(id).catch(() => undefined);
  }
  const isRenewing = isBeginning || (await get(tx, "isRenewing"));
  if (isRenewing && !answer.is_more && generation > 1) await dropOlder(tx, generation);
  await put(tx, "generation", generation);
  await put(tx, "isRenewing", isRenewing && answer.is_more);
  if (!answer.is_more) await put(tx, "isHydrated", true);
}

async function dropOlder(tx: Tx, generation: number): Promise<void> {
  for (const name of BASE) {
    for (let cursor = await tx.objectStore(name).openCursor(); cursor; cursor = await cursor.continue()) {
      if (cursor.value.generation < generation) await cursor.delete();
    }
  }
}

function changed(
  answer: SyncAnswer, entries: readonly OutboxEntry[], parked: readonly ParkedOp[], isCurrent: boolean,
): string[] {
  const isOther: Record<string, boolean> = {
    outbox: entries.length > 0,
    parked: parked.length > 0,
    meta: isCurrent,
  };
  for (const name of BASE) {
    const isGone = answer.gone.some(({ kind }) => `${kind}s` === name);
    isOther[name] = isCurrent && (answer.is_whole || answer[name].length > 0 || isGone);
  }
  return Object.keys(isOther).filter((name) => isOther[name]);
}

const get = async <K extends keyof Meta>(tx: Tx, name: K): Promise<Meta[K]> =>
  metaOf(name, await tx.objectStore("meta").get(name));

const put = <K extends keyof Meta>(tx: Tx, name: K, value: Meta[K]): Promise<unknown> =>
  tx.objectStore("meta").put(value, name);
