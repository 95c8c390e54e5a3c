/** The keeper itself, on a device in memory: what it makes of servers, proxies and strangers that are in the way. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../webroot/src/api/errors";
import { Background, type BackgroundFetches } from "../../webroot/src/offline/background";
import { fetchName } from "../../webroot/src/offline/names";
import { audio, save, USER, within } from "./world";

const OTHER = "b".repeat(32);
const never = (signal: AbortSignal | null | undefined): Promise<never> =>
  new Promise((_, no) => signal?.addEventListener("abort", () => no(signal.reason as Error)));

test("a file that is announced as another one is not read", () =>
  within(async (it) => {
    const { fetch } = it.deps;
    const announced: Record<string, HeadersInit> = {
      [audio(1)]: { ETag: `"${"0".repeat(64)}"` },
      [audio(2)]: { "Content-Length": "999" },
      [audio(3)]: { "Content-Length": "99", "Content-Encoding": "gzip", ETag: 'W/"7"' },
    };
    let cancelled = 0;
    it.deps.fetch = async (url, init) => {
      const response = await fetch(url, init);
      const name = Object.keys(announced).find((path) => url.endsWith(path));
      if (name === undefined) return response;
      const headers = { ...announced[name], "SoundWave-User": USER };
      if (name === audio(3)) return new Response(response.body, { headers });
      return new Response(new ReadableStream({ cancel: () => void cancelled++ }, { highWaterMark: 0 }), { headers });
    };
    assert.equal(await save(it, "one"), "failed");
    assert.deepEqual([cancelled, (await it.record("one")).reason, (await it.record("one")).stored_items], [2, "changed", 1]);
  }));

test("what somebody else sends in the server's place is not put away, and the file is asked for again", () =>
  within(async (it) => {
    const { fetch } = it.deps;
    let pages = 2;
    it.deps.fetch = async (url, init) =>
      url.endsWith(audio(2)) && pages-- > 0 ? new Response("<html>", { headers: { "Content-Type": "text/html" } }) : fetch(url, init);
    await it.keeper.want("one");
    await it.time.pass(60_000);
    assert.deepEqual([(await it.record("one")).state, pages < 0], ["ready", true]);
  }));

test("a picture that is no more at the server is done without, until it is another one", () =>
  within(async (it) => {
    const picture = "/api/audio/2/artwork/";
    it.server.trouble.set(picture, 404);
    assert.equal(await save(it, "one"), "ready");
    const { size_bytes, stored_bytes } = await it.record("one");
    assert.equal(size_bytes, stored_bytes);
    it.server.rev++;
    it.server.asked = [];
    await it.reopen().reconcile("wish");
    assert.deepEqual([(await it.record("one")).state, it.server.asked.includes(picture)], ["ready", false]);
    it.server.trouble.clear();
    it.server.files.set(picture, "a new one");
    it.server.rev++;
    await it.keeper.reconcile("online");
    assert.deepEqual([(await it.record("one")).state, it.cache.files.has(picture)], ["ready", true]);
    assert.deepEqual((await it.record("one")).absent, {});
  }));

test("sound that is not there, and a picture that a proxy says is not, are not done without", () =>
  within(async (it) => {
    it.server.trouble.set(audio(2), 404);
    assert.equal(await save(it, "one"), "failed");
    assert.equal((await it.record("one")).reason, "http_404");
    const { fetch } = it.deps;
    it.deps.fetch = async (url, init) =>
      url.includes("/audio/4/artwork/") ? new Response("<html>", { status: 404 }) : fetch(url, init);
    await it.keeper.want("two");
    await it.time.pass(60_000);
    assert.deepEqual([(await it.record("two")).state, (await it.record("two")).reason], ["failed", "busy"]);
  }));

test("a report that is never answered holds up nothing, and ends with the keeper", () =>
  within(async (it) => {
    const signals: AbortSignal[] = [];
    it.deps.send = (request) => (signals.push(request.signal), never(request.signal));
    await it.keeper.want("one");
    await it.time.pass(0);
    await it.keeper.want("two");
    await it.time.pass(20_000);
    assert.equal((await it.record("two")).state, "ready");
    const running = it.keeper.reconcile("wish");
    it.keeper.close();
    await running;
    assert(signals.length > 1 && signals.every(({ aborted }) => aborted));
  }));

test("closed, it waits for no manifest", () =>
  within(async (it) => {
    it.deps.fetch = (_, { signal }) => never(signal);
    await it.keeper.want("one");
    const running = it.keeper.reconcile("wish");
    await it.time.pass(0);
    it.keeper.close();
    assert.equal(await Promise.race([running.then(() => "over"), it.time.pass(0).then(() => "waits")]), "over");
  }));

test("a server that does not answer is told nothing more", () =>
  within(async (it) => {
    let sent = 0;
    it.deps.send = async () => Promise.reject(new ApiError("no_answer", String(++sent), 0));
    await save(it, "one");
    sent = 0;
    await save(it, "two");
    assert.equal(sent, 1);
    it.server.isAway = true;
    await it.keeper.reconcile("wish");
    assert.equal(sent, 1);
  }));

test("what the server will not hear is not said again; what it cannot now is", () =>
  within(async (it) => {
    for (const [status, times] of [[403, 1], [422, 1], [503, 3], [429, 3]] as const) {
      let sent = 0;
      it.deps.send = async () => Promise.reject(new ApiError("no", String(++sent), status));
      await save(it, "one");
      await it.db.put("offline", { ...(await it.record("one")), told: null });
      sent = 0;
      await it.keeper.reconcile("online");
      await it.keeper.reconcile("online");
      await it.keeper.reconcile("online");
      assert.equal(sent, times, `status ${status}`);
    }
  }));

test("what is wished for at the last moment is not said to be ready", () =>
  within(async (it) => {
    await save(it, "one", { urls: [audio(1)] });
    const { keys } = it.cache;
    let looks = 0;
    it.cache.keys = async () => {
      const found = await keys();
      if (++looks === 3) {
        it.server.isAway = true;
        await it.keeper.want("one", { urls: null });
      }
      return found;
    };
    const said: string[] = [];
    it.deps.channel.listen(() => void it.db.get("offline", "one").then((it) => said.push(`${it!.state} ${it!.urls}`)));
    await it.keeper.reconcile("online");
    assert(looks >= 3);
    assert.deepEqual([said.includes("ready null"), (await it.record("one")).state], [false, "offline"]);
  }));

test("one address that is refused is its playlist's own trouble", () =>
  within(async (it) => {
    it.server.trouble.set("/api/audio/1/artwork/", 403);
    await it.keeper.want("one");
    assert.equal(await save(it, "two"), "ready");
    const { state, reason, stored_items } = await it.record("one");
    assert.deepEqual([state, reason, stored_items], ["failed", "http_403", 3]);
  }));

test("one manifest that is refused, broken or silent is its playlist's own trouble", () =>
  within(async (it) => {
    const { fetch } = it.deps;
    const headers = { "SoundWave-User": USER };
    const answers: [(init: RequestInit) => Promise<Response>, string][] = [
      [async () => new Response("<html>", { headers }), "waiting busy"],
      [async () => new Response("{}", { status: 200 }), "waiting busy"],
      [({ signal }) => never(signal), "waiting busy"],
      [async () => new Response("{}", { status: 401 }), "waiting busy"],
      [async () => new Response("{}", { status: 403, headers: { ...headers, "Content-Type": "application/problem+json" } }), "failed http_403"],
    ];
    for (const [answer, said] of answers) {
      it.deps.fetch = (url, init) => (url.includes("playlist/one/manifest") ? answer(init) : fetch(url, init));
      await it.keeper.want("one");
      await it.keeper.want("two");
      await it.time.pass(30_000);
      const { state, reason } = await it.record("one");
      assert.deepEqual([`${state} ${reason}`, (await it.record("two")).state], [said, "ready"]);
      await it.keeper.unwant("two");
      await it.time.pass(30_000);
    }
  }));

test("a manifest that is none is its playlist's own trouble, and nothing is let go of for it", () =>
  within(async (it) => {
    await save(it, "one");
    const { manifest } = await it.record("one");
    const { fetch } = it.deps;
    const whole = { entries: [], missing: [], unread: [] };
    const entry = { url: audio(1), kind: "audio", revision: "", size_bytes: 1 };
    const entries = [null, { ...entry, url: "//[" }, { ...entry, url: "https://elsewhere/" }, { ...entry, size_bytes: "1" }, { ...entry, revision: 1 }];
    const odd = [null, {}, { ...whole, unread: null }, { ...whole, missing: "" }, { ...whole, entries: {} }];
    for (const given of [...odd, ...entries.map((one) => ({ ...whole, entries: [one] }))]) {
      const answer = async (): Promise<Response> => new Response(JSON.stringify(given), { headers: { "SoundWave-User": USER } });
      it.deps.fetch = (url, init) => (url.includes("playlist/one/manifest") ? answer() : fetch(url, init));
      assert.equal(await save(it, "two"), "ready");
      assert.deepEqual([(await it.record("one")).manifest, it.cache.files.has(audio(1))], [manifest, true], JSON.stringify(given));
      await it.keeper.unwant("two");
      await it.keeper.reconcile("wish");
    }
  }));

test("a phone that hears nothing at all does not wait for one after the other", () =>
  within(async (it) => {
    const ids = ["one", "two", "three", "four"];
    it.deps.fetch = (_, { signal }) => never(signal);
    for (const id of ids) await it.keeper.want(id);
    await it.time.pass(40_000);
    assert.deepEqual(await Promise.all(ids.map(async (id) => (await it.record(id)).state)), ids.map(() => "offline"));
  }));

test("a file that always breaks off is its playlist's own trouble, and nobody is taken for away", () =>
  within(async (it) => {
    const { fetch } = it.deps;
    const part = new Uint8Array(100);
    it.deps.fetch = async (url, init) => {
      const response = await fetch(url, init);
      if (!url.endsWith(audio(2))) return response;
      const body = new ReadableStream({ pull: (to) => (to.enqueue(part), to.error(new TypeError("network error"))) });
      return new Response(body, { headers: response.headers });
    };
    await it.keeper.want("one");
    await it.keeper.want("two");
    await it.time.pass(8_000);
    const { state, reason, stored_items } = await it.record("one");
    assert.deepEqual([state, reason, stored_items, (await it.record("two")).state], ["failed", "busy", 2, "ready"]);
  }));

test("a clock that is put back holds up nothing that is to be tried again", () =>
  within(async (it) => {
    it.server.trouble.set(audio(1), 503);
    await it.keeper.want("one");
    await it.time.pass(500);
    it.time.putBack(3_600_000);
    it.server.trouble.clear();
    await it.time.pass(1_000);
    assert.equal((await it.record("one")).state, "ready");
  }));

test("a browser that cannot say what it fetches by itself holds up nothing", async () => {
  const broken = async (): Promise<never> => Promise.reject(new DOMException("I/O error", "AbortError"));
  const fetches: BackgroundFetches = { fetch: broken, get: broken, getIds: broken };
  for (const find of [broken, async () => fetches]) {
    await within(
      async (it) => {
        await it.keeper.want("one");
        await it.keeper.takeBack();
        assert.equal((await it.record("one")).state, "ready");
        await it.keeper.unwant("one");
        await it.keeper.reconcile("wish");
        assert.equal(it.cache.files.size, 0);
      },
      { background: new Background(USER, find) },
    );
  }
});

test("what another user's cookie is told is believed of nothing", () =>
  within(async (it) => {
    await save(it, "one");
    const { manifest } = await it.record("one");
    it.server.user = OTHER;
    it.server.playlists.delete("one");
    await it.reopen().reconcile("start");
    assert.deepEqual([(await it.record("one")).state, it.cache.files.size], ["ready", 6]);
    it.server.add("one", [7]);
    await it.keeper.reconcile("wish");
    assert.deepEqual((await it.record("one")).manifest, manifest);
    await it.keeper.want("two");
    await it.time.pass(0);
    assert.deepEqual([(await it.record("two")).state, (await it.record("two")).reason], ["failed", "signed_out"]);
  }));

test("another user who signs in meanwhile is sent nothing more", () =>
  within(async (it) => {
    it.server.before = (path) => void (path === audio(2) && (it.server.user = OTHER));
    assert.equal(await save(it, "one"), "failed");
    assert.equal((await it.record("one")).reason, "signed_out");
    assert.equal(it.cache.files.has(audio(2)), false);
  }));

test("the browser lets go of one user's fetches alone", async () => {
  const ids = [fetchName(USER, audio(1)), fetchName(OTHER, audio(2)), "whose?"];
  const aborted: string[] = [];
  const fetches: BackgroundFetches = {
    fetch: async () => undefined,
    get: async (id) => ({ abort: async () => aborted.push(id) > 0 }),
    getIds: async () => ids,
  };
  await new Background(USER, async () => fetches).takeBack();
  assert.deepEqual(aborted, ids.slice(0, 1));
});
