/** When a drain drains, how it waits, and what it says of itself. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../webroot/src/api/errors";
import { SYNC_TAG } from "../../webroot/src/offline/drain";
import { changed, no, settled, within } from "./draining";
import { USER } from "./world";

test("it drains at the start, and at the events it was given", () =>
  within(async (it) => {
    it.drain.start([it.page, "online"], [it.page, "visible"]);
    await settled();
    assert.equal(it.rounds, 1);
    for (const type of ["online", "visible", "unknown"]) {
      it.page.dispatchEvent(new Event(type));
      await settled();
    }
    assert.equal(it.rounds, 3);
    assert.deepEqual([it.drain.value.trouble, it.drain.value.isSyncing, it.drain.value.lastSyncAt], [null, false, "1970-01-01T00:00:00.000Z"]);
  }));

test("ops that are made in one second go together", () =>
  within(async (it) => {
    it.drain.start();
    await settled();
    for (let op = 1; op <= 3; op++) {
      it.pending = op;
      it.tell(changed("outbox"));
      await settled();
    }
    assert.deepEqual([it.rounds, it.drain.value.pending], [1, 3]);
    await it.tick(1_000);
    assert.deepEqual([it.rounds, it.drain.value.pending], [2, 0]);
    it.tell(changed("tracks"));
    it.pending = 1;
    it.tell({ type: "changed", user: "b".repeat(32), stores: ["outbox"] });
    await settled();
    await it.tick(5_000);
    assert.equal(it.rounds, 2);
  }));

test("what another tab has sent meanwhile is not asked for again", () =>
  within(async (it) => {
    it.drain.start();
    await settled();
    it.pending = 1;
    it.tell(changed("outbox"));
    await settled();
    it.pending = 0;
    await it.tick(1_000);
    assert.equal(it.rounds, 1);
  }));

test("one round at a time: what comes meanwhile makes one more", () =>
  within(async (it) => {
    const release = it.hold();
    const first = it.drain.drain();
    await settled();
    assert(it.drain.value.isSyncing);
    void it.drain.drain();
    void it.drain.drain();
    await settled();
    assert.equal(it.rounds, 1);
    release();
    await first;
    assert.equal(it.rounds, 2);
  }));

test("over all tabs, too", async () => {
  const names: string[] = [];
  const request = async (name: string, _options: LockOptions, work: () => Promise<void>): Promise<void> => {
    names.push(name);
    await work();
  };
  await within(async (it) => void (await it.drain.drain()), { locks: { request } as unknown as LockManager });
  assert.deepEqual(names, [`soundwave:/:${USER}:sync`]);
});

test("who stops does not wait for a tab that does not let go", async () => {
  const request = (_name: string, { signal }: LockOptions): Promise<void> =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  await within(async (it) => {
    const drained = it.drain.drain();
    await settled();
    await it.drain.stop();
    await drained;
    assert.deepEqual([it.rounds, it.drain.value.trouble], [0, null]);
  }, { locks: { request } as unknown as LockManager });
});

test("without an answer it waits longer each time, up to five minutes, and asks for a Background Sync", () =>
  within(async (it) => {
    it.errors = Array.from({ length: 12 }, () => no(0));
    it.pending = 1;
    it.drain.start();
    await settled();
    assert.deepEqual([it.drain.value.trouble, it.drain.value.pending, it.tags], ["offline", 1, [SYNC_TAG]]);
    let rounds = 1;
    for (const wait of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
      await it.tick(wait * 1000 - 1);
      assert.equal(it.rounds, rounds, `not before ${wait} s`);
      await it.tick(1);
      assert.equal(it.rounds, ++rounds, `after ${wait} s`);
    }
    assert(it.tags.length > 5 && it.tags.every((tag) => tag === SYNC_TAG));
    await it.tick(300_000);
    assert.deepEqual([it.drain.value.trouble, it.drain.value.pending], [null, 0]);
    await it.tick(600_000);
    assert.equal(it.rounds, rounds + 1, "then it rests");
  }));

test("the wait is a random part of that", () =>
  within(async (it) => {
    it.errors = [no(0)];
    it.drain.start();
    await settled();
    await it.tick(250);
    assert.equal(it.rounds, 2);
  }, { random: () => 0.25 }));

test("a server that says when to come again is asked then, and not before", () =>
  within(async (it) => {
    it.drain.start([it.page, "visible"]);
    await settled();
    for (const status of [429, 500, 503]) {
      it.errors = [no(status, 30)];
      await it.drain.drain();
      assert.equal(it.drain.value.trouble, "busy");
      const { rounds } = it;
      it.drain.answered();
      it.page.dispatchEvent(new Event("visible"));
      await it.tick(29_999);
      assert.equal(it.rounds, rounds);
      await it.tick(1);
      assert.equal(it.rounds, rounds + 1);
    }
  }));

test("a server that has no sync now is asked again in time", () =>
  within(async (it) => {
    it.errors = [new ApiError("path_not_found", "There is nothing at this path.", 404)];
    it.pending = 1;
    it.drain.start();
    await settled();
    assert.deepEqual([it.drain.value.trouble, it.drain.value.pending], ["absent", 1]);
    await it.tick(1_000);
    assert.deepEqual([it.rounds, it.drain.value.trouble, it.drain.value.pending], [2, null, 0]);
  }));

test("who is not let in stops, keeps all, and tries again only where something changed", () =>
  within(async (it) => {
    it.drain.start([it.page, "visible"]);
    await settled();
    for (const [status, trouble] of [[401, "signed-out"], [403, "refused"]] as const) {
      it.errors = [no(status)];
      it.pending = 2;
      await it.drain.drain();
      const { rounds } = it;
      it.tell(changed("outbox"));
      it.drain.answered();
      await it.tick(3_600_000);
      assert.deepEqual([it.rounds, it.drain.value.trouble, it.drain.value.pending], [rounds, trouble, 2]);
    }
    it.page.dispatchEvent(new Event("visible"));
    await settled();
    assert.deepEqual([it.drain.value.trouble, it.drain.value.pending], [null, 0]);
  }));

test("another request that was answered ends the waiting, and sends what waits", () =>
  within(async (it) => {
    it.errors = [no(0)];
    it.drain.start();
    await settled();
    it.drain.answered();
    await it.tick(0);
    assert.deepEqual([it.rounds, it.drain.value.trouble], [2, null]);
    it.drain.answered();
    await it.tick(0);
    assert.equal(it.rounds, 2, "nothing waits");
  }));

test("counts are put in before a round, every ten minutes at most", () =>
  within(async (it) => {
    await it.drain.drain();
    await it.tick(599_999);
    await it.drain.drain();
    assert.equal(it.flushed, 1);
    await it.tick(1);
    await it.drain.drain();
    assert.equal(it.flushed, 2);
  }));

test("its watchers hear of every change, and of nothing else", () =>
  within(async (it) => {
    const seen: (string | null)[] = [];
    const end = it.drain.subscribe(() => seen.push(`${it.drain.value.isSyncing} ${it.drain.value.trouble}`));
    it.errors = [no(0)];
    await it.drain.drain();
    assert.deepEqual(seen, ["true null", "true offline", "false offline"]);
    end();
    await it.drain.drain();
    assert.equal(seen.length, 3);
  }));

test("a fault is not taken for the network's, and not tried again at once", () =>
  within(async (it) => {
    const [warn, said] = [console.warn, [] as unknown[]];
    console.warn = (...words: unknown[]) => said.push(...words);
    it.drain.start([it.page, "visible"]);
    await settled();
    const faults = [[new TypeError("a fault"), "broken"], [new DOMException("", "QuotaExceededError"), "full"]] as const;
    for (const [fault, trouble] of faults) {
      it.errors = [fault, fault];
      await it.drain.drain();
      assert.deepEqual([it.drain.value.trouble, it.drain.value.isSyncing], [trouble, false]);
      const { rounds } = it;
      for (const [wait, more] of [[999, 0], [1, 1], [1_999, 1], [1, 2]] as const) {
        it.drain.look();
        it.page.dispatchEvent(new Event("visible"));
        await it.tick(wait);
        assert.equal(it.rounds, rounds + more);
      }
      assert.equal(it.drain.value.trouble, null);
    }
    assert.equal(said.filter((word) => word instanceof TypeError).length, 2, "a fault is told to who looks into it");
    console.warn = warn;
  }));

test("who looks around asks for news, but not where the server asked to be left alone; who wishes is not held up", () =>
  within(async (it) => {
    it.drain.look();
    await settled();
    assert.equal(it.rounds, 1);
    it.errors = [no(500)];
    await it.drain.drain();
    it.drain.look();
    await settled();
    assert.equal(it.rounds, 2);
    await it.drain.drain();
    assert.deepEqual([it.rounds, it.drain.value.trouble], [3, null]);
    for (const [status, trouble] of [[401, "signed-out"], [403, "refused"]] as const) {
      it.errors = [no(status)];
      await it.drain.drain();
      const { rounds } = it;
      it.drain.look();
      await settled();
      assert.deepEqual([it.rounds, it.drain.value.trouble], [rounds, trouble]);
    }
  }));

test("once stopped it does nothing more, and says nothing of a database that was closed under it", () =>
  within(async (it) => {
    it.drain.start([it.page, "online"]);
    await settled();
    const release = it.hold();
    it.errors = [new DOMException("closing", "InvalidStateError")];
    const running = it.drain.drain();
    await settled();
    const stopped = it.drain.stop();
    release();
    await Promise.all([stopped, running]);
    it.page.dispatchEvent(new Event("online"));
    it.tell(changed("outbox"));
    await it.tick(3_600_000);
    assert.equal(it.rounds, 2);
  }));
