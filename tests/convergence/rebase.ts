/** What a user sees: the rules of every kind of op, over any base, twice as once, and fast. */
import assert from "node:assert/strict";
import { test } from "node:test";

import * as ops from "../../webroot/src/offline/ops";
import { keysBetween } from "../../webroot/src/offline/order";
import { type Library, rebase } from "../../webroot/src/offline/rebase";
import type { Op, SyncPlay, SyncPlaylist } from "../../webroot/src/offline/wire";
import { byId, id, playlist, track } from "./world";

const [one, two, three] = [track({ duration_seconds: 1 }), track({ duration_seconds: 2 }), track({ duration_seconds: 4 })];
const AT = "2026-01-05T12:00:00.000Z";

function base(playlists: readonly SyncPlaylist[] = [], more: Partial<Library> = {}): Library {
  return { tracks: byId([one, two, three]), playlists: byId(playlists), positions: new Map(), plays: new Map(), ...more };
}
const stamped = (draft: ops.Draft, at = AT): Op => ({ ...draft, id: id(), at });
const replay = (library: Library, ...drafts: ops.Draft[]): Library => rebase(library, drafts.map((draft) => stamped(draft)));
const tracksOf = (library: Library, list: string): string[] => (library.playlists.get(list)?.items ?? []).map((item) => item.track);

test("without ops the view is the base itself", () => {
  const library = base([playlist([one.id])]);
  const view = rebase(library, []);
  for (const name of ["tracks", "playlists", "positions", "plays"] as const) assert.equal(view[name], library[name]);
});

test("a playlist is made, filled, put in order, renamed and taken away", () => {
  const made = ops.createPlaylist(" Evening ", "for later", [one.id, two.id]);
  let view = replay(base(), made);
  let list = view.playlists.get(made.playlist) as SyncPlaylist;
  assert.deepEqual([list.title, list.description, list.count, list.duration_seconds], ["Evening", "for later", 2, 3]);

  view = replay(view, ops.addItems(list, [three.id], null));
  list = view.playlists.get(list.id) as SyncPlaylist;
  assert.deepEqual(tracksOf(view, list.id), [three.id, one.id, two.id]);

  view = replay(view, ops.moveItem(list, list.items[0]?.id as string, list.items[1]?.id as string));
  list = view.playlists.get(list.id) as SyncPlaylist;
  assert.deepEqual(tracksOf(view, list.id), [one.id, three.id, two.id]);

  view = replay(view, ops.removeItem(list.id, list.items[0]?.id as string), ops.patchPlaylist(list, { title: "Night" }));
  list = view.playlists.get(list.id) as SyncPlaylist;
  assert.deepEqual([list.title, list.description, list.count, list.duration_seconds], ["Night", "for later", 2, 6]);

  assert.equal(replay(view, ops.removePlaylist(list.id)).playlists.size, 0);
});

test("replaying over what has it already changes nothing", () => {
  const known = playlist([one.id, two.id]);
  const wishes = [
    ops.addItems(known, [three.id]),
    ops.moveItem(known, known.items[0]?.id as string, ops.removeItem(known.id, known.items[1]?.id as string).item),
    ops.removeItem(known.id, known.items[1]?.id as string),
    ops.patchPlaylist(known, { title: "Other", description: "words" }),
    ops.createPlaylist("New", "", [one.id, one.id]),
    ops.setFavorite(one.id, true),
    ops.setPosition(two.id, 5),
    ops.played(one, 10, true),
  ].map((draft) => stamped(draft));
  const once = rebase(base([known]), wishes);
  assert.notEqual(once.playlists.get(known.id)?.title, known.title);
  const twice = rebase(once, wishes);
  for (const name of ["tracks", "playlists", "positions", "plays"] as const) assert.deepEqual([...twice[name]], [...once[name]]);
});

test("what is gone swallows what was meant for it", () => {
  const gone = playlist([one.id]);
  const view = replay(
    base(), ops.addItems(gone, [one.id]), ops.patchPlaylist(gone, { title: "Other" }), ops.removePlaylist(gone.id),
    ops.moveItem(gone, gone.items[0]?.id as string, null), ops.removeItem(gone.id, gone.items[0]?.id as string),
    ops.setFavorite(id(), true), ops.setPosition(id(), 3),
  );
  assert.deepEqual([view.playlists.size, view.positions.size], [0, 0]);
});

test("tracks that are not in the library are left out, and known items are skipped", () => {
  const known = playlist([one.id]);
  const again: ops.Draft = { kind: "items-add", playlist: known.id, items: [...known.items] };
  assert.deepEqual(tracksOf(replay(base([known]), again, ops.addItems(known, [id(), two.id])), known.id), [one.id, two.id]);
  const revived = replay(base([known]), ops.removePlaylist(known.id), ops.revival(known));
  assert.deepEqual(tracksOf(revived, known.id), [one.id]);
  const there = { ...known, title: "Renamed", items: [] };
  const filled = replay(base([there]), ops.revival(known));
  assert.deepEqual([filled.playlists.get(known.id)?.title, tracksOf(filled, known.id)], ["Renamed", [one.id]]);
});

test("of positions the newest moment counts, whatever came last", () => {
  const positions = new Map([[one.id, { track: one.id, seconds: 7, at: "2026-01-05T12:00:01.000Z" }]]);
  const older = replay(base([], { positions }), ops.setPosition(one.id, 3));
  assert.equal(older.positions.get(one.id)?.seconds, 7);
  const newer = rebase(base([], { positions }), [stamped(ops.setPosition(one.id, 3), "2026-01-05T12:00:02.000Z")]);
  assert.equal(newer.positions.get(one.id)?.seconds, 3);
});

test("a play is a fact, also of a track that nobody has any more", () => {
  const known = stamped(ops.played(one, 12, false));
  const stranger = stamped(ops.played({ id: id(), title: "Gone", artist: "Somebody" }, 3, true));
  const view = rebase(base(), [known, stranger, known]);
  const told = { ...(view.plays.get(known.id) as SyncPlay), played_at: "2026-01-05T11:00:00.000Z" };
  const later = rebase(base([], { plays: new Map([[known.id, told]]) }), [known]);
  assert.equal(later.plays.get(known.id), told, "what the server made of it counts");
  assert.deepEqual([...view.plays.values()].map(({ track_id, title }) => [track_id, title]), [[one.id, one.title], [null, "Gone"]]);
});

test("the inverse of an op brings back what was", () => {
  const known = playlist([one.id, two.id, three.id]);
  const first = known.items[0]?.id as string;
  for (const draft of [
    ops.removeItem(known.id, first), ops.moveItem(known, first, known.items[1]?.id as string), ops.addItems(known, [one.id]),
    ops.patchPlaylist(known, { title: "Other" }), ops.removePlaylist(known.id),
  ]) {
    const view = replay(replay(base([known]), draft), ...ops.inverseOf(draft, known));
    assert.deepEqual(view.playlists.get(known.id)?.items, known.items, draft.kind);
    assert.equal(view.playlists.get(known.id)?.title, known.title);
  }
  const loved = replay(base(), ops.setFavorite(one.id, true), ...ops.inverseOf(ops.setFavorite(one.id, true), undefined));
  assert.equal(loved.tracks.get(one.id)?.is_favorite, false);
  const made = ops.createPlaylist("New");
  assert.equal(replay(base(), made, ...ops.inverseOf(made, undefined)).playlists.size, 0);
});

test("a patch says what it found, and only what changes", () => {
  const known = playlist([], { description: "old" });
  const { kind: _, ...rest } = ops.patchPlaylist(known, { title: known.title, description: "new" });
  assert.deepEqual(rest, { playlist: known.id, description: "new", was: { description: "old" } });
});

test("strange data is no reason to stop", () => {
  const strange = [null, undefined, 3, "x", {}, [], [null]].flatMap((value) =>
    ["items", "title", "updated_at", "description", "count"].map((name) => ({ ...playlist([one.id]), [name]: value })),
  ) as SyncPlaylist[];
  const odd = { tracks: new Map([[one.id, { ...one, duration_seconds: null }]]) };
  for (const list of strange) {
    const target = playlist([one.id], { id: list.id });
    const item = target.items[0]?.id as string;
    replay(
      base([list], odd), ops.addItems(target, [one.id]), ops.moveItem(target, item, null), ops.removeItem(list.id, item),
      ops.patchPlaylist(target, { title: "Other" }), { kind: "unheard-of" } as unknown as ops.Draft, ops.revival(target),
    );
  }
});

test("500 ops over a list of 5,000", () => {
  const keys = keysBetween(null, null, 5000);
  const items = keys.map((position) => ({ id: id(), track: one.id, position }));
  const long = playlist([], { items });
  const library = base([long]);
  const drafts = Array.from({ length: 500 }, (_, index): ops.Draft => {
    const item = items[(index * 7919) % items.length]?.id as string;
    if (index % 4 === 0) return ops.addItems(long, [two.id], item);
    if (index % 4 === 1) return ops.removeItem(long.id, item);
    if (index % 4 === 2) return ops.setFavorite(one.id, index % 8 === 2);
    return ops.moveItem(long, item, null);
  });
  const wishes = drafts.map((draft) => stamped(draft));
  const times = Array.from({ length: 9 }, () => {
    const started = performance.now();
    assert.equal(rebase(library, wishes).playlists.get(long.id)?.items.length, 5000);
    return performance.now() - started;
  }).sort((a, b) => a - b);
  console.log(`rebase of 500 ops over 5,000 items: ${times[4]?.toFixed(1)} ms`);
});
