"""What a device is told: what changed since it asked last, all of it, once; and when it has to begin anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from soundwave_core import SoundWave, to_stamp, transaction
from soundwave_core.testing import Cast, VirtualClock
from soundwave_library import Changed, Changes, Entries, Mark, Tracks
from soundwave_library.store import Arrivals, changed
from tests.plugins.library.conftest import Shelf, make_playlist

from .devices import Device, one


def test_a_device_hears_of_changes_once(cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    phone.pull()
    told = phone.send().json
    assert (told.is_whole, told.is_more, told.cursor) == (False, False, phone.cursor)
    assert [told.tracks, told.playlists, told.positions, told.plays, told.gone] == [[]] * 5
    cast.bob.put(f"/api/audio/{track}/favorite/")
    assert [changed.id for changed in phone.pull_page().tracks] == [track]
    assert phone.pull_page().tracks == []


def test_a_silent_device_begins_anew(
    core: SoundWave, clock: VirtualClock, cast: Cast, phone: Device, tablet: Device, shelf: Shelf
) -> None:
    """It missed what was forgotten meanwhile. One that asked after the last forgotten change did not."""
    kept, lost = shelf.add("Kept", cast.bob), shelf.add("Lost", cast.bob)
    phone.pull()
    cast.bob.delete(f"/api/audio/{lost}/")
    tablet.pull()
    clock.advance(91 * 86_400)
    core.jobs.run("system.sweep-tombstones")
    assert core.db.value("SELECT count(*) FROM tombstones") == 0
    assert cast.bob.sign_in("bob").status == 200
    assert set(phone.tracks) == {kept, lost}
    phone.pull()
    tablet.pull()
    assert set(phone.tracks) == set(tablet.tracks) == {kept}
    assert (phone.wholes, tablet.wholes) == (2, 1)


def test_what_is_forgotten_while_a_device_asks_is_not_missed(
    core: SoundWave, clock: VirtualClock, cast: Cast, phone: Device, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lost = shelf.add("Kept", cast.bob), shelf.add("Lost", cast.bob)
    phone.pull()
    cast.bob.delete(f"/api/audio/{lost}/")
    clock.advance(91 * 86_400)
    cast.bob.sign_in("bob")
    since = Changed.since

    def swept_first(told: Changed, mark: Mark) -> Changes:
        core.jobs.run("system.sweep-tombstones")
        return since(told, mark)

    monkeypatch.setattr(Changed, "since", swept_first)
    phone.pull()
    assert (set(phone.tracks), phone.wholes) == ({kept}, 2)


def test_a_whole_answer_in_pages_is_not_begun_anew_for_ever(
    core: SoundWave, clock: VirtualClock, cast: Cast, phone: Device, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first pages lie before what was forgotten."""
    tracks = [shelf.add(f"T{number}", cast.bob) for number in range(10)]
    cast.bob.delete(f"/api/audio/{tracks[9]}/")
    clock.advance(91 * 86_400)
    core.jobs.run("system.sweep-tombstones")
    cast.bob.sign_in("bob")
    monkeypatch.setattr(changed, "AT_ONCE", 3)
    phone.pull()
    assert phone.wholes == 1
    assert phone.pages > 5
    assert set(phone.tracks) == set(tracks[:9])


@pytest.mark.parametrize("cursor", [
    "", "x", "é", "W10", "WzEsMiwzXQ", "WzEsMSwxLDEsMV0", "WzEsbnVsbCxudWxsLDEsMV0", "eyJhIjoxfQ", "WzEsMSwiMSIsMSwxXQ",
])  # fmt: skip
def test_an_unknown_cursor_begins_anew(cast: Cast, phone: Device, shelf: Shelf, cursor: str) -> None:
    shelf.add("A", cast.bob)
    phone.cursor = cursor
    phone.pull()
    assert phone.wholes == 1
    assert len(phone.tracks) == 1


def test_a_restored_database_is_told_anew(core: SoundWave, cast: Cast, phone: Device, shelf: Shelf) -> None:
    shelf.add("A", cast.bob)
    phone.pull()
    with transaction(core.db) as tx:
        tx.begin_epoch(core.db.rev())
    phone.pull()
    assert phone.wholes == 2


def test_a_device_that_is_ahead_of_the_server_begins_anew(core: SoundWave, cast: Cast, phone: Device) -> None:
    """As after a copy of an older database was put in the place of this one by hand."""
    make_playlist(cast.bob)
    phone.pull()
    with transaction(core.db) as tx:
        tx.execute("UPDATE counters SET value = 0 WHERE name = 'rev'")
    phone.pull()
    assert phone.wholes == 2


def test_the_newest_of_the_history_comes_first_of_all(
    core: SoundWave, clock: VirtualClock, cast: Cast, phone: Device, shelf: Shelf
) -> None:
    track = shelf.add("A", cast.bob)
    heard = {"kind": "play", "track": track, "title": "", "artist": "", "seconds": 1, "is_offline": False}
    begin = clock.now() - timedelta(hours=1)
    for batch in range(6):
        numbers = range(batch * 100, batch * 100 + 100)
        phone.pull(*(heard | {"id": one(n + 1), "at": to_stamp(begin + timedelta(seconds=n))} for n in numbers))
    assert len(phone.plays) == 600
    fresh = Device(cast.bob, one(2))
    fresh.pull()
    assert len(fresh.plays) == 500
    assert (
        min(play["played_at"] for play in fresh.plays.values())
        == sorted(play["played_at"] for play in phone.plays.values())[100]
    )


def test_a_played_track_that_goes_keeps_its_name(cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    cast.bob.post("/api/play/", {"track": track})
    cast.bob.put(f"/api/audio/{track}/position/", {"seconds": 9})
    phone.pull()
    cast.bob.delete(f"/api/audio/{track}/")
    phone.pull()
    assert [(play["track_id"], play["title"]) for play in phone.plays.values()] == [(None, "A")]
    assert phone.tracks == phone.positions == {}


def test_a_track_that_went_and_came_back_unheard_has_no_position(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf
) -> None:
    track = shelf.add("A", cast.bob, cast.carol)
    cast.bob.put(f"/api/audio/{track}/position/", {"seconds": 9})
    phone.pull()
    cast.bob.delete(f"/api/audio/{track}/")
    with transaction(core.db) as tx:
        Entries(tx).ensure(cast.bob.user_id, track, core.clock)
    phone.pull()
    assert list(phone.tracks) == [track]
    assert phone.positions == {}


def test_new_words_to_a_track_reach_its_listeners(cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob, cast.carol)
    phone.pull()
    assert cast.carol.put(f"/api/audio/{track}/lyrics/", {"plain": "La"}).status == 200
    assert [told.id for told in phone.pull_page().tracks] == [track]
    assert cast.carol.delete(f"/api/audio/{track}/lyrics/").status == 204
    assert [told.id for told in phone.pull_page().tracks] == [track]


def test_a_list_is_told_again_when_its_length_or_picture_changes(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf
) -> None:
    track = shelf.add("A", cast.bob)
    playlist = make_playlist(cast.bob, "Mix", [track])
    phone.pull()
    with transaction(core.db) as tx:
        Tracks(tx).renew(track, shelf.new("A", duration_seconds=5.0))
    phone.pull()
    assert phone.playlists[playlist]["duration_seconds"] == 5.0
    picture = shelf.picture()
    with transaction(core.db) as tx:
        Arrivals(tx).picture("tracks", track, picture)
    phone.pull()
    assert phone.playlists[playlist]["artwork_url"] == phone.tracks[track]["artwork_url"] is not None


def test_devices_are_noted(cast: Cast, phone: Device) -> None:
    phone.pull()
    [device] = cast.bob.get("/api/offline/device/").json.results
    assert (device.id, device.name) == (phone.id, "A phone")
