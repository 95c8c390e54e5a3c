"""The daily look at the whole database, and what became of the last one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from soundwave_core import HealthCheck, Unavailable

from .store import Soundness

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

CHECK = "system.check-database"


def check_database(core: SoundWave) -> None:
    """The job: reads the whole file. Unavailable ``database_damaged`` with the first fault, all are logged."""
    started = core.clock.monotonic()
    faults = Soundness(core.db).faults()
    for fault in faults:
        log.error("the database is damaged: %s", fault)
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise Unavailable(
            f"The database is damaged: {faults[0]}{more}. Restore a backup.", code="database_damaged", status=500
        )
    log.info("the database is sound; it took %.1f s to read it all", core.clock.monotonic() - started)


def look_after_a_crash(core: SoundWave) -> None:
    """At the start: whoever had the database before was killed, so it is looked at soon, beside all else."""
    if core.was_interrupted:
        log.warning("the server was not stopped in order last time; the database is looked at now")
        core.jobs.nudge(CHECK)


def last_result(core: SoundWave) -> HealthCheck:
    """What the last look that came to its end found."""
    ended = (run for run in core.jobs.runs(CHECK, 10) if run.ended_at is not None and not run.is_interrupted)
    last = next(ended, None)
    if last is None:
        return HealthCheck("database check", True, "not looked at yet")
    is_sound = last.state == "done"
    return HealthCheck("database check", is_sound, f"{last.ended_at}: {'sound' if is_sound else last.error}")
