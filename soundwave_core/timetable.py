"""Which jobs there are, which run, and which are due. In memory; ``runs.py`` keeps what must survive."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .clock import to_stamp
from .errors import Conflict, NotFound, PluginError
from .records import Job
from .runs import JobState, Run
from .schedule import NEVER, due_at, ensure_schedule, in_words

CLOCK_SET_BACK = timedelta(hours=1)
_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as it stands. ``next_run_at`` is None while it is paused."""

    id: str
    plugin: str
    description: str
    schedule: str
    is_paused: bool
    is_running: bool
    last_run: Run | None
    next_run_at: str | None


class Timetable:
    """Safe for threads; each method is a few look-ups under one lock."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._states: dict[str, JobState] = {}
        self._running: set[str] = set()
        self._nudged: dict[str, datetime] = {}

    def declare(self, plugin_name: str, jobs: Sequence[Job]) -> None:
        """Add a plugin's jobs, all or none. PluginError for a bad id or schedule."""
        with self._lock:
            known = dict(self._jobs)
            for job in jobs:
                if not _ID.fullmatch(job.id) or not job.id.startswith(f"{plugin_name}."):
                    raise PluginError(f"The job {job.id} must be named {plugin_name}.verb-noun.")
                if job.id in known:
                    raise PluginError(f"The job {job.id} is there already.")
                ensure_schedule(job)
                known[job.id] = job
            self._jobs = known

    def withdraw(self, plugin_name: str) -> None:
        """Take a plugin's jobs out; one that runs goes on to its end."""
        with self._lock:
            self._jobs = {id_: job for id_, job in self._jobs.items() if plugin_of(id_) != plugin_name}

    def load(self, states: Mapping[str, JobState]) -> None:
        """Take over what is stored of the jobs."""
        with self._lock:
            self._states = dict(states)

    def jobs(self) -> list[Job]:
        """Every job, by id."""
        return [job for _, job in sorted(self._jobs.items())]

    def get(self, job_id: str) -> Job:
        """One job; NotFound ``job_unknown``."""
        job = self._jobs.get(job_id)
        if job is None:
            raise NotFound(f"There is no job {job_id}.", code="job_unknown")
        return job

    def is_running(self, job_id: str) -> bool:
        """Whether somebody has claimed it."""
        return job_id in self._running

    def is_paused(self, job_id: str) -> bool:
        """Whether it waits to be resumed."""
        return self._state(job_id).is_paused

    def status(self, job: Job, last_run: Run | None, now: datetime) -> JobStatus:
        """How the job stands at this moment."""
        return JobStatus(
            id=job.id,
            plugin=plugin_of(job.id),
            description=job.description,
            schedule=in_words(job),
            is_paused=self.is_paused(job.id),
            is_running=self.is_running(job.id),
            last_run=last_run,
            next_run_at=stamp_of(max(self.due_at(job.id, now), now)),
        )

    def set_paused(self, job_id: str, is_paused: bool) -> None:
        """Let it be due no more, or again."""
        with self._lock:
            self._state(job_id).is_paused = is_paused

    def claim(self, job_id: str) -> Job:
        """Take a job to run it; Conflict while someone else has it."""
        with self._lock:
            job = self.get(job_id)
            if job_id in self._running:
                raise Conflict(f"The job {job_id} is running already.", code="job_running")
            self._running.add(job_id)
            return job

    def note_start(self, job_id: str, started_at: datetime) -> None:
        """A claimed job begins: what it was nudged for so far, it will see."""
        with self._lock:
            self._nudged.pop(job_id, None)
            self._state(job_id).started_at = started_at

    def release(self, job_id: str) -> None:
        """The claimed job is over, and may be claimed again."""
        with self._lock:
            self._running.discard(job_id)

    def nudge(self, job_id: str, moment: datetime) -> None:
        """Make the job due at this moment, until it begins; the first nudge counts. NotFound ``job_unknown``."""
        with self._lock:
            self.get(job_id)
            self._nudged.setdefault(job_id, moment)

    def due_at(self, job_id: str, now: datetime) -> datetime:
        """When the job is due, which may be long ago; NEVER while it is paused."""
        with self._lock:
            job, state = self._jobs.get(job_id), self._state(job_id)
            if job is None or state.is_paused:
                return NEVER
            late = CLOCK_SET_BACK if job.cron is not None else timedelta()  # a time of day would come twice
            if state.started_at is not None and state.started_at > now + late:
                state.started_at = now  # else the job would wait for a future that was a mistake
            due = due_at(job, state.started_at, now)
            if state.started_at is None and state.first_at is not None:
                state.first_at = due = min(due, state.first_at)  # noted by a clock that was ahead, it would never come
            return min(due, self._nudged.get(job_id, NEVER))

    def due(self, now: datetime) -> list[str]:
        """The jobs to begin now, the longest overdue first."""
        return [job_id for moment, job_id in self._waiting(now) if moment <= now]

    def next_after(self, moment: datetime, now: datetime) -> datetime:
        """The first moment after ``moment`` at which a job becomes due."""
        return next((due for due, _ in self._waiting(now) if due > moment), NEVER)

    def _waiting(self, now: datetime) -> list[tuple[datetime, str]]:
        with self._lock:
            return sorted((self.due_at(id_, now), id_) for id_ in self._jobs if id_ not in self._running)

    def _state(self, job_id: str) -> JobState:
        return self._states.setdefault(job_id, JobState())


def stamp_of(moment: datetime) -> str | None:
    """As it is stored and sent; None for what never comes."""
    return None if moment == NEVER else to_stamp(moment)


def plugin_of(job_id: str) -> str:
    """The plugin that a job's id begins with."""
    return job_id.partition(".")[0]
