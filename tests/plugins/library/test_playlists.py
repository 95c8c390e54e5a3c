"""Playlists over HTTP, and how a mirrored one follows its source."""

from __future__ import annotations

import pytest

from soundwave_core import Invalid, NotFound, SoundWave, transaction
from soundwave_core.testing import Cast
from soundwave_library import Channels, NewTrack, Playlists, Tracks
from soundwave_library.ordering import MAX_KEY_LENGTH

from .conftest import Shelf, items, make_playlist

Sources = list[tuple[str, str]]


def test_making_renaming_and_removing_a_list(cast: Cast, shelf: Shelf, core: SoundWave) -> None:
    track = shelf.add("T", cast.bob)
    made = cast.bob.post("/api/playlist/", {"title": " Mix ", "description": "Mine"})
    assert (made.status, made.json.title, made.json.kind, made.json.count) == (201, "Mix", "custom", 0)
    url = f"/api/playlist/{made.json.id}/"
    cast.bob.post(f"{url}items/", {"tracks": [track]})
    patched = cast.bob.patch(url, {"title": "Mixed"}).json
    assert (patched.title, patched.description, patched.count, patched.duration_seconds) == ("Mixed", "Mine", 1, 60.0)
    assert patched.rev > made.json.rev
    assert [p.title for p in cast.bob.get("/api/playlist/").json.results] == ["Mixed"]
    assert cast.bob.delete(url).status == 204
    assert cast.bob.get(url).status == 404
    assert cast.bob.get(f"/api/audio/{track}/stream/").status == 200
    assert shelf.file_of(track).exists()
    assert core.db.value("SELECT count(*) FROM tombstones WHERE kind = 'playlist'") == 1


@pytest.mark.parametrize("title", ["", "   ", "a\nb", "x" * 501, "nul\0"])
def test_titles_are_one_visible_line(cast: Cast, title: str) -> None:
    assert cast.bob.post("/api/playlist/", {"title": title}).status == 422


def test_anothers_list_is_not_there(cast: Cast, shelf: Shelf) -> None:
    track, own = shelf.add("T", cast.bob), shelf.add("U", cast.carol)
    playlist = make_playlist(cast.bob, tracks=[track])
    url = f"/api/playlist/{playlist}/"
    item = cast.bob.get(url).json.items[0].id
    answers = [
        cast.carol.get(url), cast.carol.patch(url, {"title": "x"}), cast.carol.delete(url),
        cast.carol.post(f"{url}items/", {"tracks": [own]}), cast.carol.patch(f"{url}items/{item}/", {"after": None}),
        cast.carol.delete(f"{url}items/{item}/"), cast.carol.get(f"{url}artwork/"),
    ]  # fmt: skip
    assert [answer.status for answer in answers] == [404] * 7
    assert cast.alice.get(url).status == 200
    assert cast.alice.get("/api/playlist/").json.count == 0
    assert cast.alice.get(f"/api/playlist/?user={cast.bob.user_id}").json.count == 1
    assert cast.carol.get(f"/api/playlist/?user={cast.bob.user_id}").status == 403


def test_an_item_is_addressed_in_its_own_list_only(cast: Cast, shelf: Shelf) -> None:
    track = shelf.add("T", cast.bob)
    one, two = make_playlist(cast.bob, "One", [track]), make_playlist(cast.bob, "Two", [track])
    item = cast.bob.get(f"/api/playlist/{one}/").json.items[0].id
    assert cast.bob.delete(f"/api/playlist/{two}/items/{item}/").status == 404
    assert cast.bob.patch(f"/api/playlist/{two}/items/{item}/", {"after": None}).status == 404
    assert items(cast.bob, one) == ["T"]


def test_adding_moving_and_removing_items(cast: Cast, shelf: Shelf) -> None:
    a, b, c, d = (shelf.add(title, cast.bob) for title in "ABCD")
    playlist = make_playlist(cast.bob, tracks=[a, b])
    url = f"/api/playlist/{playlist}/items/"
    first = cast.bob.get(f"/api/playlist/{playlist}/").json.items[0]
    assert first.audio_url == first.track.audio_url == f"/api/audio/{a}/stream/"
    added = cast.bob.post(url, {"tracks": [c, c], "after": first.id})
    assert (added.status, [item.track.title for item in added.json.items]) == (201, ["C", "C"])
    assert items(cast.bob, playlist) == ["A", "C", "C", "B"]
    cast.bob.post(url, {"tracks": [d], "after": None})
    assert items(cast.bob, playlist) == ["D", "A", "C", "C", "B"]
    moved = cast.bob.patch(f"{url}{first.id}/", {"after": added.json.items[1].id})
    assert (moved.status, moved.json.items[0].id) == (200, first.id)
    assert items(cast.bob, playlist) == ["D", "C", "C", "A", "B"]
    cast.bob.patch(f"{url}{first.id}/", {"after": None})
    assert cast.bob.delete(f"{url}{added.json.items[0].id}/").status == 204
    assert items(cast.bob, playlist) == ["A", "D", "C", "B"]
    detail = cast.bob.get(f"/api/playlist/{playlist}/").json
    assert (detail.count, detail.duration_seconds) == (4, 240.0)
    assert cast.bob.delete(f"{url}{added.json.items[0].id}/").status == 404
    assert cast.bob.patch(f"{url}{first.id}/", {"after": "0" * 32}).json["code"] == "item_unknown"


def test_a_move_that_moves_nothing_changes_nothing(cast: Cast, shelf: Shelf, core: SoundWave) -> None:
    playlist = make_playlist(cast.bob, tracks=[shelf.add(title, cast.bob) for title in "AB"])
    one, two = (item.id for item in cast.bob.get(f"/api/playlist/{playlist}/").json.items)
    rev = core.db.rev()
    for item, after in ((one, None), (two, one), (one, one)):
        assert cast.bob.patch(f"/api/playlist/{playlist}/items/{item}/", {"after": after}).status == 200
    assert core.db.rev() == rev


def test_only_what_one_may_hear_can_be_added(cast: Cast, shelf: Shelf) -> None:
    private, shared = shelf.add("Private", cast.bob), shelf.add("Shared", channel=shelf.channel(), source="1")
    playlist = make_playlist(cast.carol)
    answer = cast.carol.post(f"/api/playlist/{playlist}/items/", {"tracks": [shared, private]})
    assert (answer.status, answer.json["code"]) == (422, "track_unknown")
    assert items(cast.carol, playlist) == []
    assert cast.carol.post(f"/api/playlist/{playlist}/items/", {"tracks": [shared]}).status == 201
    by_admin = cast.alice.post(f"/api/playlist/{playlist}/items/", {"tracks": [private]})
    assert by_admin.status == 422  # the owner of the list could not hear it


def test_equal_and_overlong_keys_are_renewed(cast: Cast, shelf: Shelf, core: SoundWave) -> None:
    a, b, c = (shelf.add(title, cast.bob) for title in "ABC")
    playlist = make_playlist(cast.bob, tracks=[a, b])
    with transaction(core.db) as tx:
        tx.execute("UPDATE playlist_items SET position = 'a0'")
    first = cast.bob.get(f"/api/playlist/{playlist}/").json.items[0]
    cast.bob.post(f"/api/playlist/{playlist}/items/", {"tracks": [c], "after": first.id})
    assert items(cast.bob, playlist) == [first.track.title, "C", *({"A", "B"} - {first.track.title})]
    for _ in range(3 * MAX_KEY_LENGTH):
        cast.bob.post(f"/api/playlist/{playlist}/items/", {"tracks": [c], "after": first.id})
    keys = [item.position for item in cast.bob.get(f"/api/playlist/{playlist}/").json.items]
    assert keys == sorted(set(keys))
    assert max(map(len, keys)) <= MAX_KEY_LENGTH


def test_stored_counts_stay_true(cast: Cast, shelf: Shelf, core: SoundWave) -> None:
    durations = [0.1, 0.2, None, 1234.567]
    tracks = [shelf.add(f"T{n}", cast.bob, duration_seconds=d) for n, d in enumerate(durations)]
    playlist = make_playlist(cast.bob, tracks=tracks * 2)
    detail = cast.bob.get(f"/api/playlist/{playlist}/").json
    assert (detail.count, detail.duration_seconds) == (8, 2469.734)
    with transaction(core.db) as tx:
        tx.execute("UPDATE tracks SET duration_seconds = 10 WHERE uid = :uid", uid=tracks[2])
    assert cast.bob.get(f"/api/playlist/{playlist}/").json.duration_seconds == 2489.734
    for item in detail.items:
        cast.bob.delete(f"/api/playlist/{playlist}/items/{item.id}/")
    detail = cast.bob.get(f"/api/playlist/{playlist}/").json
    assert (detail.count, detail.duration_seconds) == (0, 0.0)


def test_pages_of_playlists(cast: Cast) -> None:
    for title in ("b", "A", "c", "B"):
        make_playlist(cast.bob, title)
    first = cast.bob.get("/api/playlist/?limit=3").json
    assert (first.count, [p.title for p in first.results]) == (4, ["A", "b", "B"])
    rest = cast.bob.get(first.next).json
    assert ([p.title for p in rest.results], rest.next) == (["c"], None)


def test_changes_are_announced_after_the_commit(cast: Cast, shelf: Shelf, core: SoundWave) -> None:
    heard: list[tuple[str, object]] = []
    announce = core.plugins.announce

    def listen(hook: str, **arguments: object) -> list[tuple[str, object]]:
        with transaction(core.db):  # refused inside another: so this is after the commit
            heard.append((hook, next(iter(arguments.values()), None)))
        return announce(hook, **arguments)

    core.plugins.announce = listen  # type: ignore[method-assign]
    track = shelf.add("T", cast.bob)
    playlist = make_playlist(cast.bob, tracks=[track])
    cast.bob.patch(f"/api/playlist/{playlist}/", {})
    cast.bob.delete(f"/api/audio/{track}/")
    assert heard == [("playlist_changed", playlist)] * 2 + [("track_removed", track), ("playlist_changed", playlist)]


# Mirrored


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
    with pytest.raises(Invalid), transaction(core.db) as tx:
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
