/** The keeper itself, on a device in memory: when it stops, makes room, looks after what it has, and what it tells. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../webroot/src/api/errors";
import { setDeviceState } from "../../webroot/src/offline/database";
import { changeRecord } from "../../webroot/src/offline/records";
import { audio, save, USER, within } from "./world";

test("paused, what is on its way is broken off; resumed, the rest is fetched", () =>
  within(async (it) => {
    let release = (): void => undefined;
    const held = new Promise<void>((done) => (release = done));
    it.server.before = async (path) => void (path === audio(3) && (await held));
    await it.keeper.want("one");
    await it.time.pass(0);
    await it.keeper.pause("one");
    release();
    await it.time.pass(100_000);
    assert.deepEqual([(await it.record("one")).state, (await it.record("one")).stored_items], ["paused", 2]);
    assert.equal(it.cache.files.has(audio(3)), false);
    it.server.asked = [];
    await it.keeper.resume("one");
    await it.time.pass(0);
    assert.equal((await it.record("one")).state, "ready");
    assert.deepEqual(it.server.sounds(), [audio(3)]);
  }));

test("paused in the moment before it is fetched, it stays paused", async () => {
  let pause = async (): Promise<void> => undefined;
  await within(
    async (it) => {
      // In another tab, whose word comes a little later.
      pause = async () => {
        if (!(await it.record("one")).manifest) return;
        pause = async () => undefined;
        await changeRecord({ ...it.deps, channel: { ...it.deps.channel, post: () => undefined } }, "one", () => ({ state: "paused" }));
      };
      it.server.before = async (path) => {
        if (path === audio(1)) it.deps.channel.post({ type: "changed", user: USER, stores: ["offline"] });
        await it.db.count("offline");
      };
      await it.keeper.want("one");
      await it.time.pass(100_000);
      assert.deepEqual([(await it.record("one")).state, it.cache.files.size], ["paused", 0]);
    },
    { storage: { estimate: async () => (await pause(), { usage: 0, quota: 1e9 }) } },
  );
});

test("cancelled before it was ready, nothing of it stays; afterwards what was whole stays", () =>
  within(async (it) => {
    const held = new Promise<void>(() => undefined);
    it.server.before = async (path) => void (path === audio(2) && (await held));
    await it.keeper.want("one");
    await it.time.pass(0);
    void it.keeper.cancel("one");
    it.keeper.close();
    await it.reopen().reconcile("start");
    assert.equal(await it.record("one"), undefined);
    assert.equal(it.cache.files.size, 0);
    it.server.before = null;
    await save(it, "two");
    await it.keeper.cancel("two");
    assert.equal((await it.record("two")).state, "ready");
  }));

test("no room: nothing is fetched, and it is said what would fit", () =>
  within(
    async (it) => {
      assert.equal(await save(it, "one"), "short");
      assert.deepEqual(it.server.sounds(), []);
      const forecast = (await it.keeper.forecast("one"))!;
      assert.deepEqual([forecast.doesFit, forecast.items, forecast.fitting], [false, 3, [audio(1), audio(2)]]);
      assert.equal(await save(it, "one", { urls: forecast.fitting }), "ready");
      assert.deepEqual(it.server.sounds(), [audio(1), audio(2)]);
    },
    { storage: { estimate: async () => ({ usage: 0, quota: 2_500 }) } },
  ));

test("a quota that ends in the middle: what is stored is right, the rest waits for room", () =>
  within(async (it) => {
    it.cache.most = 2_300;
    assert.equal(await save(it, "one"), "short");
    const record = await it.record("one");
    assert.deepEqual([record.reason, record.stored_items], ["quota", 2]);
    assert.deepEqual((await it.keeper.forecast("one"))!.fitting, [audio(1), audio(2)]);
    it.cache.most = Infinity;
    await it.keeper.resume("one");
    await it.time.pass(0);
    assert.equal((await it.record("one")).state, "ready");
    assert.equal(new Set(it.server.sounds()).size, 3);
  }));

test("a limit frees the longest unused, never a pinned one, and tells", () =>
  within(async (it) => {
    it.server.add("three", [5, 6]);
    for (const id of ["one", "two"]) {
      await save(it, id);
      await it.time.pass(1_000);
    }
    await it.keeper.touch("one");
    await setDeviceState(it.deps.base, "limitBytes", 5_500);
    assert.equal(await save(it, "three"), "ready");
    assert.deepEqual(it.freed, ["two"]);
    assert.equal((await it.db.getAllKeys("offline")).includes("two"), false);
    await it.keeper.pin("one", true);
    await it.keeper.pin("three", true);
    assert.equal(await save(it, "two"), "short");
    assert.deepEqual(it.freed, ["two"]);
    await it.keeper.pin("three", false);
    await it.keeper.limit(3_500);
    assert.deepEqual(it.freed, ["two", "three"]);
  }));

test("a file that rotted is found, dropped and fetched again", () =>
  within(async (it) => {
    await save(it, "one");
    assert.equal(await it.keeper.verify(`${audio(2)}?x=1`), true);
    it.cache.files.get(audio(2))!.body[500]! ^= 1;
    it.server.asked = [];
    assert.equal(await it.keeper.verify(audio(2)), false);
    await it.time.pass(0);
    assert.deepEqual(it.server.sounds(), [audio(2)]);
    assert.deepEqual(await it.keeper.verifyAll(), { checked: 7, bad: 0 });
  }));

test("a file that cannot be read any more is dropped like one that rotted, and the others are looked at", () =>
  within(async (it) => {
    await save(it, "one");
    const { match } = it.cache;
    it.cache.match = async (url) => {
      const body = new ReadableStream({ start: (to) => to.error(new TypeError("cannot be read")) });
      return url === audio(2) && it.cache.files.has(url) ? new Response(body) : match(url);
    };
    it.server.asked = [];
    it.server.isAway = true;
    assert.deepEqual(await it.keeper.verifyAll(), { checked: 7, bad: 1 });
    it.cache.match = match;
    it.server.isAway = false;
    await it.keeper.reconcile("wish");
    assert.deepEqual([it.server.sounds(), (await it.record("one")).state], [[audio(2)], "ready"]);
  }));

test("within a month everything is looked at once", () =>
  within(async (it) => {
    await save(it, "one");
    it.cache.files.get(audio(3))!.body[0]! ^= 1;
    for (let day = 0; day < 29; day++) {
      await it.time.pass(24 * 3600 * 1000);
      await it.keeper.reconcile("start");
    }
    assert.equal(it.server.sounds().length, 3);
    for (let day = 0; day < 4; day++) {
      await it.time.pass(24 * 3600 * 1000);
      await it.keeper.reconcile("start");
      await it.time.pass(0);
    }
    assert.equal(it.server.sounds().length, 4);
  }));

test("progress goes up and ends with everything", () =>
  within(async (it) => {
    await save(it, "one");
    const told = it.messages.flatMap((message) => (message.type === "progress" ? [message.storedBytes] : []));
    assert.deepEqual(told, [...told].sort((a, b) => a - b));
    assert(told.length > 0);
  }));

test("persistence is asked for at the first wish alone", () => {
  let asked = 0;
  const storage = { persist: async () => ++asked > 0 };
  return within(
    async (it) => {
      await save(it, "one");
      await save(it, "two");
      assert.equal(asked, 1);
    },
    { storage },
  );
});

test("on plain http nothing is wished for", () =>
  within(
    async (it) => {
      assert.equal(it.keeper.canKeep, false);
      await assert.rejects(it.keeper.want("one"));
      await it.keeper.reconcile("start");
      assert.deepEqual(it.server.asked, []);
    },
    { caches: null },
  ));

test("what the server could not be told is told later", () =>
  within(async (it) => {
    const { send } = it.server;
    it.deps.send = async () => {
      throw new ApiError("no_answer", "", 0);
    };
    await save(it, "one");
    await save(it, "two");
    await it.keeper.unwant("two");
    await it.time.pass(0);
    it.deps.send = send;
    await it.keeper.reconcile("online");
    assert.deepEqual(it.server.told.map(([method, path]) => [method, path.slice(-4)]), [["DELETE", "two/"], ["PUT", "one/"]]);
    assert.deepEqual(await it.db.get("meta", "unkept"), []);
  }));

test("when its user is wiped, it stops", () =>
  within(async (it) => {
    it.server.before = async () => new Promise<void>(() => undefined);
    await it.keeper.want("one");
    await it.time.pass(0);
    it.deps.channel.post({ type: "wiped", user: it.deps.user });
    const asked = it.server.asked.length;
    await it.keeper.reconcile("online");
    await it.time.pass(1_000_000);
    assert.equal(it.server.asked.length, asked);
    assert.equal([...it.cache.files.keys()].length, 0);
  }));
