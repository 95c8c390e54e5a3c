/** What a device makes of answers that are late, odd, half right, or about something else. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../webroot/src/api/errors";
import { getMeta } from "../../webroot/src/offline/database";
import * as ops from "../../webroot/src/offline/ops";
import type { Op, SyncAnswer, SyncRequest } from "../../webroot/src/offline/wire";
import { all, many, refuses, refusing, says, within } from "./syncing";
import { answer, id, playlist, track } from "./world";

const isApi = (code: string) => (error: unknown): boolean => error instanceof ApiError && error.code === code;

test("what is no answer to a sync changes nothing", () =>
  within("odd", async ({ outbox, replies, syncer, db }) => {
    const whole = answer();
    const odd: unknown[] = [null, {}, [], "", { ...whole, now: undefined }, { ...whole, now: "soon" }, { ...whole, cursor: 7 }];
    for (const name of ["results", "tracks", "playlists", "positions", "plays", "gone"]) odd.push({ ...whole, [name]: null });
    for (const given of odd) {
      replies.splice(0, 1, () => given as SyncAnswer);
      await assert.rejects(syncer.round(), isApi("sync_unreadable"));
    }
    await outbox.add(...many(1));
    await assert.rejects(syncer.round(), isApi("sync_unreadable"));
    assert.deepEqual([await outbox.count(), await getMeta(db, "cursor"), await getMeta(db, "clockOffset")], [1, null, 0]);
  }));

test("an answer is taken whole or not at all", () =>
  within("all-or-nothing", async ({ outbox, asked, replies, syncer, db, stored }) => {
    const [sent] = (await outbox.add(...many(2))) as [Op, Op];
    const nameless = { ...track(), id: undefined } as never;
    replies.splice(0, 1, (request) => ({ ...refusing("rejected")(request), tracks: [track(), nameless] }));
    await assert.rejects(syncer.round(), { name: "DataError" });
    assert.deepEqual([await outbox.count(), await db.count("parked"), await stored("tracks")], [2, 0, []]);
    replies.splice(0, 1, all);
    await syncer.round();
    assert.deepEqual([asked[1]?.ops[0]?.id, await db.count("outbox")], [sent.id, 0]);
  }));

test("what only a newer release knows is left out, and nothing of its user's is lost for it", () =>
  within("newer", async ({ outbox, replies, syncer, db, stored }) => {
    const one = track();
    replies.splice(0, 1, says({ tracks: [one] }));
    await syncer.round();
    const [op] = (await outbox.add(...many(1))) as [Op];
    const gone = [{ kind: "channel", id: id() }, { kind: "track", id: one.id }] as SyncAnswer["gone"];
    replies.splice(0, 1, (request) => ({ ...refusing("postponed" as never)(request), gone }), all);
    const { parked } = await syncer.round();
    assert.deepEqual([await stored("tracks"), parked.map((it) => it.op.id), await db.count("parked")], [[], [op.id], 1]);
  }));

test("where the server was asked by a wrong name, or somebody else answered, no op is taken for wrong", () =>
  within("elsewhere", async ({ outbox, replies, syncer, db }) => {
    await outbox.add(...many(3));
    for (const code of ["host_not_allowed", "host_invalid", "http_400"]) {
      replies.splice(0, 1, refuses(400, code));
      await assert.rejects(syncer.round(), isApi(code));
    }
    assert.deepEqual([await outbox.count(), await db.count("parked")], [3, 0]);
  }));

test("one op that no request may have does not make all others go one by one", () =>
  within("one-by-one", async ({ outbox, asked, replies, syncer, db }) => {
    const sent = await outbox.add(...many(400));
    replies.splice(0, 1, (request) => (request.ops.some((op) => op.id === sent[37]?.id) ? refuses(422)(request) : all(request)));
    const { parked } = await syncer.round();
    assert.deepEqual([parked.map(({ op }) => op.id), await db.count("outbox")], [[sent[37]?.id], 0]);
    assert(asked.length < 40, `${asked.length} requests`);
  }));

test("what another tab has sent since it was asked stays in sight until an answer has it", () =>
  within("three-tabs", async ({ outbox, replies, syncer, db }) => {
    const list = playlist([], { title: "Before" });
    replies.splice(0, 1, says({ playlists: [list], cursor: "1" }));
    await syncer.round();
    const late = async (request: SyncRequest): Promise<SyncAnswer> => {
      await outbox.add(ops.patchPlaylist(list, { title: "After" }));
      const [entry] = await outbox.list();
      // As an answer of that tab's leaves it that came too late to count (`isCurrent`).
      await db.put("outbox", { ...entry!, isSent: true });
      return { ...all(request), cursor: "2" };
    };
    replies.splice(0, 1, late, says({ playlists: [{ ...list, title: "After" }], cursor: "3" }));
    await syncer.round();
    assert.deepEqual((await outbox.list()).map(({ op, isSent }) => [op.kind, isSent]), [["playlist-patch", true]]);
    await syncer.round();
    assert.deepEqual(await outbox.list(), []);
  }));
