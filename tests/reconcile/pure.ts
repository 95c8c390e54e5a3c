/** Hashes, plans and room: what needs no device. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import type { OfflinePlaylist, StoredEntry } from "../../webroot/src/offline/database";
import { GivenUp } from "../../webroot/src/offline/given-up";
import { type Hasher, hasherOf } from "../../webroot/src/offline/hashing";
import { heldOf, leftOf, narrowed, plan, progressOf, wantedOf } from "../../webroot/src/offline/reconcile";
import { newRecord } from "../../webroot/src/offline/records";
import { bytesOf, roomOf, toFree, whatFits } from "../../webroot/src/offline/room";
import type { ManifestEntry } from "../../webroot/src/offline/wire";

interface Hashed {
  size: number;
  revision: string;
  plain: string;
}
const hashed = JSON.parse(readFileSync(process.env["HASHED"] as string, "utf8")) as Hashed[];
const NOW = "2026-01-05T12:00:00.000Z";

const entry = (url: string, size = 10, revision = "1"): ManifestEntry => ({
  url, revision, size_bytes: size, track: null, kind: url.includes("stream") ? "audio" : "artwork",
});
const stored = (url: string, size = 10, revision = "1"): StoredEntry => ({
  url, revision, size_bytes: size, kind: "audio", stored_at: NOW, verified_at: NOW,
});
function playlist(id: string, entries: ManifestEntry[], fields: Partial<OfflinePlaylist> & { rev?: number } = {}): OfflinePlaylist {
  const { rev = 1, ...rest } = fields;
  const manifest = { playlist: id, revision: "", rev, size_bytes: 0, entries, missing: [], unread: [] };
  return { ...newRecord(id, id, NOW), manifest, state: "ready", ...rest };
}
const mapOf = (entries: StoredEntry[]): Map<string, StoredEntry> => new Map(entries.map((one) => [one.url, one]));
const urls = (list: readonly { url: string }[]): string[] => list.map(({ url }) => url);

/** The bytes that the server's side hashed: n * 7 + n // 251, in pieces of odd lengths. */
async function hash(hasher: Hasher, size: number, piece: number): Promise<string> {
  for (let at = 0; at < size; at += piece) {
    const part = new Uint8Array(Math.min(piece, size - at));
    for (let n = 0; n < part.length; n++) part[n] = (at + n) * 7 + Math.floor((at + n) / 251);
    await hasher.add(part);
  }
  return hasher.end();
}

test("revisions are the server's, however the bytes come in", async () => {
  assert(hashed.length > 8);
  for (const { size, revision, plain } of hashed) {
    for (const piece of [65_536, 1_000_003, 9_000_000]) {
      assert.equal(await hash(hasherOf("audio"), size, piece), revision, `blocks of ${size} by ${piece}`);
      assert.equal(await hash(hasherOf("artwork"), size, piece), plain, `${size} by ${piece}`);
    }
  }
});

test("what is missing or of another revision is fetched, in order, and what nobody wants is dropped", () => {
  const list = playlist("p", [entry("/1/stream/"), entry("/1/art/?v=2"), entry("/2/stream/"), entry("/3/stream/", 10, "2")]);
  const there = [stored("/1/stream/"), stored("/3/stream/"), stored("/9/stream/"), stored("/1/art/")];
  const made = plan(wantedOf([list]), there, new Set(["/1/stream/", "/3/stream/", "/9/stream/", "/8/stream/"]));
  assert.deepEqual(urls(made.fetch), ["/1/art/", "/2/stream/", "/3/stream/"]);
  assert.deepEqual(new Set(made.drop), new Set(["/9/stream/", "/8/stream/", "/1/art/"]));
  assert.deepEqual(urls(made.keep), ["/1/stream/"]);
});

test("what the server cannot say for now is not dropped for that", () => {
  const list = playlist("p", [entry("/api/audio/1/stream/")]);
  Object.assign(list.manifest!, { unread: ["2"], missing: ["3"] });
  const there = [1, 2, 3, 4].map((n) => stored(`/api/audio/${n}/stream/`));
  const keys = new Set([1, 3, 4].map((n) => `/api/audio/${n}/stream/`));
  assert.deepEqual(plan(wantedOf([list]), there, keys, heldOf([list])).drop, ["/api/audio/4/stream/", "/api/audio/2/stream/"]);
});

test("nothing is to do where all is there", () => {
  const made = plan(wantedOf([playlist("p", [entry("/1/stream/")])]), [stored("/1/stream/")], new Set(["/1/stream/"]));
  assert.deepEqual([made.fetch, made.drop], [[], []]);
});

test("a track of two playlists is wanted once, by both, as the newer manifest says", () => {
  const one = playlist("a", [entry("/1/stream/", 10, "old")], { rev: 1, wanted_at: "2026-01-01" });
  const two = playlist("b", [entry("/1/stream/", 12, "new"), entry("/2/stream/")], { rev: 2, wanted_at: "2026-01-02" });
  for (const lists of [[one, two], [two, one]]) {
    const wanted = [...wantedOf(lists).values()];
    assert.deepEqual(wanted.map(({ url, entry: { revision }, playlists }) => [url, revision, playlists]), [
      ["/1/stream/", "new", ["a", "b"]],
      ["/2/stream/", "1", ["b"]],
    ]);
  }
});

test("a narrowed playlist wants its own audio and all that is not audio", () => {
  const entries = [entry("/1/stream/"), entry("/1/art/"), entry("/2/stream/"), entry("/2/art/")];
  const list = playlist("p", entries, { urls: ["http://somewhere/2/stream/?x=1"] });
  assert.deepEqual([...wantedOf([list]).keys()], ["/1/art/", "/2/stream/", "/2/art/"]);
  assert.deepEqual(progressOf(list, (url) => url === "/2/stream/"), { size_bytes: 30, stored_bytes: 10, items: 1, stored_items: 1 });
});

test("all of the audio is no narrowing", () => {
  const { manifest } = playlist("p", [entry("/1/stream/"), entry("/1/art/"), entry("/2/stream/")]);
  assert.equal(narrowed(["/2/stream/", "/1/stream/?a=b", "/gone/stream/"], manifest), null);
  assert.deepEqual(narrowed(["http://host/2/stream/"], manifest), ["/2/stream/"]);
  assert.deepEqual(narrowed(["/1/stream/", "/2/stream/"], null), ["/1/stream/", "/2/stream/"]);
  assert.equal(narrowed(null, manifest), null);
});

test("all that is read so far is not all", () => {
  const list = playlist("p", [entry("/api/audio/1/stream/")]);
  const [first, second] = [1, 2].map((n) => `/api/audio/${n}/stream/`);
  for (const held of ["unread", "missing"] as const) {
    const manifest = { ...list.manifest!, [held]: ["2"] };
    assert.deepEqual(narrowed([first!], manifest), [first]);
    assert.equal(narrowed([first!, second!], manifest), null);
  }
});

test("what is left of a playlist without some of it", () => {
  const sound = (n: number): string => `/api/audio/${n}/stream/`;
  const list = playlist("p", [entry(sound(1)), entry("/api/audio/1/artwork/"), entry(sound(2))]);
  Object.assign(list.manifest!, { unread: ["3"], missing: ["4"] });
  assert.deepEqual(leftOf(list, [sound(1)], undefined, "/"), [sound(2), sound(4), sound(3)]);
  assert.deepEqual(leftOf(list, [1, 2, 3].map(sound), undefined, "/"), []);
  assert.deepEqual(leftOf({ ...list, urls: [sound(1), sound(9)] }, [sound(1)], undefined, "/"), []);
  assert.equal(leftOf({ ...list, manifest: null }, [sound(1)], undefined, "/"), null);
});

test("what the server does not send as it says is asked for again when it is another one, or a day later", () => {
  const [wanted, other] = ["1", "2"].map((revision) => ({ url: "/1/", entry: entry("/1/", 10, revision), playlists: ["p"] }));
  const givenUp = new GivenUp();
  givenUp.note(wanted!, "changed", 0);
  const day = 24 * 3600 * 1000;
  assert.deepEqual([wanted!, other!].map((one) => givenUp.reasonOf(one, day - 1)), ["changed", undefined]);
  assert.equal(givenUp.reasonOf(wanted!, day), undefined);
});

test("the same track twice in a playlist is counted once", () => {
  const list = playlist("p", [entry("/1/stream/"), entry("/1/stream/")]);
  assert.deepEqual(progressOf(list, () => true), { size_bytes: 10, stored_bytes: 10, items: 1, stored_items: 1 });
});

test("room is the least of what the browser grants and the user allows", async () => {
  const storage = { estimate: async () => ({ usage: 100, quota: 1_000 }), persisted: async () => true };
  assert.deepEqual(await roomOf(storage, null, 10), {
    usedBytes: 100, grantedBytes: 1_000, limitBytes: null, keptBytes: 10, freeBytes: 850, isProtected: true,
  });
  assert.equal((await roomOf(storage, 60, 10)).freeBytes, 50);
  assert.equal((await roomOf(storage, 5, 10)).freeBytes, -5);
  const silent = await roomOf(null, null, 10);
  assert.deepEqual([silent.freeBytes, silent.isProtected, silent.usedBytes], [Infinity, null, null]);
});

test("what replaces something costs the difference", () => {
  const wanted = [...wantedOf([playlist("p", [entry("/1/stream/", 30, "2"), entry("/2/stream/", 5)])]).values()];
  assert.equal(bytesOf(wanted, mapOf([stored("/1/stream/", 20)])), 15);
});

test("the first tracks that fit, with what is not audio", () => {
  const list = playlist("p", [entry("/1/stream/", 40), entry("/1/art/", 10), entry("/2/stream/", 40), entry("/3/stream/", 1)]);
  assert.deepEqual(whatFits(list, new Map(), 49), []);
  assert.deepEqual(whatFits(list, new Map(), 50), ["/1/stream/"]);
  assert.deepEqual(whatFits(list, mapOf([stored("/1/stream/", 40)]), 50), ["/1/stream/", "/2/stream/"]);
  assert.deepEqual(whatFits(list, new Map(), 1_000), ["/1/stream/", "/2/stream/", "/3/stream/"]);
});

test("the longest unused are freed first, never pinned ones nor those on their way, and nothing in vain", () => {
  const at = (day: number): string => `2026-01-0${day}`;
  const lists = [
    playlist("pinned", [entry("/1/stream/", 50)], { is_pinned: true, last_used_at: at(1) }),
    playlist("coming", [entry("/2/stream/", 50)], { state: "fetching", last_used_at: at(2) }),
    playlist("newer", [entry("/3/stream/", 50), entry("/5/stream/", 7)], { last_used_at: at(4) }),
    playlist("older", [entry("/4/stream/", 50), entry("/5/stream/", 7)], { last_used_at: at(3) }),
  ];
  const there = mapOf([1, 2, 3, 4].map((n) => stored(`/${n}/stream/`, 50)).concat(stored("/5/stream/", 7)));
  const free = (bytes: number, isAnyGood = false): string[] => toFree(bytes, lists, wantedOf(lists), there, isAnyGood).map(({ id }) => id);
  assert.deepEqual(free(0), []);
  assert.deepEqual(free(50), ["older"]);
  assert.deepEqual(free(51), ["older", "newer"]);
  assert.deepEqual(free(107), ["older", "newer"]);
  assert.deepEqual(free(108), []);
  assert.deepEqual(free(108, true), ["older", "newer"]);
  for (const list of lists) if (list.id !== "coming") list.state = "paused";
  assert.deepEqual(free(51), ["older", "newer"]);
  lists.push(playlist("same", [entry("/1/stream/", 50)], { last_used_at: at(1) }));
  assert.deepEqual(free(50), ["older"]);
});
