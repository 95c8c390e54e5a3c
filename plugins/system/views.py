"""What the core knows, in the shapes that go over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .shapes import PluginView, Run, RunDetail, Task, TaskDetail

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def tasks(core: SoundWave) -> list[Task]:
    """Every job, by id."""
    return [Task(**_task(status)) for status in core.jobs.list()]


def task(core: SoundWave, job_id: str) -> TaskDetail:
    """A job with its last 20 runs. NotFound."""
    return TaskDetail(**_task(core.jobs.get(job_id)), runs=[_with_lines(entry) for entry in core.jobs.runs(job_id, 20)])


def run(entry: Any) -> Run:
    """A run of the core's, without its log."""
    return msgspec.convert(entry, Run, from_attributes=True)


def _with_lines(entry: Any) -> RunDetail:
    return RunDetail(**msgspec.structs.asdict(run(entry)), lines=entry.log.splitlines())


def plugins(core: SoundWave) -> list[PluginView]:
    """Every plugin in the order of loading; one that failed has a reason."""
    views = []
    for record in core.plugins.records.values():
        hook, seconds = record.slowest or (None, None)
        views.append(
            PluginView(
                name=record.name, version=record.version, status=record.status, reason=record.reason or None,
                routes=len(record.contributions.routes), slowest_hook=hook, slowest_seconds=seconds,
            )
        )  # fmt: skip
    return views


def _task(status: Any) -> dict[str, Any]:
    last = run(status.last_run) if status.last_run is not None else None
    names = ("id", "plugin", "description", "schedule", "is_paused", "is_running", "next_run_at")
    return {name: getattr(status, name) for name in names} | {"last_run": last}
