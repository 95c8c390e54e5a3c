"""What the core itself counts, and the machine beneath it."""

from __future__ import annotations

import platform
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from soundwave_core import Metric, __version__, from_stamp

from .health import ask_all, database_bytes
from .machine import Disks, folders

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def core_metrics(core: SoundWave) -> list[Metric]:
    """Everything but the histogram of durations; their names have no plugin, as the core's settings have none."""
    return [*_server(core), *_database(core), *_disks(core), *_jobs(core)]


def _server(core: SoundWave) -> Iterator[Metric]:
    about = {(__version__, platform.python_version()): 1}
    yield Metric("info", "gauge", "Always 1; the labels say what runs.", about, ["version", "python"])
    is_well = ask_all(core, with_details=False).status == "ok"
    yield Metric("healthy", "gauge", "1 where /api/health/ says ok, else 0.", int(is_well))
    uptime = core.clock.monotonic() - core.began_at
    yield Metric("uptime_seconds", "gauge", "How long the server has been running.", uptime)
    answers = core.traffic.answers()
    yield Metric("requests", "counter", "Requests that were answered.", answers, ["method", "status"])
    under_way = len(core.traffic.under_way())
    yield Metric("requests_in_progress", "gauge", "Requests that a thread works on, this one included.", under_way)
    if core.server is not None:
        yield Metric("requests_waiting", "gauge", "Requests that wait for a thread.", core.server.waiting)
        yield Metric("connections", "gauge", "Connections that are open.", core.server.connections)
    yield Metric("threads", "gauge", "Threads of the process, of every kind.", threading.active_count())
    states = [record.status for record in core.plugins.records.values()]
    counts = {(state,): states.count(state) for state in ("enabled", "disabled", "failed")}
    yield Metric("plugins", "gauge", "Plugins by what became of them.", counts, ["status"])


def _database(core: SoundWave) -> Iterator[Metric]:
    size, wal = database_bytes(core)
    yield Metric("database_bytes", "gauge", "The size of the database.", size)
    yield Metric("database_wal_bytes", "gauge", "The size of the database's write-ahead log.", wal)
    yield Metric("database_revision", "gauge", "The change counter.", core.db.rev())


def _disks(core: SoundWave) -> Iterator[Metric]:
    free, total = dict[tuple[str, ...], float](), dict[tuple[str, ...], float]()
    for name, folder in folders(core).items():
        try:
            disk = core.part(Disks).look(folder)
        except OSError:  # health says why
            continue
        free[name,], total[name,] = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    yield Metric("disk_free_bytes", "gauge", "Room on the disk of a folder.", free, ["folder"])
    yield Metric("disk_bytes", "gauge", "The size of the disk of a folder.", total, ["folder"])


def _jobs(core: SoundWave) -> Iterator[Metric]:
    jobs, good = core.jobs.list(), core.jobs.last_successes()
    yield Metric("job_runs", "counter", "Runs that ended, by how.", core.jobs.ended, ["job", "state"])
    last = {(job.id,): from_stamp(good[job.id]).timestamp() for job in jobs if job.id in good}
    yield Metric("job_last_success_timestamp_seconds", "gauge", "When a run last ended well.", last, ["job"])
    running = {(job.id,): int(job.is_running) for job in jobs}
    yield Metric("job_running", "gauge", "1 while the job runs.", running, ["job"])
    failed = {(job.id,): int(job.last_run is not None and job.last_run.state == "failed") for job in jobs}
    yield Metric("job_failed", "gauge", "1 where the last run failed or was cut short.", failed, ["job"])
    paused = {(job.id,): int(job.is_paused) for job in jobs}
    yield Metric("job_paused", "gauge", "1 while an admin has the job paused.", paused, ["job"])
