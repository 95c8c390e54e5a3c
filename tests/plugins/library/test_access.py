"""What somebody may look at is asked again with every request: withdrawn access ends everywhere, at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, Client
from soundwave_library import Channels

from .conftest import Shelf, items, make_playlist, titles

PARTS = ("", "stream/", "download/", "artwork/")


def visible(client: Client, track: str) -> set[str]:
    """Each way in which this track can still be had."""
    url = f"/api/audio/{track}/"
    found = {part or "detail" for part in PARTS if client.get(url + part).status == 200}
    found |= {"list" for one in client.get("/api/audio/").json.results if one.id == track}
    found |= {"search" for one in client.get("/api/search/?q=secret").json.tracks if one.id == track}
    found |= {"favorites" for one in client.get("/api/audio/?is_favorite=true").json.results if one.id == track}
    writes = {
        "favorite": client.put(f"{url}favorite/").status,
        "position": client.put(f"{url}position/", {"seconds": 1}).status,
        "play": client.post("/api/play/", {"track": track}).status,
    }
    found |= {name for name, status in writes.items() if status in (201, 204)}
    mix = make_playlist(client, "Try")
    if client.post(f"/api/playlist/{mix}/items/", {"tracks": [track]}).status == 201:
        found.add("item")
    assert client.delete(f"/api/playlist/{mix}/").status == 204
    return found


READ = {"detail", "stream/", "download/", "artwork/", "list", "search", "favorites"}
ALL = READ | {"favorite", "position", "play", "item"}


def by_admin(core: SoundWave, cast: Cast, track: str) -> None:
    """An admin takes it out of bob's library."""
    assert cast.alice.delete(f"/api/audio/{track}/?user={cast.bob.user_id}").status == 204


def by_bob(core: SoundWave, cast: Cast, track: str) -> None:
    assert cast.bob.delete(f"/api/audio/{track}/").status == 204


@pytest.mark.parametrize("withdraw", [by_admin, by_bob])
def test_an_entry_that_is_gone(
    core: SoundWave, cast: Cast, shelf: Shelf, withdraw: Callable[[SoundWave, Cast, str], None]
) -> None:
    """Granted, used, taken away, tried again: by list, detail, media, cover, playlist member and the rest."""
    track = shelf.add("Secret", cast.bob, cast.carol, artwork_id=shelf.picture())
    playlist = make_playlist(cast.bob, "Mine", [track])
    cast.bob.put(f"/api/audio/{track}/favorite/")
    assert visible(cast.bob, track) == ALL
    cover = cast.bob.get(f"/api/playlist/{playlist}/").json.artwork_url
    assert cast.bob.get(cover).status == 200
    known = {part: cast.bob.get(f"/api/audio/{track}/{part}").headers["ETag"] for part in PARTS}
    withdraw(core, cast, track)
    assert visible(cast.bob, track) == set()
    assert cast.bob.get(cover).status == 404
    assert items(cast.bob, playlist) == []
    for part, etag in known.items():  # nor is a copy called good
        assert cast.bob.get(f"/api/audio/{track}/{part}", **{"If-None-Match": etag}).status == 404
    assert cast.bob.get(f"/api/audio/{track}/stream/", Range="bytes=0-1").status == 404
    assert cast.bob.head(f"/api/audio/{track}/stream/").status == 404
    assert visible(cast.carol, track) == ALL - {"favorites"}


def from_the_household(core: SoundWave, cast: Cast, track: str) -> None:
    assert cast.alice.delete(f"/api/audio/{track}/").status == 204


def with_its_channel(core: SoundWave, cast: Cast, track: str) -> None:
    with transaction(core.db) as tx:
        [channel] = Channels(tx).list()
        Channels(tx).remove(channel.uid, cast.alice.user_id, core.clock)


@pytest.mark.parametrize("withdraw", [from_the_household, with_its_channel])
def test_a_household_track_that_is_taken_back(
    core: SoundWave, cast: Cast, shelf: Shelf, withdraw: Callable[[SoundWave, Cast, str], None]
) -> None:
    """Who only looked at it has it no more; who keeps it in a playlist has an entry of their own, and only they."""
    track = shelf.add("Secret", channel=shelf.channel(), source="1", artwork_id=shelf.picture())
    playlist = make_playlist(cast.carol, "Hers", [track])
    assert cast.bob.get(f"/api/audio/{track}/stream/").status == 200
    withdraw(core, cast, track)
    assert visible(cast.bob, track) == set()
    assert items(cast.carol, playlist) == ["Secret"]
    assert visible(cast.carol, track) == ALL - {"favorites"}


def test_one_foreign_id_refuses_them_all(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """A list of ids is taken whole or not at all, and says of a foreign one what it says of none."""
    own, foreign, unknown = shelf.add("Own", cast.bob), shelf.add("Hers", cast.carol), "0" * 32
    playlist = make_playlist(cast.bob, "Mine", [own])
    url, rev = f"/api/playlist/{playlist}/items/", core.db.rev()
    told = []
    for wrong in (foreign, unknown):
        for tracks in ([wrong], [own, wrong], [wrong, own], [*[own] * 499, wrong]):
            answer = cast.bob.post(url, {"tracks": tracks, "after": None})
            assert (answer.status, answer.json["code"]) == (404, "track_not_found")
            told.append(answer.json["detail"].replace(wrong, ""))
    assert len(set(told)) == 1
    assert (core.db.rev(), items(cast.bob, playlist)) == (rev, ["Own"])


def test_an_item_of_anothers_list_is_no_place_to_stand(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    own, hers = shelf.add("Own", cast.bob), shelf.add("Hers", cast.carol)
    mine, other = make_playlist(cast.bob, "Mine", [own]), make_playlist(cast.carol, "Hers", [hers])
    theirs = cast.carol.get(f"/api/playlist/{other}/").json.items[0].id
    item = cast.bob.get(f"/api/playlist/{mine}/").json.items[0].id
    rev = core.db.rev()
    for answer in (
        cast.bob.post(f"/api/playlist/{mine}/items/", {"tracks": [own], "after": theirs}),
        cast.bob.patch(f"/api/playlist/{mine}/items/{item}/", {"after": theirs}),
        cast.bob.patch(f"/api/playlist/{mine}/items/{theirs}/", {"after": None}),
        cast.bob.delete(f"/api/playlist/{mine}/items/{theirs}/"),
    ):
        assert answer.status in (404, 422)
    assert core.db.rev() == rev
    assert items(cast.carol, other) == ["Hers"]


def test_what_somebody_has_takes(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """Own entries by the bytes of their files: what is shared counts for each, the household's for nobody."""
    first = shelf.add("One", cast.bob, content=b"x" * 1000)
    shelf.add("Two", cast.bob, cast.carol, content=b"y" * 300)
    shelf.add("Episode", channel=shelf.channel(), source="1", content=b"z" * 5000)
    url = "/api/audio/usage/"

    def usage(client: Client, query: str = "") -> tuple[int, int]:
        answer = client.get(url + query)
        assert answer.status == 200, answer.body
        return answer.json.tracks, answer.json.used_bytes

    assert [usage(client) for client in (cast.alice, cast.bob, cast.carol)] == [(0, 0), (2, 1300), (1, 300)]
    assert usage(cast.alice, f"?user={cast.bob.user_id}") == (2, 1300)
    assert cast.carol.get(f"{url}?user={cast.bob.user_id}").status == 403
    assert cast.nobody.get(url).status == 401
    etag = cast.bob.get(url).headers["ETag"]
    assert cast.bob.get(url, **{"If-None-Match": etag}).status == 304
    cast.bob.delete(f"/api/audio/{first}/")
    assert usage(cast.bob) == (1, 300)
    assert titles(cast.bob.get("/api/audio/?ordering=title")) == ["Episode", "Two"]
