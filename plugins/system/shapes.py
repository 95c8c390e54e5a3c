"""What goes over the wire: bodies and answers of this room's routes."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from soundwave_core import Body

PluginStatus = Literal["enabled", "disabled", "failed"]


class Pong(msgspec.Struct, frozen=True):
    """The server answers."""

    status: Literal["ok"] = "ok"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at; ``detail`` is empty for all but admins."""

    name: str
    is_ok: bool
    detail: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether all is well."""

    status: Literal["ok", "degraded"]
    version: str
    checks: list[Check]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a job."""

    id: str
    started_at: str
    ended_at: str | None
    state: Literal["running", "done", "failed"]
    error: str | None
    duration_seconds: float | None


class RunDetail(Run, frozen=True, kw_only=True):
    """A run with what it logged, so far or in all; of long logs the end."""

    lines: list[str]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A job and when it runs."""

    id: str
    plugin: str
    description: str
    schedule: str
    is_paused: bool
    is_running: bool
    last_run: Run | None
    next_run_at: str | None


class TaskDetail(Task, frozen=True, kw_only=True):
    """A job with its last runs, newest first."""

    runs: list[RunDetail]


class TaskPatch(Body, frozen=True, kw_only=True):
    """Pause a job, or let it run again."""

    is_paused: bool


class SettingsPatch(Body, frozen=True, kw_only=True):
    """New values by name; null brings the default back."""

    values: dict[str, Any]


class PluginView(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin and what became of it."""

    name: str
    version: str
    status: PluginStatus
    reason: str | None
    routes: int
    slowest_hook: str | None
    slowest_seconds: float | None
