"""What goes over the wire: bodies and answers of this room's routes."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from soundwave_core import Body


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
    state: str
    error: str | None
    duration_seconds: float | None


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A job and when it runs."""

    id: str
    plugin: str
    description: str
    schedule: str
    is_paused: bool
    last_run: Run | None
    next_run_at: str | None


class TaskDetail(Task, frozen=True, kw_only=True):
    """A job with its last runs, newest first."""

    runs: list[Run]


class TaskPatch(Body):
    """Pause a job, or let it run again."""

    is_paused: bool


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """All jobs."""

    count: int
    next: str | None
    previous: str | None
    results: list[Task]


class SettingView(msgspec.Struct, frozen=True, kw_only=True):
    """A setting and where its value comes from. A secret's value is never sent."""

    name: str
    type: str
    value: Any
    default: Any
    source: Literal["environment", "stored", "default"]
    description: str
    variable: str
    is_secret: bool
    is_editable: bool


class SettingPage(msgspec.Struct, frozen=True, kw_only=True):
    """All settings."""

    count: int
    next: str | None
    previous: str | None
    results: list[SettingView]


class SettingsPatch(Body):
    """New values by name; null brings the default back."""

    values: dict[str, Any]


class PluginView(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin and what became of it."""

    name: str
    version: str
    status: Literal["enabled", "disabled", "failed"]
    reason: str | None
    routes: int
    slowest_hook: str | None
    slowest_seconds: float | None


class PluginPage(msgspec.Struct, frozen=True, kw_only=True):
    """All plugins."""

    count: int
    next: str | None
    previous: str | None
    results: list[PluginView]
