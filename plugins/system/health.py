"""Whether the server is well: its own checks, and those of every plugin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from soundwave_core import HealthCheck, __version__

from .machine import check_clock, check_disks
from .shapes import Check, Health
from .soundness import last_result

if TYPE_CHECKING:
    from soundwave_core import SoundWave

LARGEST_WAL_BYTES = 256 * 1024**2  # four times what it is cut down to: somebody has been reading for too long


def check_machine(core: SoundWave) -> list[HealthCheck]:
    """The database answers and was sound; its jobs run; there is room on the disks; the clock can be right."""
    return [_database(core), last_result(core), _jobs(core), *check_disks(core), check_clock(core)]


def database_bytes(core: SoundWave) -> tuple[int, int]:
    """The sizes of the database and of its write-ahead log."""
    return _size(core.db.path), _size(core.db.path.with_name(core.db.path.name + "-wal"))


def ask_all(core: SoundWave, with_details: bool) -> Health:
    """Every plugin's checks. A plugin that failed, or whose check raises, makes the server degraded."""
    checks: list[Check] = []
    for plugin, answer in core.plugins.announce("health"):
        if isinstance(answer, Exception):
            checks.append(Check(name=plugin, is_ok=False, detail=f"{type(answer).__name__}: {answer}"))
            continue
        checks += [Check(name=check.name, is_ok=check.is_ok, detail=check.detail) for check in answer or ()]
    checks += _plugins(core)
    is_well = all(check.is_ok for check in checks)
    shown = checks if with_details else []
    return Health(status="ok" if is_well else "degraded", version=__version__ if with_details else "", checks=shown)


def _database(core: SoundWave) -> HealthCheck:
    size, wal = database_bytes(core)
    detail = f"revision {core.db.rev()}, {size / 1e6:.1f} MB, log {wal / 1e6:.1f} MB"
    return HealthCheck("database", wal <= LARGEST_WAL_BYTES, detail)


def _jobs(core: SoundWave) -> HealthCheck:
    jobs = core.jobs.list()
    failed = [j.id for j in jobs if j.last_run and j.last_run.state == "failed" and not j.last_run.is_interrupted]
    detail = f"{len(jobs)}, {sum(job.is_running for job in jobs)} running"
    detail += f"; the last run failed: {', '.join(failed)}" if failed else ""
    return HealthCheck(
        "jobs", core.jobs.is_well, detail if core.jobs.is_well else "their clock or a thread has stopped"
    )


def _plugins(core: SoundWave) -> list[Check]:
    return [
        Check(name=f"plugin {record.name}", is_ok=record.status != "failed", detail=record.reason or record.version)
        for record in core.plugins.records.values()
    ]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # the log comes and goes
        return 0
