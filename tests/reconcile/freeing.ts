/** The keeper itself, on a device in memory: what goes, when, and what does not go with it. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { setDeviceState } from "../../webroot/src/offline/database";
import { Lag, roomOf, sizeOf } from "../../webroot/src/offline/room";
import { audio, type Device, manifestOf, save, within } from "./world";

const keptBytes = async ({ db }: Device): Promise<number> => sizeOf(await db.getAll("entries"));

async function fillUp(it: Device, room: number): Promise<void> {
  for (const n of [0, 1, 2, 3]) {
    it.server.add(`old${n}`, [10 + n]);
    await save(it, `old${n}`);
    await it.time.pass(10);
  }
  await setDeviceState(it.deps.base, "limitBytes", (await keptBytes(it)) + room);
}

for (const state of ["waiting", "paused"]) {
  test(`what is let go of goes at once, though nobody knows what one wants that is ${state}`, () =>
    within(async (it) => {
      it.server.trouble.set(manifestOf("one"), 500);
      await it.keeper.want("one");
      if (state === "paused") await it.keeper.pause("one");
      await fillUp(it, 1_500);
      assert.deepEqual([await save(it, "two"), (await it.record("one")).state], ["ready", state]);
      assert.deepEqual(it.freed, ["old0"]);
      assert.equal(it.cache.files.has(audio(10)), false);
    }));
}

test("what is pinned in the moment before it would go stays", async () => {
  let pin = async (): Promise<void> => undefined;
  await within(
    async (it) => {
      await fillUp(it, 1_500);
      pin = async () => {
        if ((await it.db.get("offline", "two"))?.manifest) await it.keeper.pin("old0", true);
      };
      assert.deepEqual([await save(it, "two"), it.freed], ["short", []]);
      assert.deepEqual([await save(it, "two"), it.freed], ["ready", ["old1"]]);
      assert.equal(it.cache.files.has(audio(10)), true);
    },
    { storage: { estimate: async () => (await pin(), { usage: 0, quota: 1e9 }) } },
  );
});

test("a browser whose estimate stays what it was costs no more than what is needed", () =>
  within(
    async (it) => {
      await fillUp(it, Infinity);
      const { onFreed } = it.deps;
      it.deps.onFreed = (playlists) => {
        onFreed?.(playlists);
        void it.keeper.reconcile("start"); // it is measured again before anything is fetched
      };
      it.server.add("big", [60], 2_500);
      assert.equal(await save(it, "big"), "ready");
      assert.deepEqual(it.freed, ["old0", "old1"]);
      await it.keeper.reconcile("start");
      assert.deepEqual(it.freed, ["old0", "old1"]);
    },
    { storage: { estimate: async () => ({ usage: 10_000_000, quota: 10_527_500 }) } },
  ));

test("what the estimate still has of what was freed is not freed again, but only as long as it has", async () => {
  const lag = new Lag();
  const free = async (used: number, kept: number): Promise<number> =>
    (await roomOf({ estimate: async () => ({ usage: used, quota: 1_000 }) }, null, kept, lag)).freeBytes;
  assert.equal(await free(700, 600), 250);
  lag.freed(200, await roomOf({ estimate: async () => ({ usage: 700, quota: 1_000 }) }, null, 600));
  assert.equal(await free(700, 400), 450);
  assert.equal(await free(800, 500), 350);
  assert.equal(await free(650, 500), 350);
  assert.equal(await free(600, 500), 350);
  assert.equal(await free(800, 500), 150);
});

test("a browser that has no room whatever goes is not given one after another", () =>
  within(async (it) => {
    await fillUp(it, Infinity);
    it.cache.put = async () => Promise.reject(new DOMException("full", "QuotaExceededError"));
    assert.equal(await save(it, "two"), "short");
    await it.keeper.reconcile("start");
    assert.deepEqual(it.freed, ["old0", "old1"]);
  }));

test("a wish whose manifest is yet to come keeps what the library says is in it, and nothing else", () =>
  within(async (it) => {
    await save(it, "one");
    await save(it, "two");
    const items = [1, 2].map((n) => ({ id: `i${n}`, track: `${n}`, position: "a" }));
    await it.db.put("playlists", { id: "one", items } as never);
    it.server.trouble.set(manifestOf("one"), 503);
    await it.db.put("offline", { ...(await it.record("one")), manifest: null, etag: null });
    await it.keeper.unwant("two");
    await it.keeper.reconcile("wish");
    assert.deepEqual([...it.cache.files.keys()].filter((path) => path.endsWith("/stream/")), [audio(1), audio(2)]);
  }));

test("taken back where nothing moves, what was whole before goes as well", () =>
  within(async (it) => {
    await save(it, "one");
    it.server.add("one", [1, 2, 3, 9]);
    it.server.before = async (path) => void (path === audio(9) && (await it.keeper.cancel("one")));
    await it.keeper.reconcile("online");
    assert.deepEqual([(await it.record("one")).state, it.cache.files.has(audio(1))], ["paused", true]);
    await it.keeper.cancel("one");
    await it.keeper.reconcile("online");
    assert.deepEqual([await it.record("one"), it.cache.files.size], [undefined, 0]);
  }));

test("a limit takes the one that is not whole, too, but not one that is on its way", () =>
  within(async (it) => {
    await save(it, "one");
    it.server.add("one", [1, 2, 3, 9]);
    it.server.before = async (path) => void (path === audio(9) && (await it.keeper.pause("one")));
    await it.keeper.reconcile("online");
    it.server.isAway = true;
    await it.keeper.limit(100);
    assert.deepEqual([it.freed, await keptBytes(it)], [["one"], 0]);
  }));

test("without some tracks, though its manifest has yet to come", () =>
  within(async (it) => {
    it.server.isAway = true;
    await it.keeper.want("one");
    await assert.rejects(it.keeper.narrow("one", [audio(1)]));
    const items = [1, 2, 3].map((n) => ({ id: `i${n}`, track: `${n}`, position: "a" }));
    await it.db.put("playlists", { id: "one", items } as never);
    const { base } = it.deps;
    const sound = (n: number): string => `${base.slice(0, -1)}${audio(n)}`;
    await it.keeper.narrow("one", [sound(1)]);
    assert.deepEqual((await it.record("one")).urls, [sound(2), sound(3)]);
    await it.keeper.narrow("one", [sound(2), sound(3)]);
    assert.equal(await it.record("one"), undefined);
  }));

test("all that is read so far is not all", () =>
  within(async (it) => {
    it.server.playlists.set("one", { urls: [audio(1)], unread: ["2"], missing: ["3"] });
    await save(it, "one", { urls: [audio(1)] });
    it.server.add("one", [1, 2, 3]);
    await it.keeper.reconcile("online");
    assert.deepEqual([(await it.record("one")).urls, (await it.record("one")).stored_items], [[audio(1)], 1]);
  }));

test("a new limit and an end of all wait for what goes, not for what comes", () =>
  within(async (it) => {
    await save(it, "one");
    it.server.before = async (path) => void (path === audio(4) && (await new Promise(() => undefined)));
    await it.keeper.want("two");
    await it.time.pass(0);
    assert.equal((await it.record("two")).state, "fetching");
    let done = "";
    void it.keeper.clear().then(() => (done = "cleared"));
    await it.time.pass(0);
    assert.deepEqual([done, it.cache.files.size], ["cleared", 0]);
    it.server.before = async (path) => void (path === manifestOf("one") && (await new Promise(() => undefined)));
    await it.keeper.want("one");
    void it.keeper.limit(1_000_000).then(() => (done = "limited"));
    await it.time.pass(0);
    assert.deepEqual([done, (await it.record("one")).state], ["limited", "waiting"]);
  }));
