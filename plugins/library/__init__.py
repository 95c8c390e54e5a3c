"""Library: tracks, playlists, plays, search, streaming. The noun that the other plugins share."""

from __future__ import annotations

from collections.abc import Sequence

from soundwave_core import (
    Access,
    Actor,
    Export,
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
    Slot,
    SoundWave,
    hookimpl,
    transaction,
)

from . import lyrics_routes
from .carrying import CarriedFile, CarriedPlaylist, carried_playlist
from .changes import after_removal
from .device_changes import DeviceChanges
from .exports import export_library
from .files import find_file
from .imports import Arrival
from .jobs import DEPARTURES, JOBS, READING
from .legacy import bring_over
from .media import media_path, media_type
from .metrics import count
from .migrations import MIGRATIONS
from .ordering import is_key, key_between
from .programs import find_ffmpeg
from .routes import ROUTES
from .shapes import Moment, Play, Playlist, Seconds, Text, Title, Track, ensure_moment
from .store import (
    END,
    Artworks,
    Changed,
    Changes,
    Channel,
    Channels,
    Entries,
    Favorites,
    FileRemovals,
    FileStates,
    KeptFile,
    Lists,
    Mark,
    NewItem,
    NewTrack,
    Playlists,
    Plays,
    Positions,
    Removal,
    StoredTrack,
    Tracks,
    kept_files,
    listening_rev,
    some_tracks,
    unknown_paths,
)

__all__ = [
    "END",
    "READING",
    "Artworks",
    "CarriedFile",
    "CarriedPlaylist",
    "Changed",
    "Changes",
    "Channel",
    "Channels",
    "DeviceChanges",
    "Entries",
    "Favorites",
    "FileStates",
    "KeptFile",
    "Lists",
    "Mark",
    "Moment",
    "NewItem",
    "NewTrack",
    "Play",
    "Playlist",
    "Playlists",
    "Plays",
    "Positions",
    "Removal",
    "Seconds",
    "StoredTrack",
    "Text",
    "Title",
    "Track",
    "Tracks",
    "after_removal",
    "carried_playlist",
    "ensure_moment",
    "find_ffmpeg",
    "find_file",
    "is_key",
    "kept_files",
    "key_between",
    "listening_rev",
    "media_path",
    "media_type",
    "some_tracks",
    "unknown_paths",
]


@hookimpl
def register_migrations() -> Sequence[Migration]:
    return MIGRATIONS


@hookimpl
def register_resources(core: SoundWave) -> Sequence[ResourceKind]:
    return [
        ResourceKind("track", _track_access),
        ResourceKind("playlist", _playlist_access),
        ResourceKind("channel", _channel_access),
    ]


@hookimpl
def register_routes(core: SoundWave) -> Sequence[Route]:
    return [*ROUTES, *lyrics_routes.ROUTES]


@hookimpl
def register_jobs(core: SoundWave) -> Sequence[Job]:
    return JOBS


@hookimpl
def register_ui(core: SoundWave) -> Sequence[Page | Slot]:
    return [
        Page("/", "Library", "library-page", IsAuthenticated, icon="library", order=10),
        Page("/playlists/", "Playlists", "playlists-page", IsAuthenticated, icon="playlists", order=20),
        Page("/history/", "History", "history-page", IsAuthenticated, icon="history", order=50),
        Page("/playlist/", "Playlist", "playlist-page", IsAuthenticated, order=-1),
    ]


@hookimpl
def import_legacy(core: SoundWave, legacy: Legacy, report: ImportReport) -> None:
    bring_over(core, legacy, report)


@hookimpl
def adapt_restored(core: SoundWave) -> None:
    """A file that was to go when the backup was made may have come again, for the database that is kept."""
    with transaction(core.db) as tx:
        FileRemovals(tx).forget_all()


@hookimpl
def user_removed(core: SoundWave) -> None:
    core.jobs.nudge(DEPARTURES)


@hookimpl
def metrics(core: SoundWave) -> Sequence[Metric]:
    return count(core)


@hookimpl
def export_user(core: SoundWave, user_id: str, export: Export) -> None:
    export_library(core, user_id, export)


@hookimpl
def import_user(core: SoundWave, user_id: str, given: Import, report: ImportReport) -> None:
    Arrival(core, user_id, given, report).bring()


def _track_access(core: SoundWave, actor: Actor, track_id: str) -> Access:
    return Tracks(core.db).access_of(actor, track_id)


def _playlist_access(core: SoundWave, actor: Actor, playlist_id: str) -> Access:
    return Playlists(core.db).access_of(actor, playlist_id)


def _channel_access(core: SoundWave, actor: Actor, channel_id: str) -> Access:
    return Channels(core.db).access_of(actor, channel_id)
