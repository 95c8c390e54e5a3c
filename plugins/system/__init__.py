"""System: is it well, what does it do and when, and how is it set up."""

from __future__ import annotations

from collections.abc import Sequence

import click

from soundwave_core import AdminOnly, HealthCheck, Job, Metric, Page, Route, Setting, SoundWave, hookimpl

from . import backup_commands, backup_routes, export_commands, export_routes
from .backup_views import backup_metrics, check_backups
from .backup_work import look_after_start
from .health import check_machine
from .jobs import JOBS
from .machine import WallClock
from .routes import ROUTES
from .settings import SETTINGS
from .soundness import look_after_a_crash

REQUIRES = ("auth", "library")


@hookimpl
def register_settings() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def register_routes(core: SoundWave) -> Sequence[Route]:
    return [*ROUTES, *backup_routes.ROUTES, *export_routes.ROUTES]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    return [*backup_commands.COMMANDS, *export_commands.COMMANDS]


@hookimpl
def register_jobs(core: SoundWave) -> Sequence[Job]:
    return JOBS


@hookimpl
def register_ui(core: SoundWave) -> Sequence[Page]:
    return [Page("/admin/", "Administration", "admin-page", AdminOnly, icon="admin", order=95)]


@hookimpl
def startup(core: SoundWave) -> None:
    core.part(WallClock)
    look_after_a_crash(core)
    look_after_start(core)


@hookimpl
def health(core: SoundWave) -> Sequence[HealthCheck]:
    return [*check_machine(core), *check_backups(core)]


@hookimpl
def metrics(core: SoundWave) -> Sequence[Metric]:
    return list(backup_metrics(core))
