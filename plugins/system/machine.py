"""What the server stands on: its disks and its clock. Nothing is written, and nothing far away is waited for."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from soundwave_core import HealthCheck, from_stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soundwave_core import SoundWave

ANSWER_SECONDS = 1.0  # an answer is waited for so long, and is good for so long
FEWEST_FREE_FILES = 1000
MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)  # this version is younger than that, so no clock may be older
TOLERANCE_SECONDS = 60.0  # what time servers correct by


def folders(core: SoundWave) -> dict[str, Path]:
    """What lies where, by the word that health and metrics have for it."""
    config = core.config
    return {"data": config.data_dir, "media": config.media_root, "cache": config.cache_dir}


class _Question:
    """One look at a disk, in a thread of its own, which may never come back."""

    def __init__(self, folder: Path, until: float) -> None:
        self._folder, self.until = folder, until
        self.answer: os.statvfs_result | OSError = TimeoutError("no answer")
        self.is_answered = threading.Event()
        threading.Thread(target=self._ask, name="disk", daemon=True).start()

    def _ask(self) -> None:
        try:
            self.answer = os.statvfs(self._folder)
        except OSError as error:
            self.answer = error
        self.is_answered.set()


class Disks:
    """Asks disks how full they are; one that hangs (a share whose server is gone) keeps one thread, not every asker."""

    def __init__(self, core: SoundWave) -> None:
        self._clock = core.clock
        self._lock = threading.Lock()
        self._asked: dict[Path, _Question] = {}

    def look(self, folder: Path) -> os.statvfs_result:
        """OSError where there is no such folder, or no answer within ``ANSWER_SECONDS``."""
        now = self._clock.monotonic()
        with self._lock:
            question = self._asked.get(folder)
            if question is None or (question.is_answered.is_set() and now >= question.until):
                question = self._asked[folder] = _Question(folder, now + ANSWER_SECONDS)
        question.is_answered.wait(max(0.0, question.until - now))
        answer = question.answer
        if isinstance(answer, OSError):  # a new one for each asker: one that is raised again grows a traceback
            raise type(answer)(*answer.args)
        return answer


class WallClock:
    """The clock of the machine beside the one that only counts seconds, from the start of the server on."""

    def __init__(self, core: SoundWave) -> None:
        self._clock = core.clock
        self._began = self._clock.now().timestamp() - self._clock.monotonic()

    def drift_seconds(self) -> float:
        """By how much it was set forward (or back, below 0). While a machine sleeps only the clock goes on."""
        return self._clock.now().timestamp() - self._clock.monotonic() - self._began


def check_disks(core: SoundWave) -> Iterator[HealthCheck]:
    """Room for files and for their names, and that files may be written at all."""
    for name, folder in folders(core).items():
        try:
            yield _judge(core, f"{name} disk", core.part(Disks).look(folder))
        except OSError as error:
            yield HealthCheck(f"{name} disk", False, f"{folder}: {error.strerror or error}")


def _judge(core: SoundWave, name: str, disk: os.statvfs_result) -> HealthCheck:
    free = disk.f_bavail * disk.f_frsize
    detail = f"{free / 1e9:.1f} GB free of {disk.f_blocks * disk.f_frsize / 1e9:.1f} GB"
    if disk.f_flag & os.ST_RDONLY:
        return HealthCheck(name, False, f"{detail}; it is mounted read-only")
    if disk.f_files > 0 and disk.f_favail < FEWEST_FREE_FILES:  # some file systems do not count files
        return HealthCheck(name, False, f"{detail}, but for {disk.f_favail} more files only")
    return HealthCheck(name, free >= core.config["system.smallest_free_bytes"], detail)


def check_clock(core: SoundWave) -> HealthCheck:
    """A clock that stands before what it has itself recorded would make tokens live too long and jobs wait."""
    now, drift = core.clock.now(), core.part(WallClock).drift_seconds()
    last = max((job.last_run.started_at for job in core.jobs.list() if job.last_run is not None), default=None)
    detail = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if abs(drift) > TOLERANCE_SECONDS:
        detail += f", set {'forward' if drift > 0 else 'back'} by {abs(drift):.0f} s since the start"
    if now < MADE_AT:
        return HealthCheck("clock", False, f"{detail}; this version was made after that")
    if last is not None and (from_stamp(last) - now).total_seconds() > TOLERANCE_SECONDS:
        return HealthCheck("clock", False, f"{detail}; but a job has begun at {last}: the clock was set back")
    return HealthCheck("clock", True, detail)
