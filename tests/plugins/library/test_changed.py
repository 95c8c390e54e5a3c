"""What a user's devices are told, read from the tables: what becomes readable or not, pages, and what it costs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, Client
from soundwave_library import Changed, Channels, Entries, FileStates, Mark, Tracks
from soundwave_library.store import Arrivals, changed

from .conftest import Shelf, make_playlist, statements

Told = dict[str, Any]


def ids_of(gone: list[dict[str, str]]) -> list[str]:
    """The tracks that are gone; each takes its position along."""
    tracks = [one["id"] for one in gone if one["kind"] == "track"]
    assert {one["id"] for one in gone if one["kind"] == "position"} >= set(tracks)
    return tracks


class Follower:
    """One user's device, by the store alone."""

    def __init__(self, core: SoundWave, user: Client, prefix: str = "") -> None:
        self._changed = Changed(core.db, user.user_id, prefix)
        self.mark: Mark | None = None

    def ask(self) -> Told:
        found = self._changed.anew() if self.mark is None else self._changed.since(self.mark)
        self.mark = found.mark
        told = {name: msgspec.json.decode(getattr(found, name)) for name in ("tracks", "playlists", "plays", "gone")}
        return told | {"is_more": found.is_more, "positions": msgspec.json.decode(found.positions)}

    def changes(self) -> tuple[list[str], list[str]]:
        """The ids of tracks that are there (new, or another), and of those that are not any more."""
        told = self.ask()
        assert not told["is_more"]
        return [track["id"] for track in told["tracks"]], ids_of(told["gone"])


@pytest.fixture
def bob(core: SoundWave, cast: Cast) -> Follower:
    follower = Follower(core, cast.bob)
    follower.ask()
    return follower


def remove_channel(core: SoundWave, cast: Cast, channel: str) -> None:
    with transaction(core.db) as tx:
        Channels(tx).remove(channel, cast.alice.user_id, core.clock)


def test_own_tracks_come_and_go(cast: Cast, shelf: Shelf, bob: Follower) -> None:
    track = shelf.add("A", cast.bob, cast.carol)
    shelf.add("Hers", cast.carol)
    assert bob.changes() == ([track], [])
    cast.bob.delete(f"/api/audio/{track}/")
    assert bob.changes() == ([], [track])
    cast.carol.delete(f"/api/audio/{track}/")  # its file goes; bob need not know
    assert bob.changes() == ([], [])


def test_a_channels_tracks_are_everybodys_while_it_is_there(
    core: SoundWave, cast: Cast, shelf: Shelf, bob: Follower
) -> None:
    channel = shelf.channel()
    used, unused = shelf.add("Used", channel=channel, source="1"), shelf.add("Unused", channel=channel, source="2")
    assert bob.changes() == ([used, unused], [])
    make_playlist(cast.bob, "Mix", [used])
    bob.ask()
    remove_channel(core, cast, channel)
    assert bob.changes() == ([used], [unused])


def test_a_private_track_becomes_the_households_and_private_again(
    core: SoundWave, cast: Cast, shelf: Shelf, bob: Follower
) -> None:
    track = shelf.add("A", cast.carol, source="1")
    assert bob.changes() == ([], [])
    channel = shelf.channel()
    with transaction(core.db) as tx:
        Tracks(tx).share(track, channel)
    assert bob.changes() == ([track], [])
    cast.alice.delete(f"/api/audio/{track}/")
    assert bob.changes() == ([], [track])


def test_a_track_that_is_both_own_and_the_households(core: SoundWave, cast: Cast, shelf: Shelf, bob: Follower) -> None:
    track = shelf.add("A", cast.bob, channel=shelf.channel(), source="1")
    assert [told["is_own"] for told in bob.ask()["tracks"]] == [True]
    cast.bob.delete(f"/api/audio/{track}/")
    assert [told["is_own"] for told in bob.ask()["tracks"]] == [False]
    with transaction(core.db) as tx:
        Entries(tx).ensure(cast.bob.user_id, track, core.clock)
    assert [told["is_own"] for told in bob.ask()["tracks"]] == [True]
    cast.alice.delete(f"/api/audio/{track}/")  # from the household
    told = bob.ask()
    assert ([track["is_own"] for track in told["tracks"]], ids_of(told["gone"])) == ([True], [])


def test_a_renamed_channel_is_on_its_tracks(core: SoundWave, cast: Cast, shelf: Shelf, bob: Follower) -> None:
    channel = shelf.channel()
    track = shelf.add("A", channel=channel, source="1")
    bob.ask()
    with transaction(core.db) as tx:
        Channels(tx).patch(channel, title="Other")
    assert [(told["id"], told["channel"]) for told in bob.ask()["tracks"]] == [(track, "Other")]


def test_a_file_that_was_read_again_is_told(core: SoundWave, cast: Cast, shelf: Shelf, bob: Follower) -> None:
    track = shelf.add("A", cast.bob)
    bob.ask()
    read = {"size_bytes": 9, "revision": "ab" * 32, "block_hashes": ["ab" * 32], "duration_seconds": None}
    with transaction(core.db) as tx:
        assert FileStates(tx).store_read(track, Tracks(tx).get(track).path, read)
    assert [(told["id"], told["size_bytes"]) for told in bob.ask()["tracks"]] == [(track, 9)]


def test_went_and_came_between_two_looks(core: SoundWave, cast: Cast, shelf: Shelf, bob: Follower) -> None:
    track = shelf.add("A", cast.bob, cast.carol)
    bob.ask()
    cast.bob.delete(f"/api/audio/{track}/")
    with transaction(core.db) as tx:
        Entries(tx).ensure(cast.bob.user_id, track, core.clock)
    assert bob.changes() == ([track], [])


def test_nobody_hears_of_what_is_anothers(core: SoundWave, cast: Cast, shelf: Shelf, bob: Follower) -> None:
    """Neither tracks, lists and listening, nor that they went."""
    track = shelf.add("Hers", cast.carol)
    playlist = make_playlist(cast.carol, "Hers", [track])
    cast.carol.put(f"/api/audio/{track}/favorite/")
    cast.carol.put(f"/api/audio/{track}/position/", {"seconds": 3})
    cast.carol.post("/api/play/", {"track": track})
    cast.carol.delete(f"/api/playlist/{playlist}/")
    cast.carol.delete(f"/api/audio/{track}/")
    told = bob.ask()
    assert {name: value for name, value in told.items() if value} == {}


def test_a_page_ends_where_it_is_full_and_the_next_goes_on(
    core: SoundWave, cast: Cast, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changed, "AT_ONCE", 4)
    tracks = [shelf.add(f"T{number}", cast.bob) for number in range(9)]
    cast.bob.delete(f"/api/audio/{shelf.add('Lost', cast.bob)}/")  # who begins anew never knew it
    follower, seen, pages = Follower(core, cast.bob), [], 0
    is_more = True
    while is_more:
        told = follower.ask()
        assert len(told["tracks"]) <= 4
        assert told["gone"] == []
        seen += [track["id"] for track in told["tracks"]]
        pages, is_more = pages + 1, told["is_more"]
    assert seen == tracks  # each once
    assert pages > 3


def test_what_shares_a_rev_is_not_torn_apart(
    core: SoundWave, cast: Cast, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All lists of a track that gets a picture."""
    track, picture = shelf.add("A", cast.bob), shelf.picture()
    lists = [make_playlist(cast.bob, f"L{number}", [track]) for number in range(5)]
    with transaction(core.db) as tx:
        assert Arrivals(tx).picture("tracks", track, picture)
    monkeypatch.setattr(changed, "AT_ONCE", 2)
    follower, seen = Follower(core, cast.bob), []
    for _ in range(20):
        seen += [playlist["id"] for playlist in follower.ask()["playlists"]]
    assert sorted(seen) == sorted(lists)


def test_a_renamed_channel_comes_in_pages(
    core: SoundWave, cast: Cast, shelf: Shelf, bob: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To who knew it and to who begins anew, however many tracks it has, and each once."""
    channel = shelf.channel()
    tracks = [shelf.add(f"T{number}", channel=channel, source=str(number)) for number in range(9)]
    bob.ask()
    with transaction(core.db) as tx:
        Channels(tx).patch(channel, title="Other")
    monkeypatch.setattr(changed, "AT_ONCE", 2)
    for follower in (bob, Follower(core, cast.bob)):
        pages = [follower.ask()["tracks"] for _ in range(20)]
        assert [(track["id"], track["channel"]) for page in pages for track in page] == [(t, "Other") for t in tracks]
        assert max(map(len, pages)) == 2


def test_of_a_channel_only_the_title_is_on_its_tracks(core: SoundWave, cast: Cast, shelf: Shelf, bob: Follower) -> None:
    """Its description changes as often as its publisher likes: no track is told again for that."""
    channel, picture = shelf.channel(), shelf.picture()
    shelf.add("A", channel=channel, source="1")
    bob.ask()
    before = core.db.rev()
    with transaction(core.db) as tx:
        assert Channels(tx).patch(channel, description="Other", artwork_id=picture)
    assert core.db.rev() > before  # what shows the channel is asked for again
    assert bob.ask()["tracks"] == []


def test_addresses_begin_with_the_requests_prefix(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob, artwork_id=shelf.picture())
    make_playlist(cast.bob, "Mix", [track])
    told = Follower(core, cast.bob, "/music").ask()
    urls = [told["tracks"][0]["audio_url"], told["tracks"][0]["artwork_url"], told["playlists"][0]["artwork_url"]]
    assert all(url.startswith("/music/api/audio/") for url in urls)


def test_nothing_new_is_two_looks_at_counters(core: SoundWave, cast: Cast, shelf: Shelf, bob: Follower) -> None:
    shelf.add("A", cast.bob)
    bob.ask()
    with statements(core.db) as seen:
        bob.ask()
    assert len(seen) == 2
    shelf.add("B", cast.bob)
    with statements(core.db) as seen:
        bob.ask()
    assert len(seen) <= 8


@pytest.mark.parametrize("name", ["_LAST", "_LAST_LISTENING", "_TRACKS", "_PLAYLISTS", "_PLAYS", "_GONE"])
def test_no_table_is_read_whole(core: SoundWave, cast: Cast, name: str) -> None:
    """Each is looked into by an index, and no index of one user's rows is read from end to end."""
    values = {"user": cast.bob.user_id, "prefix": "", "since": 1, "upto": 2, "buried": 1, "listened": 1,
              "listened_upto": 2, "most": 9}  # fmt: skip
    plan = core.db.rows(f"EXPLAIN QUERY PLAN {getattr(changed, name)}", **values)
    small = ("changed", "picked", "heard", "dead", "graves", "g", "summed", "CONSTANT", "(subquery")
    steps = [row["detail"] for row in plan if row["detail"].startswith(("SCAN", "SEARCH"))]
    assert steps
    assert [step for step in steps if step.startswith("SCAN") and not step.split(" ")[1].startswith(small)] == []
    assert [step for step in steps if step.endswith("(user_id=?)")] == []
    assert [row["detail"] for row in plan if "AUTOMATIC" in row["detail"]] == []
