"""Library: tracks, playlists, plays, search, streaming. The noun that the other plugins share."""

from __future__ import annotations

from collections.abc import Sequence

from soundwave_core import (
    Access,
    Actor,
    IsAuthenticated,
    Job,
    Migration,
    Page,
    ResourceKind,
    Route,
    Slot,
    SoundWave,
    hookimpl,
)

from .changes import after_removal
from .jobs import DEPARTURES, JOBS
from .media import media_path, media_type
from .migrations import MIGRATIONS
from .ordering import is_key, key_between
from .routes import ROUTES
from .shapes import Playlist, Track
from .store import (
    END,
    Artworks,
    Channel,
    Channels,
    Entries,
    Favorites,
    Lists,
    NewTrack,
    Playlists,
    Plays,
    Positions,
    Removal,
    StoredTrack,
    Tracks,
    listening_rev,
    unknown_paths,
)

__all__ = [
    "END",
    "Artworks",
    "Channel",
    "Channels",
    "Entries",
    "Favorites",
    "Lists",
    "NewTrack",
    "Playlist",
    "Playlists",
    "Plays",
    "Positions",
    "Removal",
    "StoredTrack",
    "Track",
    "Tracks",
    "after_removal",
    "is_key",
    "key_between",
    "listening_rev",
    "media_path",
    "media_type",
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
    return ROUTES


@hookimpl
def register_jobs(core: SoundWave) -> Sequence[Job]:
    return JOBS


@hookimpl
def register_ui(core: SoundWave) -> Sequence[Page | Slot]:
    return [
        Page("/", "Library", "library-page", IsAuthenticated, icon="library", order=10),
        Page("/playlists/", "Playlists", "playlists-page", IsAuthenticated, icon="playlists", order=20),
        Page("/playlist/", "Playlist", "playlist-page", IsAuthenticated, order=-1),
    ]


@hookimpl
def user_removed(core: SoundWave) -> None:
    core.jobs.nudge(DEPARTURES)


def _track_access(core: SoundWave, actor: Actor, track_id: str) -> Access:
    return Tracks(core.db).access_of(actor, track_id)


def _playlist_access(core: SoundWave, actor: Actor, playlist_id: str) -> Access:
    return Playlists(core.db).access_of(actor, playlist_id)


def _channel_access(core: SoundWave, actor: Actor, channel_id: str) -> Access:
    return Channels(core.db).access_of(actor, channel_id)
