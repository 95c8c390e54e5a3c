"""System: is it well, what does it do and when, and how is it set up."""

from __future__ import annotations

from collections.abc import Sequence

from soundwave_core import AdminOnly, HealthCheck, Job, Page, Route, SoundWave, hookimpl

from .health import check_machine
from .jobs import JOBS
from .routes import ROUTES

REQUIRES = ("auth",)


@hookimpl
def register_routes(core: SoundWave) -> Sequence[Route]:
    return ROUTES


@hookimpl
def register_jobs(core: SoundWave) -> Sequence[Job]:
    return JOBS


@hookimpl
def register_ui(core: SoundWave) -> Sequence[Page]:
    return [Page("/admin/", "Administration", "admin-page", AdminOnly, icon="admin", order=95)]


@hookimpl
def health(core: SoundWave) -> Sequence[HealthCheck]:
    return check_machine(core)
