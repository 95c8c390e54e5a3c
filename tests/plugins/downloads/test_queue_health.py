"""What /api/health/ says of the queue: stuck, a thread gone, workers that die."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from soundwave_core import SoundWave
from soundwave_core.testing import Cast, VirtualClock
from soundwave_downloads.health import MOST_IN_A_ROW, STUCK_SECONDS
from soundwave_downloads.health_store import QueueSigns
from soundwave_downloads.queue import Engine
from tests.plugins.downloads.stub import OWN, SITE, StubWorker, ask, drain, failure


@pytest.fixture
def worker() -> StubWorker:
    return StubWorker()


def said(cast: Cast, name: str) -> tuple[bool, str]:
    found = next(check for check in cast.alice.get("/api/health/").json.checks if check.name == name)
    return found.is_ok, found.detail


@pytest.mark.parametrize("is_resolved", [False, True])
def test_what_nobody_begins_is_stuck(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock, is_resolved: bool
) -> None:
    ask(cast.bob, "song")
    if is_resolved:
        drain(core, worker, 1)
    clock.advance(STUCK_SECONDS)
    assert said(cast, "downloads")[0]
    clock.advance(61)
    is_ok, detail = said(cast, "downloads")
    assert not is_ok
    assert detail.endswith("; the first has waited for 11 minutes")
    drain(core, worker)
    assert said(cast, "downloads") == (True, "1 done")


def test_a_long_wait_behind_others_is_not_stuck(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    seen: list[tuple[bool, str]] = []

    def look() -> None:
        if not seen:
            clock.advance(2 * STUCK_SECONDS)
            seen.append(said(cast, "downloads"))

    for name in ("one", "two"):
        ask(cast.bob, name)
    worker.steps["running"] = look
    drain(core, worker)
    assert [is_ok for is_ok, _ in seen] == [True]
    assert "1 running" in seen[0][1]


@pytest.mark.parametrize("action", ["pause", "cancel"])
def test_what_nobody_wants_now_is_not_stuck(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock, action: str
) -> None:
    uid = ask(cast.bob, "song")
    drain(core, worker, 1)
    cast.bob.post(f"{OWN}{uid}/{action}/")
    clock.advance(10 * STUCK_SECONDS)
    assert said(cast, "downloads")[0]


def test_what_waits_for_its_time_is_not_stuck(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock
) -> None:
    worker.faults[f"{SITE}/song"] = failure("throttled", "later", wait=86400)
    ask(cast.bob, "song")
    drain(core, worker)
    clock.advance(3600)
    assert said(cast, "downloads") == (True, "1 queued")


@pytest.mark.parametrize(
    ("codes", "is_ok"),
    [
        (["worker_died"] * MOST_IN_A_ROW, False),
        (["internal", "worker_died"] * MOST_IN_A_ROW, False),
        (["worker_died"] * (MOST_IN_A_ROW - 1), True),
        ([*["worker_died"] * MOST_IN_A_ROW, "not_found"], True),
        (["throttled"] * MOST_IN_A_ROW, True),
    ],
)
def test_workers_that_die_one_after_another(
    core: SoundWave, cast: Cast, worker: StubWorker, codes: list[str], is_ok: bool
) -> None:
    for number, code in enumerate(codes):
        worker.faults[f"{SITE}/{number}"] = failure(code, "never")
        ask(cast.bob, str(number))
        drain(core, worker)
    seen = said(cast, "download workers")
    assert seen[0] == is_ok
    assert is_ok or codes[-1] in seen[1]


def test_one_that_comes_through_makes_it_well(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    for number in range(MOST_IN_A_ROW):
        worker.faults[f"{SITE}/{number}"] = failure("worker_died", "never")
        ask(cast.bob, str(number))
        drain(core, worker)
    ask(cast.bob, "song")
    drain(core, worker)
    assert said(cast, "download workers") == (True, "well")


def test_a_thread_that_has_ended(core: SoundWave, cast: Cast) -> None:
    ended = threading.Thread(target=int)
    ended.start()
    ended.join()
    core.part(Engine)._threads.append(ended)
    assert said(cast, "downloads") == (False, "none yet; a thread has ended")


def test_the_signs_are_a_few_steps_into_an_index_each(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue of thousands is looked at every few seconds: no table is read from its beginning."""
    plans: list[str] = []
    run = core.db._run

    def explain(sql: str, params: Any) -> Any:
        plans.extend(row[3] for row in run(f"EXPLAIN QUERY PLAN {sql}", params)[1])
        return run(sql, params)

    monkeypatch.setattr(core.db, "_run", explain)
    signs = QueueSigns(core.db)
    for look in (signs.waiting_since, signs.is_anything_under_way, signs.links, signs.running_bytes):
        look()
    assert any(plan.startswith("SEARCH download_items") for plan in plans)
    assert not [plan for plan in plans if plan.startswith(("SCAN download", "USE TEMP")) and "INDEX" not in plan], plans
