/** Finding tracks, the words of a song, and the queue, without a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Track } from "../../webroot/src/api/types";
import { deviceName } from "../../webroot/src/offline/device";
import { fold, foundOf, pick, type Wish } from "../../webroot/src/offline/search";
import { lineAt, parseLrc } from "../../webroot/src/player/lrc";
import { Queue } from "../../webroot/src/player/queue";
import "./storage";

let made = 0;

function track(title: string, rest: Partial<Track> = {}): Track {
  const id = String(++made).padStart(32, "0");
  return {
    id, title, artist: "", album: null, channel: null, duration_seconds: 10, size_bytes: 1, codec: "opus",
    added_at: `2026-01-01T00:00:${String(made % 60).padStart(2, "0")}Z`, published_at: null, is_favorite: false,
    is_missing: false, audio_url: "", artwork_url: null, revision: "", ...rest,
  };
}

function find(tracks: readonly Track[], wish: Partial<Wish>, favorites = new Map<string, boolean>()): string[] {
  const byId = new Map(tracks.map((one) => [one.id, one.title]));
  return pick(tracks.map(foundOf), { ordering: "title", ...wish }, favorites).map((id) => byId.get(id) ?? "");
}

test("case and accents do not matter", () => {
  assert.equal(fold("Ţară ÉÀ ș ț ü"), "tara ea s t u");
  assert.equal(fold("plain ASCII"), "plain ascii");
});

test("every word begins a word of the track, wherever that stands", () => {
  const tracks = [
    track("Ţara mea", { artist: "Ștefan" }),
    track("Avatar", { album: "The Tara Sessions" }),
    track("Guitara", { channel: "Other" }),
  ];
  assert.deepEqual(find(tracks, { search: "tara" }), ["Avatar", "Ţara mea"]);
  assert.deepEqual(find(tracks, { search: "STEF tar" }), ["Ţara mea"]);
  assert.deepEqual(find(tracks, { search: "oth" }), ["Guitara"]);
  assert.deepEqual(find(tracks, { search: "(.*" }).length, 3, "signs are no words");
  assert.deepEqual(find(tracks, { search: "nothing" }), []);
});

test("what was made a favourite here has the last word", () => {
  const [one, other] = [track("One", { is_favorite: true }), track("Other")];
  assert.deepEqual(find([one, other], { isFavorite: true }), ["One"]);
  const here = new Map([[one.id, false], [other.id, true]]);
  assert.deepEqual(find([one, other], { isFavorite: true }, here), ["Other"]);
});

test("orders", () => {
  const tracks = [track("b", { artist: "Z" }), track("A", { artist: "y" }), track("c", { artist: "a", channel: "C" })];
  assert.deepEqual(find(tracks, { ordering: "title" }), ["A", "b", "c"]);
  assert.deepEqual(find(tracks, { ordering: "artist" }), ["c", "A", "b"]);
  assert.deepEqual(find(tracks, { ordering: "-added_at" }), ["c", "A", "b"]);
  assert.deepEqual(find(tracks, { channel: "C" }), ["c"]);
});

test("lines have their times, repeated ones each of theirs", () => {
  const lines = parseLrc("[ar:Somebody]\n[00:12.50]second\r\n[00:01.00][01:02:30]first <00:01.20>and more\nno time\n[00:20.1]");
  assert.deepEqual(lines, [
    { at: 1, text: "first and more" },
    { at: 12.5, text: "second" },
    { at: 20.1, text: "" },
    { at: 62.3, text: "first and more" },
  ]);
  assert.deepEqual(parseLrc("[offset:+500]\n[00:01.00]a\n[00:00.20]b"), [{ at: 0, text: "b" }, { at: 0.5, text: "a" }]);
  assert.deepEqual(parseLrc("no times at all"), []);
});

test("the line that is sung is the last that has begun", () => {
  const lines = parseLrc("[00:01.00]a\n[00:02.00]b\n[00:02.00]c");
  assert.deepEqual([0, 1, 1.9, 2, 99].map((seconds) => lineAt(lines, seconds)), [-1, 0, 0, 2, 2]);
  assert.equal(lineAt([], 3), -1);
});

test("the queue begins at what was chosen, or the next that has a file", () => {
  const tracks = [track("a"), track("b", { is_missing: true }), track("c")];
  const queue = new Queue((one) => !one.is_missing);
  queue.replace(tracks, 1);
  assert.deepEqual([queue.current?.track.title, queue.items.length], ["c", 2]);
  queue.replace([track("lost", { is_missing: true }), track("d"), track("e")], 1);
  assert.equal(queue.current?.track.title, "d");
  const all = new Queue(() => true);
  all.replace(tracks, 1);
  assert.equal(all.current?.track.title, "b", "it is on this device, though the server has lost it");
});

test("a device has a name that its user knows it by", () => {
  const linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
  assert.equal(deviceName(linux), "Chrome · Linux");
  assert.equal(deviceName(linux.replace("X11; Linux x86_64", "Linux; Android 10; K")), "Chrome · Android");
  assert.equal(deviceName(`${linux} Edg/141.0`), "Edge · Linux");
  assert.equal(deviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"), "Safari · iPhone");
  assert.equal(deviceName(""), "Browser");
});
