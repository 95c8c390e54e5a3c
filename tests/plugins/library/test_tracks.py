"""Tracks over HTTP: whose they are, how they are listed, found, heard and removed."""

from __future__ import annotations

import os

import pytest

from soundwave_core import IntegrityError, SoundWave, encode_cursor, transaction
from soundwave_core.testing import Cast, VirtualClock
from soundwave_library import Channels, Entries, Tracks
from soundwave_library.store import FileRemovals

from .conftest import Shelf, items, make_playlist, statements, titles, track_count


def test_a_track_as_it_is_sent(cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Jóga", cast.bob, artist="Björk", album="Homogenic", source="j1", artwork_id=shelf.picture(),
                    published_at="1997-09-22T00:00:00.000Z", description="A song.", source_url="https://site.test/j1")  # fmt: skip
    [track] = cast.bob.get("/api/audio/").json.results
    assert (track.id, track.title, track.artist, track.album, track.channel) == (uid, "Jóga", "Björk", "Homogenic", None)
    assert (track.codec, track.duration_seconds, track.is_favorite) == ("opus", 60.0, False)
    assert track.audio_url == f"/api/audio/{uid}/stream/"
    assert track.artwork_url.startswith(f"/api/audio/{uid}/artwork/?v=")
    detail = cast.bob.get(f"/api/audio/{uid}/").json
    assert (detail.description, detail.source_url, detail.position_seconds) == ("A song.", "https://site.test/j1", None)


def test_hearing_saving_and_looking_at_it(cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Jóga / live..", cast.bob, content=b"0123456789", artwork_id=shelf.picture())
    whole = cast.bob.get(f"/api/audio/{uid}/stream/")
    assert (whole.status, whole.body, whole.headers["Content-Type"]) == (200, b"0123456789", "audio/ogg")
    assert whole.headers["ETag"] == f'"{Tracks(shelf.core.db).get(uid).revision}"'
    assert cast.bob.get(f"/api/audio/{uid}/stream/", Range="bytes=2-4").body == b"234"
    saved = cast.bob.get(f"/api/audio/{uid}/download/")
    assert "filename*=UTF-8''J%C3%B3ga%20live.opus" in saved.headers["Content-Disposition"]
    url = cast.bob.get(f"/api/audio/{uid}/").json.artwork_url
    assert "immutable" in cast.bob.get(url).headers["Cache-Control"]
    assert "immutable" not in cast.bob.get(f"/api/audio/{uid}/artwork/").headers["Cache-Control"]
    assert cast.bob.get(url).headers["Content-Type"] == "image/png"


def test_only_its_owner_and_admins_see_a_track(cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Private", cast.bob, artwork_id=shelf.picture())
    parts = ["", "stream/", "download/", "artwork/"]
    assert [cast.bob.get(f"/api/audio/{uid}/{part}").status for part in parts] == [200] * 4
    assert [cast.alice.get(f"/api/audio/{uid}/{part}").status for part in parts] == [200] * 4
    assert [cast.carol.get(f"/api/audio/{uid}/{part}").status for part in parts] == [404] * 4
    assert [cast.nobody.get(f"/api/audio/{uid}/{part}").status for part in parts] == [401] * 4
    assert cast.carol.put(f"/api/audio/{uid}/favorite/").status == 404
    assert cast.carol.put(f"/api/audio/{uid}/position/", {"seconds": 1}).status == 404
    assert cast.carol.delete(f"/api/audio/{uid}/").status == 404
    assert cast.carol.post("/api/play/", {"track": uid}).status == 404
    assert track_count(shelf.core, cast) == {"alice": 0, "bob": 1, "carol": 0}


def test_an_admin_asks_for_a_users_library(cast: Cast, shelf: Shelf) -> None:
    shelf.add("Private", cast.bob)
    assert titles(cast.alice.get(f"/api/audio/?user={cast.bob.user_id}")) == ["Private"]
    assert cast.carol.get(f"/api/audio/?user={cast.bob.user_id}").status == 403
    assert titles(cast.bob.get(f"/api/audio/?user={cast.bob.user_id}")) == ["Private"]


def test_a_channels_tracks_are_the_households(cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Episode", channel=shelf.channel("The News"), source="e1")
    [track] = cast.carol.get("/api/audio/").json.results
    assert (track.title, track.channel, track.artist) == ("Episode", "The News", "Somebody")
    assert cast.carol.get(f"/api/audio/{uid}/stream/").status == 200
    assert cast.carol.put(f"/api/audio/{uid}/favorite/").status == 204
    assert cast.carol.delete(f"/api/audio/{uid}/").status == 403
    assert track_count(shelf.core, cast) == {"alice": 1, "bob": 1, "carol": 1}


def test_counts_and_lists_agree_whatever_happens(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    channel = shelf.channel()
    shared = shelf.add("Shared", cast.bob, channel=channel, source="1")
    mine = shelf.add("Mine", cast.bob, source="2")
    shelf.add("Theirs", cast.bob, cast.carol)
    assert track_count(core, cast) == {"alice": 1, "bob": 3, "carol": 2}
    with transaction(core.db) as tx:
        Tracks(tx).share(mine, channel)
    assert track_count(core, cast) == {"alice": 2, "bob": 3, "carol": 3}
    with transaction(core.db) as tx:
        Entries(tx).ensure(cast.carol.user_id, shared, core.clock)
        Channels(tx).remove(channel, cast.alice.user_id, core.clock)
    assert track_count(core, cast) == {"alice": 2, "bob": 3, "carol": 2}
    for member in (cast.alice, cast.bob, cast.carol):
        page = member.get("/api/audio/").json
        assert page.count == len(page.results)


# Removing


def test_one_owner_leaves_and_the_other_keeps_it(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Both", cast.bob, cast.carol)
    file = shelf.file_of(uid)
    assert cast.bob.delete(f"/api/audio/{uid}/").status == 204
    assert cast.bob.get(f"/api/audio/{uid}/").status == 404
    assert cast.carol.get(f"/api/audio/{uid}/stream/").status == 200
    assert cast.carol.delete(f"/api/audio/{uid}/").status == 204
    assert not file.exists()
    assert core.db.value("SELECT count(*) FROM tracks") == 0
    assert core.db.value("SELECT count(*) FROM file_removals") == 0


def test_a_removed_track_leaves_its_owners_lists_with_tombstones(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid, other = shelf.add("Gone", cast.bob, cast.carol), shelf.add("Stays", cast.bob)
    playlist = make_playlist(cast.bob, tracks=[uid, other, uid])
    theirs = make_playlist(cast.carol, tracks=[uid])
    cast.bob.put(f"/api/audio/{uid}/favorite/")
    cast.bob.post("/api/play/", {"track": uid, "seconds": 30})
    cast.bob.delete(f"/api/audio/{uid}/")
    assert items(cast.bob, playlist) == ["Stays"]
    assert items(cast.carol, theirs) == ["Gone"]
    kinds = [row["kind"] for row in core.db.rows("SELECT kind FROM tombstones WHERE user_id = :bob ORDER BY kind",
                                                 bob=cast.bob.user_id)]  # fmt: skip
    assert kinds == ["entry", "favorite", "item", "item"]
    [play] = cast.bob.get("/api/play/").json.results
    assert (play.title, play.track_id) == ("Gone", uid)
    cast.carol.delete(f"/api/audio/{uid}/")
    assert cast.bob.get("/api/play/").json.results[0].track_id is None


def test_an_own_copy_of_a_household_track(cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Episode", cast.bob, channel=shelf.channel(), source="1")
    playlist = make_playlist(cast.bob, tracks=[uid])
    assert cast.bob.delete(f"/api/audio/{uid}/").status == 204
    assert items(cast.bob, playlist) == ["Episode"]
    assert cast.bob.get(f"/api/audio/{uid}/stream/").status == 200


def test_an_admin_takes_a_track_from_the_household(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    channel = shelf.channel()
    unused = shelf.add("Unused", channel=channel, source="1")
    liked = shelf.add("Liked", channel=channel, source="2")
    listed = shelf.add("Listed", channel=channel, source="3")
    cast.bob.put(f"/api/audio/{liked}/favorite/")
    playlist = make_playlist(cast.carol, tracks=[listed])
    file = shelf.file_of(unused)
    assert [cast.alice.delete(f"/api/audio/{uid}/").status for uid in (unused, liked, listed)] == [204] * 3
    assert not file.exists()
    assert titles(cast.bob.get("/api/audio/")) == ["Liked"]
    assert items(cast.carol, playlist) == ["Listed"]
    upstream = [("site", n) for n in "1234"]
    assert Channels(core.db).missing(channel, upstream) == {("site", "4")}


def test_an_admin_names_whose_entry_it_is(cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Bob's", cast.bob)
    refused = cast.alice.delete(f"/api/audio/{uid}/")
    assert (refused.status, refused.json["code"]) == (409, "not_in_library")
    assert cast.alice.delete(f"/api/audio/{uid}/?user={cast.bob.user_id}").status == 204
    assert cast.bob.get("/api/audio/").json.count == 0


def test_the_file_outlives_a_transaction_that_fails(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Kept", cast.bob)
    with pytest.raises(ZeroDivisionError), transaction(core.db) as tx:
        assert Entries(tx).remove(cast.bob.user_id, uid, core.clock).is_gone
        raise ZeroDivisionError
    assert shelf.file_of(uid).exists()
    assert cast.bob.get(f"/api/audio/{uid}/stream/").status == 200


def test_the_database_itself_keeps_owned_tracks(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    shelf.add("Owned", cast.bob)
    with pytest.raises(IntegrityError), transaction(core.db) as tx:
        tx.execute("DELETE FROM tracks")


def test_an_interrupted_removal_is_finished_by_the_sweep(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Gone", cast.bob)
    file = shelf.file_of(uid)
    with transaction(core.db) as tx:  # and then the power fails
        Entries(tx).remove(cast.bob.user_id, uid, core.clock)
    assert file.exists()
    core.jobs.run("library.sweep-files")
    assert not file.exists()
    assert FileRemovals(core.db).list() == []


def test_a_file_that_is_used_again_is_not_removed(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    with transaction(core.db) as tx:
        FileRemovals(tx).add("Somebody/again.opus")
    uid = shelf.add("Again", cast.bob, path="Somebody/again.opus")
    core.jobs.run("library.sweep-files")
    assert shelf.file_of(uid).exists()
    assert FileRemovals(core.db).list() == []


def test_pictures_go_a_day_after_their_last_use(core: SoundWave, cast: Cast, shelf: Shelf, clock: VirtualClock) -> None:
    shelf.add("Shown", cast.bob, artwork_id=shelf.picture())
    shelf.picture(b"\x89PNG\r\n\x1a\n unused")
    shown, unused = sorted(
        (core.config.media_root / row["path"] for row in core.db.rows("SELECT path FROM artworks ORDER BY id")),
        key=lambda path: path.read_bytes().endswith(b"unused"),
    )
    for age, is_left in ((3600, True), (90_000, False)):
        moment = clock.now().timestamp() - age
        os.utime(unused, (moment, moment))
        os.utime(shown, (moment, moment))
        core.jobs.run("library.sweep-files")
        assert (shown.exists(), unused.exists()) == (True, is_left)


def test_paths_never_lead_out_of_the_media_folder(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    secret = core.config.data_dir / "setup-link"
    (core.config.media_root / "link.opus").symlink_to(secret)
    for number, path in enumerate(["../data/setup-link", str(secret), "link.opus", "a/../../data/setup-link"]):
        uid = shelf.add(f"Evil {number}", cast.bob, path=f"evil{number}.opus")
        with transaction(core.db) as tx:
            tx.execute("UPDATE tracks SET path = :path WHERE uid = :uid", path=path, uid=uid)
        answer = cast.bob.get(f"/api/audio/{uid}/stream/")
        assert (answer.status, answer.json["code"]) == (404, "file_missing")


# Identity


def test_the_same_source_is_one_track(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    first = shelf.add("First", cast.bob, source="x")
    again = shelf.add("Again", cast.carol, source="x")
    assert first == again
    assert titles(cast.carol.get("/api/audio/")) == ["First"]
    found = Tracks(core.db).find_by_source("site", "x")
    assert found is not None
    assert found.uid == first
    assert Tracks(core.db).find_by_source("site", "y") is None


def test_without_a_source_the_content_is_the_identity(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    first = shelf.add("First", cast.bob, content=b"same")
    assert shelf.add("Again", cast.carol, content=b"same") == first
    assert shelf.add("Fetched", cast.bob, content=b"same", source="x") != first
    found = Tracks(core.db).find_by_hash(shelf.new("Any", content=b"same").content_hash)
    assert found is not None
    assert found.uid == first


def test_a_channel_adopts_a_track_that_somebody_had(cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Had it first", cast.bob, source="x")
    assert shelf.add("Had it first", source="x", channel=shelf.channel()) == uid
    assert titles(cast.carol.get("/api/audio/")) == ["Had it first"]
    assert cast.bob.get("/api/audio/").json.count == 1


# Listening


def test_favorites_can_be_listed(cast: Cast, shelf: Shelf) -> None:
    one, _two = shelf.add("One", cast.bob, cast.carol), shelf.add("Two", cast.bob)
    for _ in range(2):
        assert cast.bob.put(f"/api/audio/{one}/favorite/").status == 204
    page = cast.bob.get("/api/audio/?is_favorite=true").json
    assert (page.count, [t.title for t in page.results], page.results[0].is_favorite) == (1, ["One"], True)
    assert titles(cast.bob.get("/api/audio/?is_favorite=false")) == ["Two"]
    assert titles(cast.carol.get("/api/audio/?is_favorite=true")) == []
    assert [cast.bob.delete(f"/api/audio/{one}/favorite/").status for _ in range(2)] == [204, 204]
    assert titles(cast.bob.get("/api/audio/?is_favorite=true")) == []


def test_the_newest_position_counts_whenever_it_comes(cast: Cast, shelf: Shelf, clock: VirtualClock) -> None:
    uid = shelf.add("Long", cast.bob)

    def put(seconds: float, at: str | None = None) -> float:
        body = {"seconds": seconds} | ({} if at is None else {"at": at})
        assert cast.bob.put(f"/api/audio/{uid}/position/", body).status == 204
        position: float = cast.bob.get(f"/api/audio/{uid}/").json.position_seconds
        return position

    clock.advance(3600)
    assert put(100, "2026-01-05T12:30:00Z") == 100
    assert put(50, "2026-01-05T12:20:00+00:00") == 100  # an older event, told late
    assert put(40, "2026-01-05T12:40:00Z") == 40  # a deliberate rewind
    assert put(90, "2027-01-01T00:00:00Z") == 90  # a clock that runs ahead is now, at most
    assert put(95) == 95
    assert cast.carol.get(f"/api/audio/{uid}/").status == 404


def test_a_position_does_not_renew_the_lists(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Long", cast.bob)
    listed, detail = cast.bob.get("/api/audio/").headers["ETag"], cast.bob.get(f"/api/audio/{uid}/").headers["ETag"]
    rev = core.db.rev()
    cast.bob.put(f"/api/audio/{uid}/position/", {"seconds": 5})
    cast.bob.post("/api/play/", {"track": uid})
    assert core.db.rev() == rev
    assert cast.bob.get("/api/audio/", If_None_Match=listed).status == 304
    assert cast.bob.get(f"/api/audio/{uid}/", If_None_Match=detail).status == 200
    assert core.db.value("SELECT rev FROM positions") == 1


def test_plays_are_facts(cast: Cast, shelf: Shelf, core: SoundWave) -> None:
    uid = shelf.add("Heard", cast.bob)
    own = core.clock.new_id()
    body = {"track": uid, "id": own, "played_at": "2026-01-05T10:00:00Z", "seconds": 42}
    first, again = cast.bob.post("/api/play/", body), cast.bob.post("/api/play/", body)
    assert (first.status, first.json, again.json.id) == (201, again.json, own)
    cast.bob.post("/api/play/", {"track": uid})
    page = cast.bob.get("/api/play/").json
    assert (page.count, [play.seconds for play in page.results]) == (2, [None, 42])
    assert page.results[1].played_at == "2026-01-05T10:00:00.000Z"
    shelf.add("Heard", cast.carol, source="c")
    theirs = cast.carol.post("/api/play/", {"track": cast.carol.get("/api/audio/").json.results[0].id, "id": own})
    assert (theirs.status, theirs.json["code"]) == (409, "id_taken")


# Lists and search


def test_pages_hold_while_tracks_come(cast: Cast, shelf: Shelf, clock: VirtualClock) -> None:
    channel = shelf.channel()
    expected = []
    for number in range(25):
        clock.advance(number % 3)  # some at the same moment
        fields = {"channel": channel, "source": str(number)} if number % 4 == 0 else {}
        shelf.add(f"Track {number:02}", *([] if fields else [cast.bob]), **fields)
        expected.insert(0, f"Track {number:02}")
    for ordering, wanted in (("-added_at", expected), ("title", sorted(expected)), ("artist", sorted(expected))):
        url: str | None = f"/api/audio/?limit=7&ordering={ordering}"
        seen: list[str] = []
        while url:
            page = cast.bob.get(url).json
            assert page.previous is None
            seen += [track.title for track in page.results]
            url = page.next
            clock.advance(10)
            shelf.add("zz later" if ordering == "-added_at" else "!! earlier", cast.bob, artist="!")
        assert [title for title in seen if title.startswith("Track")] == wanted
        assert len(seen) == len(set(seen)) or ordering != "-added_at"


def test_the_last_page_has_no_next(cast: Cast, shelf: Shelf) -> None:
    for number in range(4):
        shelf.add(f"T{number}", cast.bob)
    page = cast.bob.get("/api/audio/?limit=4").json
    assert (page.count, page.next) == (4, None)
    page = cast.bob.get("/api/audio/?limit=3").json
    rest = cast.bob.get(page.next).json
    assert (len(rest.results), rest.next, rest.count) == (1, None, 4)
    assert cast.bob.get("/api/audio/?limit=201").status == 422
    assert cast.bob.get("/api/audio/?cursor=rubbish").status == 422


def test_a_cursor_of_another_list_is_refused(cast: Cast, shelf: Shelf) -> None:
    for number in range(3):
        shelf.add(f"T{number}", cast.bob)
    cursor = cast.bob.get("/api/audio/?limit=1").json.next.partition("cursor=")[2]
    for path in ("audio/?ordering=artist&", "audio/?ordering=title&", "playlist/?", "play/?"):
        answer = cast.bob.get(f"/api/{path}cursor={cursor}")
        assert (answer.status, answer.json["code"]) == (422, "cursor_invalid")
    for values in ([], ["-added_at"], ["-added_at", 1, "x"], ["-added_at", None, None]):
        assert cast.bob.get(f"/api/audio/?cursor={encode_cursor(values)}").status == 422


def test_search_folds_accents_and_takes_beginnings(cast: Cast, shelf: Shelf) -> None:
    shelf.add("Jóga", cast.bob, artist="Björk", album="Homogenic")
    shelf.add("Hyperballad", cast.bob, artist="Björk", album="Post")
    shelf.add("Other", cast.bob, channel_title="Jóga school")
    shelf.add("Jóga", cast.carol)
    for words, found in {
        "joga": ["Jóga", "Other"], "JÓGA": ["Jóga", "Other"], "hyp": ["Hyperballad"], "bjo homo": ["Jóga"],
        "bjork": ["Hyperballad", "Jóga"], "nothing": [], '"': [], "jo* OR (": [], "NEAR": [], "j": ["Jóga", "Other"],
    }.items():  # fmt: skip
        assert titles(cast.bob.get(f"/api/audio/?ordering=title&search={_quote(words)}")) == found, words
        result = cast.bob.get(f"/api/search/?q={_quote(words)}").json
        assert sorted(track.title for track in result.tracks) == found, words
    assert cast.bob.get("/api/audio/?search=joga").json.count == 2
    assert cast.bob.get("/api/search/?q=joga").json.tracks[0].title == "Jóga"


def _quote(text: str) -> str:
    from urllib.parse import quote

    return quote(text)


def test_search_finds_own_playlists(cast: Cast, shelf: Shelf) -> None:
    make_playlist(cast.bob, "100% Mix")
    make_playlist(cast.carol, "100% Mine")
    assert [p.title for p in cast.bob.get("/api/search/?q=100%25").json.playlists] == ["100% Mix"]
    assert cast.bob.get("/api/search/?q=1_0").json.playlists == []


def test_the_index_follows_changes(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Old name", cast.bob)
    with transaction(core.db) as tx:
        tx.execute("UPDATE tracks SET title = 'New name' WHERE uid = :uid", uid=uid)
    assert titles(cast.bob.get("/api/audio/?search=old")) == []
    assert titles(cast.bob.get("/api/audio/?search=new")) == ["New name"]
    cast.bob.delete(f"/api/audio/{uid}/")
    with transaction(core.db) as tx:
        tx.execute("INSERT INTO tracks_fts (tracks_fts, rank) VALUES ('integrity-check', 1)")


def test_a_channels_tracks_alone(cast: Cast, shelf: Shelf) -> None:
    channel = shelf.channel("The News")
    shelf.add("Mine", cast.bob)
    shelf.add("Episode", channel=channel, source="1")
    page = cast.bob.get(f"/api/audio/?channel={channel}").json
    assert (page.count, [track.title for track in page.results]) == (1, ["Episode"])
    assert cast.bob.get(f"/api/audio/?channel={'0' * 32}").json.count == 0


def test_lists_are_one_statement(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    tracks = [shelf.add(f"T{number}", cast.bob) for number in range(12)]
    playlist = make_playlist(cast.bob, tracks=tracks)
    for path, owner_lookups in (("/api/audio/", 0), ("/api/audio/?search=t", 0), ("/api/playlist/", 0),
                                ("/api/search/?q=t", 0), ("/api/play/", 0), (f"/api/playlist/{playlist}/", 1)):  # fmt: skip
        with statements(core.db) as seen:
            assert cast.bob.get(path).status == 200
        lists = [sql for sql in seen if "json_" in sql]
        assert len(lists) == 1, path
        lookups = [sql for sql in seen if "FROM playlists WHERE uid" in sql and "json_" not in sql]
        assert len(lookups) == owner_lookups
        assert len(seen) <= 6, seen


def test_an_unchanged_list_is_not_read_again(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    shelf.add("T", cast.bob)
    etag = cast.bob.get("/api/audio/").headers["ETag"]
    with statements(core.db) as seen:
        assert cast.bob.get("/api/audio/", If_None_Match=etag).status == 304
    assert not [sql for sql in seen if "json_" in sql]
    assert cast.carol.get("/api/audio/", If_None_Match=etag).status == 200
    assert cast.bob.get("/api/audio/?limit=3", If_None_Match=etag).status == 200
    shelf.add("U", cast.bob)
    assert cast.bob.get("/api/audio/", If_None_Match=etag).status == 200


def test_no_list_sorts_a_whole_library(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """The keyset walks an index: SQLite's plan for each half has no temporary sorting of tracks or entries."""
    from soundwave_library.store.lists import _BY_ARTIST, _BY_TITLE

    for statement, keys in ((_BY_TITLE, 2), (_BY_ARTIST, 3)):
        values = {"user": "u", "limit": 10, **{f"k{index}": "" for index in range(keys)}}
        plan = [row["detail"] for row in core.db.rows("EXPLAIN QUERY PLAN " + statement.format(filters=""), **values)]
        assert not [step for step in plan if "TEMP B-TREE" in step], plan
