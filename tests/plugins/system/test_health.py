"""Is it well, which plugins run, and who is told why not."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from core.toys import ECHO, toy

from soundwave_core import HealthCheck, Job, SoundWave, __version__, transaction
from soundwave_core.jobs import Jobs
from soundwave_core.testing import START, Cast, Client, MakeCore, VirtualClock, make_cast
from soundwave_system.machine import ANSWER_SECONDS, Disks

HEALTH = "/api/health/"
DISKS = {"data disk", "media disk", "cache disk"}
HEALTH_MODULE = import_module("soundwave_system.health")  # as an attribute, that name is the hook
PLUGINS = "/api/appsettings/plugins/"
ROOM = {"SOUNDWAVE_SYSTEM_SMALLEST_FREE_BYTES": "0"}  # disks with room, whatever machine this is


def with_health(answer: Callable[[Any], Any]) -> dict[str, ModuleType]:
    return {"toy": toy(health=answer)}


def broken() -> ModuleType:
    """A plugin that cannot start."""

    def startup(core: Any) -> None:
        raise OSError("no lyrics here")

    return toy(startup=startup, register_routes=lambda core: [ECHO])


def test_ping(cast: Cast) -> None:
    answer = cast.nobody.get("/api/ping/")
    assert (answer.status, answer.json.status) == (200, "ok")


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    return make_core(**ROOM)


def test_details_are_for_admins(cast: Cast) -> None:
    seen = cast.alice.get(HEALTH).json
    assert (seen.status, seen.version) == ("ok", __version__)
    names = {check.name for check in seen.checks}
    assert {"database", "database check", "jobs", "clock", "plugin auth", *DISKS} <= names
    for client in (cast.bob, cast.nobody):
        answer = client.get(HEALTH)
        assert (answer.status, answer.json.status, answer.json.version, answer.json.checks) == (200, "ok", "", [])


def failing(client: Client) -> dict[str, str]:
    """The checks that fail, with what they say."""
    seen = client.get(HEALTH).json
    failed = {check.name: check.detail for check in seen.checks if not check.is_ok}
    assert (seen.status == "degraded") == bool(failed)
    return failed


def test_a_full_disk(make_core: MakeCore) -> None:
    cast = make_cast(make_core(SOUNDWAVE_SYSTEM_SMALLEST_FREE_BYTES=str(1 << 50)))
    assert failing(cast.alice).keys() == {"data disk", "media disk", "cache disk"}


def test_a_check_that_fails(make_core: MakeCore) -> None:
    checks = [HealthCheck("lyrics", False, "the shelf is gone"), HealthCheck("rhymes", True)]
    cast = make_cast(make_core(plugins=with_health(lambda core: checks), **ROOM))
    seen = cast.alice.get(HEALTH).json
    assert seen.status == "degraded"
    assert [(c.name, c.detail) for c in seen.checks if not c.is_ok] == [("lyrics", "the shelf is gone")]
    assert "rhymes" in {check.name for check in seen.checks}
    answer = cast.nobody.get(HEALTH)
    assert (answer.status, answer.json.status) == (200, "degraded")
    assert b"shelf" not in answer.body


def test_a_plugin_that_raises_is_a_failed_check(make_core: MakeCore) -> None:
    def fail(core: Any) -> None:
        raise OSError("no lyrics here")

    cast = make_cast(make_core(plugins=with_health(fail), **ROOM))
    seen = cast.alice.get(HEALTH).json
    assert seen.status == "degraded"
    assert [(c.name, c.detail) for c in seen.checks if not c.is_ok] == [("toy", "OSError: no lyrics here")]
    assert b"lyrics" not in cast.bob.get(HEALTH).body


def test_a_plugin_with_nothing_to_say(make_core: MakeCore) -> None:
    assert make_cast(make_core(plugins=with_health(lambda core: None), **ROOM)).alice.get(HEALTH).json.status == "ok"


def test_a_withdrawn_plugin_is_a_failed_check(make_core: MakeCore) -> None:
    seen = make_cast(make_core(plugins={"toy": broken()}, **ROOM)).alice.get(HEALTH).json
    assert seen.status == "degraded"
    failed = [(check.name, check.detail) for check in seen.checks if not check.is_ok]
    assert failed == [("plugin toy", "OSError: no lyrics here")]


def test_a_plugin_that_is_switched_off_is_no_fault(make_core: MakeCore) -> None:
    cast = make_cast(make_core(plugins={"toy": broken()}, SOUNDWAVE_DISABLED_PLUGINS="toy", **ROOM))
    assert cast.alice.get(HEALTH).json.status == "ok"


def test_the_plugins_and_what_became_of_them(make_core: MakeCore) -> None:
    needy = toy(requires=("toy",))
    core = make_core(plugins={"toy": broken(), "needy": needy, "off": toy()}, SOUNDWAVE_DISABLED_PLUGINS="off")
    seen = {plugin.name: plugin for plugin in make_cast(core).alice.get(PLUGINS).json.results}
    assert {"auth", "library", "system"} <= set(seen)
    system = seen["system"]
    assert (system.status, system.reason, system.version) == ("enabled", None, __version__)
    assert system.routes == len(core.plugins.records["system"].contributions.routes) > 0
    assert (seen["toy"].status, seen["toy"].reason, seen["toy"].routes) == ("failed", "OSError: no lyrics here", 0)
    assert (seen["needy"].status, seen["needy"].reason) == ("failed", "needs the plugin toy, which failed")
    assert (seen["off"].status, seen["off"].reason) == ("disabled", "switched off in the settings")


def test_the_slowest_hook_is_named(core: SoundWave, cast: Cast) -> None:
    cast.alice.get(HEALTH)
    system = next(plugin for plugin in cast.alice.get(PLUGINS).json.results if plugin.name == "system")
    assert (system.slowest_hook, system.slowest_seconds) == ("health", 0.0)


# Disks


class FakeDisk:
    """A disk that is not what this machine has."""

    def __init__(self, **differing: int) -> None:
        self._differing = differing

    def __call__(self, folder: Any) -> Any:
        real = REAL_STATVFS(folder)
        fields = {name: getattr(real, name) for name in dir(real) if name.startswith("f_")}
        return SimpleNamespace(**(fields | self._differing))


REAL_STATVFS = os.statvfs


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        ({"f_flag": os.ST_RDONLY}, "read-only"),
        ({"f_files": 10_000, "f_favail": 3}, "for 3 more files only"),
        ({"f_bavail": 0}, "0.0 GB free"),
    ],
)
def test_a_disk_that_takes_no_more(
    make_core: MakeCore, monkeypatch: pytest.MonkeyPatch, disk: dict[str, int], words: str
) -> None:
    alice = make_cast(make_core()).alice
    monkeypatch.setattr(os, "statvfs", FakeDisk(**disk))
    found = failing(alice)
    assert found.keys() == DISKS
    assert all(words in detail for detail in found.values()), found


def test_a_file_system_that_does_not_count_files(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = make_cast(core).alice
    monkeypatch.setattr(os, "statvfs", FakeDisk(f_files=0, f_favail=0))
    assert failing(alice) == {}


def test_a_disk_that_is_gone(core: SoundWave, cast: Cast) -> None:
    core.config.media_root.rename(core.config.media_root.with_name("elsewhere"))
    try:
        assert failing(cast.alice) == {"media disk": f"{core.config.media_root}: No such file or directory"}
    finally:
        core.config.media_root.with_name("elsewhere").rename(core.config.media_root)


def test_a_disk_that_hangs_keeps_one_thread_and_no_asker(
    core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share whose server is gone: the system call does not come back."""
    back, asked = threading.Event(), []

    def hang(folder: Any) -> Any:
        asked.append(folder)
        if folder == core.config.media_root:
            back.wait(60)
        return REAL_STATVFS(folder)

    monkeypatch.setattr("soundwave_system.machine.ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(os, "statvfs", hang)
    try:
        for _ in range(3):
            assert failing(cast.alice) == {"media disk": f"{core.config.media_root}: no answer"}
        assert asked.count(core.config.media_root) == 1
        assert cast.alice.get("/metrics").status == 200
    finally:
        back.set()
    for thread in threading.enumerate():
        if thread.name == "disk":
            thread.join(60)
    assert failing(cast.alice) == {}


def test_a_disk_that_hangs_for_long_costs_nothing_more(
    core: SoundWave, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that is raised again and again keeps every frame it went through."""
    back, depths = threading.Event(), []

    def hang(folder: Any) -> Any:
        back.wait(60)
        return REAL_STATVFS(folder)

    monkeypatch.setattr("soundwave_system.machine.ANSWER_SECONDS", 0.01)
    monkeypatch.setattr(os, "statvfs", hang)
    disks = Disks(core)
    for _ in range(20):
        with pytest.raises(TimeoutError, match="no answer") as told:
            disks.look(core.config.data_dir)
        depths.append(len(told.traceback))
        clock.advance(1)
    back.set()
    assert len(set(depths)) == 1


def test_two_who_ask_at_once_share_an_answer(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is only slow is not called hanging by whoever comes second."""
    asked, answers = threading.Semaphore(0), []

    def slow(folder: Any) -> Any:
        asked.release()
        threading.Event().wait(0.2)
        return REAL_STATVFS(folder)

    monkeypatch.setattr(os, "statvfs", slow)
    folder, disks = core.config.data_dir, core.part(Disks)
    first = threading.Thread(target=lambda: answers.append(disks.look(folder)))
    first.start()
    assert asked.acquire(timeout=60)
    answers.append(disks.look(folder))
    first.join()
    assert len(answers) == 2
    assert not asked.acquire(blocking=False)


def test_an_answer_is_good_for_a_second(core: SoundWave, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def count(folder: Any) -> Any:
        asked.append(folder)
        return REAL_STATVFS(folder)

    monkeypatch.setattr(os, "statvfs", count)
    disks = Disks(core)
    for _ in range(3):
        disks.look(core.config.data_dir)
    assert len(asked) == 1
    clock.advance(ANSWER_SECONDS)
    disks.look(core.config.data_dir)
    assert len(asked) == 2


# The clock


class Jumping(VirtualClock):
    """Its hands are moved by somebody; the seconds it counts are not."""

    def jump(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@pytest.fixture
def jumping(make_core: MakeCore) -> SoundWave:
    return make_core(clock=Jumping(), **ROOM)


def clock_of(alice: Client) -> tuple[bool, str]:
    found = next(check for check in alice.get(HEALTH).json.checks if check.name == "clock")
    return found.is_ok, found.detail


def jump(core: SoundWave, seconds: float) -> None:
    assert isinstance(core.clock, Jumping)
    core.clock.jump(seconds)


def test_a_clock_that_is_right(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    core.jobs.run_due()
    clock.advance(3600)
    assert clock_of(cast.alice) == (True, "2026-01-05 13:00:00 UTC")


def test_a_clock_that_was_set_back(jumping: SoundWave) -> None:
    """What it has recorded lies ahead of it; once it has come there, all is well again."""
    alice = make_cast(jumping).alice
    jumping.jobs.run_due()
    jump(jumping, -30)
    assert clock_of(alice)[0]
    jump(jumping, -570)
    is_ok, detail = clock_of(alice)
    assert not is_ok
    assert "set back by 600 s since the start" in detail
    assert "2026-01-05T12:00:00" in detail
    jump(jumping, 600)
    assert clock_of(alice) == (True, "2026-01-05 12:00:00 UTC")


def test_a_clock_that_was_set_back_while_the_server_was_off(make_core: MakeCore) -> None:
    core = make_core(**ROOM)
    cast = make_cast(core)
    core.jobs.run_due()
    core.stop()
    again = make_core(clock=VirtualClock(START - timedelta(hours=2)), **ROOM)
    alice = Client(again, cookies=cast.alice.cookies, csrf_token=cast.alice.csrf_token)
    assert failing(alice).keys() == {"clock"}
    again.clock.advance(86400)
    again.jobs.run_due()
    assert "clock" not in failing(alice)


def test_a_clock_that_was_set_forward_is_no_fault(jumping: SoundWave) -> None:
    """A machine that slept, or got its time from a time server at last."""
    alice = make_cast(jumping).alice
    jump(jumping, 3600)
    assert clock_of(alice) == (True, "2026-01-05 13:00:00 UTC, set forward by 3600 s since the start")


def test_a_clock_that_is_older_than_this_version(make_core: MakeCore) -> None:
    alice = make_cast(make_core(clock=VirtualClock(datetime(1970, 1, 1, tzinfo=UTC)), **ROOM)).alice
    assert clock_of(alice) == (False, "1970-01-01 00:00:00 UTC; this version was made after that")


# The database, the jobs, the price


def test_a_log_that_nobody_could_cut(core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HEALTH_MODULE, "LARGEST_WAL_BYTES", 1000)
    assert "MB, log " in failing(cast.alice)["database"]


def test_jobs_that_stopped(core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Jobs, "is_well", property(lambda self: False))
    assert failing(cast.alice) == {"jobs": "their clock or a thread has stopped"}


def test_a_job_whose_last_run_failed_is_named(make_core: MakeCore) -> None:
    """Each job says itself, in health or nowhere, how bad that is."""

    def fail(core: Any) -> None:
        raise OSError("no")

    job = Job("toy.work", fail, "Works.", every_seconds=60)
    core = make_core(plugins={"toy": toy(register_jobs=lambda core: [job])}, **ROOM)
    alice = make_cast(core).alice
    core.jobs.run("toy.work")
    jobs = next(check for check in alice.get(HEALTH).json.checks if check.name == "jobs")
    assert (jobs.is_ok, jobs.detail.partition("; ")[2]) == (True, "the last run failed: toy.work")


def test_it_is_asked_without_a_write_and_is_cheap(
    core: SoundWave, cast: Cast, tell: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    core.jobs.run_due()
    rows = [{"uid": f"{n:032x}", "n": n} for n in range(20_000)]
    with transaction(core.db) as tx:
        tx.execute(
            "INSERT INTO downloads (uid, user_id, url, state, is_resolved, created_at, updated_at)"
            " VALUES ('d', :user, 'https://example.org/', 'queued', 1, :now, :now)".replace("'d'", f"'{'d' * 32}'"),
            user=cast.bob.user_id, now=core.clock.stamp(),
        )  # fmt: skip
        tx.execute_many(
            "INSERT INTO download_items (uid, download_id, user_id, is_quiet, position, url, extractor, source_id,"
            " item, state, updated_at) SELECT :uid, id, user_id, 0, :n, 'https://example.org/', 'x', :n, '{}',"
            " CASE WHEN :n % 2 THEN 'queued' ELSE 'done' END, updated_at FROM downloads",
            rows,
        )

    def refuse(*arguments: object) -> None:
        raise AssertionError("health wrote something")

    monkeypatch.setattr(type(core.db), "execute", refuse)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        assert cast.nobody.get(HEALTH).json.status == "ok"
        times.append(time.perf_counter() - began)
    tell(f"/api/health/ with 20,000 items in the queue: median {sorted(times)[10] * 1000:.1f} ms")
