"""Playlists and their items, over HTTP."""

from __future__ import annotations

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast
from soundwave_library.ordering import MAX_KEY_LENGTH

from .conftest import Shelf, announcements, items, make_playlist


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
    assert (answer.status, answer.json["code"]) == (404, "track_not_found")
    assert items(cast.carol, playlist) == []
    assert cast.carol.post(f"/api/playlist/{playlist}/items/", {"tracks": [shared]}).status == 201
    by_admin = cast.alice.post(f"/api/playlist/{playlist}/items/", {"tracks": [private]})
    assert by_admin.status == 404  # the owner of the list could not hear it


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
        tx.execute(
            "UPDATE tracks SET duration_seconds = 10, rev = :rev WHERE uid = :uid", uid=tracks[2], rev=tx.next_rev()
        )
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


def test_a_playlist_without_a_picture_shows_its_first_items(cast: Cast, shelf: Shelf) -> None:
    tracks = [shelf.add("Plain", cast.bob), shelf.add("Painted", cast.bob, artwork_id=shelf.picture())]
    playlist = make_playlist(cast.bob, tracks=tracks)
    [shown] = cast.bob.get("/api/playlist/").json.results
    assert shown.artwork_url.startswith(f"/api/audio/{tracks[1]}/artwork/?v=")
    assert cast.bob.get(shown.artwork_url).status == 200
    assert cast.bob.get(f"/api/playlist/{playlist}/").json.artwork_url == shown.artwork_url


def test_changes_are_announced_after_the_commit(cast: Cast, shelf: Shelf, core: SoundWave) -> None:
    with announcements(core, "playlist_changed", "track_removed") as heard:
        track = shelf.add("T", cast.bob)
        playlist = make_playlist(cast.bob, tracks=[track])
        cast.bob.patch(f"/api/playlist/{playlist}/", {})
        cast.bob.delete(f"/api/audio/{track}/")
    changed, removed = ("playlist_changed", {"playlist_id": playlist}), ("track_removed", {"track_id": track})
    assert heard == [changed, changed, removed, changed]
