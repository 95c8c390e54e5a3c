"""What is carol's is not there for bob: by its path, in a list of ids, by a query, by a cursor, by a count.

Each attack is made as it would succeed if it were let in, and leaves every row as it was.
"""

from __future__ import annotations

from typing import Any

import pytest
from security.household import Household, Made, make_household_track
from security.rows import changed, stored

from soundwave_core.testing import Client

LISTS = (
    "/api/audio/", "/api/audio/?search=track", "/api/audio/?ordering=title", "/api/audio/?ordering=artist",
    "/api/audio/?is_favorite=true", "/api/audio/usage/", "/api/playlist/", "/api/search/?q=a", "/api/play/",
    "/api/playlist/downloads/", "/api/playlist/downloads/?state=failed", "/api/playlist/downloads/active/",
    "/api/playlist/downloads/completed/", "/api/user/sessions/", "/api/user/tokens/", "/api/user/config/",
    "/api/user/account/",
)  # fmt: skip
PAGED = [path for path in LISTS if not path.startswith(("/api/search", "/api/audio/usage", "/api/user/config"))][:-1]
OF_A_USER = ("/api/audio/", "/api/playlist/", "/api/playlist/downloads/", "/api/playlist/downloads/active/",
             "/api/playlist/downloads/completed/")  # fmt: skip


@pytest.fixture(scope="module")
def bob(house: Household) -> Client:
    """He has one of everything himself."""
    bob = house.sign_in("bob")
    fill(house, bob)
    return bob


@pytest.fixture(scope="module")
def carol(house: Household) -> Client:
    return house.sign_in("carol")


def fill(house: Household, owner: Client) -> Made:
    """One of each kind, used: heard, marked, listed, configured."""
    made: Made = {}
    for kind in ("track", "playlist", "item", "download", "session", "token"):
        made[kind] = house.make(kind, owner, made)
    track = f"/api/audio/{made['track']}/"
    assert owner.put(f"{track}favorite/").status == 204
    assert owner.put(f"{track}position/", {"seconds": 12.5}).status == 204
    play = owner.post("/api/play/", {"track": made["track"]})
    assert play.status == 201
    assert owner.patch("/api/user/config/", {"values": {"theme": owner.user_id}}).status == 200
    return made | {"play": play.json.id, "artwork": owner.get(track).json.artwork_url}


def bodies(own: Made) -> dict[str, Any]:
    """What a write would need to succeed, by the last word of its rule."""
    return {
        "POST items": {"tracks": [own["track"]]}, "PUT position": {"seconds": 3}, "PATCH <item:id>": {"after": None},
        "PATCH <playlist:id>": {"title": "bob's now"},
    }  # fmt: skip


def test_by_its_path_it_is_not_there(house: Household, bob: Client, carol: Client) -> None:
    """Every route that names an owned thing; as if it had never been, to the last byte."""
    hers, own, wrong = fill(house, carol), fill(house, bob), []
    before = stored(house.core)
    for entry in house.core.routes.routes():
        if entry.route.resource not in hers:
            continue
        theirs, nowhere = (house.path_to(entry.rule, carol, things) for things in (hers, dict.fromkeys(hers, "0" * 32)))
        method, body = entry.route.method, bodies(own).get(f"{entry.route.method} {entry.rule.segments[-1].text}")
        body = body or bodies(own).get(f"{entry.route.method} {entry.rule.text.split('/')[-2]}")
        answer, none = (bob.request(method, path, json=body) for path in (theirs, nowhere))
        if answer.status != 404 or (answer.body, answer.headers) != (none.body, none.headers):
            wrong.append(f"{entry.label} {answer.status} {answer.body!r}")
    assert wrong == []
    assert changed(before, stored(house.core)) == set()


def test_a_list_of_ids_is_taken_whole_or_not_at_all(house: Household, bob: Client, carol: Client) -> None:
    hers, own = fill(house, carol), fill(house, bob)
    mine = f"/api/playlist/{own['playlist']}/items/"
    before = stored(house.core)
    for tracks in ([hers["track"]], [own["track"], hers["track"]], [hers["track"], own["track"]], ["0" * 32]):
        assert bob.post(mine, {"tracks": tracks}).status in (404, 422)
    for after in (hers["item"], hers["track"], hers["playlist"]):
        assert bob.post(mine, {"tracks": [own["track"]], "after": after}).status == 422
        assert bob.patch(f"{mine}{own['item']}/", {"after": after}).status == 422
    assert bob.post("/api/play/", {"track": hers["track"]}).status == 404
    assert bob.post("/api/play/", {"track": own["track"], "id": hers["play"]}).status == 409
    assert bob.post("/api/playlist/downloads/", {"playlist": hers["playlist"]}).status == 404
    assert changed(before, stored(house.core)) == set()


def test_her_item_is_not_reached_through_his_playlist(house: Household, bob: Client, carol: Client) -> None:
    hers, own = fill(house, carol), fill(house, bob)
    before = stored(house.core)
    path = f"/api/playlist/{own['playlist']}/items/{hers['item']}/"
    assert [bob.delete(path).status, bob.patch(path, {"after": None}).status] == [404, 404]
    assert bob.patch(path, {"after": own["item"]}).status == 404
    assert changed(before, stored(house.core)) == set()


def test_a_query_for_her_is_an_admins(house: Household, bob: Client, carol: Client) -> None:
    hers, own = fill(house, carol), fill(house, bob)
    lesser = house.token("an admin", "read", "write", is_admin=True)
    before = stored(house.core)
    for path in OF_A_USER:
        answer = bob.get(f"{path}?user={carol.user_id}")
        assert (answer.status, answer.json["code"]) == (403, "admin_only"), path
        assert bob.get(f"{path}?user={bob.user_id}").status == 200
        assert bob.get(f"{path}?user={bob.user_id}&user={carol.user_id}").status == 422
    for user in (carol.user_id, house.alice.user_id):
        assert bob.delete(f"/api/audio/{own['track']}/?user={user}").status == 403
    assert bob.delete(f"/api/audio/{hers['track']}/?user={carol.user_id}").status == 404
    assert lesser.get(f"/api/audio/?user={carol.user_id}").status == 403
    assert changed(before, stored(house.core)) == set()


def test_no_list_search_or_count_knows_of_her_things(house: Household, bob: Client, carol: Client) -> None:
    before = {path: bob.get(path).body for path in LISTS}
    hers = fill(house, carol)
    for path in LISTS:
        body = bob.get(path).body
        assert body == before[path], path
        assert not [kind for kind, uid in hers.items() if uid.encode() in body], path


def test_her_cursor_leads_bob_through_his_own(house: Household, bob: Client, carol: Client) -> None:
    for _ in range(3):
        fill(house, carol)
    for path in PAGED:
        sign = "&" if "?" in path else "?"
        following = carol.get(f"{path}{sign}limit=1").json.next
        if following is None:
            continue
        hers = {row.id for row in carol.get(f"{path}{sign}limit=200").json.results}
        answer = bob.get(following)
        own = {row.id for row in bob.get(f"{path}{sign}limit=200").json.results}
        assert answer.status == 200
        assert {row.id for row in answer.json.results} <= own
        assert not own & hers
        assert answer.json.count == len(own), path


def test_what_one_does_with_the_households_is_ones_own(house: Household, bob: Client, carol: Client) -> None:
    """Favourite, position and plays of a track that both may hear."""
    shared = make_household_track(house, carol, {})
    path = f"/api/audio/{shared}/"
    before = bob.get(path).body, bob.get("/api/play/").body, bob.get("/api/audio/?is_favorite=true").body
    assert carol.put(f"{path}favorite/").status == 204
    assert carol.put(f"{path}position/", {"seconds": 30}).status == 204
    assert carol.post("/api/play/", {"track": shared}).status == 201
    after = bob.get(path).body, bob.get("/api/play/").body, bob.get("/api/audio/?is_favorite=true").body
    assert after == before
    assert bob.delete(f"{path}favorite/").status == 204
    seen = carol.get(path).json
    assert (seen.is_favorite, seen.position_seconds) == (True, 30)


def test_her_pictures_and_files_are_hers_by_every_address(house: Household, bob: Client, carol: Client) -> None:
    hers = fill(house, carol)
    track = carol.get(f"/api/audio/{hers['track']}/").json
    playlist = carol.get(f"/api/playlist/{hers['playlist']}/").json
    for path in (track.audio_url, track.artwork_url, playlist.artwork_url, f"/api/audio/{track.id}/download/"):
        own = carol.get(path)
        assert own.status == 200
        for headers in ({}, {"If_None_Match": own.headers["ETag"]}, {"If_None_Match": "*"}, {"Range": "bytes=0-1"},
                        {"Range": "bytes=0-1", "If_Range": own.headers["ETag"]}):  # fmt: skip
            answer = bob.get(path, **headers)
            assert answer.status == 404, (path, headers)
            assert "etag" not in answer.headers


def test_one_does_not_know_whether_it_is_there(house: Household, bob: Client, carol: Client) -> None:
    """What tells apart "not yours" from "not there" tells that it is there."""
    hers = fill(house, carol)
    for more in ({}, {"after": None}):
        path = f"/api/playlist/{house.make('playlist', bob)}/items/"
        said = []
        for uid in (hers["track"], "0" * 32):
            answer = bob.post(path, {"tracks": [uid], **more})
            said.append(answer.body.replace(uid.encode(), b""))
        assert said[0] == said[1]


def test_what_was_shared_and_is_no_more_is_gone_at_once(house: Household, bob: Client) -> None:
    """Access is looked up at each request: list, detail, media, picture."""
    shared = make_household_track(house, bob, {})
    track = bob.get(f"/api/audio/{shared}/").json
    paths = (f"/api/audio/{shared}/", track.audio_url, track.artwork_url, f"/api/audio/{shared}/download/")
    kept = {path: bob.get(path).headers["ETag"] for path in paths}
    assert house.alice.delete(f"/api/audio/{shared}/").status == 204
    for path in paths:
        assert bob.get(path).status == bob.get(path, If_None_Match=kept[path]).status == 404
    assert shared not in [row.id for row in bob.get("/api/audio/?limit=200").json.results]


def test_admins_lists_are_their_own_too(house: Household, carol: Client) -> None:
    """An admin sees another's by asking for it, never by the way."""
    hers = fill(house, carol)
    for path in LISTS:
        body = house.alice.get(path).body
        assert not [kind for kind, uid in hers.items() if uid.encode() in body], path
    shown = house.alice.get(f"/api/audio/?user={carol.user_id}").json.results
    assert hers["track"] in [row.id for row in shown]
