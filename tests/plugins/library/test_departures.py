"""A user who is removed: what goes, what an heir gets, what others keep; whenever the server is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from core.toys import unheard

from soundwave_core import Database, SoundWave, transaction
from soundwave_core.testing import PASSWORD, Cast, Client
from soundwave_library import Channels, Entries, Tracks, departures
from soundwave_library.departures import heir_of
from soundwave_library.store import Arrivals

from .conftest import Shelf, items, make_playlist, statements, titles

PERSONAL = ("favorites", "positions", "plays")
OWNED = ("entries", "library_counts", "playlists", *PERSONAL)


def remove(cast: Cast, user: Client, heir: Client | None = None) -> None:
    query = "?tracks=remove" if heir is None else f"?tracks=give&to={heir.user_id}"
    answer = cast.alice.delete(f"/api/user/admin/users/{user.user_id}/{query}")
    assert answer.status == 204, answer.body


def left_of(core: SoundWave, user: Client) -> dict[str, int]:
    """How many rows of this user's there are, where there are any."""
    counts = {
        table: core.db.value(f"SELECT count(*) FROM {table} WHERE user_id = :user", user=user.user_id)
        for table in OWNED
    }
    return {table: count for table, count in counts.items() if count}


def use(user: Client, *tracks: str) -> None:
    """Mark it, hear it, stop in the middle."""
    for track in tracks:
        assert user.put(f"/api/audio/{track}/favorite/").status == 204
        assert user.put(f"/api/audio/{track}/position/", {"seconds": 10}).status == 204
        assert user.post("/api/play/", {"track": track}).status == 201


def test_what_was_counted_before_goes_too(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """More of it than goes in one transaction, and of tracks that stay."""
    channel = shelf.channel()
    tracks = [shelf.add(f"Episode {number}", channel=channel) for number in range(departures.AT_ONCE + 5)]
    with transaction(core.db) as tx:
        for user in (cast.bob, cast.carol):
            for track in tracks:
                Arrivals(tx).earlier_plays(user.user_id, track, 3)
    core.jobs.run_due()
    remove(cast, cast.bob)
    core.jobs.run_due()
    rows = core.db.rows("SELECT user_id, sum(count) AS plays FROM earlier_plays GROUP BY user_id")
    assert rows == [{"user_id": cast.carol.user_id, "plays": 3 * len(tracks)}]
    assert cast.carol.get(f"/api/audio/{tracks[0]}/").json.play_count == 3


def tombstones(core: SoundWave, user: Client | None) -> list[str]:
    rows = core.db.rows("SELECT kind FROM tombstones WHERE user_id IS :user ORDER BY kind",
                        user=user and user.user_id)  # fmt: skip
    return [row["kind"] for row in rows]


def test_what_only_they_had_goes_and_what_others_use_stays(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    own, both = shelf.add("Own", cast.bob), shelf.add("Both", cast.bob, cast.carol)
    episode = shelf.add("Episode", cast.bob, channel=shelf.channel(), source="1")
    marked = shelf.add("Marked by alice", cast.bob)
    file = shelf.file_of(own)
    cast.alice.put(f"/api/audio/{marked}/favorite/")
    use(cast.bob, own, both, episode)
    use(cast.carol, both)
    make_playlist(cast.bob, "Mine", [own, both, episode])
    theirs = make_playlist(cast.carol, "Hers", [both, episode])
    core.jobs.run_due()  # so that nothing is due but what the removal makes due
    remove(cast, cast.bob)
    core.jobs.run_due()
    assert left_of(core, cast.bob) == {}
    assert not file.exists()
    assert [shelf.file_of(track).exists() for track in (both, episode, marked)] == [True] * 3
    assert titles(cast.alice.get("/api/audio/?ordering=title")) == ["Episode", "Marked by alice"]
    assert items(cast.carol, theirs) == ["Both", "Episode"]
    assert cast.carol.get(f"/api/audio/{both}/").json.is_favorite
    assert cast.carol.get("/api/play/").json.count == 1
    assert tombstones(core, None) == ["track"]
    assert tombstones(core, cast.bob) == ["entry"] * 4 + ["favorite"] * 3 + ["playlist"]
    assert tombstones(core, cast.carol) == []


def test_an_heir_gets_tracks_and_playlists(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    own, both = shelf.add("Own", cast.bob), shelf.add("Both", cast.bob, cast.carol)
    episode = shelf.add("Episode", channel=shelf.channel(), source="1")
    added_at = cast.bob.get("/api/audio/?search=own").json.results[0].added_at
    use(cast.bob, own, both)
    use(cast.carol, both)
    mix = make_playlist(cast.bob, "Mix", [own, episode, both, own])
    make_playlist(cast.carol, "Mix", [both])
    rev = core.db.rev()
    seen = cast.carol.get("/api/playlist/").headers["ETag"]
    remove(cast, cast.bob, heir=cast.carol)
    core.jobs.run_due()
    assert left_of(core, cast.bob) == {}
    assert titles(cast.carol.get("/api/audio/?ordering=title")) == ["Both", "Episode", "Own"]
    assert cast.carol.get(f"/api/audio/{own}/").json.added_at == added_at
    assert not cast.carol.get(f"/api/audio/{own}/").json.is_favorite
    assert cast.carol.get("/api/play/").json.count == 1
    assert items(cast.carol, mix) == ["Own", "Episode", "Both", "Own"]
    lists = cast.carol.get("/api/playlist/", **{"If-None-Match": seen})
    assert [(found.title, found.count) for found in lists.json.results] == [("Mix", 4), ("Mix", 1)]
    moved = core.db.rows("SELECT rev FROM playlists WHERE uid = :uid UNION SELECT i.rev FROM playlist_items i"
                         " JOIN playlists p ON p.id = i.playlist_id WHERE p.uid = :uid", uid=mix)  # fmt: skip
    assert all(row["rev"] > rev for row in moved)
    assert tombstones(core, cast.bob) == ["entry"] * 2 + ["favorite"] * 2 + ["playlist"]
    assert tombstones(core, cast.carol) == []
    assert cast.carol.get(f"/api/audio/{own}/stream/").status == 200
    assert core.db.value("SELECT count(*) FROM file_removals") == 0


def test_a_removal_that_was_not_announced_is_finished(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """The server was killed right after the mark."""
    shelf.add("Own", cast.bob)
    with unheard(core):
        remove(cast, cast.bob)
    core.jobs.run("library.clear-departures")
    assert (left_of(core, cast.bob), core.db.value("SELECT count(*) FROM tracks")) == ({}, 0)


def test_nothing_happens_to_those_who_stay(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    use(cast.bob, shelf.add("Own", cast.bob))
    path = f"/api/user/admin/users/{cast.bob.user_id}/"
    assert cast.alice.patch(path, {"state": "disabled"}).status == 200
    rev = core.db.rev()
    with statements(core.db) as seen:
        core.jobs.run("library.clear-departures")
    assert (core.db.rev(), left_of(core, cast.bob)["entries"]) == (rev, 1)
    assert len(seen) < 10


def test_an_heir_who_is_gone_too_leaves_it_to_theirs() -> None:
    heirs = {"bob": "carol", "carol": "dave", "eve": "frank", "frank": None, "greg": None}
    assert [heir_of(heirs, user) for user in heirs] == ["dave", "dave", None, None, None]


def test_two_who_leave_one_after_the_other(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """Carol inherits from bob, and is removed before the job has come to it: alice has it all."""
    own, hers = shelf.add("Own", cast.bob), shelf.add("Hers", cast.carol)
    mix = make_playlist(cast.bob, "Mix", [own])
    remove(cast, cast.bob, heir=cast.carol)
    remove(cast, cast.carol, heir=cast.alice)
    core.jobs.run_due()
    assert titles(cast.alice.get("/api/audio/?ordering=title")) == ["Hers", "Own"]
    assert items(cast.alice, mix) == ["Own"]
    assert (left_of(core, cast.bob), left_of(core, cast.carol)) == ({}, {})
    assert shelf.file_of(hers).exists()


class Killed(BaseException):
    """What a kill looks like from inside: nothing catches it."""


@contextmanager
def killed_after(core: SoundWave, statement: int) -> Iterator[list[str]]:
    """The process ends with its n-th write; nothing of the open transaction stays. The writes that were made."""
    made: list[str] = []
    execute = Database.execute

    def until(self: Database, sql: str, /, **params: Any) -> int:
        if len(made) == statement:
            raise Killed
        made.append(sql)
        return execute(self, sql, **params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "execute", until)
        yield made


def settle(core: SoundWave) -> int:
    """How often the job is killed, one write later each time, until it is done; nothing is half made between."""
    for statement in range(10_000):
        try:
            with killed_after(core, statement):
                departures.clear_up(core)
        except Killed:
            ensure_whole(core)
        else:
            return statement
    raise AssertionError("it never ends")


def ensure_whole(core: SoundWave) -> None:
    """Each track has its file, each item can be heard by its list's owner, nothing is nobody's."""
    missing = [
        row["path"] for row in core.db.rows("SELECT path FROM tracks")
        if not (core.config.media_root / row["path"]).exists()
    ]  # fmt: skip
    assert missing == []
    unheard = core.db.value(
        """SELECT count(*) FROM playlist_items i JOIN playlists p ON p.id = i.playlist_id
        JOIN tracks t ON t.id = i.track_id WHERE t.channel_id IS NULL AND NOT EXISTS
        (SELECT 1 FROM entries e WHERE e.user_id = p.user_id AND e.track_id = t.id)"""
    )
    nobodys = core.db.value(
        """SELECT count(*) FROM tracks t WHERE channel_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.track_id = t.id)"""
    )
    assert (unheard, nobodys) == (0, 0)
    counts = core.db.rows("SELECT user_id, entry_count FROM library_counts WHERE user_id <> '' AND entry_count > 0")
    true = core.db.rows("SELECT user_id, count(*) AS entry_count FROM entries GROUP BY user_id ORDER BY user_id")
    assert sorted(counts, key=lambda row: row["user_id"]) == true


@pytest.mark.parametrize("is_given", [False, True])
def test_killed_at_any_write_it_goes_on(
    core: SoundWave, cast: Cast, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, is_given: bool
) -> None:
    """Two things a transaction, and a kill at each write in turn, as often as it takes."""
    monkeypatch.setattr(departures, "AT_ONCE", 2)
    channel = shelf.channel()
    own = [shelf.add(f"Own {n}", cast.bob) for n in range(5)]
    both = [shelf.add(f"Both {n}", cast.bob, cast.carol) for n in range(2)]
    episode = shelf.add("Episode", cast.bob, channel=channel, source="1")
    files = [shelf.file_of(track) for track in own]
    use(cast.bob, *own[:3], episode)
    lists = [make_playlist(cast.bob, f"L{n}", [*own[n:], episode, both[0]]) for n in range(3)]
    kept = make_playlist(cast.carol, "Kept", [*both, episode])
    before = items(cast.bob, lists[0])
    remove(cast, cast.bob, heir=cast.carol if is_given else None)
    assert settle(core) > 3
    core.jobs.run("library.sweep-files")
    ensure_whole(core)
    assert left_of(core, cast.bob) == {}
    assert items(cast.carol, kept) == ["Both 0", "Both 1", "Episode"]
    assert [file.exists() for file in files] == [is_given] * 5
    assert core.db.value("SELECT count(*) FROM file_removals") == 0
    if is_given:
        assert items(cast.carol, lists[0]) == before
        assert cast.carol.get("/api/audio/").json.count == 8
        assert cast.carol.get("/api/playlist/").json.count == 4
    else:
        assert cast.carol.get("/api/audio/").json.count == 3
        assert core.db.value("SELECT count(*) FROM tombstones WHERE kind = 'track'") == 5


def test_killed_between_the_commit_and_the_file(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """The note of the file outlives it: the nightly sweep removes it."""
    file = shelf.file_of(shelf.add("Own", cast.bob))
    remove(cast, cast.bob)

    def die(core: SoundWave, removal: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(departures, "after_removal", die)
        departures.clear_up(core)
    assert file.exists()
    core.jobs.run("library.clear-departures")
    core.jobs.run("library.sweep-files")
    assert (file.exists(), left_of(core, cast.bob)) == (False, {})


def test_a_server_that_stops_goes_on_later(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    for number in range(3):
        shelf.add(f"Own {number}", cast.bob)
    remove(cast, cast.bob)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(departures, "AT_ONCE", 1)
        patch.setattr(core.jobs.stopping, "is_set", lambda: True)
        departures.clear_up(core)
        assert left_of(core, cast.bob)["entries"] == 2
    core.jobs.run("library.clear-departures")
    assert left_of(core, cast.bob) == {}


def test_the_heir_may_remove_while_it_is_given(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """Carol takes a track out that she got with a list a moment ago; bob still has it, so nothing breaks."""
    own = shelf.add("Own", cast.bob)
    mix = make_playlist(cast.bob, "Mix", [own])
    remove(cast, cast.bob, heir=cast.carol)
    give: Callable[..., bool] = departures.Departure._forget_listening

    def meanwhile(self: departures.Departure) -> bool:
        if Entries(core.db).has(cast.carol.user_id, own) and items(cast.carol, mix):
            assert cast.carol.delete(f"/api/audio/{own}/").status == 204
        return give(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(departures.Departure, "_forget_listening", meanwhile)
        departures.clear_up(core)
    ensure_whole(core)
    assert (items(cast.carol, mix), left_of(core, cast.bob)) == ([], {})


def test_a_name_that_comes_again_is_somebody_else(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    shelf.add("Own", cast.bob)
    remove(cast, cast.bob)
    assert cast.alice.post("/api/user/admin/users/", {"username": "bob", "password": PASSWORD}).status == 201
    again = Client(core)
    assert again.sign_in("bob").status == 200
    assert again.get("/api/audio/").json.count == 0
    other = shelf.add("New", again)
    core.jobs.run_due()
    assert titles(again.get("/api/audio/")) == ["New"]
    assert shelf.file_of(other).exists()
    assert Tracks(core.db).find(other) is not None
    assert Channels(core.db).list() == []
