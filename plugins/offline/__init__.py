"""Offline: the service worker, what devices keep of the library, and what they changed and counted meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from soundwave_core import (
    Access,
    Actor,
    IsAuthenticated,
    Job,
    Metric,
    Migration,
    Page,
    ResourceKind,
    Route,
    Setting,
    SoundWave,
    hookimpl,
)

from . import routes, sync_routes
from .jobs import JOBS, SWEEP, forget_playlist
from .metrics import count
from .migrations import MIGRATIONS
from .settings import SETTINGS
from .store import Devices

REQUIRES = ("auth", "library")


@hookimpl
def register_settings() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def register_migrations() -> Sequence[Migration]:
    return MIGRATIONS


@hookimpl
def register_resources(core: SoundWave) -> Sequence[ResourceKind]:
    return [ResourceKind("device", _device_access)]


@hookimpl
def register_routes(core: SoundWave) -> Sequence[Route]:
    return [*routes.ROUTES, *sync_routes.ROUTES]


@hookimpl
def register_ui(core: SoundWave) -> Sequence[Page]:
    return [Page("/offline/", "Offline", "offline-page", IsAuthenticated, icon="offline", order=25)]


@hookimpl
def register_jobs(core: SoundWave) -> Sequence[Job]:
    return JOBS


@hookimpl
def playlist_changed(core: SoundWave, playlist_id: str) -> None:
    forget_playlist(core, playlist_id)


@hookimpl
def user_removed(core: SoundWave) -> None:
    core.jobs.nudge(SWEEP)


@hookimpl
def metrics(core: SoundWave) -> Sequence[Metric]:
    return count(core)


def _device_access(core: SoundWave, actor: Actor, device_id: str) -> Access:
    return Devices(core.db).access_of(actor, device_id)
