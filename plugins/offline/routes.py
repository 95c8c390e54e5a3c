"""The doors: the service worker, what devices keep, and what they counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soundwave_core import (
    Access,
    IsAuthenticated,
    IsOwnerOrAdmin,
    Json,
    Listing,
    Public,
    Raw,
    Route,
    transaction,
    whole,
)

from . import shapes, stats
from .manifest import contributors, make_manifest
from .store import Devices, KeptPlaylists
from .worker import POLICY, build

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave


def get_worker(core: SoundWave, request: Request) -> Raw:
    """The service worker: the list of files to precache, then the built script."""
    headers = [("Content-Security-Policy", POLICY), ("Cache-Control", "no-cache")]
    return Raw(build(core), "text/javascript; charset=utf-8", headers)


def get_manifest(core: SoundWave, request: Request) -> Json:
    """Every address that a device needs to have this playlist whole, with its revision and size."""
    etag = request.revalidate(core.db.rev(), contributors(core))
    manifest = make_manifest(core, request.user, request.params["playlist"], request.prefix)
    return Json(msgspec.json.encode(manifest), etag)


def list_offline_playlists(core: SoundWave, request: Request) -> Listing[shapes.OfflinePlaylist]:
    """What one's devices keep."""
    return whole([*KeptPlaylists(core.db).list(request.user.id)])


def get_offline_playlist(core: SoundWave, request: Request) -> Listing[shapes.OfflinePlaylist]:
    """On which of one's devices this playlist is kept, and how far that is."""
    return whole([*KeptPlaylists(core.db).list(request.user.id, request.params["playlist"])])


def put_offline_playlist(core: SoundWave, request: Request) -> None:
    """A device keeps this playlist, or wants to: how far it is."""
    with transaction(core.db) as tx:
        KeptPlaylists(tx).put(request.user.id, request.params["playlist"], request.body, core.clock)


def delete_offline_playlist(core: SoundWave, request: Request) -> None:
    """A device keeps this playlist no longer."""
    with transaction(core.db) as tx:
        KeptPlaylists(tx).remove(request.user.id, request.params["playlist"], request.query.device)


def list_devices(core: SoundWave, request: Request) -> Listing[shapes.Device]:
    """One's devices, the one that was in touch last first."""
    return whole([*Devices(core.db).list(request.user.id)])


def delete_device(core: SoundWave, request: Request) -> None:
    """Forget a device and what it kept. One that is still used comes back with its next sync."""
    with transaction(core.db) as tx:
        Devices(tx).remove(request.user, request.params["device"])


def get_stats(core: SoundWave, request: Request) -> shapes.Stats:
    """What one's devices had from their caches and what from the network, by day."""
    query: shapes.StatsQuery = request.query
    return stats.statistics(core, request.user, query.days, query.user, query.whole)


def delete_stats(core: SoundWave, request: Request) -> None:
    """Forget one's own counts."""
    stats.clear(core, request.user)


_PLAYLIST = "/api/offline/playlist/<playlist:id>/"
_STATS = "/api/offline/stats/"

# fmt: off
ROUTES = [
    Route("GET", "/service-worker.js", get_worker, Public, answer=Raw),
    Route("GET", "/api/offline/playlist/", list_offline_playlists, IsAuthenticated,
          answer=Listing[shapes.OfflinePlaylist]),
    Route("GET", _PLAYLIST, get_offline_playlist, IsOwnerOrAdmin, resource="playlist",
          answer=Listing[shapes.OfflinePlaylist]),
    Route("PUT", _PLAYLIST, put_offline_playlist, IsOwnerOrAdmin, resource="playlist", access=Access.READ,
          body=shapes.OfflineBody),
    Route("DELETE", _PLAYLIST, delete_offline_playlist, IsOwnerOrAdmin, resource="playlist", access=Access.READ,
          query=shapes.DeviceQuery),
    Route("GET", f"{_PLAYLIST}manifest/", get_manifest, IsOwnerOrAdmin, resource="playlist",
          answer=shapes.Manifest),
    Route("GET", "/api/offline/device/", list_devices, IsAuthenticated, answer=Listing[shapes.Device]),
    Route("DELETE", "/api/offline/device/<device:id>/", delete_device, IsOwnerOrAdmin, resource="device"),
    Route("GET", _STATS, get_stats, IsAuthenticated, query=shapes.StatsQuery, answer=shapes.Stats),
    Route("DELETE", _STATS, delete_stats, IsAuthenticated),
]
# fmt: on
