"""The states of downloads and items, whose turn it is, and what a long queue costs."""

from __future__ import annotations

import itertools
import re
import time
from typing import Any

import pytest
from core.toys import unheard

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, VirtualClock
from soundwave_downloads.messages import Item
from soundwave_downloads.store import DownloadItems, Downloads, state_by
from tests.plugins.downloads.stub import OWN, SITE, StubWorker, ask, drain, failure, files_of, look, placed, staged

ITEM_STATES = ("queued", "running", "paused", "done", "failed", "cancelled", "skipped")
DAY = 86400


@pytest.fixture
def worker() -> StubWorker:
    return StubWorker()


def test_a_downloads_state_follows_from_its_items() -> None:
    """Every mix: what is still to be done decides, then the user's word, then failures; skipped counts as done."""
    for size in range(len(ITEM_STATES) + 1):
        for mix in itertools.combinations(ITEM_STATES, size):
            state = state_by(mix)
            if "running" in mix:
                assert state == "running"
            elif "queued" in mix:
                assert state == "queued"
            elif "paused" in mix:
                assert state == "paused"
            elif "cancelled" in mix:
                assert state == "cancelled"
            else:
                assert state == ("failed" if "failed" in mix else "done")


def test_some_failed_some_skipped(core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock) -> None:
    worker.lists[f"{SITE}/list"] = ["a", "b", "c", "d"]
    for name in ("b", "d"):
        worker.faults[f"{SITE}/{name}"] = failure("not_found", "never")
    uid = ask(cast.bob, "list")
    drain(core, worker)
    failed = look(cast.bob, uid)
    assert (failed.state, failed.items_total, failed.items_done, failed.items_failed) == ("failed", 4, 2, 2)
    assert (failed.error_code, failed.error) == ("items_failed", "2 of 4 items could not be fetched.")
    finished = failed.finished_at
    assert finished == clock.stamp()
    clock.advance(60)
    assert [item.error_code for item in failed.items] == [None, "not_found", None, "not_found"]
    with transaction(core.db) as tx:
        tx.execute("UPDATE download_items SET state = 'skipped' WHERE title = 'B'")
        Downloads(tx).settle(Downloads(tx).get(uid)["id"], clock.stamp())
    one = look(cast.bob, uid)
    assert (one.items_done, one.items_failed, one.finished_at) == (3, 1, finished)
    worker.faults.clear()
    retried = cast.bob.post(f"{OWN}{uid}/retry/").json
    assert (retried.state, retried.finished_at, retried.error, retried.error_code) == ("queued", None, None, None)
    drain(core, worker)
    done = look(cast.bob, uid)
    assert (done.state, done.items_done, done.items_failed, done.error) == ("done", 4, 0, None)
    assert done.finished_at == clock.stamp()
    assert worker.names.count("a") == 1


def test_twice_is_once(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    """The second of each is refused, or changes nothing."""
    worker.lists[f"{SITE}/list"] = ["a", "b", "c"]
    uid = ask(cast.bob, "list")
    drain(core, worker, 2)

    def act(name: str) -> tuple[int, Any]:
        answer = cast.bob.post(f"{OWN}{uid}/{name}/")
        return answer.status, answer.json.state if answer.status == 200 else answer.json["code"]

    assert [act("pause"), act("pause")] == [(200, "paused"), (200, "paused")]
    assert {item.state for item in look(cast.bob, uid).items} == {"done", "paused"}
    assert drain(core, worker) == 0
    assert [act("resume"), act("resume")] == [(200, "queued"), (409, "not_paused")]
    assert act("retry") == (409, "not_failed")
    assert [act("cancel"), act("cancel"), act("pause"), act("resume")] == [
        (200, "cancelled"), (409, "already_over"), (409, "already_over"), (409, "not_paused"),
    ]  # fmt: skip
    cancelled = look(cast.bob, uid)
    assert (cancelled.items_done, cancelled.finished_at is not None) == (1, True)
    assert [act("retry"), act("retry")] == [(200, "queued"), (409, "not_failed")]
    drain(core, worker)
    assert (look(cast.bob, uid).state, sorted(worker.names)) == ("done", ["a", "b", "c", "list"])
    assert [act(name)[1] for name in ("pause", "resume", "cancel", "retry")] == [
        "already_over", "not_paused", "already_over", "not_failed",
    ]  # fmt: skip


def test_one_item_is_tried_again(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    worker.lists[f"{SITE}/list"] = ["a", "b", "c"]
    worker.faults[f"{SITE}/a"] = failure("not_found", "never")
    uid = ask(cast.bob, "list")
    drain(core, worker, 2)
    cast.bob.post(f"{OWN}{uid}/pause/")
    item = look(cast.bob, uid).items[0]
    worker.faults.clear()
    again = cast.alice.post(f"/api/download/{item.id}/retry/").json
    assert (again.state, again.attempts, again.error) == ("paused", 0, None)
    assert drain(core, worker) == 0
    cast.bob.post(f"{OWN}{uid}/cancel/")
    assert cast.alice.post(f"/api/download/{item.id}/retry/").json.state == "queued"
    assert cast.alice.post(f"/api/download/{item.id}/retry/").json["code"] == "not_failed"
    drain(core, worker)
    after = look(cast.bob, uid)
    assert (after.state, [one.state for one in after.items]) == ("cancelled", ["done", "cancelled", "cancelled"])


def test_an_empty_list_has_failed_and_makes_no_playlist(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    worker.lists[f"{SITE}/list"] = []
    uid = ask(cast.bob, "list")
    drain(core, worker)
    failed = look(cast.bob, uid)
    assert (failed.state, failed.error_code, failed.playlist_id) == ("failed", "empty", None)
    assert failed.error
    assert cast.bob.get("/api/playlist/").json.count == 0
    worker.lists[f"{SITE}/list"] = ["a"]
    cast.bob.post(f"{OWN}{uid}/retry/")
    drain(core, worker)
    assert look(cast.bob, uid).state == "done"


def test_an_empty_feed_can_be_followed(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    worker.lists[f"{SITE}/list"] = []
    uid = ask(cast.bob, "list", follow=True)
    drain(core, worker)
    done = look(cast.bob, uid)
    assert (done.state, done.items_total) == ("done", 0)
    assert cast.bob.get(f"/api/playlist/{done.playlist_id}/").json.kind == "mirrored"


def test_a_playlist_that_goes_while_its_list_runs(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    """What was asked for is fetched all the same, as tracks of one's own."""
    worker.lists[f"{SITE}/list"] = ["a", "b", "c"]
    uid = ask(cast.bob, "list")
    drain(core, worker, 1)
    playlist = look(cast.bob, uid).playlist_id

    def remove() -> None:
        worker.steps.clear()
        assert cast.bob.delete(f"/api/playlist/{playlist}/").status == 204

    worker.steps["running"] = remove
    drain(core, worker)
    done = look(cast.bob, uid)
    assert (done.state, done.playlist_id) == ("done", None)
    assert cast.bob.get("/api/audio/").json.count == 3


@pytest.mark.parametrize("is_told", [True, False])
def test_a_mirrored_playlist_that_goes_ends_its_checks(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock, is_told: bool
) -> None:
    """At once where the announcement is heard, else when its time comes."""
    worker.lists[f"{SITE}/list"] = ["a", "b", "c"]
    uid = ask(cast.bob, "list", follow=True, interval_seconds=300)
    drain(core, worker, 2)
    playlist = look(cast.bob, uid).playlist_id
    with unheard(core, not is_told):
        assert cast.bob.delete(f"/api/playlist/{playlist}/").status == 204
        drain(core, worker)
        assert look(cast.bob, uid).state == ("cancelled" if is_told else "done")
        asked = len(worker.asked)
        for _ in range(3):
            clock.advance(301)
            core.jobs.run_due()
            drain(core, worker)
    assert (len(worker.asked), core.db.value("SELECT count(*) FROM sources")) == (asked, 0)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_user_who_is_locked_out_rests(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock, is_told: bool
) -> None:
    """At once by the hook, or else by the next look."""
    worker.lists[f"{SITE}/list"] = ["a", "b"]
    uid = ask(cast.bob, "list", follow=True, interval_seconds=300)
    drain(core, worker, 2)
    path = f"/api/user/admin/users/{cast.bob.user_id}/"
    with unheard(core, not is_told):
        assert cast.alice.patch(path, {"state": "disabled"}).status == 200
    if not is_told:
        core.jobs.run("downloads.check-sources")
    assert drain(core, worker) == 0
    assert cast.alice.get(f"{OWN}{uid}/").json.state == "paused"
    clock.advance(3600)
    core.jobs.run_due()
    assert drain(core, worker) == 0
    cast.alice.sign_in("alice")
    assert cast.alice.patch(path, {"state": "active"}).status == 200
    assert cast.alice.post(f"{OWN}{uid}/resume/").status == 200
    drain(core, worker)
    assert cast.alice.get(f"{OWN}{uid}/").json.state == "done"
    worker.lists[f"{SITE}/list"] = ["a", "b", "c"]
    clock.advance(3600)
    core.jobs.run_due()
    drain(core, worker)
    assert "c" in worker.names


@pytest.mark.parametrize("is_told", [True, False])
def test_a_user_who_is_removed_wants_nothing(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock, is_told: bool
) -> None:
    """By the hook, or else by the next look; while an item of theirs is under way."""
    worker.lists[f"{SITE}/list"] = ["a", "b"]
    ask(cast.bob, "list", follow=True, interval_seconds=300)
    drain(core, worker, 1)
    other = ask(cast.carol, "hers")

    def remove() -> None:
        worker.steps.clear()
        with transaction(core.db) as tx:
            tx.execute("UPDATE users SET state = 'removed' WHERE uid = :uid", uid=cast.bob.user_id)
        if is_told:
            core.plugins.announce("user_removed", user_id=cast.bob.user_id)
        else:
            core.jobs.run("downloads.check-sources")

    worker.steps["running"] = remove
    drain(core, worker)
    assert look(cast.carol, other).state == "done"
    assert len(placed(core)) == 1
    assert staged(core) == []
    for table in ("downloads", "sources"):
        assert core.db.value(f"SELECT count(*) FROM {table} WHERE user_id = :u", u=cast.bob.user_id) == 0
    clock.advance(DAY)
    core.jobs.run_due()
    assert drain(core, worker) == 0


def test_an_admin_who_goes_leaves_the_channels(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    worker.lists[f"{SITE}/list"] = ["a"]
    assert cast.alice.post("/api/channel/", {"url": f"{SITE}/list", "interval_seconds": 300}).status == 201
    drain(core, worker)
    with transaction(core.db) as tx:
        tx.execute("UPDATE users SET state = 'removed' WHERE uid = :uid", uid=cast.alice.user_id)
    core.plugins.announce("user_removed", user_id=cast.alice.user_id)
    worker.lists[f"{SITE}/list"] = ["a", "b"]
    clock.advance(600)
    core.jobs.run_due()
    drain(core, worker)
    assert cast.bob.get("/api/audio/").json.count == 2


def test_a_channel_that_goes_while_it_is_checked(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    worker.lists[f"{SITE}/list"] = ["a", "b", "c"]
    channel = cast.alice.post("/api/channel/", {"url": f"{SITE}/list"}).json.id
    drain(core, worker, 2)
    worker.steps["running"] = lambda: cast.alice.delete(f"/api/channel/{channel}/")
    drain(core, worker)
    assert cast.alice.get("/api/audio/").json.count == 1
    assert (len(files_of(core)), cast.bob.get("/api/audio/").json.count) == (1, 0)
    assert core.db.value("SELECT count(*) FROM download_items WHERE state IN ('queued', 'running')") == 0


@pytest.mark.parametrize("point", ["resolving", "resolved"])
def test_a_channel_that_goes_before_anything_was_found(
    core: SoundWave, cast: Cast, worker: StubWorker, point: str
) -> None:
    worker.lists[f"{SITE}/list"] = ["a"]
    channel = cast.alice.post("/api/channel/", {"url": f"{SITE}/list"}).json.id
    worker.steps["resolving"] = lambda: cast.alice.delete(f"/api/channel/{channel}/")
    drain(core, worker)
    assert (worker.names, cast.alice.get(OWN).json.count, cast.alice.get("/api/audio/").json.count) == (["list"], 0, 0)


# Whose turn it is


def test_a_long_list_starves_nobody(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    """With one worker: carol's link is next but one, however long bob's list is; and so is her whole list."""
    worker.lists[f"{SITE}/long"] = [f"b{number}" for number in range(500)]
    worker.lists[f"{SITE}/short"] = ["c1", "c2", "c3"]
    ask(cast.bob, "long")
    drain(core, worker, 5)
    uid = ask(cast.carol, "single")
    drain(core, worker, 4)
    assert look(cast.carol, uid).state == "done"
    uid = ask(cast.carol, "short")
    drain(core, worker, 8)
    assert look(cast.carol, uid).state == "done"
    assert "".join(name[0] for name in worker.names[-6:]) in ("bcbcbc", "cbcbcb")


def test_many_links_starve_nobody(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    """Neither another's link, nor the items that were found."""
    first = ask(cast.carol, "hers")
    drain(core, worker, 1)
    for number in range(30):
        ask(cast.bob, f"b{number}")
    second = ask(cast.carol, "more")
    drain(core, worker, 12)
    assert [look(cast.carol, uid).state for uid in (first, second)] == ["done", "done"]


def test_two_workers_serve_two_users(core: SoundWave, cast: Cast) -> None:
    """Who has least under way comes first."""
    worker, other = StubWorker(), StubWorker()
    worker.lists[f"{SITE}/long"] = ["b1", "b2", "b3"]
    ask(cast.bob, "long")
    ask(cast.carol, "c1")
    drain(core, worker, 2)
    worker.steps["running"] = lambda: drain(core, other, 1)
    drain(core, worker, 1)
    assert {worker.names[-1][0], other.names[-1][0]} == {"b", "c"}


def test_what_a_user_asks_for_goes_before_checks(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    worker.lists[f"{SITE}/list"] = ["a"]
    ask(cast.bob, "list", follow=True, interval_seconds=300)
    drain(core, worker)
    worker.lists[f"{SITE}/list"] = ["a", "b", "c"]
    clock.advance(400)
    core.jobs.run_due()
    drain(core, worker, 1)
    ask(cast.bob, "wish")
    worker.asked.clear()
    drain(core, worker)
    assert worker.names == ["wish", "wish", "b", "c"]


def test_a_busy_site_is_left_alone(core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock) -> None:
    """One item was told to slow down: the others of its list wait too, and the first one asks again."""
    worker.lists[f"{SITE}/list"] = ["a", "b", "c"]
    for name in "abc":
        worker.faults[f"{SITE}/{name}"] = failure("throttled", wait=600)
    uid = ask(cast.bob, "list")
    drain(core, worker)
    assert worker.names == ["list", "a"]
    clock.advance(599)
    assert drain(core, worker) == 0
    worker.faults.clear()
    clock.advance(2)
    drain(core, worker)
    assert (look(cast.bob, uid).state, worker.names) == ("done", ["list", "a", "a", "b", "c"])


def test_too_many_wishes_are_refused(core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from soundwave_downloads import downloads

    monkeypatch.setattr(downloads, "MOST_UNFINISHED", 2)
    first = [ask(cast.bob, name) for name in ("a", "b")]
    answer = cast.bob.post(OWN, {"url": f"{SITE}/c"})
    assert (answer.status, answer.json["code"]) == (409, "queue_full")
    assert ask(cast.bob, "a") == first[0]
    assert ask(cast.carol, "c")


# What a long queue costs


def fill(core: SoundWave, cast: Cast, lists: int, length: int) -> None:
    now = core.clock.stamp()
    with transaction(core.db) as tx:
        for number in range(lists):
            owner = (cast.bob, cast.carol)[number % 2].user_id
            rowid = Downloads(tx).add(
                uid=core.clock.new_id(), user_id=owner, url=f"{SITE}/{number}", state="queued", is_resolved=1,
                created_at=now, updated_at=now,
            )  # fmt: skip
            items = [Item(url=f"{SITE}/{n}", extractor="site", source_id=f"{number}-{n}") for n in range(length)]
            DownloadItems(tx).add_all(rowid, [(core.clock.new_id(), n, one) for n, one in enumerate(items)], now)


def milliseconds_of_claims(core: SoundWave, count: int) -> float:
    """The median over so many claims of links and items, as the engine makes them."""
    taken = []
    for _ in range(count):
        with transaction(core.db) as tx:
            start = time.perf_counter()
            for store in (Downloads(tx), DownloadItems(tx)):
                store.make_ready(core.clock.stamp())
                store.claim(core.clock.stamp(), core.clock.stamp_after(seconds=60))
            taken.append((time.perf_counter() - start) * 1000)
    return sorted(taken)[len(taken) // 2]


@pytest.mark.parametrize(("lists", "length"), [(20, 500), (10_000, 1)])
def test_a_claim_in_a_queue_of_ten_thousand(core: SoundWave, cast: Cast, lists: int, length: int) -> None:
    fill(core, cast, lists, length)
    cost = milliseconds_of_claims(core, 50)
    print(f"a claim among {lists} x {length}: {cost:.3f} ms")
    assert cost < 5  # 0.25 measured, and 14 where SQLite scanned what is queued


def plan_of(core: SoundWave, statement: str, **values: Any) -> list[str]:
    return [row["detail"] for row in core.db.rows(f"EXPLAIN QUERY PLAN {statement}", **values)]


def test_claims_scan_nothing(core: SoundWave) -> None:
    """Each step is a search in an index that holds nothing but ready rows, and none sorts them."""
    from soundwave_downloads import item_store, store

    for statement in (item_store._CLAIM, store._CLAIM):
        plan = plan_of(core, statement, now="", lease="", served="[]")
        steps = [step for step in plan if "download" in step]
        assert not [step for step in steps if step.startswith("SCAN")]
        assert all(re.search("_ready|_running|_leased|PRIMARY KEY", step) for step in steps), plan
        assert sum("TEMP B-TREE" in step for step in plan) == 1  # the users, a handful
