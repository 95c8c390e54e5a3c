"""The admin's view of jobs: what runs when, pausing, running one now, and what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from core.toys import toy
from msgspec.structs import asdict

from soundwave_core import Job, NotFound, SoundWave
from soundwave_core.testing import PASSWORD, Cast, Client, MakeCore, VirtualClock, make_cast

log = logging.getLogger("soundwave_toy")
TASKS = "/api/task/"
SWEEP = "system.sweep-operations"
RARE = {"cron": "0 0 1 1 *"}
START = "2026-01-05T12:00:00.000Z"  # the virtual clock's


def with_job(call: Callable[[Any], object], **schedule: Any) -> dict[str, Any]:
    """Plugins for ``make_core``: one with the job ``toy.do-it``."""
    return {"toy": toy(register_jobs=lambda core: [Job("toy.do-it", call, "Does it.", **(schedule or RARE))])}


def alice_of(core: SoundWave) -> Client:
    """Alice at a server that was started again."""
    alice = Client(core)
    assert alice.sign_in("alice", PASSWORD).status == 200
    return alice


def test_the_list_has_every_job_with_its_schedule(core: SoundWave, cast: Cast) -> None:
    answer = cast.alice.get(TASKS)
    assert (answer.json.count, answer.json.next) == (len(core.jobs.list()), None)
    tasks = {task.id: task for task in answer.json.results}
    assert set(tasks) == {job.id for job in core.jobs.list()}
    sweep = tasks[SWEEP]
    assert (sweep.plugin, sweep.schedule, sweep.is_paused) == ("system", "every day", False)
    assert sweep.description.endswith(".")
    assert (sweep.last_run, sweep.next_run_at) == (None, START)


def test_the_list_shows_last_and_next_run(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    core.jobs.run_due()
    clock.advance(3600)
    sweep = next(task for task in cast.alice.get(TASKS).json.results if task.id == SWEEP)
    assert (sweep.last_run.state, sweep.last_run.started_at) == ("done", START)
    assert sweep.next_run_at == "2026-01-06T12:00:00.000Z"


def test_a_task_with_its_runs_newest_first(cast: Cast, core: SoundWave, clock: VirtualClock) -> None:
    assert cast.alice.get(f"{TASKS}{SWEEP}/").json.runs == []
    made = []
    for _ in range(22):
        clock.advance(60)
        made.append(core.jobs.run(SWEEP).id)
    task = cast.alice.get(f"{TASKS}{SWEEP}/").json
    assert [run.id for run in task.runs] == made[:1:-1]
    assert asdict(task.last_run).items() <= asdict(task.runs[0]).items()
    assert (task.runs[0].duration_seconds, task.runs[0].error) == (0.0, None)


def test_a_paused_task_stays_paused_across_a_restart(make_core: MakeCore) -> None:
    core = make_core()
    answer = make_cast(core).alice.patch(f"{TASKS}{SWEEP}/", {"is_paused": True})
    assert (answer.status, answer.json.is_paused, answer.json.next_run_at) == (200, True, None)
    core.stop()

    core = make_core()
    alice = alice_of(core)
    assert alice.get(f"{TASKS}{SWEEP}/").json.is_paused
    assert SWEEP not in {run.job_id for run in core.jobs.run_due()}
    answer = alice.patch(f"{TASKS}{SWEEP}/", {"is_paused": False})
    assert (answer.json.is_paused, answer.json.next_run_at) == (False, START)
    core.stop()

    core = make_core()
    assert not alice_of(core).get(f"{TASKS}{SWEEP}/").json.is_paused
    assert SWEEP in {run.job_id for run in core.jobs.run_due()}


@pytest.mark.parametrize("body", [{}, {"is_paused": "yes"}, {"is_paused": None}, {"paused": True}])
def test_a_change_that_is_none(cast: Cast, body: dict[str, Any]) -> None:
    assert cast.alice.patch(f"{TASKS}{SWEEP}/", body).status == 422
    assert not cast.alice.get(f"{TASKS}{SWEEP}/").json.is_paused


def test_run_now_is_accepted_carried_out_and_recorded(make_core: MakeCore) -> None:
    ran: list[str] = []
    core = make_core(plugins=with_job(lambda core: ran.append("it")))
    alice = make_cast(core).alice
    answer = alice.post(f"{TASKS}toy.do-it/run/")
    assert (answer.status, answer.json.state, answer.json.ended_at, ran) == (202, "running", None, [])
    core.jobs.run_due()
    assert ran == ["it"]
    [run] = alice.get(f"{TASKS}toy.do-it/").json.runs
    assert (run.id, run.state, run.error) == (answer.json.id, "done", None)


def test_a_paused_task_can_be_run_now(make_core: MakeCore) -> None:
    ran: list[str] = []
    core = make_core(plugins=with_job(lambda core: ran.append("it"), every_seconds=60))
    alice = make_cast(core).alice
    alice.patch(f"{TASKS}toy.do-it/", {"is_paused": True})
    assert alice.post(f"{TASKS}toy.do-it/run/").status == 202
    core.jobs.run_due()
    assert ran == ["it"]
    assert alice.get(f"{TASKS}toy.do-it/").json.is_paused


def test_a_task_that_runs_is_not_run_twice(make_core: MakeCore) -> None:
    core = make_core(plugins=with_job(lambda core: None))
    alice = make_cast(core).alice
    assert alice.post(f"{TASKS}toy.do-it/run/").status == 202
    answer = alice.post(f"{TASKS}toy.do-it/run/")
    assert (answer.status, answer.json["code"]) == (409, "job_running")
    assert len(alice.get(f"{TASKS}toy.do-it/").json.runs) == 1
    core.jobs.run_due()
    assert alice.post(f"{TASKS}toy.do-it/run/").status == 202


def test_why_a_task_failed(make_core: MakeCore) -> None:
    failures: list[Exception] = [OSError("no space\nleft"), NotFound("The shelf is gone.")]

    def fail(core: Any) -> None:
        raise failures.pop()

    core = make_core(plugins=with_job(fail))
    alice = make_cast(core).alice
    for _ in range(2):
        alice.post(f"{TASKS}toy.do-it/run/")
        core.jobs.run_due()
    runs = alice.get(f"{TASKS}toy.do-it/").json.runs
    assert [(run.state, run.error) for run in runs] == [
        ("failed", "OSError: no space left"),
        ("failed", "The shelf is gone."),
    ]


def test_what_a_run_said_is_in_the_detail_line_by_line(make_core: MakeCore) -> None:
    def work(core: Any) -> None:
        log.warning("first\nsecond")
        log.warning("third \x1b[31m")

    core = make_core(plugins=with_job(work))
    alice = make_cast(core).alice
    core.jobs.run("toy.do-it")
    [run] = alice.get(f"{TASKS}toy.do-it/").json.runs
    assert run.lines == ["WARNING first", "second", r"WARNING third \x1b[31m"]


def test_a_task_under_way_says_so_and_what_it_said_so_far(make_core: MakeCore) -> None:
    seen: list[Any] = []

    def work(core: Any) -> None:
        log.warning("half way")
        seen.append(alice.get(f"{TASKS}toy.do-it/").json)
        seen.append(next(task for task in alice.get(TASKS).json.results if task.id == "toy.do-it"))

    core = make_core(plugins=with_job(work))
    alice = make_cast(core).alice
    core.jobs.run("toy.do-it")
    detail, listed = seen
    assert detail.is_running
    assert listed.is_running
    assert (detail.runs[0].state, detail.runs[0].lines) == ("running", ["WARNING half way"])
    assert not alice.get(f"{TASKS}toy.do-it/").json.is_running


def test_a_task_of_a_plugin_that_was_withdrawn_is_unknown(make_core: MakeCore) -> None:
    """Its history stays for its return."""
    core = make_core(plugins=with_job(lambda core: None))
    alice = make_cast(core).alice
    core.jobs.run("toy.do-it")
    core.plugins.withdraw("toy", "it was time")
    assert "toy.do-it" not in {task.id for task in alice.get(TASKS).json.results}
    answer = alice.post(f"{TASKS}toy.do-it/run/")
    assert (answer.status, answer.json["code"]) == (404, "job_unknown")
    core.stop()
    again = make_core(plugins=with_job(lambda core: None))
    assert len(alice_of(again).get(f"{TASKS}toy.do-it/").json.runs) == 1


def test_what_a_long_stop_missed_comes_once(make_core: MakeCore, clock: VirtualClock) -> None:
    ran: list[str] = []
    plugins = with_job(lambda core: ran.append("it"), every_seconds=3600)
    core = make_core(plugins=plugins)
    make_cast(core)
    core.jobs.run_due()
    core.stop()
    clock.advance(30 * 86400)
    again = make_core(plugins=plugins)
    alice = alice_of(again)
    assert alice.get(f"{TASKS}toy.do-it/").json.next_run_at == clock.stamp()
    again.jobs.run_due()
    again.jobs.run_due()
    assert ran == ["it", "it"]
    assert alice.get(f"{TASKS}toy.do-it/").json.next_run_at == clock.stamp_after(hours=1)


def test_an_unknown_task(cast: Cast) -> None:
    for answer in (
        cast.alice.get(f"{TASKS}system.no-such/"),
        cast.alice.patch(f"{TASKS}system.no-such/", {"is_paused": True}),
        cast.alice.post(f"{TASKS}system.no-such/run/"),
    ):
        assert (answer.status, answer.json["code"]) == (404, "job_unknown")


def test_tasks_are_for_admins(cast: Cast) -> None:
    for client, status in ((cast.bob, 403), (cast.nobody, 401)):
        assert client.get(TASKS).status == client.get(f"{TASKS}{SWEEP}/").status == status
        assert client.patch(f"{TASKS}{SWEEP}/", {"is_paused": True}).status == status
        assert client.post(f"{TASKS}{SWEEP}/run/").status == status
    assert not cast.alice.get(f"{TASKS}{SWEEP}/").json.is_paused


def test_keys_that_nobody_sends_again_are_forgotten(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    cast.bob.post("/api/playlist/", {"title": "Mix"}, Idempotency_Key="a-key-of-bobs-0001")
    count = "SELECT count(*) FROM operations"
    core.jobs.run(SWEEP)
    assert core.db.value(count) == 1
    clock.advance(365 * 86400)
    core.jobs.run(SWEEP)
    assert core.db.value(count) == 0
