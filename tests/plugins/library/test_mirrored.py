"""How a mirrored playlist follows its source, and what becomes of a channel's tracks."""

from __future__ import annotations

import pytest

from soundwave_core import NotFound, SoundWave, transaction
from soundwave_core.testing import Cast
from soundwave_library import Channels, NewTrack, Playlists, Tracks

from .conftest import Shelf, items, make_playlist

Sources = list[tuple[str, str]]


class Mirror:
    """A mirrored playlist of bob's; letters are both source ids and titles."""

    def __init__(self, core: SoundWave, cast: Cast, shelf: Shelf) -> None:
        self.core, self.cast, self.shelf = core, cast, shelf
        with transaction(core.db) as tx:
            self.uid = Playlists(tx).create(
                cast.bob.user_id, "Mirror", core.clock, kind="mirrored", source_url="https://site.test/list"
            )

    def fetch(self, letters: str) -> None:
        for letter in letters:
            new: NewTrack = self.shelf.new(letter, source=letter)
            with transaction(self.core.db) as tx:
                Playlists(tx).append(self.uid, Tracks(tx).add(new), self.core.clock, source=("site", letter))

    def follow(self, letters: str) -> bool:
        with transaction(self.core.db) as tx:
            return Playlists(tx).follow_order(self.uid, _sources(letters), self.core.clock)

    def add(self, title: str, after: str) -> None:
        track = self.shelf.add(title, self.cast.bob)
        url = f"/api/playlist/{self.uid}/items/"
        assert self.cast.bob.post(url, {"tracks": [track], "after": self.item(after)}).status == 201

    def item(self, title: str) -> str:
        found = self.cast.bob.get(f"/api/playlist/{self.uid}/").json.items
        return next(item.id for item in found if item.track.title == title)

    def read(self) -> str:
        return "".join(items(self.cast.bob, self.uid))

    def gone(self) -> set[str]:
        rows = self.core.db.rows("SELECT source_id FROM playlist_items WHERE is_gone_upstream = 1")
        return {row["source_id"] for row in rows}

    def missing(self, letters: str) -> set[str]:
        return {source for _, source in Playlists(self.core.db).missing(self.uid, _sources(letters))}


def _sources(letters: str) -> Sources:
    return [("site", letter) for letter in letters]


@pytest.fixture
def mirror(core: SoundWave, cast: Cast, shelf: Shelf) -> Mirror:
    return Mirror(core, cast, shelf)


def test_the_source_gives_the_order(mirror: Mirror) -> None:
    mirror.fetch("ABC")
    assert mirror.follow("CAB")
    assert mirror.read() == "CAB"
    assert not mirror.follow("CAB")


def test_following_again_moves_no_counter(mirror: Mirror) -> None:
    mirror.fetch("ABC")
    mirror.follow("CBA")
    rev = mirror.core.db.rev()
    assert not mirror.follow("CBA")
    assert mirror.core.db.rev() == rev


def test_what_was_added_here_stays_by_its_neighbour(mirror: Mirror) -> None:
    mirror.fetch("ABC")
    mirror.add("x", after="A")
    mirror.add("y", after="C")
    mirror.follow("CAB")
    assert mirror.read() == "CyAxB"


def test_what_is_gone_upstream_is_kept_and_marked(mirror: Mirror) -> None:
    mirror.fetch("ABC")
    assert mirror.follow("AC")
    assert (mirror.read(), mirror.gone()) == ("ABC", {"B"})
    assert mirror.follow("BAC")
    assert (mirror.read(), mirror.gone()) == ("BAC", set())


def test_a_list_that_failed_to_load_changes_nothing(mirror: Mirror) -> None:
    mirror.fetch("ABC")
    assert not mirror.follow("")
    assert (mirror.read(), mirror.gone()) == ("ABC", set())


def test_what_its_user_removed_stays_removed(mirror: Mirror) -> None:
    mirror.fetch("ABC")
    mirror.cast.bob.delete(f"/api/playlist/{mirror.uid}/items/{mirror.item('B')}/")
    assert mirror.missing("ABCD") == {"D"}
    mirror.fetch("B")
    mirror.follow("CBA")
    assert mirror.read() == "CA"


def test_a_track_removed_from_the_library_stays_away_too(mirror: Mirror) -> None:
    mirror.fetch("ABC")
    track = next(i.track.id for i in mirror.cast.bob.get(f"/api/playlist/{mirror.uid}/").json.items)
    assert mirror.cast.bob.delete(f"/api/audio/{track}/").status == 204
    assert (mirror.read(), mirror.missing("ABC")) == ("BC", set())


def test_fetching_twice_adds_once(mirror: Mirror) -> None:
    mirror.fetch("ABAB")
    assert mirror.read() == "AB"
    assert mirror.cast.bob.get("/api/audio/").json.count == 2


def test_new_ones_find_their_place(mirror: Mirror) -> None:
    mirror.fetch("AC")
    mirror.add("x", after="A")
    mirror.fetch("B")
    mirror.follow("ABC")
    assert mirror.read() == "AxBC"


def test_a_shared_track_in_two_lists(mirror: Mirror) -> None:
    """Another's mirror of the same source has items of its own, and one track."""
    mirror.fetch("A")
    with transaction(mirror.core.db) as tx:
        other = Playlists(tx).create(mirror.cast.carol.user_id, "Hers", mirror.core.clock, kind="mirrored")
        track = Tracks(tx).find_by_source("site", "A")
        assert track is not None
        Playlists(tx).append(other, track.uid, mirror.core.clock, source=("site", "A"))
    assert items(mirror.cast.carol, other) == ["A"]
    assert mirror.core.db.value("SELECT count(*) FROM tracks") == 1


def test_stores_know_whose_it_is(core: SoundWave, cast: Cast, mirror: Mirror) -> None:
    from soundwave_core import Actor

    carol = Actor(cast.carol.user_id, "carol")
    with pytest.raises(NotFound), transaction(core.db) as tx:
        Playlists(tx, carol).remove(mirror.uid)
    with pytest.raises(NotFound), transaction(core.db) as tx:
        Playlists(tx).add_items(mirror.uid, ["0" * 32], None, core.clock)


# Channels


def test_a_channel_goes_and_nothing_is_lost(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    channel = shelf.channel()
    shelf.add("Plain", channel=channel, source="1")
    listed = shelf.add("Listed", channel=channel, source="2")
    playlist = make_playlist(cast.bob, tracks=[listed])
    with transaction(core.db) as tx:
        Channels(tx).remove(channel, cast.alice.user_id, core.clock)
    assert {t.title for t in cast.alice.get("/api/audio/").json.results} == {"Plain", "Listed"}
    assert items(cast.bob, playlist) == ["Listed"]
    assert [t.title for t in cast.bob.get("/api/audio/").json.results] == ["Listed"]
    assert cast.carol.get("/api/audio/").json.count == 0
    assert Channels(core.db).find(channel) is None


def test_a_channel_describes_itself_once(core: SoundWave, shelf: Shelf) -> None:
    url = "https://site.test/feed"
    with transaction(core.db) as tx:
        uid = Channels(tx).add(url, url, core.clock)
        assert Channels(tx).describe(uid, "The News", "Daily")
        assert not Channels(tx).describe(uid, "Other name", "Daily")
        assert Channels(tx).patch(uid, title="Our news")
        rev = core.db.rev()
        assert not Channels(tx).patch(uid, title="Our news")
        assert core.db.rev() == rev
    found = Channels(core.db).get(uid)
    assert (found.title, found.description, found.track_count) == ("Our news", "Daily", 0)
    assert Channels(core.db).find_by_url(url) == found
    assert [channel.uid for channel in Channels(core.db).list()] == [uid]


def test_a_channels_picture(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    channel = shelf.channel()
    assert cast.bob.get(f"/api/channel/{channel}/artwork/").json["code"] == "artwork_not_found"
    picture = shelf.picture()
    with transaction(core.db) as tx:
        Channels(tx).patch(channel, artwork_id=picture)
    url = Channels(core.db).get(channel).artwork_url("")
    assert url is not None
    assert cast.bob.get(url).status == 200
