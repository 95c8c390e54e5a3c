"""Tracks over HTTP: whose they are, how they are listed, found, heard and removed."""

from __future__ import annotations

from soundwave_core import Actor, SoundWave, transaction
from soundwave_core.testing import Cast, MakeCore
from soundwave_library import Channels, Entries, Lists, Tracks

from .conftest import Shelf, titles, track_count


def test_a_track_as_it_is_sent(cast: Cast, shelf: Shelf) -> None:
    known = {"artist": "Björk", "album": "Homogenic", "description": "A song.", "source_url": "https://site.test/j1"}
    uid = shelf.add("Jóga", cast.bob, source="j1", artwork_id=shelf.picture(), **known)
    [track] = cast.bob.get("/api/audio/").json.results
    assert (track.id, track.title, track.artist, track.album) == (uid, "Jóga", "Björk", "Homogenic")
    assert (track.channel, track.published_at) == (None, None)
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


def test_urls_carry_the_path_prefix(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_BASE_PATH="/music")
    uid = Shelf(core).add("T", channel=Shelf(core).channel(), source="1")
    actor = Actor("0" * 32, "somebody")
    assert f'"/music/api/audio/{uid}/stream/"'.encode() in Lists(core.db, actor.id, "/music").track(actor, uid)
