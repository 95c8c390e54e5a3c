"""Downloads: links in, tracks out; channels and mirrored playlists. The only user of yt-dlp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from soundwave_core import (
    Export,
    HealthCheck,
    Import,
    ImportReport,
    IsAuthenticated,
    Job,
    Legacy,
    Metric,
    Migration,
    Page,
    ResourceKind,
    Route,
    Setting,
    SoundWave,
    hookimpl,
    transaction,
)

from . import departures
from .access import RESOURCES
from .exports import export_sources, import_sources
from .health import check
from .jobs import JOBS
from .legacy import bring_over
from .metrics import Ended, count
from .migrations import MIGRATIONS
from .programs import check_programs
from .queue import Engine
from .routes import ROUTES
from .settings import SETTINGS
from .store import PlacedFiles

__all__ = ["Engine"]

REQUIRES = ("auth", "library")


@hookimpl
def register_settings() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def register_migrations() -> Sequence[Migration]:
    return MIGRATIONS


@hookimpl
def register_resources(core: SoundWave) -> Sequence[ResourceKind]:
    return RESOURCES


@hookimpl
def register_routes(core: SoundWave) -> Sequence[Route]:
    return ROUTES


@hookimpl
def register_jobs(core: SoundWave) -> Sequence[Job]:
    return JOBS


@hookimpl
def register_ui(core: SoundWave) -> Sequence[Page]:
    return [
        Page("/downloads/", "Downloads", "downloads-page", IsAuthenticated, icon="download", order=30),
        Page("/channels/", "Channels", "channels-page", IsAuthenticated, icon="channel", order=40),
    ]


@hookimpl
def register_programs() -> Sequence[HealthCheck]:
    return check_programs()


@hookimpl
def startup(core: SoundWave) -> None:
    core.part(Engine).start()


@hookimpl
def shutdown(core: SoundWave) -> None:
    core.part(Engine).stop()


@hookimpl
def playlist_changed(core: SoundWave, playlist_id: str) -> None:
    core.part(Engine).cancel(departures.playlist_changed(core, playlist_id))


@hookimpl
def user_changed(core: SoundWave, user_id: str) -> None:
    core.part(Engine).cancel(departures.user_changed(core, user_id))


@hookimpl
def user_removed(core: SoundWave, user_id: str) -> None:
    core.part(Engine).cancel(departures.user_changed(core, user_id))


@hookimpl
def download_finished(core: SoundWave, download: dict[str, Any]) -> None:
    core.part(Ended).note_done(download)


@hookimpl
def download_failed(core: SoundWave, code: str) -> None:
    core.part(Ended).note_failed(code)


@hookimpl
def import_legacy(core: SoundWave, legacy: Legacy, report: ImportReport) -> None:
    bring_over(core, legacy, report)


@hookimpl
def adapt_restored(core: SoundWave) -> None:
    """A file on its way when the backup was made has long since become a track of the database that is kept."""
    with transaction(core.db) as tx:
        PlacedFiles(tx).forget_all()


@hookimpl
def health(core: SoundWave) -> Sequence[HealthCheck]:
    return check(core)


@hookimpl
def metrics(core: SoundWave) -> Sequence[Metric]:
    return count(core)


@hookimpl
def export_user(core: SoundWave, user_id: str, export: Export) -> None:
    export_sources(core, user_id, export)


@hookimpl
def import_user(core: SoundWave, user_id: str, given: Import, report: ImportReport) -> None:
    import_sources(core, user_id, given, report)
