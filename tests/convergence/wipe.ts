/** What becomes of a wipe that does not come to its end; a database that is closed under its user. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { forceCloseDatabase } from "fake-indexeddb";
import { unwrap } from "idb";

import { type Channel, openChannel } from "../../webroot/src/offline/channel";
import { findUserDatabase, getDeviceState, openUserDatabase, setDeviceState } from "../../webroot/src/offline/database";
import { userDatabase } from "../../webroot/src/offline/names";
import { announceWipe, finishWipe, takeBack, wipe, type WipeDeps } from "../../webroot/src/offline/wipe";
import { USER } from "./world";

const OTHER = "b".repeat(32);

interface Setting {
  base: string;
  deps: WipeDeps;
  /** Opens a database and does not let go of it, as a page that the system has frozen, until what it gives is called. */
  hold(user: string): Promise<() => void>;
  /** Whose databases there are. */
  left(): Promise<string[]>;
  /** Time goes by until the work is done, well or not. */
  pass<T>(work: Promise<T>): Promise<T>;
}

async function within(name: string, run: (it: Setting) => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ["setTimeout"] });
  const [warn, base] = [console.warn, `/wipe-${name}/`];
  console.warn = () => undefined;
  const channel: Channel = openChannel(base);
  const deps: WipeDeps = { base, channel, forgetTraces: () => undefined };
  try {
    await run({ base, deps, hold: (user) => hold(base, user), left: () => left(base), pass });
  } finally {
    channel.close();
    mock.timers.reset();
    console.warn = warn;
  }
}

function hold(base: string, user: string): Promise<() => void> {
  return new Promise((done) => {
    const asked = indexedDB.open(userDatabase(base, user));
    asked.onsuccess = () => done(() => asked.result.close());
  });
}

async function left(base: string): Promise<string[]> {
  const names = (await indexedDB.databases()).map(({ name }) => name);
  return [USER, OTHER].filter((user) => names.includes(userDatabase(base, user)));
}

async function pass<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  work.then(() => (isDone = true), () => (isDone = true));
  for (let n = 0; n < 200 && !isDone; n++) {
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((done) => setImmediate(done));
    mock.timers.tick(500);
  }
  assert(isDone, "it never came to its end");
  return work;
}

async function fill(base: string, user: string): Promise<void> {
  (await openUserDatabase(base, user)).close();
}

test("two wipes that were broken off are both finished at the next start", () =>
  within("two", async ({ base, deps, left, pass }) => {
    for (const user of [USER, OTHER]) {
      await fill(base, user);
      await announceWipe(user, deps);
    }
    assert.deepEqual(await getDeviceState(base, "wiping"), [USER, OTHER]);
    assert.equal(await pass(finishWipe(deps)), true);
    assert.deepEqual([await left(), await getDeviceState(base, "wiping")], [[], []]);
  }));

test("a page that does not let go holds up one wipe for a while, and no other", () =>
  within("held", async ({ base, deps, hold, left, pass }) => {
    await fill(base, OTHER);
    const letGo = await hold(USER);
    await assert.rejects(pass(wipe(USER, deps)), /does not let go/);
    await announceWipe(OTHER, deps);
    assert.equal(await pass(finishWipe(deps)), false);
    assert.deepEqual([await left(), await getDeviceState(base, "wiping")], [[USER], [USER]]);
    letGo();
    assert.equal(await pass(finishWipe(deps)), true);
    assert.deepEqual([await left(), await getDeviceState(base, "wiping")], [[], []]);
  }));

test("a device that has no room to write it down wipes all the same", () =>
  within("full", async ({ base, deps, left, pass }) => {
    await fill(base, USER);
    const put = IDBObjectStore.prototype.put;
    const full = (): never => {
      throw new DOMException("", "QuotaExceededError");
    };
    IDBObjectStore.prototype.put = full;
    const told: string[] = [];
    deps.channel.listen((message) => void told.push(message.type));
    await pass(announceWipe(USER, deps));
    IDBObjectStore.prototype.put = put;
    await pass(wipe(USER, deps));
    assert.deepEqual([await left(), told], [[], ["wiped", "wiped", "wiped"]]);
  }));

test("who is back keeps what they do from now on", () =>
  within("back", async ({ base, deps, hold, left, pass }) => {
    await fill(base, USER);
    await setDeviceState(base, "wiping", [OTHER, USER]);
    await pass(takeBack(USER, { base }));
    assert.deepEqual([await left(), await getDeviceState(base, "wiping")], [[], [OTHER]]);
    await setDeviceState(base, "wiping", [OTHER, USER]);
    const letGo = await hold(USER);
    await assert.rejects(pass(takeBack(USER, { base })), /does not let go/);
    assert.deepEqual(await getDeviceState(base, "wiping"), [OTHER], "also where it could not be finished");
    letGo();
    await fill(base, USER);
    await pass(finishWipe(deps));
    assert.deepEqual(await left(), [USER]);
  }));

test("a database that another page holds back is not waited for for ever", () =>
  within("opening", async ({ base, hold, pass }) => {
    const letGo = await hold(USER);
    const gone = new Promise((done) => (indexedDB.deleteDatabase(userDatabase(base, USER)).onsuccess = done));
    await assert.rejects(pass(openUserDatabase(base, USER)), /does not let go/);
    assert.equal(await pass(findUserDatabase(base, USER)), null);
    letGo();
    await gone;
  }));

test("who loses the connection hears of it; not who is wiped, or closes it", () =>
  within("lost", async ({ base, deps, pass }) => {
    let lost = 0;
    const open = (): ReturnType<typeof openUserDatabase> => openUserDatabase(base, USER, () => lost++);
    const closed = await open();
    closed.close();
    await open();
    await pass(wipe(USER, deps));
    assert.equal(lost, 0);
    const taken = await open();
    forceCloseDatabase(unwrap(taken) as never);
    await pass(Promise.resolve());
    assert.equal(lost, 1, "the browser took it");
    await open();
    await new Promise<void>((done) => {
      const asked = indexedDB.open(userDatabase(base, USER), 99);
      asked.onsuccess = () => {
        asked.result.close();
        done();
      };
    });
    assert.equal(lost, 2, "a newer release took it");
  }));
