"""What devices did meanwhile: each op by its rule, applied once, and what becomes of those that cannot be."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from soundwave_core import SoundWave, to_stamp
from soundwave_core.testing import Cast, Client, VirtualClock
from soundwave_library.ordering import keys_between
from tests.plugins.library.conftest import Shelf, announcements
from tests.security.household import Program

from .devices import AT, SYNC, Device, one, seen

LIST, OTHER = one(501), one(502)


def item(number: int, track: str, position: str = "a0") -> dict[str, str]:
    return {"id": one(7000 + number), "track": track, "position": position}


def made(device: Device, *items: dict[str, str], title: str = "Mix", uid: str = LIST) -> Any:
    return device.result(kind="playlist-create", playlist=uid, title=title, description="", items=list(items))


def order(device: Device, uid: str = LIST) -> list[str]:
    """The tracks of a list as the device knows it."""
    return [entry["track"] for entry in device.playlists[uid]["items"]]


def token(client: Client, core: SoundWave, *scopes: str) -> Device:
    made = client.post("/api/user/tokens/", {"name": "t", "scopes": list(scopes), "expires_in_days": 1})
    assert made.status == 201, made.body
    return Device(Program(core, always={"Authorization": f"Bearer {made.json.token}"}), one(3))


# Playlists


def test_a_playlist_made_on_a_device_is_there_with_the_devices_ids(cast: Cast, phone: Device, shelf: Shelf) -> None:
    first, second = shelf.add("First", cast.bob), shelf.add("Second", cast.bob)
    assert made(phone, item(1, second, "a1"), item(2, first, "a0")).status == "applied"
    detail = cast.bob.get(f"/api/playlist/{LIST}/").json
    assert [(entry.id, entry.position) for entry in detail.items] == [(one(7002), "a0"), (one(7001), "a1")]
    assert order(phone) == [first, second]
    assert phone.playlists[LIST]["count"] == 2


def test_items_go_where_their_device_put_them(cast: Cast, phone: Device, tablet: Device, shelf: Shelf) -> None:
    tracks = [shelf.add(name, cast.bob) for name in "ABC"]
    made(phone, item(1, tracks[0], "a0"), item(2, tracks[1], "a1"))
    assert tablet.result(kind="items-add", playlist=LIST, items=[item(3, tracks[2], "a0V")]).status == "applied"
    phone.pull()
    assert order(phone) == [tracks[0], tracks[2], tracks[1]]
    assert phone.result(kind="item-move", playlist=LIST, item=one(7001), position="b00").status == "applied"
    tablet.pull()
    assert order(tablet) == [tracks[2], tracks[1], tracks[0]]
    assert tablet.result(kind="item-remove", playlist=LIST, item=one(7002)).status == "applied"
    phone.pull()
    assert order(phone) == [tracks[2], tracks[0]]


def test_what_is_there_already_is_skipped(cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    made(phone, item(1, track))
    rev = phone.playlists[LIST]["rev"]
    again = [item(1, track, "z"), item(1, track, "z")]
    again = [entry | {"position": "a5"} for entry in again]
    assert phone.result(kind="items-add", playlist=LIST, items=again).status == "applied"
    assert made(phone, item(1, track), title="Another").status == "applied"
    assert (phone.playlists[LIST]["rev"], phone.playlists[LIST]["title"]) == (rev, "Mix")


def test_tracks_that_are_not_there_are_left_out(cast: Cast, phone: Device, shelf: Shelf) -> None:
    own, hers = shelf.add("Own", cast.bob), shelf.add("Hers", cast.carol)
    assert made(phone, item(1, hers), uid=OTHER).status == "applied"
    assert order(phone, OTHER) == []
    both = [item(2, hers, "a1"), item(3, own, "a2")]
    assert phone.result(kind="items-add", playlist=OTHER, items=both).status == "applied"
    assert order(phone, OTHER) == [own]
    none = phone.result(kind="items-add", playlist=OTHER, items=[item(4, hers), item(5, one(99))])
    assert (none.status, none.code) == ("gone", "track_not_found")


def test_both_renamed_it(cast: Cast, phone: Device, tablet: Device) -> None:
    made(phone, title="Mix")
    tablet.pull()
    rename = {"kind": "playlist-patch", "playlist": LIST, "was": {"title": "Mix"}}
    assert phone.result(**rename, title="Run").theirs is None
    second = tablet.result(**rename, title=" Walk ")
    assert (second.status, second.theirs.title) == ("applied", "Run")
    assert tablet.playlists[LIST]["title"] == "Walk"
    assert phone.result(**rename, title="Walk").theirs is None  # the same as is there: nobody needs to know
    described = phone.result(**rename | {"was": {"title": "Mix", "description": ""}}, description="Long")
    assert described.theirs is None  # another field
    assert cast.bob.get(f"/api/playlist/{LIST}/").json.description == "Long"


def test_of_a_removed_list_nothing_is_left_to_change(cast: Cast, phone: Device, tablet: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    made(phone, item(1, track))
    tablet.pull()
    assert phone.result(kind="playlist-remove", playlist=LIST).status == "applied"
    ops: list[dict[str, Any]] = [
        {"kind": "playlist-patch", "title": "B", "was": {}}, {"kind": "items-add", "items": [item(2, track)]},
        {"kind": "item-move", "item": one(7001), "position": "a5"},
    ]  # fmt: skip
    for op in ops:
        result = tablet.result(playlist=LIST, **op)
        assert (result.status, result.code) == ("gone", "playlist_not_found")
    for op in ({"kind": "playlist-remove"}, {"kind": "item-remove", "item": one(7001)}):
        assert tablet.result(playlist=LIST, **op).status == "applied"
    assert tablet.playlists == {}


def test_a_removed_item_cannot_be_moved(cast: Cast, phone: Device, shelf: Shelf) -> None:
    made(phone, item(1, shelf.add("A", cast.bob)))
    phone.result(kind="item-remove", playlist=LIST, item=one(7001))
    assert phone.result(kind="item-remove", playlist=LIST, item=one(7001)).status == "applied"
    moved = phone.result(kind="item-move", playlist=LIST, item=one(7001), position="a5")
    assert (moved.status, moved.code) == ("gone", "item_not_found")


def test_undo_brings_a_removed_list_back_with_the_same_ids(
    cast: Cast, phone: Device, tablet: Device, shelf: Shelf
) -> None:
    track = shelf.add("A", cast.bob)
    made(phone, item(1, track))
    tablet.pull()
    phone.result(kind="playlist-remove", playlist=LIST)
    assert made(phone, item(1, track)).status == "applied"
    tablet.pull()  # knows neither that it was gone nor that it came back
    assert tablet.knows == phone.knows
    assert [entry["id"] for entry in tablet.playlists[LIST]["items"]] == [one(7001)]
    phone.result(kind="item-remove", playlist=LIST, item=one(7001))
    assert phone.result(kind="items-add", playlist=LIST, items=[item(1, track)]).status == "applied"
    assert order(phone) == [track]


def test_what_is_anothers_is_not_there(core: SoundWave, cast: Cast, phone: Device, shelf: Shelf) -> None:
    """For an admin neither: a device speaks for its user."""
    track = shelf.add("A", cast.bob, cast.carol, cast.alice)
    made(phone, item(1, track))
    before = seen(cast.bob)
    for other in (Device(cast.carol, one(4)), Device(cast.alice, one(5))):
        assert [made(other, uid=LIST).code, made(other, item(1, track), uid=OTHER).code] == ["id_taken"] * 2
        ops: list[dict[str, Any]] = [
            {"kind": "playlist-patch", "title": "B", "was": {}}, {"kind": "playlist-remove"},
            {"kind": "items-add", "items": [item(2, track)]}, {"kind": "item-remove", "item": one(7001)},
            {"kind": "item-move", "item": one(7001), "position": "a5"},
        ]  # fmt: skip
        assert {other.result(playlist=LIST, **op).status for op in ops} == {"gone"}
        assert other.playlists == {}
    assert seen(cast.bob) == before
    private = shelf.add("Private", cast.bob)
    alice = Device(cast.alice, one(5), made=50)
    assert alice.result(kind="favorite", track=private, is_favorite=True).status == "gone"
    assert alice.result(kind="position", track=private, seconds=3).status == "gone"


def test_overlong_keys_are_renewed(cast: Cast, phone: Device, shelf: Shelf) -> None:
    tracks = [shelf.add(name, cast.bob) for name in "ABC"]
    made(phone, item(1, tracks[0], "a0"), item(2, tracks[1], "a0" + "V" * 290), item(3, tracks[2], "a1"))
    assert order(phone) == tracks
    assert max(len(entry["position"]) for entry in phone.playlists[LIST]["items"]) < 5
    phone.result(kind="item-move", playlist=LIST, item=one(7001), position="a1" + "V" * 290)
    assert order(phone) == [tracks[1], tracks[0], tracks[2]]
    assert max(len(entry["position"]) for entry in phone.playlists[LIST]["items"]) < 5


def test_a_list_of_ten_thousand(cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    items = [item(number, track, key) for number, key in enumerate(keys_between(None, None, 10_000))]
    assert made(phone, *items).status == "applied"
    assert phone.playlists[LIST]["count"] == len(phone.playlists[LIST]["items"]) == 10_000
    assert phone.result(kind="item-move", playlist=LIST, item=one(7000), position="z" + "0" * 26).status == "applied"
    assert phone.playlists[LIST]["items"][-1]["id"] == one(7000)
    too_many = made(phone, *items, item(10_000, track, "z" + "0" * 26), uid=OTHER)
    assert (too_many.status, too_many.code) == ("rejected", "op_invalid")


# Listening


def test_a_play_is_a_fact(core: SoundWave, cast: Cast, phone: Device, shelf: Shelf) -> None:
    """Of a track that is there, that is gone, and that was never theirs to see."""
    there, private = shelf.add("There", cast.bob), shelf.add("Private", cast.carol)
    plays = [{"kind": "play", "track": track, "title": "As heard", "artist": "Me", "seconds": 5, "is_offline": True}
             for track in (there, one(99), private)]  # fmt: skip
    assert [phone.result(**play).status for play in plays] == ["applied"] * 3
    told = [(play["track_id"], play["title"], play["artist"]) for play in phone.plays.values()]
    assert told == [(there, "There", "Somebody"), (None, "As heard", "Me"), (None, "As heard", "Me")]
    assert {play["played_at"] for play in phone.plays.values()} == {AT}
    assert cast.bob.get("/api/play/").json.count == 3


def test_a_play_counts_once_by_whichever_door(cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    play = {"kind": "play", "track": track, "title": "A", "artist": "", "seconds": 5, "is_offline": False}
    assert cast.bob.post("/api/play/", {"track": track, "id": one(42)}).status == 201
    assert phone.result(**play, id=one(42)).status == "applied"
    assert cast.bob.get("/api/play/").json.count == 1
    other = Device(cast.carol, one(4))
    refused = other.result(**play, id=one(42))
    assert (refused.status, refused.code) == ("rejected", "id_taken")
    assert cast.carol.get("/api/play/").json.count == 0


def test_the_newest_position_counts_whenever_it_arrives(
    clock: VirtualClock, cast: Cast, phone: Device, tablet: Device, shelf: Shelf
) -> None:
    track = shelf.add("A", cast.bob)
    at = {name: to_stamp(clock.now() + timedelta(minutes=minutes)) for name, minutes in (("old", -9), ("new", -3))}
    assert phone.result(kind="position", track=track, seconds=30, at=at["new"]).status == "applied"
    assert tablet.result(kind="position", track=track, seconds=10, at=at["old"]).status == "applied"
    assert tablet.positions[track] == {"track": track, "seconds": 30, "at": at["new"]}
    ahead = to_stamp(clock.now() + timedelta(days=400))  # a clock that is wrong
    tablet.result(kind="position", track=track, seconds=50, at=ahead)
    assert tablet.positions[track] == {"track": track, "seconds": 50, "at": to_stamp(clock.now())}
    clock.advance(60)
    assert cast.bob.put(f"/api/audio/{track}/position/", {"seconds": 55}).status == 204
    phone.pull()
    assert phone.positions[track]["seconds"] == 55
    assert phone.result(kind="position", track=one(99), seconds=1).status == "gone"


def test_the_last_word_on_a_favourite(cast: Cast, phone: Device, tablet: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    for device, wanted in ((phone, True), (tablet, False), (tablet, False), (phone, True)):
        assert device.result(kind="favorite", track=track, is_favorite=wanted).status == "applied"
        assert device.tracks[track]["is_favorite"] == wanted
    assert phone.result(kind="favorite", track=one(99), is_favorite=True).status == "gone"


def test_counts_arrive_once(cast: Cast, phone: Device) -> None:
    op = {
        "id": one(42),
        "at": AT,
        "kind": "stats",
        "day": "2026-01-05",
        "counts": {"audio_hits": 3, "cache_bytes": 9.5},
    }
    for _ in range(2):
        phone.pull(op)
    totals = cast.bob.get("/api/offline/stats/").json.totals
    assert (totals.audio_hits, totals.cache_bytes) == (3, 9)


# Once, in order, one by one


def test_a_batch_that_is_sent_again_changes_nothing(cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    ops = [
        {"id": one(1), "at": AT, "kind": "playlist-create", "playlist": LIST, "title": "Mix", "description": "",
         "items": [item(1, track)]},
        {"id": one(2), "at": AT, "kind": "playlist-patch", "playlist": LIST, "title": "B", "was": {"title": "A"}},
        {"id": one(3), "at": AT, "kind": "item-move", "playlist": LIST, "item": one(99), "position": "a5"},
        {"id": one(4), "at": AT, "kind": "playlist-create", "playlist": OTHER, "title": "N", "description": "",
         "items": [item(1, track)]},
        {"id": one(5), "at": AT, "kind": "play", "track": track, "title": "", "artist": "", "seconds": 1,
         "is_offline": True},
    ]  # fmt: skip
    first = phone.send(*ops).json
    assert [result.status for result in first.results] == ["applied", "applied", "gone", "rejected", "applied"]
    assert not any(result.is_duplicate for result in first.results)
    before = seen(cast.bob)
    cast.bob.patch(f"/api/playlist/{LIST}/", {"title": "Later"})
    again = phone.send(*ops).json
    assert all(result.is_duplicate for result in again.results)
    assert [(r.id, r.status, r.code, r.theirs) for r in again.results] == [
        (r.id, r.status, r.code, r.theirs) for r in first.results
    ]
    assert again.results[1].theirs.title == "Mix"
    after = seen(cast.bob)
    assert after["playlists"][LIST]["title"] == "Later"
    assert after["plays"] == before["plays"]


def test_an_id_twice_in_one_batch_counts_once(cast: Cast, phone: Device, shelf: Shelf) -> None:
    track = shelf.add("A", cast.bob)
    op = {"id": one(1), "at": AT, "kind": "favorite", "track": track, "is_favorite": True}
    results = phone.pull(op, op | {"is_favorite": False})
    assert [result.is_duplicate for result in results] == [False, True]
    assert phone.tracks[track]["is_favorite"]


def test_ids_are_each_users_own(cast: Cast, phone: Device, shelf: Shelf) -> None:
    """Who guesses another's op id neither hears what came of it nor keeps theirs from being applied."""
    track = shelf.add("A", cast.bob, cast.carol)
    op = {"id": one(1), "at": AT, "kind": "favorite", "track": track, "is_favorite": True}
    for device in (phone, Device(cast.carol, one(4))):
        [result] = device.pull(op)
        assert (result.status, result.is_duplicate) == ("applied", False)
        assert device.tracks[track]["is_favorite"]


MALFORMED: list[Any] = [
    None, 3, "x", [], {}, {"id": one(1)}, {"id": one(1), "at": AT}, {"id": one(1), "at": AT, "kind": "dance"},
    {"id": one(1), "at": AT, "kind": 7}, {"id": 7, "at": AT, "kind": "playlist-remove", "playlist": LIST},
    {"id": "x" * 5000, "at": AT, "kind": "playlist-remove", "playlist": LIST},
    {"id": one(1).upper().replace("0", "A"), "at": AT, "kind": "playlist-remove", "playlist": LIST},
    {"id": one(1), "kind": "playlist-remove", "playlist": LIST},
    {"id": one(1), "at": "yesterday", "kind": "playlist-remove", "playlist": LIST},
    {"id": one(1), "at": "2026-01-05T11:00:00", "kind": "playlist-remove", "playlist": LIST},
    {"id": one(1), "at": AT, "kind": "playlist-remove", "playlist": "x"},
    {"id": one(1), "at": AT, "kind": "playlist-remove", "playlist": LIST, "force": True},
    {"id": one(1), "at": AT, "kind": "favorite", "track": LIST, "is_favorite": 1},
    {"id": one(1), "at": AT, "kind": "favorite", "track": LIST, "is_favorite": None},
    {"id": one(1), "at": AT, "kind": "position", "track": LIST, "seconds": -1},
    {"id": one(1), "at": AT, "kind": "position", "track": LIST, "seconds": 1e300},
    {"id": one(1), "at": AT, "kind": "position", "track": LIST, "seconds": "3"},
    {"id": one(1), "at": AT, "kind": "playlist-create", "playlist": OTHER, "title": " ", "description": "",
     "items": []},
    {"id": one(1), "at": AT, "kind": "playlist-create", "playlist": OTHER, "title": "x" * 501, "description": "",
     "items": []},
    {"id": one(1), "at": AT, "kind": "playlist-create", "playlist": OTHER, "title": "x\n", "description": "",
     "items": []},
    {"id": one(1), "at": AT, "kind": "playlist-create", "playlist": OTHER, "title": "x", "description": "\x00",
     "items": []},
    {"id": one(1), "at": AT, "kind": "items-add", "playlist": LIST, "items": []},
    {"id": one(1), "at": AT, "kind": "items-add", "playlist": LIST, "items": [{"id": one(3)}]},
    *({"id": one(1), "at": AT, "kind": "items-add", "playlist": LIST, "items": [item(1, LIST, key)]}
      for key in ("", "a", "a00", "A" + "0" * 26, "a0 ", "a0\n", "ä", "a0" + "V" * 600)),
    {"id": one(1), "at": AT, "kind": "item-move", "playlist": LIST, "item": one(2), "position": "a0V0"},
    {"id": one(1), "at": AT, "kind": "item-move", "playlist": LIST, "item": one(2), "position": None},
    {"id": one(1), "at": AT, "kind": "playlist-patch", "playlist": LIST, "title": "x"},
    {"id": one(1), "at": AT, "kind": "playlist-patch", "playlist": LIST, "title": None, "was": {}},
    {"id": one(1), "at": AT, "kind": "stats", "day": "2026-01-05", "counts": {"plays": "many"}},
    {"id": one(1), "at": AT, "kind": "stats", "day": "2026-01-05", "counts": {"plays": 1e308}},
    {"id": one(1), "at": AT, "kind": "play", "track": LIST, "title": 1, "artist": "", "seconds": 1, "is_offline": True},
]  # fmt: skip


def test_a_malformed_op_is_that_ops_fault_alone(core: SoundWave, cast: Cast, phone: Device) -> None:
    good = {"at": AT, "kind": "playlist-create", "title": "Good", "description": "", "items": []}
    ops = [good | {"id": one(50), "playlist": LIST}, *MALFORMED, good | {"id": one(51), "playlist": OTHER}]
    results = phone.pull(*ops)
    wrong = [(op, result) for op, result in zip(MALFORMED, results[1:-1], strict=True) if result.code != "op_invalid"]
    assert wrong == []
    assert {result.status for result in results[1:-1]} == {"rejected"}
    assert all(result.detail and len(result.detail) < 900 for result in results[1:-1])
    assert [results[0].status, results[-1].status] == ["applied", "applied"]
    assert [playlist["title"] for playlist in phone.playlists.values()] == ["Good", "Good"]
    assert core.db.value("SELECT count(*) FROM operations") == 2
    [mended] = phone.pull({"id": one(1), "at": AT, "kind": "playlist-remove", "playlist": LIST})
    assert (mended.status, mended.is_duplicate) == ("applied", False)


@pytest.mark.parametrize("wrong", [
    {"device": "x"}, {"device_name": ""}, {"device_name": "a\nb"}, {"since": 3}, {"since": "x" * 501}, {"ops": {}},
    {"ops": [{}] * 101}, {"extra": 1},
])  # fmt: skip
def test_a_malformed_request_is_refused_as_a_whole(cast: Cast, wrong: dict[str, Any]) -> None:
    body: dict[str, Any] = {"device": one(1), "device_name": "A phone", "since": None, "ops": []}
    assert cast.bob.post(SYNC, body | wrong).status == 422


@pytest.mark.parametrize(("scopes", "refused"), [
    (["play"], ["favorite", "playlist-create", "playlist-patch", "playlist-remove", "items-add", "item-move",
                "item-remove"]),
    (["play", "write"], []),
])  # fmt: skip
def test_a_token_may_what_its_scopes_say(
    core: SoundWave, cast: Cast, shelf: Shelf, scopes: list[str], refused: list[str]
) -> None:
    track = shelf.add("A", cast.bob)
    device = token(cast.bob, core, *scopes)
    ops: list[dict[str, Any]] = [
        {"kind": "play", "track": track, "title": "", "artist": "", "seconds": 1, "is_offline": False},
        {"kind": "position", "track": track, "seconds": 1}, {"kind": "stats", "day": "2026-01-05", "counts": {}},
        {"kind": "favorite", "track": track, "is_favorite": True},
        {"kind": "playlist-create", "playlist": LIST, "title": "A", "description": "", "items": []},
        {"kind": "playlist-patch", "playlist": LIST, "title": "B", "was": {}},
        {"kind": "items-add", "playlist": LIST, "items": [item(1, track)]},
        {"kind": "item-move", "playlist": LIST, "item": one(7001), "position": "a5"},
        {"kind": "item-remove", "playlist": LIST, "item": one(7001)}, {"kind": "playlist-remove", "playlist": LIST},
    ]  # fmt: skip
    results = {op["kind"]: device.result(**op) for op in ops}
    assert sorted(kind for kind, result in results.items() if result.code == "scope_missing") == sorted(refused)
    assert {result.status for result in results.values()} == ({"applied", "rejected"} if refused else {"applied"})


def test_a_token_without_play_does_not_sync(core: SoundWave, cast: Cast) -> None:
    answer = token(cast.bob, core, "read", "write").send()
    assert (answer.status, answer.json["code"]) == (403, "scope_missing")


def test_a_hundred_ops_in_order(cast: Cast, phone: Device) -> None:
    made(phone)
    rename = {"at": AT, "kind": "playlist-patch", "playlist": LIST}
    results = phone.pull(
        *(rename | {"id": one(900 + n), "title": f"T{n}", "was": {"title": f"T{n - 1}" if n else "Mix"}}
          for n in range(100))
    )  # fmt: skip
    assert [result.id for result in results] == [one(900 + number) for number in range(100)]
    assert {(result.status, result.theirs) for result in results} == {("applied", None)}
    assert phone.playlists[LIST]["title"] == "T99"


def test_two_devices_and_one_batch_thrice_at_the_same_moment(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """In threads: each op is applied once, announced once, and each request is answered."""
    track = shelf.add("A", cast.bob)
    batches = [
        [{"id": one(1000 * device + n), "at": AT, "kind": "play", "track": track, "title": "", "artist": "",
          "seconds": n, "is_offline": True} for n in range(25)]
        for device in (1, 2)
    ]  # fmt: skip
    answers: list[Any] = []

    def send(device: int) -> None:
        sender = Device(Client(core, cookies=dict(cast.bob.cookies), csrf_token=cast.bob.csrf_token), one(device))
        answers.append(sender.send(*batches[device - 1]))
        core.db.release()

    threads = [threading.Thread(target=send, args=(device,)) for device in (1, 1, 2, 2, 1)]
    with announcements(core, "plays_recorded") as heard:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [answer.status for answer in answers] == [200] * 5
    results = [result for answer in answers for result in answer.json.results]
    assert {result.status for result in results} == {"applied"}
    assert sum(not result.is_duplicate for result in results) == 50
    told = [play for _, arguments in heard for play in arguments["play_ids"]]
    assert cast.bob.get("/api/play/?limit=200").json.count == len(told) == 50


def test_what_no_op_is_to_blame_for_refuses_the_request_and_loses_nothing(
    core: SoundWave, cast: Cast, phone: Device, shelf: Shelf
) -> None:
    """Writes are held for a snapshot: the device keeps its ops and comes again."""
    track = shelf.add("A", cast.bob)
    phone.pull()
    core.db.hold_writes(3600)
    op = {"id": one(1), "at": AT, "kind": "favorite", "track": track, "is_favorite": True}
    held = phone.send(op)
    assert (held.status, held.json["code"]) == (503, "writes_held")
    assert held.headers["Retry-After"]
    core.db.hold.end()
    [result] = phone.pull(op)
    assert (result.status, result.is_duplicate) == ("applied", False)
