"""Lists of tracks: pages, filters, search, and what they cost."""

from __future__ import annotations

from urllib.parse import quote

from soundwave_core import SoundWave, encode_cursor, transaction
from soundwave_core.testing import Cast, VirtualClock

from .conftest import Shelf, make_playlist, statements, titles


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
        assert titles(cast.bob.get(f"/api/audio/?ordering=title&search={quote(words)}")) == found, words
        result = cast.bob.get(f"/api/search/?q={quote(words)}").json
        assert sorted(track.title for track in result.tracks) == found, words
    assert cast.bob.get("/api/audio/?search=joga").json.count == 2
    assert cast.bob.get("/api/search/?q=joga").json.tracks[0].title == "Jóga"


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
    paths = ["audio/", "audio/?search=t", "audio/?ordering=title", "playlist/", f"playlist/{playlist}/", "search/?q=t"]
    for path in paths:
        with statements(core.db) as seen:
            assert cast.bob.get(f"/api/{path}").status == 200
        lists = [sql for sql in seen if "json_" in sql]
        assert len(lists) == 1, path
        assert len(seen) <= 6, seen  # besides: who asks, whose it is, the change counter


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
    from soundwave_library.store.picking import _BY_ARTIST, _BY_TITLE

    for statement, keys in ((_BY_TITLE, 2), (_BY_ARTIST, 3)):
        values = {"user": "u", "limit": 10, **{f"k{index}": "" for index in range(keys)}}
        plan = [row["detail"] for row in core.db.rows("EXPLAIN QUERY PLAN " + statement, **values)]
        assert not [step for step in plan if "TEMP B-TREE" in step], plan
