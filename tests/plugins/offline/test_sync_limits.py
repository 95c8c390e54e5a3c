"""What a device may ask of the server: how much of anything, at what moment, with which token; and what it costs."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from soundwave_core import IntegrityError, SoundWave, Unavailable, operations, transaction
from soundwave_core.testing import Cast, VirtualClock
from soundwave_library import DeviceChanges, Entries, Playlists
from soundwave_library.ordering import key_between, keys_between
from soundwave_library.store import items, listening, playlists
from soundwave_offline.store import Devices
from tests.plugins.library.conftest import Shelf, announcements, make_playlist

from .devices import AT, Device, one, seen
from .test_sync import LIST, OTHER, item, made, order, token


def kept_ops(core: SoundWave) -> list[str]:
    return [row["key"] for row in core.db.rows("SELECT key FROM operations WHERE kind = 'op' ORDER BY rowid")]


# Ids of ops


def test_whatever_became_of_them_only_so_many_are_known(
    core: SoundWave, cast: Cast, phone: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST_OF_A_USER", 10)
    marks = [{"id": one(n + 1), "at": AT, "kind": "favorite", "track": one(99), "is_favorite": True} for n in range(25)]
    assert {result.status for result in phone.pull(*marks)} == {"gone"}
    assert kept_ops(core) == [one(n + 1) for n in range(15, 25)]
    [again] = phone.pull(marks[24])
    assert again.is_duplicate


def test_what_is_known_by_itself_takes_no_room(core: SoundWave, cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    play = {"id": one(1), "at": AT, "kind": "play", "track": track, "title": "", "artist": "", "seconds": 1,
            "is_offline": True}  # fmt: skip
    position = {"id": one(2), "at": AT, "kind": "position", "track": track, "seconds": 9}
    gone = {"id": one(3), "at": AT, "kind": "position", "track": one(99), "seconds": 9}
    first, again = phone.pull(play, position, gone), phone.pull(play, position, gone)
    assert [result.status for result in first] == [result.status for result in again] == ["applied", "applied", "gone"]
    assert [result.is_duplicate for result in (first[0], again[0])] == [False, True]
    assert kept_ops(core) == []
    assert (len(phone.plays), phone.positions[track]["seconds"]) == (1, 9)


def test_a_position_of_a_clock_that_is_ahead_counts_once(
    core: SoundWave, clock: VirtualClock, cast: Cast, phone: Device, shelf: Shelf
) -> None:
    """It is of now, which is later when it comes again."""
    track = shelf.add("A", cast.bob)
    ahead = {"id": one(1), "at": "2030-01-01T00:00:00Z", "kind": "position", "track": track, "seconds": 9}
    assert phone.pull(ahead)[0].status == "applied"
    clock.advance(60)
    assert cast.bob.put(f"/api/audio/{track}/position/", {"seconds": 50}).status == 204
    clock.advance(60)
    assert phone.pull(ahead)[0].is_duplicate
    assert phone.positions[track]["seconds"] == 50


def test_of_a_user_who_is_gone_no_op_is_known(core: SoundWave, cast: Cast, phone: Device) -> None:
    made(phone, title="Private")
    made(Device(cast.carol, one(3)), uid=OTHER)
    assert cast.bob.delete(f"/api/offline/device/{phone.id}/").status == 204
    assert cast.alice.delete(f"/api/user/admin/users/{cast.bob.user_id}/?tracks=remove").status == 204
    core.jobs.run("offline.sweep-records")
    left = core.db.rows("SELECT DISTINCT user_id FROM operations WHERE kind = 'op'")
    assert [row["user_id"] for row in left] == [cast.carol.user_id]


# What no op may do to the others


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_utc_does_not_have(cast: Cast, phone: Device, shelf: Shelf, at: str) -> None:
    track = shelf.add("A", cast.bob)
    ops: list[dict[str, Any]] = [
        {"kind": "position", "track": track, "seconds": 1},
        {"kind": "play", "track": track, "title": "", "artist": "", "seconds": 1, "is_offline": True},
        {"kind": "playlist-remove", "playlist": LIST}, {"kind": "item-move", "playlist": LIST, "item": one(3),
                                                        "position": "a0"},
    ]  # fmt: skip
    good = {"id": one(9), "at": AT, "kind": "favorite", "track": track, "is_favorite": True}
    results = phone.pull(*(op | {"id": one(n + 1), "at": at} for n, op in enumerate(ops)), good)
    assert [result.code for result in results] == ["op_invalid"] * 4 + [None]
    assert phone.tracks[track]["is_favorite"]
    for path, body in (
        (f"/api/audio/{track}/position/", {"at": at}),
        ("/api/play/", {"track": track, "played_at": at}),
    ):
        answer = (cast.bob.put if "position" in path else cast.bob.post)(path, body | {"seconds": 1})
        assert answer.status == 422, answer.body


def test_the_first_and_the_last_moment_there_are(core: SoundWave, cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999+00:00", "2026-01-05T11:00:00.123456-12:00"):
        assert phone.result(kind="position", track=track, seconds=1, at=at).status == "applied"
    assert core.db.value("SELECT at FROM positions") == core.clock.stamp()


def test_a_fault_of_the_server_is_one_ops_and_said_to_the_owner(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    track = shelf.add("A", cast.bob)

    def fail(*_: object) -> None:
        raise IntegrityError("CHECK constraint failed: something")

    monkeypatch.setattr(DeviceChanges, "set_favorite", fail)
    mark = {"at": AT, "kind": "favorite", "track": track, "is_favorite": True}
    create = {"at": AT, "kind": "playlist-create", "playlist": LIST, "title": "A", "description": "", "items": []}
    with caplog.at_level(logging.ERROR):
        failed, applied = phone.pull(mark | {"id": one(1)}, create | {"id": one(2)})
    assert (failed.status, failed.code, applied.status) == ("rejected", "op_failed", "applied")
    assert "CHECK constraint failed: something" in caplog.text
    assert "something" not in failed.detail


# Tokens


def test_a_token_that_may_not_read_hears_of_its_ops_alone(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    track = shelf.add("Secret", cast.bob)
    make_playlist(cast.bob, "Private", [track])
    blind, sighted = token(cast.bob, core, "play"), token(cast.bob, core, "play", "read")
    assert blind.result(kind="position", track=track, seconds=7).status == "applied"
    told = blind.pull_page()
    assert (told.is_whole, told.is_more, told.cursor) == (False, False, "")
    assert all(known == {} for known in blind.knows.values())
    sighted.cursor = blind.cursor
    sighted.pull()
    assert (sighted.wholes, list(sighted.tracks), len(sighted.playlists)) == (1, [track], 1)
    blind.cursor = sighted.cursor
    shelf.add("Another", cast.bob)
    assert blind.pull_page().cursor == sighted.cursor
    assert blind.tracks == {}
    sighted.pull()
    assert len(sighted.tracks) == 2


# How much of anything


def test_a_list_takes_so_many_by_whichever_door(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "MOST_ITEMS", 3)
    track = shelf.add("A", cast.bob)
    numbered = [item(n, track, f"a{n}") for n in range(5)]
    full = made(phone, *numbered[:4])
    assert (full.status, full.code) == ("rejected", "playlist_full")
    assert cast.bob.get("/api/playlist/").json.count == 0
    assert made(phone, *numbered[:2]).status == "applied"
    assert phone.result(kind="items-add", playlist=LIST, items=numbered[:3]).status == "applied"  # one is new
    full = phone.result(kind="items-add", playlist=LIST, items=numbered[2:])
    assert (full.status, full.code) == ("rejected", "playlist_full")
    assert phone.result(kind="items-add", playlist=LIST, items=numbered[:3]).status == "applied"  # none is
    answer = cast.bob.post(f"/api/playlist/{LIST}/items/", {"tracks": [track]})
    assert (answer.status, answer.json["code"]) == (409, "playlist_full")
    assert len(order(phone)) == 3


def test_what_a_source_has_takes_no_room_from_what_its_user_adds(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "MOST_ITEMS", 2)
    mirror, tracks = mirrored(core, cast, shelf, "ABCD")
    phone.pull()
    keys = [entry["position"] for entry in phone.playlists[mirror]["items"]]
    added = [item(n, tracks[0], keys[n] + "V") for n in range(3)]
    assert phone.result(kind="items-add", playlist=mirror, items=added[:2]).status == "applied"
    assert phone.result(kind="items-add", playlist=mirror, items=added[2:]).code == "playlist_full"


def test_a_user_makes_so_many_lists_by_whichever_door(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Besides those that come of a link."""
    monkeypatch.setattr(playlists, "MOST_PLAYLISTS", 2)
    make_playlist(cast.carol)
    mirrored(core, cast, shelf, "A")
    make_playlist(cast.bob)
    assert made(phone).status == "applied"
    full = made(phone, uid=OTHER)
    assert (full.status, full.code) == ("rejected", "too_many_playlists")
    answer = cast.bob.post("/api/playlist/", {"title": "More"})
    assert (answer.status, answer.json["code"]) == (409, "too_many_playlists")
    assert made(phone).status == "applied"  # it is there
    assert phone.result(kind="playlist-remove", playlist=LIST).status == "applied"
    assert made(phone, uid=OTHER).status == "applied"


def test_plays_that_nothing_vouches_for_are_few_and_short(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "MOST_HEARSAY", 2)
    play = {"kind": "play", "title": "t" * 4096, "artist": "a" * 4096, "seconds": 1, "is_offline": True}
    there = [shelf.add(name, cast.bob) for name in "ABC"]
    assert {phone.result(**play, track=track).status for track in there} == {"applied"}
    for track in there[:2]:  # what was heard of these is no hearsay
        assert cast.bob.delete(f"/api/audio/{track}/").status == 204
    assert [phone.result(**play, track=one(90 + n)).code for n in range(3)] == [None, None, "too_many"]
    assert phone.result(**play, track=there[2]).status == "applied"
    assert Device(cast.carol, one(4)).result(**play, track=one(90)).status == "applied"
    assert phone.result(**play | {"title": "t" * 4097}, track=one(90)).code == "op_invalid"
    assert phone.result(**play | {"artist": "a" * 4097}, track=one(90)).code == "op_invalid"
    assert len(phone.plays) == 6


def test_counts_never_grow_beyond_what_a_day_has(core: SoundWave, cast: Cast, phone: Device) -> None:
    op = {"at": AT, "kind": "stats", "day": "2026-01-05", "counts": {"cache_bytes": 1e15, "plays": 1e15}}
    phone.pull(*(op | {"id": one(n + 1)} for n in range(20)))
    totals = cast.bob.get("/api/offline/stats/").json.totals
    assert (totals.cache_bytes, totals.plays) == (2**40, 1_000_000)
    with transaction(core.db) as tx:
        tx.execute("UPDATE offline_counts SET cache_bytes = 9223372036854775807 - 5")
    assert phone.pull(op | {"id": one(99)})[0].status == "applied"
    assert cast.bob.get("/api/offline/stats/").json.totals.cache_bytes == 2**40


# Keys


def test_a_batch_keeps_its_order_whatever_its_keys_grow_to(cast: Cast, phone: Device, shelf: Shelf) -> None:
    """Each was made beside the one before it: new keys in between would put them elsewhere."""
    tracks = [shelf.add(name, cast.bob) for name in "ABC"]
    made(phone, *(item(n, track, f"b0{n}") for n, track in enumerate(tracks)))
    fresh, low = [], "b00" + "z" * 196 + "V"
    for n in range(60):
        fresh.append((shelf.add(f"X{n}", cast.bob), low))
        low = key_between(low, "b01")
    assert max(len(key) for _, key in fresh) > 200
    adds = [{"id": one(n + 1), "at": AT, "kind": "items-add", "playlist": LIST, "items": [item(10 + n, *place)]}
            for n, place in enumerate(fresh)]  # fmt: skip
    assert {result.status for result in phone.pull(*adds)} == {"applied"}
    assert order(phone) == [tracks[0], *(track for track, _ in fresh), *tracks[1:]]
    assert max(len(entry["position"]) for entry in phone.playlists[LIST]["items"]) < 5


def test_two_hundred_characters_stay(cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    made(phone, item(1, track, "a0" + "V" * 198))
    assert len(phone.playlists[LIST]["items"][0]["position"]) == 200


def test_new_keys_for_ten_thousand_cost_little(core: SoundWave, cast: Cast, phone: Device, shelf: Shelf) -> None:
    """One rev for all, once for the request; nothing moves that is not to be moved."""
    track = shelf.add("A", cast.bob)
    given = [item(number, track, key) for number, key in enumerate(keys_between(None, None, 10_000))]
    assert made(phone, *given).status == "applied"
    before, rev = [entry["id"] for entry in phone.playlists[LIST]["items"]], core.db.rev()
    moves = [{"id": one(n + 1), "at": AT, "kind": "item-move", "playlist": LIST, "item": one(7000 + n),
              "position": f"a0{n}" + "V" * 250} for n in range(5)]  # fmt: skip
    phone.pull(*moves)
    assert core.db.rev() - rev == 2 * 5 + 2
    assert [entry["id"] for entry in phone.playlists[LIST]["items"]] == before
    assert max(len(entry["position"]) for entry in phone.playlists[LIST]["items"]) < 6


def test_keys_that_were_left_long_are_renewed_with_the_next_batch(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf
) -> None:
    """As where the server was killed between the last op and the renewal: the device sends them again."""
    track = shelf.add("A", cast.bob)
    made(phone, item(1, track, "a0"))
    move = {"id": one(1), "at": AT, "kind": "item-move", "playlist": LIST, "item": one(7001), "position": "a1"}
    phone.pull(move)
    with transaction(core.db) as tx:
        Playlists(tx).place_item(LIST, one(7001), "a1" + "V" * 300, core.clock)
    assert phone.pull(move)[0].is_duplicate
    assert phone.playlists[LIST]["items"][0]["position"] == "a0"


# Pages


def test_a_page_weighs_lists_by_their_items(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = shelf.add("A", cast.bob)
    for n in range(6):
        places = [item(100 * n + m, track, key) for m, key in enumerate(keys_between(None, None, 40))]
        assert made(phone, *places, uid=one(600 + n)).status == "applied"
    monkeypatch.setattr("soundwave_library.store.changed.AT_ONCE", 82)
    fresh = Device(cast.bob, one(2))
    pages = [fresh.pull_page()]
    while pages[-1].is_more:
        pages.append(fresh.pull_page())
    assert max(len(page.playlists) for page in pages) == 2
    assert fresh.playlists == seen(cast.bob)["playlists"]


# Lists that follow a source


def mirrored(core: SoundWave, cast: Cast, shelf: Shelf, names: str) -> tuple[str, list[str]]:
    """bob's mirror of a source with tracks of these names: its id and theirs. Their source ids are their names."""
    tracks = [shelf.add(name, cast.bob, source=name) for name in names]
    with transaction(core.db) as tx:
        url = "https://site.test/l"
        uid = Playlists(tx).create(cast.bob.user_id, "Mirror", core.clock, kind="mirrored", source_url=url)
        for name, track in zip(names, tracks, strict=True):
            Playlists(tx).append(uid, track, core.clock, ("site", name))
    return uid, tracks


def test_what_was_taken_out_of_a_mirror_and_put_back_is_its_sources_again(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf
) -> None:
    mirror, [first, second, third] = mirrored(core, cast, shelf, "ABC")
    phone.pull()
    entry = phone.playlists[mirror]["items"][1]
    assert phone.result(kind="item-remove", playlist=mirror, item=entry["id"]).status == "applied"
    with transaction(core.db) as tx:
        assert Playlists(tx).append(mirror, second, core.clock, ("site", "B")) is None  # what its user removed stays so
    twice = [entry, {"id": one(42), "track": second, "position": entry["position"] + "V"}]
    assert phone.result(kind="items-add", playlist=mirror, items=twice).status == "applied"
    with transaction(core.db) as tx:
        assert Playlists(tx).append(mirror, second, core.clock, ("site", "B")) == entry["id"]
        Playlists(tx).follow_order(mirror, [("site", name) for name in "CBA"], core.clock)
    phone.pull()
    assert order(phone, mirror) == [third, second, second, first]  # by hand it is there once more, behind it
    assert core.db.rows("SELECT * FROM playlist_removals") == []


def test_of_another_list_nothing_is_taken_back(core: SoundWave, cast: Cast, phone: Device, shelf: Shelf) -> None:
    mirror, [track, _] = mirrored(core, cast, shelf, "AB")
    phone.pull()
    entry = phone.playlists[mirror]["items"][0]
    phone.result(kind="item-remove", playlist=mirror, item=entry["id"])
    assert made(phone, item(1, track)).status == "applied"
    assert core.db.value("SELECT added_by FROM playlist_items WHERE uid = :uid", uid=one(7001)) == "user"
    with transaction(core.db) as tx:
        Entries(tx).ensure(cast.bob.user_id, track, core.clock)
        assert Playlists(tx).append(mirror, track, core.clock, ("site", "A")) is None


# Where nothing can be written


def test_who_only_asks_is_answered_while_writes_are_held(core: SoundWave, clock: VirtualClock, phone: Device) -> None:
    phone.pull()
    clock.advance(3700)
    core.db.hold_writes(3600)
    answer = phone.send()
    core.db.hold.end()
    assert answer.status == 200, answer.body


def test_who_only_asks_is_answered_on_a_full_disk(phone: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("The disk is full.", code="disk_full")

    monkeypatch.setattr(Devices, "ensure", fail)
    assert phone.send().status == 200


def test_the_same_words_again_are_no_change(core: SoundWave, cast: Cast, phone: Device) -> None:
    made(phone, title="Mix")
    rev = core.db.rev()
    with announcements(core, "playlist_changed") as heard:
        assert cast.bob.patch(f"/api/playlist/{LIST}/", {"title": " Mix ", "description": ""}).status == 200
        assert phone.result(kind="playlist-patch", playlist=LIST, title="Mix", was={"title": "Old"}).theirs is None
    assert (core.db.rev(), heard) == (rev, [])
