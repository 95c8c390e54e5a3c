/** One round after the other against a server that says what it is told to: what is kept, sent, parked and forgotten. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../webroot/src/api/errors";
import { getMeta } from "../../webroot/src/offline/database";
import * as ops from "../../webroot/src/offline/ops";
import type { Op } from "../../webroot/src/offline/wire";
import { all, many, NOW, refuses, refusing, says, within } from "./syncing";
import { answer, applied, id, playlist, track } from "./world";

test("ops go in batches of a hundred, in order, and leave when what they did has come back", () =>
  within("batches", async ({ outbox, asked, syncer, db }) => {
    const sent = await outbox.add(...many(250));
    const summary = await syncer.round();
    assert.deepEqual(asked.map((request) => request.ops.length), [100, 100, 50]);
    assert.deepEqual(asked.flatMap((request) => request.ops), sent);
    assert.deepEqual([summary.sent, summary.parked.length, await db.count("outbox")], [250, 0, 0]);
    assert.equal(asked[0]?.device, await getMeta(db, "device"));
    assert.deepEqual(asked.map(({ since }) => since), [null, "c", "c"]);
  }));

test("while there is more to come, what was sent is still replayed", () =>
  within("more", async ({ outbox, asked, replies, syncer, db }) => {
    await outbox.add(...many(2));
    const states: boolean[][] = [];
    replies.splice(0, 1, says({ is_more: true, cursor: "1" }), says({ is_more: true, cursor: "2" }), refuses(503), all);
    await assert.rejects(syncer.round(), ApiError);
    states.push((await outbox.list()).map(({ isSent }) => isSent));
    assert.deepEqual(states, [[true, true]]);
    assert.equal(await outbox.count(), 0);
    await syncer.round();
    assert.equal(await db.count("outbox"), 0);
    assert.deepEqual(asked.map((request) => [request.since, request.ops.length]), [[null, 2], ["1", 0], ["2", 0], ["2", 0]]);
  }));

test("records come into the base and go from it, and their stores are told", () =>
  within("records", async ({ channel, replies, syncer, db, stored }) => {
    const told: (readonly string[])[] = [];
    channel.listen((message) => void (message.type === "changed" && told.push(message.stores)));
    const [one, list] = [track(), playlist([])];
    const play = { id: id(), track_id: one.id, title: "", artist: "", played_at: "2026", seconds: 1 };
    const positions = [{ track: one.id, seconds: 4, at: "2026" }];
    replies.splice(0, 1, says({ tracks: [one], playlists: [list], positions, plays: [play], cursor: "1" }));
    await syncer.round();
    assert.deepEqual([await stored("tracks"), await stored("playlists")], [[one.id], [list.id]]);
    assert.deepEqual([await stored("positions"), await stored("plays")], [[one.id], [play.id]]);
    const gone = [{ kind: "track", id: one.id }, { kind: "playlist", id: list.id }, { kind: "position", id: one.id }] as const;
    replies.splice(0, 1, says({ gone: [...gone] }));
    await syncer.round();
    assert.deepEqual([await stored("tracks"), await stored("playlists"), await stored("positions")], [[], [], []]);
    assert.deepEqual(told, [["meta", "tracks", "playlists", "positions", "plays"], ["meta", "tracks", "playlists", "positions"]]);
    assert.deepEqual([await getMeta(db, "lastSyncAt"), await getMeta(db, "isHydrated")], [answer().now, true]);
  }));

test("at the end of a whole answer goes what did not come again, also when it was interrupted", () =>
  within("whole", async ({ replies, syncer, stored }) => {
    const [kept, lost, late] = [track(), track(), track()];
    replies.splice(0, 1, says({ tracks: [kept, lost], cursor: "old" }));
    await syncer.round();
    replies.splice(0, 1, says({ is_whole: true, is_more: true, tracks: [kept], cursor: "1" }), refuses(503));
    await assert.rejects(syncer.round());
    assert.deepEqual(await stored("tracks"), [kept.id, lost.id].sort(), "nothing goes before the end");
    replies.splice(0, 2, says({ tracks: [late], cursor: "2" }));
    await syncer.round();
    assert.deepEqual(await stored("tracks"), [kept.id, late.id].sort());
    replies.splice(0, 1, says({ cursor: "3" }));
    await syncer.round();
    assert.equal((await stored("tracks")).length, 2, "and later answers take nothing away");
  }));

test("a server that began anew is told again what it may have forgotten", () =>
  within("restart", async ({ outbox, asked, replies, syncer, db }) => {
    replies.splice(0, 1, says({ cursor: "1" }));
    await syncer.round();
    const [op] = await outbox.add(...many(1));
    replies.splice(0, 1, says({ is_more: true, cursor: "2" }), refuses(503));
    await assert.rejects(syncer.round());
    replies.splice(0, 2, says({ is_whole: true, cursor: "3" }), all);
    await syncer.round();
    assert.deepEqual(asked.map((request) => request.ops.map((sent) => sent.id)), [[], [op?.id], [], [], [op?.id]]);
    assert.equal(await db.count("outbox"), 0);
  }));

test("an answer to an earlier question, after another tab was answered, changes no record", () =>
  within("two-tabs", async ({ outbox, asked, replies, syncer, db, stored }) => {
    const [op] = await outbox.add(...many(1));
    const [stale, fresh] = [track(), track()];
    let isFirst = true;
    replies.splice(0, 1, async (request) => {
      if (isFirst) await db.put("meta", "9", "cursor");
      const tracks = isFirst ? [stale] : [fresh];
      isFirst = false;
      return { ...all(request), tracks, cursor: "8" };
    });
    await syncer.round();
    assert.deepEqual(asked.map(({ since }) => since), [null, "9"]);
    assert.deepEqual(asked.map((request) => request.ops.length), [1, 0], `${op?.id} counts as sent`);
    assert.deepEqual(await stored("tracks"), [fresh.id]);
    assert.equal(await db.count("outbox"), 0);
  }));

test("what is gone or rejected is parked and holds up nothing", () =>
  within("parked", async ({ outbox, replies, syncer, db }) => {
    const [first, second, third] = (await outbox.add(...many(3))) as [Op, Op, Op];
    replies.splice(0, 1, () =>
      answer({
        results: [applied(first, { status: "gone" }), applied(second), applied(third, { status: "rejected", code: "scope_missing" })],
      }),
    );
    const summary = await syncer.round();
    assert.deepEqual(summary.parked.map(({ op }) => op), [first, third]);
    assert.deepEqual((await outbox.parked()).map(({ result }) => [result.status, result.code]).sort(), [["gone", null], ["rejected", "scope_missing"]]);
    assert.equal(await db.count("outbox"), 0);
  }));

test("a position in a track that is gone is nobody's loss", () =>
  within("position", async ({ outbox, replies, syncer, db }) => {
    await outbox.add(ops.setPosition(id(), 3), ops.setFavorite(id(), true));
    replies.splice(0, 1, refusing("gone"), all);
    const { parked } = await syncer.round();
    assert.deepEqual([parked.map(({ op }) => op.kind), await db.count("outbox")], [["favorite"], 0]);
  }));

test("a list that somebody removed comes back with what was done to it here", () =>
  within("revived", async ({ outbox, replies, syncer }) => {
    const [one, two] = [track(), track()];
    const list = playlist([one.id]);
    replies.splice(0, 1, says({ tracks: [one, two], playlists: [list], cursor: "1" }));
    await syncer.round();
    await outbox.add(ops.patchPlaylist(list, { title: "Mine" }), ops.addItems(list, [two.id]));
    replies.splice(0, 1, (request) => ({ ...refusing("gone")(request), gone: [{ kind: "playlist", id: list.id }] }));
    const { parked } = await syncer.round();
    for (const { undo } of parked) {
      const [back] = undo;
      assert(back?.kind === "playlist-create" && undo.length === 1);
      assert.deepEqual([back.playlist, back.title, back.items.map((item) => item.track)], [list.id, "Mine", [one.id, two.id]]);
      assert.equal(back.items[0]?.id, list.items[0]?.id);
    }
    assert.equal(parked.length, 2);
  }));

test("also where the base had lost it before the op was answered", () =>
  within("lost-first", async ({ outbox, replies, syncer }) => {
    const one = track();
    const [list, other] = [playlist([one.id]), playlist([one.id])];
    replies.splice(0, 1, says({ tracks: [one], playlists: [list, other], cursor: "1" }));
    await syncer.round();
    const item = other.items[0]?.id as string;
    replies.splice(0, 1, async (request) => {
      await outbox.add(ops.patchPlaylist(list, { title: "Mine" }), ops.moveItem(other, item, null));
      return { ...all(request), gone: [{ kind: "playlist", id: list.id }], playlists: [{ ...other, items: [] }], cursor: "2" };
    }, refusing("gone"));
    const { parked } = await syncer.round();
    const undone = parked.flatMap(({ undo }) => undo);
    assert.deepEqual(undone.map(({ kind }) => kind), ["playlist-create", "items-add"]);
    const [back, moved] = undone;
    assert(back?.kind === "playlist-create" && back.title === "Mine" && back.items.length === 1);
    assert(moved?.kind === "items-add" && moved.items[0]?.id === item);
    assert(moved.items[0].position < (other.items[0]?.position as string), "where it was moved to");
  }));

test("where both renamed, ours counts, and theirs can be had back", () =>
  within("theirs", async ({ outbox, replies, syncer, db }) => {
    const list = playlist([]);
    const [op] = (await outbox.add(ops.patchPlaylist(list, { title: "Mine" }))) as [Op];
    replies.splice(0, 1, () => answer({ results: [applied(op, { theirs: { title: "Theirs" } })] }));
    const { parked } = await syncer.round();
    assert.deepEqual(parked.map(({ result }) => [result.status, result.theirs]), [["applied", { title: "Theirs" }]]);
    const undo = parked[0]?.undo[0];
    assert(undo?.kind === "playlist-patch");
    assert.deepEqual([undo.title, undo.was, "description" in undo], ["Theirs", { title: "Mine" }, false]);
    assert.equal(await db.count("outbox"), 0);
  }));

test("a request that is too large is halved, and the one op that no request may have is parked", () =>
  within("halved", async ({ outbox, asked, replies, syncer, db }) => {
    const sent = await outbox.add(...many(10));
    const bad = sent[6]?.id;
    replies.splice(0, 1, (request) => {
      if (request.ops.some((op) => op.id === bad)) refuses(422, "op_unreadable")(request);
      return all(request);
    });
    const { parked } = await syncer.round();
    assert.deepEqual(parked.map(({ id: op, result }) => [op, result.status, result.code]), [[bad, "rejected", "op_unreadable"]]);
    assert.deepEqual([await db.count("outbox"), await db.count("parked")], [0, 1]);
    const taken = asked.filter((request) => !request.ops.some((op) => op.id === bad)).flatMap((request) => request.ops);
    assert.deepEqual(taken.map((op) => op.id), sent.map((op) => op.id).filter((op) => op !== bad));
  }));

test("a request that cannot be read or is too large is halved as well", () =>
  within("unreadable", async ({ outbox, replies, syncer, db }) => {
    for (const [status, code] of [[400, "body_unreadable"], [413, "http_413"]] as const) {
      const sent = await outbox.add(...many(3));
      replies.splice(0, 1, (request) => (request.ops.some((op) => op.id === sent[1]?.id) ? refuses(status, code)(request) : all(request)));
      assert.deepEqual((await syncer.round()).parked.map(({ id: op }) => op), [sent[1]?.id]);
      assert.equal(await db.count("outbox"), 0);
    }
  }));

test("any other refusal is the caller's, and keeps everything", () =>
  within("refused", async ({ outbox, replies, syncer, db }) => {
    await outbox.add(...many(3));
    for (const status of [0, 401, 403, 429, 500, 503]) {
      replies.splice(0, 1, refuses(status));
      await assert.rejects(syncer.round(), (error: unknown) => error instanceof ApiError && error.status === status);
    }
    replies.splice(0, 1, says({ results: [] }));
    await assert.rejects(syncer.round(), (error: unknown) => error instanceof ApiError && error.code === "sync_unanswered");
    assert.deepEqual([await outbox.count(), await db.count("parked"), await getMeta(db, "cursor")], [3, 0, null]);
  }));

test("the server's clock is learnt", () =>
  within("clock", async ({ replies, syncer, db }) => {
    replies.splice(0, 1, says({ now: new Date(NOW + 90_000).toISOString() }));
    await syncer.round();
    assert.equal(await getMeta(db, "clockOffset"), 90_000);
  }));

test("what brings something back is made by the server's clock, as every op", () =>
  within("undo-clock", async ({ outbox, replies, syncer }) => {
    const list = playlist([]);
    const [op] = (await outbox.add(ops.patchPlaylist(list, { title: "Mine" }))) as [Op];
    const now = new Date(NOW + 90_000).toISOString();
    replies.splice(0, 1, () => answer({ now, results: [applied(op, { theirs: { title: "Theirs" } })] }), refuses(422), all);
    const first = await syncer.round();
    await outbox.add(...many(1));
    const second = await syncer.round();
    assert.deepEqual([...first.parked, ...second.parked].map(({ parked_at }) => parked_at), [now, now]);
    assert.equal(first.parked[0]?.undo[0]?.at, now);
  }));

test("ops made while a request is away are sent after it, and not marked", () =>
  within("meanwhile", async ({ outbox, asked, replies, syncer, db }) => {
    await outbox.add(...many(1));
    let late: Op | undefined;
    replies.splice(0, 1, async (request) => {
      [late] = await outbox.add(...many(1));
      return all(request);
    }, all);
    await syncer.round();
    assert.equal(asked[1]?.ops[0]?.id, late?.id);
    assert.equal(await db.count("outbox"), 0);
  }));
