"""Jobs: when they are due, that they survive a restart, that a failing one fails alone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from soundwave_core.clock import Clock, from_stamp
from soundwave_core.database import Database, open_database, transaction
from soundwave_core.errors import Conflict, NotFound, PluginError, Unavailable
from soundwave_core.jobs import LATE_SECONDS, Jobs
from soundwave_core.records import Job
from soundwave_core.runs import INTERRUPTED, KEPT_RUNS, LOG_LINES
from soundwave_core.schedule import LOOK_SECONDS, Alarm, in_words
from soundwave_core.testing import START, VirtualClock

PATIENCE = 20  # seconds until a thread that does not come is called lost; nothing waits that long
log = logging.getLogger("soundwave_demo")
Make = Callable[..., Jobs]


class Ran(list[str]):
    """The ids of the jobs that ran, in order."""

    def job(self, id: str, call: Callable[[], object] = lambda: None, **schedule: Any) -> Job:
        def run(core: object) -> None:
            self.append(id)
            call()

        return Job(id, run, f"Does {id}.", **(schedule or {"every_seconds": 60}))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = open_database(tmp_path / "db.sqlite3", 8)
    yield db
    db.close()


@pytest.fixture
def ran() -> Ran:
    return Ran()


@pytest.fixture
def make(db: Database, clock: VirtualClock) -> Iterator[Make]:
    """``make(*jobs)`` is a started ``Jobs`` on the same database each time: a restart."""
    made: list[Jobs] = []

    def make(*jobs: Job, clock: Clock = clock, is_manual: bool = True, threads: int = 2) -> Jobs:
        core: Any = SimpleNamespace(db=db, clock=clock, config={"job_threads": threads}, is_manual=is_manual)
        made.append(Jobs(core))
        made[-1].declare("demo", jobs)
        made[-1].start()
        return made[-1]

    yield make
    for jobs in made:
        jobs.stop()


def next_run(jobs: Jobs, job_id: str) -> datetime | None:
    stamp = jobs.get(job_id).next_run_at
    return from_stamp(stamp) if stamp else None


# When


def test_an_interval_runs_at_once_and_then_in_time(make: Make, ran: Ran, clock: VirtualClock) -> None:
    jobs = make(ran.job("demo.tick", every_seconds=60))
    assert [run.state for run in jobs.run_due()] == ["done"]
    assert jobs.run_due() == []
    clock.advance(59)
    assert jobs.run_due() == []
    clock.advance(1)
    assert len(jobs.run_due()) == 1
    assert next_run(jobs, "demo.tick") == clock.now() + timedelta(seconds=60)


def test_missed_runs_count_as_one(make: Make, ran: Ran, clock: VirtualClock) -> None:
    jobs = make(ran.job("demo.tick", every_seconds=60))
    jobs.run_due()
    clock.advance(3600)
    assert len(jobs.run_due()) == 1
    assert jobs.run_due() == []


def test_due_jobs_run_in_the_order_of_their_time(make: Make, ran: Ran, clock: VirtualClock) -> None:
    jobs = make(ran.job("demo.a", every_seconds=50), ran.job("demo.b", every_seconds=20), ran.job("demo.c"))
    jobs.run_due()
    ran.clear()
    clock.advance(120)
    jobs.run_due()
    assert ran == ["demo.b", "demo.a", "demo.c"]


def test_cron_is_utc_and_waits_for_its_time(make: Make, ran: Ran, clock: VirtualClock) -> None:
    jobs = make(ran.job("demo.nightly", cron="30 3 * * *"))
    assert clock.now() == datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert jobs.run_due() == []
    assert next_run(jobs, "demo.nightly") == datetime(2026, 1, 6, 3, 30, tzinfo=UTC)
    clock.advance(15.5 * 3600)
    assert len(jobs.run_due()) == 1
    assert jobs.run_due() == []
    assert next_run(jobs, "demo.nightly") == datetime(2026, 1, 7, 3, 30, tzinfo=UTC)


def test_weekdays_by_name(make: Make, ran: Ran) -> None:
    jobs = make(ran.job("demo.weekly", cron="0 4 * * sun"))
    assert next_run(jobs, "demo.weekly") == datetime(2026, 1, 11, 4, tzinfo=UTC)


def test_a_cron_that_never_comes_is_never_due(make: Make, ran: Ran, clock: VirtualClock) -> None:
    jobs = make(ran.job("demo.never", cron="0 0 30 feb *"))
    clock.advance(400 * 86400)
    assert (jobs.run_due(), jobs.get("demo.never").next_run_at) == ([], None)
    assert jobs.run("demo.never").state == "done"


def test_a_clock_set_back_stops_no_job(make: Make, ran: Ran, clock: VirtualClock) -> None:
    jobs = make(ran.job("demo.tick"), ran.job("demo.nightly", cron="30 3 * * *"))
    jobs.run("demo.nightly")
    jobs.run_due()
    clock.advance(-365 * 86400)
    assert jobs.run_due() == []
    clock.advance(86400)
    assert {run.job_id for run in jobs.run_due()} == {"demo.tick", "demo.nightly"}


def test_a_clock_set_back_a_little_repeats_nothing(make: Make, ran: Ran, clock: VirtualClock) -> None:
    jobs = make(ran.job("demo.nightly", cron="30 3 * * *"))
    clock.advance(15.5 * 3600 + 0.2)
    jobs.run_due()
    clock.advance(-0.4)
    assert jobs.run_due() == []
    clock.advance(0.4)
    assert jobs.run_due() == []


def test_schedules_in_words(ran: Ran) -> None:
    seconds = {1: "every second", 90: "every 90 seconds", 300: "every 5 minutes", 3600: "every hour"}
    seconds |= {172800: "every 2 days"}
    assert {every: in_words(ran.job("demo.a", every_seconds=every)) for every in seconds} == seconds
    assert in_words(ran.job("demo.a", cron="0 4 * * sun")) == "0 4 * * sun"


# After a restart


def test_overdue_runs_once_and_the_others_keep_their_time(make: Make, ran: Ran, clock: VirtualClock) -> None:
    all_jobs = (ran.job("demo.often", every_seconds=60), ran.job("demo.rare", every_seconds=7200))
    make(*all_jobs).run_due()
    clock.advance(3600)
    jobs = make(*all_jobs)
    assert [run.job_id for run in jobs.run_due()] == ["demo.often"]
    assert next_run(jobs, "demo.rare") == START + timedelta(hours=2)


def test_a_night_asleep_is_made_up_for(make: Make, ran: Ran, clock: VirtualClock) -> None:
    nightly = ran.job("demo.nightly", cron="30 3 * * *")
    make(nightly)
    clock.advance(20 * 3600)
    jobs = make(nightly)
    assert len(jobs.run_due()) == 1
    assert next_run(jobs, "demo.nightly") == datetime(2026, 1, 7, 3, 30, tzinfo=UTC)


def test_a_pause_survives(make: Make, ran: Ran, clock: VirtualClock) -> None:
    make(ran.job("demo.tick")).pause("demo.tick")
    jobs = make(ran.job("demo.tick"))
    jobs.nudge("demo.tick")
    clock.advance(3600)
    assert jobs.run_due() == []
    status = jobs.get("demo.tick")
    assert (status.is_paused, status.next_run_at) == (True, None)
    assert jobs.run("demo.tick").state == "done"
    jobs.resume("demo.tick")
    clock.advance(60)
    assert len(jobs.run_due()) == 1
    assert not make(ran.job("demo.tick")).get("demo.tick").is_paused


def test_a_killed_run_is_called_interrupted(make: Make, ran: Ran, db: Database, clock: VirtualClock) -> None:
    first = make(ran.job("demo.tick"))
    left = first.run_soon("demo.tick")
    assert first.get("demo.tick").last_run == left and left.ended_at is None
    clock.advance(5)
    run = make(ran.job("demo.tick")).runs("demo.tick")[0]
    assert (run.id, run.state, run.error, run.duration_seconds) == (left.id, "failed", INTERRUPTED, 5.0)


# Running


def test_a_failing_job_is_recorded_and_fails_alone(make: Make, ran: Ran, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("no\nsuch thing")

    jobs = make(ran.job("demo.bad", fail), ran.job("demo.good"))
    assert [(run.job_id, run.state) for run in jobs.run_due()] == [
        ("demo.bad", "failed"),
        ("demo.good", "done"),
    ]
    bad, good = jobs.list()
    assert bad.last_run is not None and bad.last_run.error == "ValueError: no such thing"
    assert good.last_run is not None and good.last_run.error is None
    assert "plugin demo: the job demo.bad failed: ValueError: no such thing" in caplog.text
    assert "Traceback" in bad.last_run.log


def test_our_own_errors_are_sentences_without_a_stack(make: Make, ran: Ran) -> None:
    def fail() -> None:
        raise Unavailable("The disk is full.")

    run = make(ran.job("demo.bad", fail)).run("demo.bad")
    assert (run.error, "Traceback" in run.log) == ("The disk is full.", False)


def test_a_job_that_exits_only_fails(make: Make, ran: Ran) -> None:
    def leave() -> None:
        raise SystemExit(3)

    assert make(ran.job("demo.bad", leave)).run("demo.bad").error == "SystemExit: 3"


def test_a_job_never_runs_twice_at_once(make: Make, ran: Ran) -> None:
    refusals: list[str] = []

    def again() -> None:
        assert jobs.get("demo.tick").is_running
        for call in (jobs.run, jobs.run_soon):
            with pytest.raises(Conflict) as caught:
                call("demo.tick")
            refusals.append(caught.value.code)
        assert jobs.run_due() == []

    jobs = make(ran.job("demo.tick", again))
    assert jobs.run("demo.tick").error is None
    assert refusals == ["job_running", "job_running"]
    assert not jobs.get("demo.tick").is_running


def test_run_soon_answers_before_it_runs(make: Make, ran: Ran) -> None:
    jobs = make(ran.job("demo.rare", cron="0 0 1 1 *"))
    accepted = jobs.run_soon("demo.rare")
    assert (accepted.state, ran) == ("running", [])
    assert [run.id for run in jobs.run_due()] == [accepted.id]
    assert (ran, jobs.runs("demo.rare")[0].state) == (["demo.rare"], "done")


def test_a_nudge_makes_due_once(make: Make, ran: Ran) -> None:
    jobs = make(ran.job("demo.queue", cron="0 0 1 1 *"))
    jobs.nudge("demo.queue")
    jobs.nudge("demo.queue")
    assert len(jobs.run_due()) == 1
    assert jobs.run_due() == []


def test_a_nudge_during_a_run_is_not_lost(make: Make, ran: Ran) -> None:
    def nudge_once() -> None:
        if len(ran) == 1:
            jobs.nudge("demo.queue")

    jobs = make(ran.job("demo.queue", nudge_once))
    assert [len(jobs.run_due()) for _ in range(3)] == [1, 1, 0]


def test_the_log_of_a_run_is_its_own(make: Make, ran: Ran, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def speak() -> None:
        log.info("checked %d", 5)
        other = threading.Thread(target=log.warning, args=("of another thread",))
        other.start()
        other.join(PATIENCE)

    run = make(ran.job("demo.tick", speak)).run("demo.tick")
    log.warning("afterwards")
    assert run.log == "INFO checked 5"


def test_a_long_log_keeps_its_end(make: Make, ran: Ran) -> None:
    def speak() -> None:
        for number in range(1000):
            log.warning("line %d", number)

    lines = make(ran.job("demo.tick", speak)).run("demo.tick").log.splitlines()
    assert (len(lines), lines[-1]) == (LOG_LINES, "WARNING line 999")


def test_a_log_call_that_does_not_fit_fails_nothing(make: Make, ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    assert make(ran.job("demo.tick", lambda: log.warning("%d", "five"))).run("demo.tick").state == "done"


def test_history_is_trimmed_and_newest_first(make: Make, ran: Ran, clock: VirtualClock, db: Database) -> None:
    jobs = make(ran.job("demo.tick"), ran.job("demo.other"))
    jobs.run("demo.other")
    made = []
    for _ in range(KEPT_RUNS + 5):
        made.append(jobs.run("demo.tick"))
        clock.advance(1)
    assert jobs.runs("demo.tick", 200) == tuple(reversed(made[5:]))
    assert jobs.runs("demo.tick", 3) == tuple(reversed(made[-3:]))
    assert len(jobs.runs("demo.other")) == 1
    assert jobs.list()[1].last_run == made[-1]


def test_how_runs_ended_is_counted_and_remembered(make: Make, ran: Ran, clock: VirtualClock) -> None:
    faults = [OSError("no"), None]

    def work() -> None:
        if (fault := faults.pop()) is not None:
            raise fault

    jobs = make(ran.job("demo.tick", work), ran.job("demo.other"))
    assert (jobs.ended, jobs.last_successes()) == ({}, {})
    good = jobs.run("demo.tick")
    clock.advance(60)
    jobs.run("demo.tick")
    assert jobs.ended == {("demo.tick", "done"): 1, ("demo.tick", "failed"): 1}
    assert jobs.last_successes() == {"demo.tick": good.ended_at}


def test_a_clock_that_was_set_back_makes_no_run_shorter_than_nothing(make: Make, ran: Ran, clock: VirtualClock) -> None:
    jobs = make(ran.job("demo.tick", lambda: clock.advance(-3600)))
    assert jobs.run("demo.tick").duration_seconds == 0


def test_what_a_run_says_is_lines_that_steer_nothing(make: Make, ran: Ran) -> None:
    jobs = make(ran.job("demo.tick", lambda: log.warning("red \x1b[31m\x00 %s", "one\ntwo")))
    assert jobs.run("demo.tick").log.split("\n") == [r"WARNING red \x1b[31m\x00 one", "two"]


# Declaring


@pytest.mark.parametrize(
    ("job_id", "schedule"),
    [
        ("other.tick", {"every_seconds": 1}),
        ("demo", {"every_seconds": 1}),
        ("demo.Tick", {"every_seconds": 1}),
        ("demo.tick", {"every_seconds": 0}),
        ("demo.tick", {"cron": "61 * * * *"}),
        ("demo.tick", {"cron": "* * *"}),
        ("demo.tick", {"cron": ""}),
        ("demo.tick", {"cron": "0 0 * * 0"}),
    ],
)
def test_a_bad_job_is_refused_with_its_plugin(make: Make, ran: Ran, job_id: str, schedule: dict[str, Any]) -> None:
    jobs = make()
    with pytest.raises(PluginError, match=f"The job {job_id} "):
        jobs.declare("demo", [ran.job("demo.good"), ran.job(job_id, **schedule)])
    assert jobs.list() == ()


def test_one_id_is_declared_once(make: Make, ran: Ran) -> None:
    with pytest.raises(PluginError, match="there already"):
        make(ran.job("demo.tick"), ran.job("demo.tick"))


def test_a_withdrawn_job_is_gone_but_its_history(make: Make, ran: Ran) -> None:
    jobs = make(ran.job("demo.tick"))
    jobs.run_due()
    jobs.withdraw("demo")
    for call in (jobs.get, jobs.run, jobs.run_soon, jobs.nudge, jobs.pause, jobs.runs):
        with pytest.raises(NotFound) as caught:
            call("demo.tick")
        assert caught.value.code == "job_unknown"
    jobs.declare("demo", [ran.job("demo.tick")])
    assert len(jobs.runs("demo.tick")) == 1


def test_stop_without_start_does_nothing(clock: VirtualClock) -> None:
    Jobs(SimpleNamespace(clock=clock)).stop()


# With threads, by the real clock


def test_threads_run_what_is_due_and_what_is_asked_for(make: Make, ran: Ran) -> None:
    first, soon, nudged = threading.Event(), threading.Event(), threading.Event()
    rare = {"cron": "0 0 1 1 *"}
    jobs = make(
        ran.job("demo.first", first.set), ran.job("demo.soon", soon.set, **rare),
        ran.job("demo.nudged", nudged.set, **rare), clock=Clock(), is_manual=False,
    )  # fmt: skip
    assert first.wait(PATIENCE)
    jobs.run_soon("demo.soon")
    assert soon.wait(PATIENCE)
    jobs.nudge("demo.nudged")
    assert nudged.wait(PATIENCE)
    jobs.stop()
    assert sorted(ran) == ["demo.first", "demo.nudged", "demo.soon"]
    assert {jobs.get(id_).last_run.state for id_ in ran} == {"done"}


def test_the_end_of_a_run_brings_the_next(make: Make, ran: Ran) -> None:
    ended = threading.Semaphore(0)
    all_jobs = [ran.job(f"demo.{name}", ended.release) for name in "abcde"]
    make(*all_jobs, clock=Clock(), is_manual=False, threads=1)
    assert all(ended.acquire(timeout=PATIENCE) for _ in all_jobs)
    assert ran == ["demo.a", "demo.b", "demo.c", "demo.d", "demo.e"]


def test_a_nudge_inside_a_transaction_waits_for_nobody(make: Make, ran: Ran, db: Database) -> None:
    began = threading.Event()
    jobs = make(ran.job("demo.queue", began.set, cron="0 0 1 1 *"), clock=Clock(), is_manual=False)
    with transaction(db):
        for _ in range(100):
            jobs.nudge("demo.queue")
    assert began.wait(PATIENCE)


def test_stop_does_not_wait_for_a_long_job(make: Make, ran: Ran, db: Database) -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def long() -> None:
        began.set()
        may_end.wait(PATIENCE)
        ended.set()

    clock = Clock()
    jobs = make(ran.job("demo.long", long), ran.job("demo.queued", cron="0 0 1 1 *"), clock=clock,
                is_manual=False, threads=1)  # fmt: skip
    assert began.wait(PATIENCE)
    jobs.run_soon("demo.queued")
    before = clock.monotonic()
    jobs.stop()
    assert clock.monotonic() - before < 1.5
    assert jobs.stopping.is_set() and not ended.is_set()
    may_end.set()
    assert ended.wait(PATIENCE)
    for job_id in ("demo.long", "demo.queued"):
        assert jobs.runs(job_id)[0].error == INTERRUPTED
    assert ran == ["demo.long"]


def test_a_run_under_way_shows_what_it_said_so_far(make: Make, ran: Ran, db: Database) -> None:
    """And keeps it when the server stops in the middle."""
    began, may_end = threading.Event(), threading.Event()

    def long() -> None:
        log.warning("half way")
        began.set()
        may_end.wait(PATIENCE)

    jobs = make(ran.job("demo.long", long, every_seconds=60), clock=Clock(), is_manual=False)
    assert began.wait(PATIENCE)
    [run] = jobs.runs("demo.long")
    assert (run.state, run.log, run.is_interrupted) == ("running", "WARNING half way", False)
    jobs.stop()
    [run] = jobs.runs("demo.long")
    assert (run.state, run.is_interrupted) == ("failed", True)
    assert db.value("SELECT log FROM job_runs") == "WARNING half way"
    may_end.set()


def test_the_clock_of_the_jobs_shows_that_it_lives(make: Make, ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()
    jobs = make(ran.job("demo.tick", looked.set), clock=Clock(), is_manual=False)
    assert looked.wait(PATIENCE)
    assert jobs.is_well
    assert jobs.looks > 0
    monkeypatch.setattr(jobs, "_last_look", Clock().monotonic() - LATE_SECONDS - 1)
    assert not jobs.is_well
    before = jobs.looks
    jobs.nudge("demo.tick")  # whoever wakes the clock makes it look
    while not jobs.is_well and looked.wait(PATIENCE):
        pass
    assert jobs.looks > before


def test_a_thread_that_is_gone_is_seen(make: Make, ran: Ran) -> None:
    jobs = make(ran.job("demo.tick"), clock=Clock(), is_manual=False)
    ended = threading.Thread(target=int)
    ended.start()
    ended.join()
    jobs._threads.append(ended)
    assert not jobs.is_well


def test_job_threads_never_keep_the_process(make: Make, ran: Ran) -> None:
    before = set(threading.enumerate())
    make(ran.job("demo.tick"), clock=Clock(), is_manual=False)
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)


def test_the_alarm_notices_a_clock_that_was_set_back() -> None:
    looks: list[None] = []
    alarm = Alarm(lambda: looks.append(None), lambda now: now + timedelta(days=1))
    alarm.start(paused=True)
    try:
        alarm.modify_job("look", next_run_time=datetime.now(UTC) + timedelta(hours=1))
        alarm.resume()
        alarm._is_woken.clear()
        assert alarm._process_jobs() <= LOOK_SECONDS
        alarm._process_jobs()
        assert looks
    finally:
        alarm.shutdown()
