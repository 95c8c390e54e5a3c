"""What stays of jobs: their rows, and the lines that one run logged."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from .clock import Clock, from_stamp
from .database import transaction
from .logs import visible

if TYPE_CHECKING:
    from .database import Database

KEPT_RUNS = 100
LOG_LINES = 200
LINE_LENGTH = 500
INTERRUPTED = "The server stopped during this run."


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a job. ``state``: running, done or failed; the error of a stop is ``INTERRUPTED``."""

    id: str
    job_id: str
    started_at: str
    ended_at: str | None = None
    state: str = "running"
    error: str | None = None
    log: str = ""

    @property
    def duration_seconds(self) -> float | None:
        """How long it took, None while it runs; 0 where the clock was set back meanwhile."""
        if self.ended_at is None:
            return None
        return max(0.0, (from_stamp(self.ended_at) - from_stamp(self.started_at)).total_seconds())

    @property
    def is_interrupted(self) -> bool:
        """Whether the server stopped during it, which says nothing about the job."""
        return self.state == "failed" and self.error == INTERRUPTED


@dataclass(slots=True)
class JobState:
    """What is known of a job. ``first_at``: when one that never ran is due, noted when it was first seen."""

    is_paused: bool = False
    started_at: datetime | None = None
    first_at: datetime | None = None


class RunStore:
    """The tables ``job_states`` and ``job_runs``."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def interrupt_left_over(self, logs: Mapping[str, str] | None = None) -> None:
        """End what a killed server left running, or what is running now: ``logs`` has its lines so far, by run."""
        with transaction(self._db) as tx:
            for uid, log in (logs or {}).items():
                tx.execute("UPDATE job_runs SET log = :log WHERE uid = :uid AND state = 'running'", log=log, uid=uid)
            tx.execute(
                "UPDATE job_runs SET state = 'failed', ended_at = :at, error = :error"
                " WHERE state = 'running'",
                at=self._clock.stamp(), error=INTERRUPTED,
            )  # fmt: skip

    def states(self) -> dict[str, JobState]:
        """What is known of each job, by id."""
        rows = self._db.rows("SELECT job_id, is_paused, last_started_at, next_run_at FROM job_states")
        return {
            row["job_id"]: JobState(
                bool(row["is_paused"]), _moment(row["last_started_at"]), _moment(row["next_run_at"])
            )
            for row in rows
        }

    def see(self, due: Mapping[str, str]) -> None:
        """Note when jobs are first due, those that were not seen before."""
        if not due:
            return
        with transaction(self._db) as tx:
            for job_id, at in due.items():
                tx.execute(
                    "INSERT INTO job_states (job_id, next_run_at) VALUES (:job_id, :at)"
                    " ON CONFLICT (job_id) DO UPDATE SET next_run_at = ifnull(next_run_at, :at)",
                    job_id=job_id, at=at,
                )  # fmt: skip

    def set_paused(self, job_id: str, is_paused: bool) -> None:
        """Remember that a job is paused, or no longer."""
        with transaction(self._db) as tx:
            tx.execute(
                "INSERT INTO job_states (job_id, is_paused) VALUES (:job_id, :is_paused)"
                " ON CONFLICT (job_id) DO UPDATE SET is_paused = :is_paused",
                job_id=job_id, is_paused=int(is_paused),
            )  # fmt: skip

    def begin(self, job_id: str, next_run_at: str | None) -> Run:
        """Record that a job begins now; ``next_run_at`` is when it is due next, None for never."""
        run = Run(self._clock.new_id(), job_id, self._clock.stamp())
        with transaction(self._db) as tx:
            tx.execute(
                "INSERT INTO job_runs (uid, job_id, started_at, state)"
                " VALUES (:uid, :job_id, :at, 'running')",
                uid=run.id, job_id=job_id, at=run.started_at,
            )  # fmt: skip
            tx.execute(
                "INSERT INTO job_states (job_id, last_started_at, next_run_at) VALUES (:job_id, :at, :next)"
                " ON CONFLICT (job_id) DO UPDATE SET last_started_at = :at, next_run_at = :next",
                job_id=job_id, at=run.started_at, next=next_run_at,
            )  # fmt: skip
        return run

    def end(self, run: Run, state: str, error: str | None, log: str) -> Run:
        """Record the end of a run, and forget all but the last ``KEPT_RUNS`` of its job."""
        ended_at = self._clock.stamp()
        with transaction(self._db) as tx:
            tx.execute(
                "UPDATE job_runs SET ended_at = :at, state = :state, error = :error, log = :log"
                " WHERE uid = :uid",
                at=ended_at, state=state, error=error, log=log, uid=run.id,
            )  # fmt: skip
            tx.execute(
                "UPDATE job_states SET last_ended_at = :at WHERE job_id = :job_id",
                at=ended_at, job_id=run.job_id,
            )  # fmt: skip
            tx.execute(
                "DELETE FROM job_runs WHERE job_id = :job_id AND id NOT IN (SELECT id FROM job_runs"
                " WHERE job_id = :job_id ORDER BY id DESC LIMIT :kept)",
                job_id=run.job_id, kept=KEPT_RUNS,
            )  # fmt: skip
        return Run(run.id, run.job_id, run.started_at, ended_at, state, error, log)

    def list(self, job_id: str, limit: int) -> tuple[Run, ...]:
        """The last runs of a job, newest first."""
        rows = self._db.rows(
            "SELECT uid, job_id, started_at, ended_at, state, error, log FROM job_runs"
            " WHERE job_id = :job_id ORDER BY id DESC LIMIT :limit",
            job_id=job_id, limit=limit,
        )  # fmt: skip
        return tuple(_run(row) for row in rows)

    def last_successes(self) -> dict[str, str]:
        """When each job last ended well, of the runs that are remembered."""
        rows = self._db.rows("SELECT job_id, max(ended_at) AS at FROM job_runs WHERE state = 'done' GROUP BY job_id")
        return {row["job_id"]: row["at"] for row in rows}

    def last(self) -> dict[str, Run]:
        """The newest run of each job."""
        rows = self._db.rows(
            "SELECT uid, job_id, started_at, ended_at, state, error, log FROM job_runs"
            " WHERE id IN (SELECT max(id) FROM job_runs GROUP BY job_id)"
        )
        return {row["job_id"]: _run(row) for row in rows}


def _moment(stamp: str | None) -> datetime | None:
    return from_stamp(stamp) if stamp else None


def _run(row: dict[str, Any]) -> Run:
    row["id"], row["log"] = row.pop("uid"), row["log"] or ""
    return Run(**row)


class RunLog(logging.Handler):
    """Collects the last lines that the present thread logs, while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, if it is of the thread that listens."""
        if record.thread != self._thread:
            return
        try:
            self._lines.extend(visible(line[:LINE_LENGTH]) for line in self.format(record).splitlines())
        except (TypeError, ValueError, KeyError):  # a log call whose arguments do not fit its text
            self.handleError(record)

    def text(self) -> str:
        """The last ``LOG_LINES`` lines, one a line."""
        return "\n".join(self._lines.copy())  # its thread may be logging

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        logging.getLogger().removeHandler(self)


def one_line(error: BaseException) -> str:
    """An error as one line for the owner; ours are sentences already."""
    text = getattr(error, "sentence", None) or f"{type(error).__name__}: {error}"
    return " ".join(str(text).split())[:LINE_LENGTH]
