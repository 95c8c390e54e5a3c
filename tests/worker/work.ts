/** What the worker does by itself: it sends what waits, and puts away what the browser has fetched. */
import { BASE, before, fire, held, kept, signIn, USER } from "./scope";

import assert from "node:assert/strict";
import { test } from "node:test";

import { deleteUserDatabase } from "../../webroot/src/offline/database";
import { SYNC_TAG } from "../../webroot/src/offline/drain";
import { hasherOf } from "../../webroot/src/offline/hashing";
import { fetchName, keptCache, lockName } from "../../webroot/src/offline/names";
import { removePlaylist } from "../../webroot/src/offline/ops";
import { newRecord } from "../../webroot/src/offline/records";
import type { ManifestEntry, Op } from "../../webroot/src/offline/wire";
import { followFetches } from "../../webroot/src/worker/fetches";
import { syncInBackground } from "../../webroot/src/worker/sync";

syncInBackground();
followFetches();

const OTHER = "b".repeat(32);
const SYNC = "/music/api/offline/sync/";
const SOUND = "/music/api/audio/1/stream/";
const NAME = keptCache(BASE, USER);

const JSON_TYPE = { "Content-Type": "application/json" };

/** Begins, and never ends but with the request. */
const endless = (signal: AbortSignal): Response =>
  new Response(
    new ReadableStream({ start: (body) => signal.addEventListener("abort", () => body.error(signal.reason)) }), { headers: JSON_TYPE },
  );

interface Place {
  /** What was asked for, by path. */
  asked: string[];
  /** All limits that requests were given: how long, and what ends it. */
  limits: [milliseconds: number, end: () => void][];
}

/** One op waits; the server says who is signed in, and then begins an answer that does not end. */
async function withOp(user: string, run: (place: Place) => Promise<void>): Promise<void> {
  const db = await signIn();
  const op: Op = { ...removePlaylist("c".repeat(32)), id: "d".repeat(32), at: "2026-01-01T00:00:00Z" };
  await db.put("outbox", { id: op.id, op, isSent: false });
  const [{ fetch }, { timeout }, place] = [globalThis, AbortSignal, { asked: [], limits: [] } as Place];
  globalThis.fetch = async (input, init) => {
    const { pathname } = new URL((input as Request).url);
    place.asked.push(pathname);
    if (pathname === SYNC) return endless(init!.signal!);
    return new Response(JSON.stringify({ user: { id: user }, csrf_token: "t" }), { headers: JSON_TYPE });
  };
  AbortSignal.timeout = (milliseconds) => {
    const limit = new AbortController();
    place.limits.push([milliseconds, () => limit.abort(new DOMException("", "TimeoutError"))]);
    return limit.signal;
  };
  try {
    await run(place);
    assert.deepEqual([await db.count("outbox"), held.size], [1, 0]);
  } finally {
    Object.assign(globalThis, { fetch });
    AbortSignal.timeout = timeout;
    db.close();
    await deleteUserDatabase(BASE, USER);
  }
}

const until = async (isSo: () => boolean): Promise<void> => {
  for (let n = 0; n < 1_000 && !isSo(); n++) await new Promise<void>((done) => setImmediate(done));
  assert(isSo());
};

test("an answer that never ends does not keep the outbox from everybody else", () =>
  withOp(USER, async ({ asked, limits }) => {
    const work = assert.rejects(fire("sync", { tag: SYNC_TAG }), { name: "TimeoutError" });
    await until(() => asked.includes(SYNC));
    assert.deepEqual([[...held], limits.map(([milliseconds]) => milliseconds)], [[lockName(BASE, USER, "sync")], [20_000, 20_000]]);
    for (const [, end] of limits) end();
    await work;
  }));

test("nothing is sent where somebody else is signed in, nor tried again", () =>
  withOp(OTHER, async ({ asked }) => {
    await fire("sync", { tag: SYNC_TAG });
    assert.deepEqual(asked, ["/music/api/session/"]);
  }));

/** The browser has fetched a track that a playlist wants. */
async function fetched(): Promise<void> {
  const body = new TextEncoder().encode("sound");
  const hasher = hasherOf("audio");
  await hasher.add(body);
  const entry: ManifestEntry = { url: SOUND, kind: "audio", revision: await hasher.end(), size_bytes: body.length, track: null };
  const manifest = { playlist: "1", revision: "", rev: 1, size_bytes: 5, entries: [entry], missing: [], unread: [] };
  const db = await signIn();
  await db.put("offline", { ...newRecord("1", "One", ""), manifest });
  db.close();
  const matchAll = async () => [{ responseReady: Promise.resolve(new Response(body, { headers: { "SoundWave-User": USER } })) }];
  await fire("backgroundfetchsuccess", { registration: { id: fetchName(USER, SOUND), matchAll } });
}

test("what the browser has fetched is put away", async () => {
  await fetched();
  const db = await signIn();
  assert.deepEqual([[...kept.get(NAME)!.keys()], await db.getAllKeys("entries")], [[SOUND], [SOUND]]);
  db.close();
  await deleteUserDatabase(BASE, USER);
  kept.clear();
});

test("nothing is put away of who is wiped meanwhile", async () => {
  const { warn } = console;
  console.warn = () => undefined;
  before.open = () => deleteUserDatabase(BASE, USER);
  await fetched();
  assert.deepEqual([...kept], []);
  console.warn = warn;
});
