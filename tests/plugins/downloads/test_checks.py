"""Checks of sources: when they come, what they follow, what they never do, and what they leave behind."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from soundwave_core import SoundWave
from soundwave_core.testing import Cast, Client, VirtualClock
from soundwave_downloads.messages import Resolved
from soundwave_downloads.queue import Engine
from tests.plugins.downloads.stub import OWN, SITE, StubWorker, ask, drain, failure, item, look, placed
from tests.site.server import Site

HOUR, DAY = 3600, 86400
LIST = f"{SITE}/list"


@pytest.fixture
def worker() -> StubWorker:
    worker = StubWorker()
    worker.lists[LIST] = ["a", "b", "c", "d"]
    return worker


def follow(core: SoundWave, client: Client, worker: StubWorker, **more: Any) -> str:
    uid = ask(client, "list", **({"follow": True, "interval_seconds": HOUR} | more))
    drain(core, worker)
    return str(look(client, uid).playlist_id)


def later(core: SoundWave, clock: VirtualClock, worker: StubWorker, seconds: int = HOUR + 60) -> None:
    clock.advance(seconds)
    core.jobs.run_due()
    drain(core, worker)


def titles(client: Client, playlist: str) -> list[str]:
    return [one.track.title for one in client.get(f"/api/playlist/{playlist}/").json.items]


def source(core: SoundWave) -> dict[str, Any]:
    row = core.db.row("SELECT * FROM sources ORDER BY id DESC LIMIT 1")
    assert row is not None
    return row


def checks(worker: StubWorker) -> int:
    return worker.names.count("list")


def test_a_source_is_checked_when_it_is_due_and_not_before(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    follow(core, cast.bob, worker)
    for minutes, seen in ((59, 1), (2, 2), (58, 2), (3, 3)):
        later(core, clock, worker, minutes * 60)
        assert checks(worker) == seen


def test_a_source_that_always_fails_is_asked_ever_less_often(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    """A quarter of an hour, an hour, six, a day; then once a day; and at once well again when it is back."""
    playlist = follow(core, cast.bob, worker, interval_seconds=600)
    worker.link_faults[LIST] = failure("server_error")
    moments: list[int] = []
    for minute in range(0, 4 * 24 * 60, 5):
        before = checks(worker)
        later(core, clock, worker, 300)
        moments += [minute] if checks(worker) > before else []
    assert [b - a for a, b in pairwise(moments)] == [15, 60, 360, 1440, 1440, 1440]
    assert (source(core)["failures"], source(core)["error_code"]) == (7, "server_error")
    del worker.link_faults[LIST]
    later(core, clock, worker, DAY)
    assert (source(core)["failures"], source(core)["error"]) == (0, None)
    cast.bob.sign_in("bob")
    assert titles(cast.bob, playlist) == ["A", "B", "C", "D"]
    assert cast.bob.get(OWN).json.count == 1


def test_a_source_waits_as_long_as_it_is_told(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    follow(core, cast.bob, worker)
    worker.link_faults[LIST] = failure("throttled", wait=5 * HOUR)
    later(core, clock, worker)
    later(core, clock, worker, 5 * HOUR - 60)
    assert checks(worker) == 2
    later(core, clock, worker, 120)
    assert checks(worker) == 3


@pytest.mark.parametrize("fault", [failure("not_found", "never"), failure("forbidden_by_site", "never")])
def test_a_list_that_is_gone_takes_nothing_along(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock, fault: Any
) -> None:
    playlist = follow(core, cast.bob, worker)
    worker.link_faults[LIST] = fault
    for _ in range(4):
        later(core, clock, worker, DAY)
    cast.bob.sign_in("bob")
    assert titles(cast.bob, playlist) == ["A", "B", "C", "D"]
    assert gone(core) == []
    assert len(placed(core)) == 4


def gone(core: SoundWave) -> list[str]:
    rows = core.db.rows("SELECT source_id FROM playlist_items WHERE is_gone_upstream ORDER BY source_id")
    return [row["source_id"] for row in rows]


def cut(*names: str) -> Resolved:
    return Resolved(id="", kind="list", title="A list", items=[item(name) for name in names], is_cut=True)


def test_a_list_that_was_cut_marks_nothing_as_gone(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    """What it did not show may be there; what a whole list does not show is gone, and kept."""
    playlist = follow(core, cast.bob, worker)
    worker.lists[LIST] = cut("e", "b")
    later(core, clock, worker)
    assert gone(core) == []
    assert titles(cast.bob, playlist) == ["E", "B", "A", "C", "D"]
    worker.lists[LIST] = cut("f", "e")
    later(core, clock, worker)
    assert gone(core) == []
    assert titles(cast.bob, playlist) == ["F", "E", "B", "A", "C", "D"]
    worker.lists[LIST] = ["f", "e", "a"]
    later(core, clock, worker)
    assert gone(core) == ["b", "c", "d"]
    assert sorted(titles(cast.bob, playlist)) == ["A", "B", "C", "D", "E", "F"]


def test_upstreams_order_and_local_additions(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    playlist = follow(core, cast.bob, worker)
    ask(cast.bob, "mine")
    drain(core, worker)
    mine = next(one.id for one in cast.bob.get("/api/audio/").json.results if one.title == "Mine")
    items = cast.bob.get(f"/api/playlist/{playlist}/").json.items
    body = {"tracks": [mine], "after": items[1].id}
    assert cast.bob.post(f"/api/playlist/{playlist}/items/", body).status == 201
    worker.lists[LIST] = ["d", "c", "x", "b", "a"]
    later(core, clock, worker)
    assert titles(cast.bob, playlist) == ["D", "C", "X", "B", "Mine", "A"]


def test_what_was_removed_stays_removed_by_item_and_by_track(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    playlist = follow(core, cast.bob, worker)
    items = cast.bob.get(f"/api/playlist/{playlist}/").json.items
    assert cast.bob.delete(f"/api/playlist/{playlist}/items/{items[0].id}/").status == 204
    assert cast.bob.delete(f"/api/audio/{items[1].track.id}/").status == 204
    worker.lists[LIST] = ["d", "c", "b", "a"]
    later(core, clock, worker)
    assert titles(cast.bob, playlist) == ["D", "C"]
    assert cast.bob.post(OWN, {"playlist": playlist}).status == 202
    drain(core, worker)
    assert titles(cast.bob, playlist) == ["D", "C"]


def test_a_moved_file_is_the_same_episode(make_core: Any, clock: VirtualClock, site: Site) -> None:
    """The guid says which it is, whatever its enclosure is called now."""
    from soundwave_core.testing import make_cast

    core = make_core(SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS="127.0.0.1/32")
    bob = make_cast(core).bob
    bob.post(OWN, {"url": f"{site.url}/feed.xml", "follow": True, "interval_seconds": HOUR})
    core.part(Engine).drain()
    asked = [hit.path for hit in site.hits]
    for episode in site.episodes:
        episode.enclosure = episode.enclosure.replace("/episodes/", "/episodes/moved-")
    clock.advance(2 * HOUR)
    core.jobs.run_due()
    core.part(Engine).drain()
    assert [hit.path for hit in site.hits[len(asked) :]] == ["/feed.xml"]
    assert bob.get("/api/audio/").json.count == 5


def test_two_users_of_one_feed_share_its_tracks(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    bobs, carols = (follow(core, client, worker) for client in (cast.bob, cast.carol))
    worker.lists[LIST] = ["e", "a", "b", "c", "d"]
    later(core, clock, worker)
    assert titles(cast.bob, bobs) == titles(cast.carol, carols) == ["E", "A", "B", "C", "D"]
    assert len(placed(core)) == 5
    assert worker.names.count("e") == 1


def test_following_twice_is_following_once(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    playlist = follow(core, cast.bob, worker)
    worker.lists[LIST] = ["e", "a", "b", "c", "d"]
    assert follow(core, cast.bob, worker, interval_seconds=2 * HOUR) == playlist
    assert titles(cast.bob, playlist) == ["E", "A", "B", "C", "D"]
    assert (source(core)["interval_seconds"], core.db.value("SELECT count(*) FROM sources")) == (2 * HOUR, 1)
    assert cast.bob.get("/api/playlist/").json.count == 1
    assert follow(core, cast.carol, worker) != playlist
    check = cast.bob.post(OWN, {"playlist": playlist}).json.id
    plain = look(cast.bob, ask(cast.bob, "list"))
    assert (plain.state, plain.playlist_id, plain.id != check) == ("resolving", None, True)
    assert cast.bob.delete(f"/api/playlist/{playlist}/").status == 204
    assert follow(core, cast.bob, worker) != playlist


def test_a_wish_that_failed_and_was_made_again_is_one_playlist(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    """Followed by a second try, then the first one is tried again."""
    worker.link_faults[LIST] = failure("not_found", "never")
    first = ask(cast.bob, "list", follow=True)
    drain(core, worker)
    worker.link_faults.clear()
    playlist = follow(core, cast.bob, worker)
    assert cast.bob.post(f"{OWN}{first}/retry/").status == 200
    drain(core, worker)
    assert look(cast.bob, first).playlist_id == playlist
    assert cast.bob.get("/api/playlist/").json.count == 1


def test_completing_takes_over_what_is_under_way(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    """Whoever asks sees the check that nobody asked for, and its failure too."""
    playlist = follow(core, cast.bob, worker)
    clock.advance(2 * HOUR)
    core.jobs.run_due()
    assert cast.bob.get(f"{OWN}active/").json.count == 0
    uid = cast.bob.post(OWN, {"playlist": playlist}).json.id
    assert cast.bob.post(OWN, {"playlist": playlist}).json.id == uid
    assert [one.id for one in cast.bob.get(f"{OWN}active/").json.results] == [uid]
    worker.link_faults[LIST] = failure("not_found", "never")
    drain(core, worker)
    assert (look(cast.bob, uid).state, look(cast.bob, uid).error_code) == ("failed", "not_found")


def test_an_item_that_waits_does_not_hold_up_the_checks(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    playlist = follow(core, cast.bob, worker)
    worker.lists[LIST] = ["live", "a", "b", "c", "d"]
    worker.faults[f"{SITE}/live"] = failure("live")
    for _ in range(8):
        later(core, clock, worker)
    worker.lists[LIST] = ["new", "live", "a", "b", "c", "d"]
    later(core, clock, worker)
    assert titles(cast.bob, playlist)[0] == "New"
    assert core.db.value("SELECT count(*) FROM download_items WHERE title = 'Live'") == 1


def test_failed_items_are_tried_again_by_later_checks(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    """After a day, then ever later; what is gone for good only when its user asks."""
    playlist = follow(core, cast.bob, worker, interval_seconds=DAY // 4)
    worker.lists[LIST] = ["gone", "broken", "a"]
    worker.faults[f"{SITE}/gone"] = failure("not_found", "never")
    worker.faults[f"{SITE}/broken"] = failure("server_error")
    days: list[float] = []
    for hour in range(9 * 24):
        before = core.db.value("SELECT count(*) FROM download_items WHERE title = 'Broken'")
        later(core, clock, worker, HOUR)
        if core.db.value("SELECT count(*) FROM download_items WHERE title = 'Broken'") > before:
            days.append(hour / 24)
    assert [round(b - a) for a, b in pairwise(days)] == [1, 2, 4]
    assert worker.names.count("gone") == 1
    del worker.faults[f"{SITE}/gone"]
    cast.bob.sign_in("bob")
    assert cast.bob.post(OWN, {"playlist": playlist}).status == 202
    drain(core, worker)
    assert "Gone" in titles(cast.bob, playlist)
    assert core.db.value("SELECT count(*) FROM source_failures WHERE item_id = 'gone'") == 0


def test_what_was_cancelled_does_not_come_back_by_itself(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    playlist = follow(core, cast.bob, worker)
    worker.lists[LIST] = ["x", "y", "a"]
    clock.advance(2 * HOUR)
    core.jobs.run_due()
    drain(core, worker, 1)
    [check] = cast.bob.get(f"{OWN}active/").json.results
    assert cast.bob.post(f"{OWN}{check.id}/cancel/").status == 200
    for _ in range(30):
        later(core, clock, worker, DAY // 4)
    assert not {"x", "y"} & set(worker.names)
    cast.bob.sign_in("bob")
    assert cast.bob.post(OWN, {"playlist": playlist}).status == 202
    drain(core, worker)
    assert titles(cast.bob, playlist)[:2] == ["X", "Y"]


def test_quiet_checks_leave_no_history(core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock) -> None:
    """Nothing new, no row; what they fetched is shown for thirty days, and what failed is known beyond that."""
    follow(core, cast.bob, worker)
    for _ in range(5):
        later(core, clock, worker)
    worker.link_faults[LIST] = failure("server_error")
    later(core, clock, worker)
    worker.link_faults.clear()
    assert core.db.value("SELECT count(*) FROM downloads") == 1
    worker.lists[LIST] = ["gone", "new", "a"]
    worker.faults[f"{SITE}/gone"] = failure("not_found", "never")
    later(core, clock, worker)
    assert core.db.value("SELECT count(*) FROM downloads") == 2
    cast.bob.sign_in("bob")
    assert cast.bob.get(f"{OWN}?state=failed").json.results[0].items_failed == 1
    for _ in range(32):
        later(core, clock, worker, DAY)
    assert core.db.value("SELECT count(*) FROM downloads") == 1  # bob's own wish stays
    assert core.db.value("SELECT count(*) FROM attempts WHERE item_id NOT IN (SELECT id FROM download_items)") == 0
    assert worker.names.count("gone") == 1


def add_channel(core: SoundWave, cast: Cast, worker: StubWorker) -> str:
    answer = cast.alice.post("/api/channel/", {"url": LIST, "interval_seconds": HOUR})
    drain(core, worker)
    return str(answer.json.id)


def test_a_disabled_channel_is_not_checked(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    """What is under way when it is disabled is finished; enabled again, it is checked when it is due."""
    channel = add_channel(core, cast, worker)
    worker.lists[LIST] = ["e", "a"]
    path = f"/api/channel/{channel}/"
    worker.steps["resolving"] = lambda: cast.alice.patch(path, {"is_enabled": False})
    later(core, clock, worker)
    assert cast.alice.get(path).json.track_count == 5
    worker.steps.clear()
    worker.lists[LIST] = ["f", "e"]
    for _ in range(3):
        later(core, clock, worker)
    assert "f" not in worker.names
    assert cast.alice.patch(path, {"is_enabled": True}).json.next_check_at is not None
    later(core, clock, worker, 60)
    assert cast.alice.get(path).json.track_count == 6


def test_a_changed_interval_counts_from_the_last_check(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    path = f"/api/channel/{add_channel(core, cast, worker)}/"
    start = clock.stamp()
    clock.advance(HOUR // 2)
    soon = cast.alice.patch(path, {"interval_seconds": 300}).json
    assert (soon.interval_seconds, soon.next_check_at) == (300, clock.stamp())
    late = cast.alice.patch(path, {"interval_seconds": DAY}).json
    assert (late.last_checked_at, late.next_check_at) == (start, clock.stamp_after(seconds=DAY - HOUR // 2))
    before = checks(worker)
    later(core, clock, worker, DAY - HOUR // 2 - 60)
    assert checks(worker) == before
    later(core, clock, worker, 120)
    assert checks(worker) == before + 1


def test_no_check_is_begun_twice(core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock) -> None:
    channel = add_channel(core, cast, worker)
    for _ in range(3):
        assert cast.alice.post(f"/api/channel/{channel}/refresh/").status == 202
    clock.advance(2 * HOUR)
    core.jobs.run_due()
    assert core.db.value("SELECT count(*) FROM downloads WHERE state = 'resolving'") == 1


def test_a_list_takes_of_its_title_what_a_playlist_may_have(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    """So that a device can bring it back under its title."""
    worker.lists[LIST] = Resolved(id="", kind="list", title="long " * 200, items=[item("a")])
    playlist = follow(core, cast.bob, worker)
    assert cast.bob.get(f"/api/playlist/{playlist}/").json.title == ("long " * 100)[:500]
