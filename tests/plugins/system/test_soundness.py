"""The daily look at the whole database finds what a start cannot, says so everywhere, and disturbs nobody."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, Client, MakeCore, VirtualClock, make_cast
from soundwave_system.soundness import CHECK

TASK = f"/api/task/{CHECK}/"
ROOM = {"SOUNDWAVE_SYSTEM_SMALLEST_FREE_BYTES": "0"}


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    return make_core(**ROOM)


def checked(alice: Client) -> tuple[bool, str]:
    found = next(check for check in alice.get("/api/health/").json.checks if check.name == "database check")
    return found.is_ok, found.detail


def run(core: SoundWave, alice: Client) -> str:
    """Run the check now, as an admin would; what became of it."""
    assert alice.post(f"{TASK}run/").status == 202
    core.jobs.run_due()
    return str(alice.get(TASK).json.last_run.state)


def damage_index(core: SoundWave) -> None:
    """Two indexes have changed places. Each has as many entries as it should: the start's quick_check passes that."""
    with core.db._connections.writing() as raw:
        raw.execute("PRAGMA writable_schema=ON")
        raw.execute("CREATE TABLE damaged (a TEXT, b TEXT)")
        raw.execute("INSERT INTO damaged VALUES ('x', 'y')")
        for column in ("a", "b"):
            raw.execute(f"CREATE INDEX damaged_by_{column} ON damaged ({column})")
        pages = dict(raw.execute("SELECT name, rootpage FROM sqlite_schema WHERE name GLOB 'damaged_by_*'"))
        for name, page in zip(pages, reversed(pages.values()), strict=True):
            raw.execute("UPDATE sqlite_schema SET rootpage = ? WHERE name = ?", (page, name))
        raw.execute("PRAGMA writable_schema=RESET")


def test_a_sound_database(core: SoundWave, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert checked(cast.alice) == (True, "not looked at yet")
    assert run(core, cast.alice) == "done"
    assert checked(cast.alice) == (True, "2026-01-05T12:00:00.000Z: sound")
    [line] = cast.alice.get(TASK).json.runs[0].lines
    assert line.startswith("INFO the database is sound")
    assert cast.alice.get("/api/health/").json.status == "ok"


def test_damage_is_logged_fails_the_job_and_degrades_health(
    core: SoundWave, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    damage_index(core)
    assert core.db.rows("PRAGMA quick_check(1)") == [{"quick_check": "ok"}]
    assert run(core, cast.alice) == "failed"
    is_ok, detail = checked(cast.alice)
    assert not is_ok
    assert "The database is damaged: " in detail
    assert "index" in detail
    assert "Restore a backup." in detail
    assert any("the database is damaged" in message for message in caplog.messages)
    answer = cast.nobody.get("/api/health/")
    assert (answer.json.status, answer.json.checks) == ("degraded", [])
    assert b"damaged" not in answer.body


def test_rows_that_refer_to_nothing_are_damage(core: SoundWave, cast: Cast) -> None:
    with core.db.without_foreign_keys(), transaction(core.db) as tx:
        tx.execute("UPDATE sessions SET user_id = 'nobody' WHERE user_id = :id", id=cast.bob.user_id)
    assert run(core, cast.alice) == "failed"
    assert "rows of sessions refer to rows of users that are not there" in checked(cast.alice)[1]


def test_what_was_repaired_is_well_again(core: SoundWave, cast: Cast) -> None:
    damage_index(core)
    run(core, cast.alice)
    with core.db._connections.writing() as raw:
        raw.execute("REINDEX damaged")
    assert run(core, cast.alice) == "done"
    assert checked(cast.alice)[0]


def test_a_check_that_a_stop_cut_short_says_nothing(
    make_core: MakeCore, core: SoundWave, cast: Cast, clock: VirtualClock
) -> None:
    run(core, cast.alice)
    sound = checked(cast.alice)
    clock.advance(60)
    cast.alice.post(f"{TASK}run/")
    core.stop()
    again = make_core(**ROOM)
    alice = Client(again, cookies=cast.alice.cookies, csrf_token=cast.alice.csrf_token)
    assert alice.get(TASK).json.last_run.state == "failed"
    assert checked(alice) == sound


def test_it_comes_every_day_at_night(core: SoundWave, clock: VirtualClock) -> None:
    assert CHECK not in {run.job_id for run in core.jobs.run_due()}
    for _ in range(3):
        clock.advance(86400)
        assert CHECK in {run.job_id for run in core.jobs.run_due()}


def test_after_a_stop_that_was_none_it_comes_at_once(make_core: MakeCore, tmp_path: Path) -> None:
    """A log with something in it is what only a killed process leaves."""
    core = make_core()
    make_cast(core)
    wal = tmp_path / "data/db.sqlite3-wal"
    kept = wal.read_bytes()
    core.stop()
    assert not wal.exists()
    wal.write_bytes(kept)
    again = make_core()
    assert CHECK in {run.job_id for run in again.jobs.run_due()}
    again.stop()
    assert CHECK not in {run.job_id for run in make_core().jobs.run_due()}


def test_nobody_waits_for_it(core: SoundWave, cast: Cast) -> None:
    """It reads on a connection that cannot write, and writers go on while it does."""
    before = core.db.rev()
    assert run(core, cast.alice) == "done"
    assert core.db.rev() == before
    assert cast.bob.post("/api/playlist/", {"title": "Mix"}).status == 201
