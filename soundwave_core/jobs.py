"""Scheduled functions: APScheduler is only the clock, what must survive is rows (``runs.py``).

A job is due when its own last start says so: after a restart an overdue one runs once, the others keep
their time. One run of a job at a time. Jobs are short; long work belongs in processes of its own.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING

from .clock import from_stamp, to_stamp
from .errors import Conflict, NotFound, SoundWaveError
from .hold import LONGEST_SECONDS
from .records import Job
from .runs import Run, RunLog, RunStore, one_line
from .schedule import AT_ONCE, LOOK_SECONDS, NEVER, Alarm, due_at
from .timetable import JobStatus, Timetable, plugin_of, stamp_of

if TYPE_CHECKING:
    from .app import SoundWave

log = logging.getLogger(__name__)

STOP_SECONDS = 0.5
LATE_SECONDS = LONGEST_SECONDS + 4 * LOOK_SECONDS  # beginning a run is a write, and writers may be held back


class Jobs:
    """``core.jobs``. With ``core.is_manual`` nothing runs by itself: tests call ``run_due()``."""

    def __init__(self, core: SoundWave) -> None:
        self.stopping = threading.Event()
        """Set when the server stops: a job of many steps looks at it between two."""
        self._core = core
        self._timetable = Timetable()
        self._accepted: SimpleQueue[tuple[Job, Run] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._in_pool = 0
        self._threads: list[threading.Thread] = []
        self._alarm: Alarm | None = None
        self._is_started = self._is_over = False
        self._looked_at = AT_ONCE
        self.looks = 0  # of the clock, for the watchdog
        self._last_look = 0.0
        self._logs: dict[str, RunLog] = {}  # of the runs under way
        self._ended: Counter[tuple[str, str]] = Counter()

    # Life cycle

    def declare(self, plugin_name: str, jobs: Sequence[Job]) -> None:
        """Make a plugin's jobs known, all or none. PluginError for a bad id or schedule."""
        self._timetable.declare(plugin_name, jobs)
        if self._is_started:
            self._load()
            self._wake()

    def withdraw(self, plugin_name: str) -> None:
        """Forget a plugin's jobs; their history stays."""
        self._timetable.withdraw(plugin_name)

    def start(self) -> None:
        """End what a killed server left running; run what is overdue once, and everything in time."""
        self._store.interrupt_left_over()
        self._load()
        self._is_started = True
        if self._core.is_manual:
            return
        for number in range(self._core.config["job_threads"]):
            thread = threading.Thread(target=self._work, name=f"job-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._last_look = self._core.clock.monotonic()
        self._alarm = Alarm(self._look, self._next_look)
        self._alarm.start()

    def stop(self) -> None:
        """Begin nothing more, give runs half a second, call the rest interrupted. Safe to call twice."""
        if not self._is_started or self.stopping.is_set():
            return
        self.stopping.set()
        if self._alarm is not None:
            self._alarm.shutdown(wait=False)
        for _ in self._threads:
            self._accepted.put(None)
        end = self._core.clock.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - self._core.clock.monotonic()))
        self._is_over = True
        self._store.interrupt_left_over({uid: log.text() for uid, log in self._logs.copy().items()})

    # Running

    def run(self, job_id: str) -> Run:
        """Run a job now, in this thread; a failure is in the returned row. Conflict ``job_running``."""
        return self._carry_out(*self._begin(job_id))

    def run_soon(self, job_id: str) -> Run:
        """Run a job when a thread is free, with ``is_manual`` in ``run_due()``; the row says running."""
        job, run = self._begin(job_id)
        with self._lock:
            self._in_pool += 1
        self._accepted.put((job, run))
        return run

    def run_due(self) -> list[Run]:
        """Run what was asked for, then each job that is due by now, once, in order; for ``is_manual``."""
        runs = []
        while not self._accepted.empty():
            accepted = self._accepted.get()
            if accepted is not None:
                runs.append(self._carry_out(*accepted))
        now = self._core.clock.now()
        for job_id in self._timetable.due(now):
            if self._timetable.due_at(job_id, now) <= now:  # an earlier one may have paused it
                runs.append(self.run(job_id))
        return runs

    def nudge(self, job_id: str) -> None:
        """Make a job due now. Nudged while it runs, it runs once more: nothing it was told of is lost."""
        self._timetable.nudge(job_id, self._core.clock.now())
        self._wake()

    # Looking, pausing

    def list(self) -> tuple[JobStatus, ...]:
        """Every job, by id."""
        last = self._store.last()
        now = self._core.clock.now()
        return tuple(self._timetable.status(job, last.get(job.id), now) for job in self._timetable.jobs())

    def get(self, job_id: str) -> JobStatus:
        """One job; NotFound ``job_unknown``."""
        job = self._timetable.get(job_id)
        return self._timetable.status(job, next(iter(self._store.list(job_id, 1)), None), self._core.clock.now())

    def runs(self, job_id: str, limit: int = 50) -> tuple[Run, ...]:
        """The last runs of a job, newest first."""
        self._timetable.get(job_id)
        return tuple(self._with_lines(run) for run in self._store.list(job_id, limit))

    def last_successes(self) -> dict[str, str]:
        """When each job last ended well, by id; of the last ``KEPT_RUNS`` runs of each."""
        return self._store.last_successes()

    @property
    def ended(self) -> Mapping[tuple[str, str], int]:
        """How many runs ended since the start, by job and state."""
        return self._ended.copy()

    @property
    def is_well(self) -> bool:
        """Whether the clock looks, and every thread that runs jobs is there."""
        is_late = self._core.clock.monotonic() - self._last_look > LATE_SECONDS
        return self._core.is_manual or not (is_late or any(not thread.is_alive() for thread in self._threads))

    def pause(self, job_id: str) -> None:
        """Run a job no more by itself, across restarts too; ``run()`` still does."""
        self._set_paused(job_id, True)

    def resume(self, job_id: str) -> None:
        """Let a paused job run again in its time; what was missed meanwhile counts once."""
        self._set_paused(job_id, False)
        self._wake()

    def _set_paused(self, job_id: str, is_paused: bool) -> None:
        self._timetable.get(job_id)
        self._store.set_paused(job_id, is_paused)
        self._timetable.set_paused(job_id, is_paused)

    # Inside

    @property
    def _store(self) -> RunStore:
        return RunStore(self._core.db, self._core.clock)

    def _load(self) -> None:
        """A new job by ``cron`` is noted, so that it is overdue if the server sleeps at that time."""
        now = self._core.clock.now()
        due = {job.id: due_at(job, None, now) for job in self._timetable.jobs() if job.cron is not None}
        self._store.see({job_id: to_stamp(moment) for job_id, moment in due.items() if moment != NEVER})
        self._timetable.load(self._store.states())

    def _begin(self, job_id: str) -> tuple[Job, Run]:
        job = self._timetable.claim(job_id)
        try:
            now = self._core.clock.now()
            run = self._store.begin(job_id, stamp_of(due_at(job, now, now)))
        except BaseException:
            self._timetable.release(job_id)
            raise
        self._timetable.note_start(job_id, from_stamp(run.started_at))
        return job, run

    def _carry_out(self, job: Job, run: Run) -> Run:
        state, error = "done", None
        try:
            with RunLog() as lines:
                self._logs[run.id] = lines
                try:
                    job.run(self._core)
                except (Exception, SystemExit) as failure:  # a plugin's code: the other jobs go on
                    state, error = "failed", one_line(failure)
                    is_ours = isinstance(failure, SoundWaveError)
                    sentence = "plugin %s: the job %s failed: %s"
                    log.error(sentence, plugin_of(job.id), job.id, error, exc_info=not is_ours)
            if self._is_over:
                return run
            self._ended[job.id, state] += 1
            return self._store.end(run, state, error, lines.text())
        finally:
            self._logs.pop(run.id, None)
            self._timetable.release(job.id)

    def _with_lines(self, run: Run) -> Run:
        """A run under way with its lines so far."""
        lines = self._logs.get(run.id)
        return run if lines is None else replace(run, log=lines.text())

    # The threads: one looks, the others run

    def _look(self) -> None:
        """Begin what is due, as far as threads are free; the end of a run looks again."""
        self.looks += 1
        self._last_look = self._core.clock.monotonic()
        self._looked_at = now = self._core.clock.now()
        for job_id in self._timetable.due(now):
            if self._in_pool >= len(self._threads) or self.stopping.is_set():
                return
            with suppress(Conflict, NotFound):  # begun, or withdrawn, by someone else meanwhile
                self.run_soon(job_id)

    def _next_look(self, now: datetime) -> datetime:
        return self._timetable.next_after(self._looked_at, now)

    def _work(self) -> None:
        """A thread of the pool. A daemon: a long job never keeps the process from ending."""
        while (accepted := self._accepted.get()) is not None and not self.stopping.is_set():
            try:
                self._carry_out(*accepted)
            except Exception:  # its end could not be recorded: the disk is full, say
                log.exception("the end of a run of %s is lost", accepted[0].id)
            with self._lock:
                self._in_pool -= 1
            self._wake()

    def _wake(self) -> None:
        if self._alarm is not None and not self.stopping.is_set():
            self._alarm.wake()
