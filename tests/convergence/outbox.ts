/** What is put in stays, in order; what may be left out; what becomes of ops that were not applied. */
import assert from "node:assert/strict";
import { test } from "node:test";

import * as ops from "../../webroot/src/offline/ops";
import type { ParkedOp } from "../../webroot/src/offline/database";
import { Outbox } from "../../webroot/src/offline/outbox";
import type { Op } from "../../webroot/src/offline/wire";
import { applied, type Device, device, id, playlist, USER } from "./world";

const NOW = Date.parse("2026-01-05T12:00:00.000Z");
const [one, two] = [id(), id()];

async function within(name: string, run: (outbox: Outbox, it: Device, told: string[][]) => Promise<void>): Promise<void> {
  const it = await device(name);
  const told: string[][] = [];
  it.channel.listen((message) => void (message.type === "changed" && told.push([...message.stores])));
  await run(new Outbox(it.db, USER, it.channel, () => NOW), it, told).finally(it.close);
}

const park = async ({ db }: Device, op: Op, fields: Partial<ParkedOp> = {}): Promise<void> => {
  await db.put("parked", { id: op.id, op, result: applied(op, { status: "gone" }), parked_at: op.at, undo: [], ...fields });
};

test("ops are kept in their order, by the server's clock, and told", () =>
  within("order", async (outbox, { db }, told) => {
    await db.put("meta", 5_000, "clockOffset");
    await outbox.add(ops.setFavorite(one, true), ops.removePlaylist(two));
    await outbox.add(ops.removePlaylist(one));
    const entries = await outbox.list();
    assert.deepEqual(entries.map(({ op }) => op.kind), ["favorite", "playlist-remove", "playlist-remove"]);
    assert.deepEqual(new Set(entries.map(({ op }) => op.at)), new Set(["2026-01-05T12:00:05.000Z"]));
    assert(entries.every((entry) => entry.id === entry.op.id && /^[0-9a-f]{32}$/.test(entry.id)));
    assert.equal(await outbox.count(), 3);
    assert.deepEqual(told, [["outbox"], ["outbox"]]);
  }));

test("a later position or favourite of a track takes the place of one that waits", () =>
  within("coalescing", async (outbox) => {
    for (const seconds of [1, 2]) await outbox.add(ops.setPosition(one, seconds), ops.setPosition(two, seconds));
    for (const is of [true, false, true]) await outbox.add(ops.setFavorite(one, is));
    await outbox.add(ops.played({ id: one, title: "", artist: "" }, 1, true), ops.played({ id: one, title: "", artist: "" }, 1, true));
    const left = (await outbox.list()).map(({ op }) => ("seconds" in op ? `${op.kind} ${op.seconds}` : op.kind));
    assert.deepEqual(left, ["position 2", "position 2", "favorite", "play 1", "play 1"]);
  }));

test("a text that was cut in the midst of a sign can be sent", () =>
  within("texts", async (outbox) => {
    const [made, words] = await outbox.add(
      ops.createPlaylist("a\ud83c", "\udfb5 and \ud83c\udfb5", [one]),
      ops.patchPlaylist({ id: two, title: "\ud83c", description: "" }, { title: "b\udfb5" }),
    );
    assert(made?.kind === "playlist-create" && words?.kind === "playlist-patch");
    assert.deepEqual([made.title, made.description, made.items.map(({ track }) => track)], ["a\ufffd", "\ufffd and \ud83c\udfb5", [one]]);
    assert.deepEqual([words.title, words.was.title], ["b\ufffd", "\ufffd"]);
    assert.deepEqual((await outbox.list()).map(({ op }) => op), [made, words]);
  }));

test("once the clock is known, what is told last is handed over before the page is gone", () =>
  within("last", async (outbox, { db }) => {
    await db.put("meta", 5_000, "clockOffset");
    await outbox.readClock();
    const [{ add }, { commit }] = [IDBObjectStore.prototype, IDBTransaction.prototype];
    const done: string[] = [];
    IDBObjectStore.prototype.add = function (this: IDBObjectStore, ...given) {
      done.push("add");
      return add.apply(this, given);
    };
    IDBTransaction.prototype.commit = function (this: IDBTransaction) {
      done.push("commit");
      commit.call(this);
    };
    const added = outbox.add(ops.setPosition(one, 7));
    // Promises still come true in a last task; an answer of the database would be another.
    for (let n = 0; n < 20; n++) await Promise.resolve();
    assert.deepEqual(done, ["add", "commit"]);
    Object.assign(IDBObjectStore.prototype, { add });
    Object.assign(IDBTransaction.prototype, { commit });
    await added;
    assert.deepEqual((await outbox.list()).map(({ op }) => [op.kind, op.at]), [["position", "2026-01-05T12:00:05.000Z"]]);
  }));

test("what is sent already stays, and so does a position of a later moment", () =>
  within("kept", async (outbox, { db }) => {
    const [sent] = await outbox.list().then(() => outbox.add(ops.setFavorite(one, true)));
    const [entry] = await outbox.list();
    assert(entry && sent);
    await db.put("outbox", { ...entry, isSent: true });
    await outbox.add(ops.setFavorite(one, false));
    assert.equal((await outbox.list()).length, 2);
    assert.equal(await outbox.count(), 1);
    await outbox.add(ops.setPosition(one, 1));
    await db.put("meta", -60_000, "clockOffset");
    await outbox.readClock();
    await outbox.add(ops.setPosition(one, 2));
    assert.equal((await outbox.list()).length, 4);
  }));

test("undo puts in what brings back what was, once", () =>
  within("undo", async (outbox, it, told) => {
    const [op] = (await outbox.add(ops.patchPlaylist(playlist([]), { title: "Other" }))) as [Op];
    await it.db.clear("outbox");
    const undo: Op = { ...ops.removePlaylist(one), id: id(), at: op.at };
    await park(it, op, { undo: [undo] });
    told.length = 0;
    assert.deepEqual(await outbox.undo(op.id), [undo]);
    assert.deepEqual(await outbox.undo(op.id), []);
    assert.deepEqual((await outbox.list()).map((entry) => entry.op), [undo]);
    assert.deepEqual(await outbox.parked(), []);
    assert.deepEqual(told, [["outbox", "parked"]]);
  }));

test("a playlist that comes back settles all that was parked because it had gone", () =>
  within("revival", async (outbox, it) => {
    const [list, other] = [playlist([one]), playlist([one])];
    const made = [ops.addItems(list, [two]), ops.patchPlaylist(list, { title: "x" }), ops.patchPlaylist(other, { title: "x" })];
    const wishes = made.map((draft): Op => ({ ...draft, id: id(), at: "2026" }));
    for (const op of wishes) await park(it, op, { undo: [{ ...ops.revival(list), id: id(), at: "2026" }] });
    await outbox.undo(wishes[0]?.id as string);
    assert.deepEqual((await outbox.parked()).map(({ op }) => op), [wishes[2]]);
    assert.equal(await outbox.count(), 1);
  }));

test("another try has another id, and other ids where somebody has those", () =>
  within("retry", async (outbox, it) => {
    const op: Op = { ...ops.createPlaylist("List", "", [one]), id: id(), at: "2026" };
    await park(it, op, { result: applied(op, { status: "rejected", code: "scope_missing" }) });
    const [again] = await outbox.retry(op.id);
    assert.deepEqual(again, { ...op, id: again?.id as string });
    assert.notEqual(again?.id, op.id);
    await park(it, op, { result: applied(op, { status: "rejected", code: "id_taken" }) });
    const [other] = await outbox.retry(op.id);
    assert(other?.kind === "playlist-create" && op.kind === "playlist-create");
    assert(other.playlist !== op.playlist && other.items[0]?.id !== op.items[0]?.id && other.items[0]?.track === one);
  }));

test("what is discarded is forgotten, and what is parked comes oldest first", () =>
  within("discard", async (outbox, it) => {
    const wishes = ["2026-03", "2026-01", "2026-02"].map((at): Op => ({ ...ops.removePlaylist(one), id: id(), at }));
    for (const op of wishes) await park(it, op);
    await outbox.discard(wishes[2]?.id as string);
    await outbox.discard("unknown");
    assert.deepEqual((await outbox.parked()).map(({ parked_at }) => parked_at), ["2026-01", "2026-03"]);
    assert.equal(await outbox.count(), 0);
  }));
