/** The keeper itself, on a device in memory: what it fetches, and what becomes of it when a server is as servers are. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { audio, save, within } from "./world";

test("it is ready when all of it is there, and the server hears of it once", () =>
  within(async (it) => {
    assert.equal(await save(it, "one", { title: "One" }), "ready");
    const record = await it.record("one");
    assert.deepEqual([record.title, record.items, record.stored_items, record.stored_bytes === record.size_bytes], ["One", 3, 3, true]);
    assert.equal(it.cache.files.size, 6);
    assert.deepEqual(await it.db.getAllKeys("documents"), ["/api/playlist/one/"]);
    assert.equal((await it.db.getAll("entries")).length, 7);
    const [[method, path, body]] = it.server.told as [[string, string, Record<string, unknown>]];
    assert.deepEqual([method, path.endsWith("api/offline/playlist/one/"), body["state"], body["stored_items"]], ["PUT", true, "ready", 3]);
    await it.keeper.reconcile("wish");
    assert.equal(it.server.told.length, 1);
  }));

test("an unchanged playlist costs one request", () =>
  within(async (it) => {
    await save(it, "one");
    it.server.asked = [];
    await it.reopen().reconcile("start");
    assert.deepEqual(it.server.asked.map((path) => path.slice(-9)), ["manifest/"]);
    assert.equal(it.server.unchanged, 1);
  }));

test("files say what they are", () =>
  within(async (it) => {
    await save(it, "one");
    const { headers } = it.cache.files.get(audio(1))!;
    const { revision } = (await it.db.get("entries", audio(1)))!;
    assert.deepEqual(
      ["Content-Type", "Content-Length", "ETag", "SoundWave-Revision"].map((name) => headers.get(name)),
      ["audio/mpeg", "1000", `"${revision}"`, revision],
    );
  }));

test("the order is the playlist's", () =>
  within(async (it) => {
    await save(it, "one");
    assert.deepEqual(it.server.sounds(), [audio(1), audio(2), audio(3)]);
  }));

test("what two playlists need is fetched once and goes with the second", () =>
  within(async (it) => {
    await save(it, "one");
    await save(it, "two");
    assert.equal(it.server.sounds().filter((path) => path === audio(3)).length, 1);
    await it.keeper.unwant("one");
    await it.keeper.reconcile("wish");
    assert.deepEqual([...it.cache.files.keys()].filter((path) => path.endsWith("/stream/")), [audio(3), audio(4)]);
    await it.keeper.unwant("two");
    await it.keeper.reconcile("wish");
    assert.equal(it.cache.files.size, 0);
    assert.deepEqual(await it.db.getAllKeys("documents"), []);
    assert.deepEqual(it.server.told.filter(([method]) => method === "DELETE").map(([, path]) => path.slice(-4)), ["one/", "two/"]);
  }));

test("a half evicted cache gets what it lost", () =>
  within(async (it) => {
    await save(it, "one");
    it.cache.files.delete(audio(2));
    it.server.asked = [];
    await it.reopen().reconcile("start");
    assert.deepEqual(it.server.sounds(), [audio(2)]);
    assert.equal((await it.record("one")).state, "ready");
  }));

test("bytes whose record was lost are taken up, not fetched again", () =>
  within(async (it) => {
    await save(it, "one");
    await it.db.delete("entries", audio(2));
    it.server.asked = [];
    await it.reopen().reconcile("start");
    assert.deepEqual(it.server.sounds(), []);
    assert.equal((await it.record("one")).state, "ready");
  }));

test("orphans are swept", () =>
  within(async (it) => {
    await save(it, "one");
    await it.cache.put("/api/audio/99/stream/", new Response("whose?"));
    await it.keeper.reconcile("wish");
    assert.equal(it.cache.files.has("/api/audio/99/stream/"), false);
  }));

test("other bytes than the manifest's are never stored: it is asked for again", () =>
  within(async (it) => {
    it.server.before = (path) => {
      if (path !== audio(2) || it.server.files.get(path) === "new") return;
      it.server.files.set(path, "new");
      it.server.rev++;
    };
    assert.equal(await save(it, "one"), "ready");
    assert.equal(new TextDecoder().decode(it.cache.files.get(audio(2))!.body), "new");
    assert.deepEqual(it.server.sounds(), [audio(1), audio(2), audio(3), audio(2)]);
  }));

test("bytes that stay wrong are fetched once; again for whom asks, and for another revision", () =>
  within(async (it) => {
    const right = it.server.files.get(audio(2))!;
    // The manifest is made before, of what is right.
    it.server.manifest = memo(it.server.manifest.bind(it.server));
    it.server.before = (path) => void (path === audio(2) && it.server.files.set(path, right.replace("2", "3")));
    assert.equal(await save(it, "one"), "failed");
    const record = await it.record("one");
    assert.deepEqual([record.reason, record.stored_items, it.cache.files.has(audio(2))], ["changed", 2, false]);
    const times = (): number => it.server.sounds().filter((path) => path === audio(2)).length;
    await it.time.pass(900_000);
    assert.equal(times(), 1);
    await it.keeper.resume("one");
    await it.time.pass(900_000);
    assert.equal(times(), 2);
    it.server.before = null;
    it.server.files.set(audio(2), "new");
    delete (it.server as Partial<typeof it.server>).manifest;
    it.server.rev++;
    await it.time.pass(300_000);
    assert.deepEqual([(await it.record("one")).state, times()], ["ready", 3]);
  }));

const memo = <T>(make: (id: string) => Promise<T>): ((id: string) => Promise<T>) => {
  const made = new Map<string, Promise<T>>();
  return (id) => made.get(id) ?? made.set(id, make(id)).get(id)!;
};

test("a server that is away: it waits, and goes on by itself", () =>
  within(async (it) => {
    it.server.before = (path) => void (path === audio(2) && (it.server.isAway = true));
    it.server.trouble.set(audio(2), null);
    await it.keeper.want("one");
    await it.time.pass(20_000);
    assert.equal((await it.record("one")).state, "offline");
    it.server.trouble.clear();
    it.server.isAway = false;
    it.server.before = null;
    const before = it.server.sounds().filter((path) => path === audio(1)).length;
    await it.time.pass(300_000);
    assert.equal((await it.record("one")).state, "ready");
    assert.equal(it.server.sounds().filter((path) => path === audio(1)).length, before);
  }));

test("a busy server is asked again after a while, and then it is not failed", () =>
  within(async (it) => {
    it.server.trouble.set(audio(1), 503);
    await it.keeper.want("one");
    await it.time.pass(500);
    assert.equal((await it.record("one")).state, "fetching");
    it.server.trouble.clear();
    await it.time.pass(1_000);
    assert.equal((await it.record("one")).state, "ready");
  }));

test("who is not signed in gets nothing, and is not asked for again and again", () =>
  within(async (it) => {
    it.server.trouble.set(audio(1), 401);
    it.server.trouble.set(audio(2), 401);
    await it.keeper.want("one");
    await it.time.pass(0);
    const { state, reason } = await it.record("one");
    assert.deepEqual([state, reason], ["failed", "signed_out"]);
    const asked = it.server.asked.length;
    await it.time.pass(1_000_000);
    assert.equal(it.server.asked.length, asked);
  }));

test("a playlist that is gone is let go of, one that waits in the outbox is not", () =>
  within(async (it) => {
    await save(it, "one");
    it.server.playlists.delete("one");
    await it.keeper.reconcile("wish");
    assert.equal(await it.record("one"), undefined);
    assert.equal(it.cache.files.size, 0);
    const op = { kind: "playlist-create" as const, playlist: "new", title: "", description: "", items: [], id: "1", at: "" };
    await it.db.put("outbox", { id: "1", op, isSent: false });
    assert.equal(await save(it, "new"), "waiting");
    it.server.add("new", [7]);
    await it.time.pass(300_000);
    assert.equal((await it.record("new")).state, "ready");
  }));

test("a proxy's 404 is no reason to let go of anything", () =>
  within(async (it) => {
    await save(it, "one");
    it.deps.fetch = async () => new Response("not here", { status: 404, headers: { "Content-Type": "text/html" } });
    await it.keeper.reconcile("wish");
    assert.equal((await it.record("one")).state, "ready");
    assert.equal(it.cache.files.size, 6);
  }));

test("what the server has yet to read is asked for again; what it has no file of is noted", () =>
  within(async (it) => {
    Object.assign(it.server.playlists.get("one")!, { unread: ["t"], missing: ["m"] });
    await it.keeper.want("one");
    await it.time.pass(0);
    assert.deepEqual([(await it.record("one")).state, (await it.record("one")).reason], ["waiting", "unread"]);
    Object.assign(it.server.playlists.get("one")!, { unread: [] });
    it.server.rev++;
    await it.time.pass(3_000);
    assert.deepEqual([(await it.record("one")).state, (await it.record("one")).reason], ["ready", "missing"]);
  }));
