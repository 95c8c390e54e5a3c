"""Moods: what a track feels like, in each listener's own words."""

from __future__ import annotations

from collections.abc import Sequence

from soundwave_core import (
    IsAuthenticated,
    Job,
    Migration,
    Page,
    ResourceKind,
    Route,
    Setting,
    Slot,
    SoundWave,
    hookimpl,
)

from . import moods
from .jobs import JOBS
from .migrations import MIGRATIONS
from .routes import ROUTES
from .settings import SETTINGS

REQUIRES = ("auth", "library")


@hookimpl
def register_settings() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def register_migrations() -> Sequence[Migration]:
    return MIGRATIONS


@hookimpl
def register_resources(core: SoundWave) -> Sequence[ResourceKind]:
    return [ResourceKind("mood", moods.access_of)]


@hookimpl
def register_routes(core: SoundWave) -> Sequence[Route]:
    return ROUTES


@hookimpl
def register_jobs(core: SoundWave) -> Sequence[Job]:
    return JOBS


@hookimpl
def register_ui(core: SoundWave) -> Sequence[Page | Slot]:
    return [
        Page("/moods/", "Moods", "moods-page", IsAuthenticated, module="moods-page.js", icon="library", order=50),
        Slot("track-actions", "mood-action", IsAuthenticated, module="mood-action.js"),
    ]


@hookimpl
def track_removed(core: SoundWave, track_id: str) -> None:
    moods.forget_track(core, track_id)
