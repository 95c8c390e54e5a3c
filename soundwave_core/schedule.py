"""When a job is due, by APScheduler's triggers, and APScheduler itself as an alarm clock."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.debug import DebugExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from .errors import PluginError
from .records import Job

AT_ONCE = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)
LOOK_SECONDS = 30.0
_ALARM = "look"
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def due_at(job: Job, started_at: datetime | None, now: datetime) -> datetime:
    """The first moment after ``started_at`` that the schedule names; missed ones count as one.

    A job that never ran (None) is due at once, with ``cron`` at the next time.
    """
    if job.cron is None and started_at is None:
        return AT_ONCE
    found = _trigger(job, started_at).get_next_fire_time(started_at, max(now, started_at or now))
    return found or NEVER  # 30 February


def ensure_schedule(job: Job) -> None:
    """PluginError for an interval or a cron text that cannot be."""
    if job.every_seconds is not None and job.every_seconds < 1:
        raise PluginError(f"The job {job.id} needs an interval of at least one second.")
    if job.cron is None:
        return
    if re.search(r"\d", job.cron.split()[-1] if job.cron.split() else ""):
        # APScheduler counts from Monday, crontab from Sunday
        raise PluginError(f"The job {job.id} has a weekday as a number: write mon to sun.")
    try:
        _trigger(job, None)
    except ValueError as error:
        raise PluginError(f"The job {job.id} has the schedule {job.cron!r}: {error}.") from None


def in_words(job: Job) -> str:
    """``every 5 minutes``, or the cron text."""
    if job.every_seconds is None:
        return str(job.cron)
    size, unit = next((size, unit) for size, unit in _UNITS if job.every_seconds % size == 0)
    count = job.every_seconds // size
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _trigger(job: Job, started_at: datetime | None) -> Any:
    if job.cron is not None:
        return CronTrigger.from_crontab(job.cron, timezone=UTC)
    return IntervalTrigger(seconds=job.every_seconds, start_date=started_at, timezone=UTC)


class Alarm(BackgroundScheduler):
    """Calls ``look`` at the moment that ``next_look(now)`` names, on a daemon thread of its own.

    It never sleeps longer than ``LOOK_SECONDS``, so that a clock that was set, or a machine that slept,
    is noticed: APScheduler alone sleeps the whole wait that it once computed.
    """

    def __init__(self, look: Callable[[], None], next_look: Callable[[datetime], datetime]) -> None:
        executors = {"default": DebugExecutor()}  # in the scheduler's own thread: looking is quick
        options = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        super().__init__(executors=executors, job_defaults=options, timezone=UTC, daemon=True)
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._is_woken = threading.Event()
        self.add_job(look, _Asking(next_look), id=_ALARM, next_run_time=datetime.now(UTC))

    def wake(self) -> None:
        """Look now. Takes no lock: the caller may be inside a transaction, and ``look`` wait for its end."""
        self._is_woken.set()
        if self.running:
            self.wakeup()

    def _process_jobs(self) -> float:
        if self._is_woken.is_set():
            self._is_woken.clear()
            with suppress(JobLookupError):  # shut down meanwhile
                self.modify_job(_ALARM, next_run_time=datetime.now(UTC))
        wait = super()._process_jobs()
        if wait is not None and wait <= LOOK_SECONDS:
            return float(wait)
        self._is_woken.set()  # the alarm is further off than was ever asked for: the clock was set back
        return 0.0


class _Asking(BaseTrigger):
    """A trigger that asks anew each time, and at least every ``LOOK_SECONDS``.

    Always after ``now``: APScheduler collects missed times until it gets one.
    """

    def __init__(self, next_look: Callable[[datetime], datetime]) -> None:
        self._next_look = next_look

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        asked = min(self._next_look(now), now + timedelta(seconds=LOOK_SECONDS))
        return max(asked, now + timedelta(milliseconds=1))
