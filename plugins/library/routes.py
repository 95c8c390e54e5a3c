"""The doors: tracks, search, plays, playlists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from soundwave_core import (
    Access,
    AdminWriteOnly,
    FileAnswer,
    IsAuthenticated,
    IsOwnerOrAdmin,
    Json,
    Listing,
    ListQuery,
    Route,
)

from . import changes, shapes
from .answers import next_url, picture, revalidated
from .files import ensure_playable
from .media import download_name, media_path
from .store import END, Artworks, Lists, Plays, TrackList, Tracks, listening_rev

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave


def list_tracks(core: SoundWave, request: Request) -> Json:
    """A page of the tracks that one may hear: own entries and the household's."""
    query: shapes.TrackQuery = request.query
    owner = changes.whose(request.user, query.user)
    etag = revalidated(core, request)
    page = _lists(core, request, owner).tracks(
        TrackList(
            search=query.search or None, ordering=query.ordering, channel=query.channel,
            is_favorite=query.is_favorite, limit=query.limit, cursor=query.cursor,
        )
    )  # fmt: skip
    return Json(page.body(next_url(request)), etag)


def get_track(core: SoundWave, request: Request) -> Json:
    """One track, with what only its own page shows."""
    etag = revalidated(core, request, listening_rev(core.db))
    return Json(_lists(core, request).track(request.user, request.params["track"]), etag)


def get_usage(core: SoundWave, request: Request) -> Json:
    """How many tracks are one's own, and how much room they take."""
    owner = changes.whose(request.user, request.query.user)
    etag = revalidated(core, request)
    return Json(_lists(core, request, owner).usage(), etag)


def delete_track(core: SoundWave, request: Request) -> None:
    """Take a track out of a library. It goes for good with its last owner."""
    changes.remove_track(core, request.user, request.params["track"], request.query.user)


def stream(core: SoundWave, request: Request) -> FileAnswer:
    """The file, whole or by Range."""
    track = ensure_playable(core, Tracks(core.db, request.user).get(request.params["track"]))
    return FileAnswer(media_path(core, track.path), track.revision, track.mime)


def download(core: SoundWave, request: Request) -> FileAnswer:
    """The file, to be saved under its title."""
    track = ensure_playable(core, Tracks(core.db, request.user).get(request.params["track"]))
    name = download_name(track.title, track.path)
    return FileAnswer(media_path(core, track.path), track.revision, track.mime, name)


def track_artwork(core: SoundWave, request: Request) -> FileAnswer:
    """A track's picture."""
    track = Tracks(core.db, request.user).get(request.params["track"])
    return picture(core, request, track.artwork_sha256, track.artwork_path, track.artwork_mime)


def playlist_artwork(core: SoundWave, request: Request) -> FileAnswer:
    """A playlist's own picture."""
    found = Artworks(core.db).find("playlists", request.params["playlist"]) or {}
    return picture(core, request, found.get("sha256"), found.get("path"), found.get("mime"))


def channel_artwork(core: SoundWave, request: Request) -> FileAnswer:
    """A channel's picture."""
    found = Artworks(core.db).find("channels", request.params["channel"]) or {}
    return picture(core, request, found.get("sha256"), found.get("path"), found.get("mime"))


def put_favorite(core: SoundWave, request: Request) -> None:
    """Mark a track."""
    changes.set_favorite(core, request.user, request.params["track"], True)


def delete_favorite(core: SoundWave, request: Request) -> None:
    """Take the mark off."""
    changes.set_favorite(core, request.user, request.params["track"], False)


def put_position(core: SoundWave, request: Request) -> None:
    """Remember where the listener is; the newest event counts."""
    body: shapes.PositionBody = request.body
    changes.set_position(core, request.user, request.params["track"], body.seconds, body.at)


def search(core: SoundWave, request: Request) -> Json:
    """The best tracks and playlists for some words."""
    etag = revalidated(core, request)
    return Json(_lists(core, request).search(request.query.q, request.query.limit), etag)


def list_plays(core: SoundWave, request: Request) -> Json:
    """What one has heard, newest first."""
    etag = revalidated(core, request, listening_rev(core.db))
    page = _lists(core, request).plays(request.query.limit, request.query.cursor)
    return Json(page.body(next_url(request)), etag)


def add_play(core: SoundWave, request: Request) -> shapes.Play:
    """Record a play; told twice under one id, it counts once."""
    body: shapes.PlayBody = request.body
    uid = changes.record_play(
        core, request.user, body.track, uid=body.id, played_at=body.played_at, seconds=body.seconds
    )
    return msgspec.convert(Plays(core.db).find(request.user.id, uid), shapes.Play)


def list_playlists(core: SoundWave, request: Request) -> Json:
    """A page of playlists, by title."""
    owner = changes.whose(request.user, request.query.user)
    etag = revalidated(core, request)
    page = _lists(core, request, owner).playlists(request.query.limit, request.query.cursor)
    return Json(page.body(next_url(request)), etag)


def create_playlist(core: SoundWave, request: Request) -> Json:
    """A new, empty playlist."""
    body: shapes.PlaylistBody = request.body
    playlist = changes.create_playlist(core, request.user, body.title, body.description)
    return Json(_lists(core, request).playlist_summary(playlist))


def get_playlist(core: SoundWave, request: Request) -> Json:
    """A playlist with all of its items, in order."""
    etag = revalidated(core, request)
    return Json(_lists(core, request).playlist(request.user, request.params["playlist"]), etag)


def patch_playlist(core: SoundWave, request: Request) -> Json:
    """Change the title or the description."""
    body: shapes.PlaylistPatch = request.body
    fields = {"title": body.title, "description": body.description}
    playlist = request.params["playlist"]
    given = {name: value for name, value in fields.items() if value is not UNSET and isinstance(value, str)}
    changes.patch_playlist(core, request.user, playlist, **given)
    return Json(_lists(core, request).playlist_summary(playlist))


def delete_playlist(core: SoundWave, request: Request) -> None:
    """Remove the list, never its tracks."""
    changes.remove_playlist(core, request.user, request.params["playlist"])


def add_items(core: SoundWave, request: Request) -> Json:
    """Add tracks: behind an item, at the front, or at the end."""
    body: shapes.ItemsBody = request.body
    after = END if body.after is UNSET else body.after
    items = changes.add_items(core, request.user, request.params["playlist"], body.tracks, after)
    return Json(_lists(core, request).items(items))


def move_item(core: SoundWave, request: Request) -> Json:
    """Put an item behind another one, or at the front."""
    item = request.params["item"]
    changes.move_item(core, request.user, request.params["playlist"], item, request.body.after)
    return Json(_lists(core, request).items([item]))


def delete_item(core: SoundWave, request: Request) -> None:
    """Take an item out; the track stays."""
    changes.remove_item(core, request.user, request.params["playlist"], request.params["item"])


def _lists(core: SoundWave, request: Request, owner: str | None = None) -> Lists:
    return Lists(core.db, owner or request.user.id, request.prefix)


_TRACK = "/api/audio/<track:id>/"
_PLAYLIST = "/api/playlist/<playlist:id>/"
_ITEM = f"{_PLAYLIST}items/<item:id>/"

# fmt: off
ROUTES = [
    Route("GET", "/api/audio/", list_tracks, IsAuthenticated,
          query=shapes.TrackQuery, answer=Listing[shapes.Track]),
    Route("GET", "/api/audio/usage/", get_usage, IsAuthenticated, query=shapes.OwnerQuery, answer=shapes.Usage),
    Route("GET", _TRACK, get_track, IsOwnerOrAdmin, resource="track", answer=shapes.TrackDetail),
    Route("DELETE", _TRACK, delete_track, IsOwnerOrAdmin, resource="track", query=shapes.OwnerQuery),
    Route("GET", f"{_TRACK}stream/", stream, IsOwnerOrAdmin, resource="track",
          answer=FileAnswer, scope="play"),
    Route("GET", f"{_TRACK}download/", download, IsOwnerOrAdmin, resource="track",
          answer=FileAnswer, scope="play"),
    Route("GET", f"{_TRACK}artwork/", track_artwork, IsOwnerOrAdmin, resource="track",
          query=shapes.ArtworkQuery, answer=FileAnswer),
    Route("PUT", f"{_TRACK}favorite/", put_favorite, IsOwnerOrAdmin, resource="track", access=Access.READ),
    Route("DELETE", f"{_TRACK}favorite/", delete_favorite, IsOwnerOrAdmin, resource="track",
          access=Access.READ),
    Route("PUT", f"{_TRACK}position/", put_position, IsOwnerOrAdmin, resource="track", access=Access.READ,
          body=shapes.PositionBody),
    Route("GET", "/api/search/", search, IsAuthenticated,
          query=shapes.SearchQuery, answer=shapes.SearchResult),
    Route("GET", "/api/play/", list_plays, IsAuthenticated, query=ListQuery, answer=Listing[shapes.Play]),
    Route("POST", "/api/play/", add_play, IsAuthenticated,
          body=shapes.PlayBody, answer=shapes.Play, status=201),
    Route("GET", "/api/playlist/", list_playlists, IsAuthenticated,
          query=shapes.PlaylistQuery, answer=Listing[shapes.Playlist]),
    Route("POST", "/api/playlist/", create_playlist, IsAuthenticated,
          body=shapes.PlaylistBody, answer=shapes.Playlist, status=201),
    Route("GET", _PLAYLIST, get_playlist, IsOwnerOrAdmin, resource="playlist", answer=shapes.PlaylistDetail),
    Route("PATCH", _PLAYLIST, patch_playlist, IsOwnerOrAdmin, resource="playlist",
          body=shapes.PlaylistPatch, answer=shapes.Playlist),
    Route("DELETE", _PLAYLIST, delete_playlist, IsOwnerOrAdmin, resource="playlist"),
    Route("GET", f"{_PLAYLIST}artwork/", playlist_artwork, IsOwnerOrAdmin, resource="playlist",
          query=shapes.ArtworkQuery, answer=FileAnswer),
    Route("POST", f"{_PLAYLIST}items/", add_items, IsOwnerOrAdmin, resource="playlist",
          body=shapes.ItemsBody, answer=shapes.ItemList, status=201),
    Route("PATCH", _ITEM, move_item, IsOwnerOrAdmin, resource="playlist",
          body=shapes.ItemPatch, answer=shapes.ItemList),
    Route("DELETE", _ITEM, delete_item, IsOwnerOrAdmin, resource="playlist"),
    Route("GET", "/api/channel/<channel:id>/artwork/", channel_artwork, AdminWriteOnly, resource="channel",
          query=shapes.ArtworkQuery, answer=FileAnswer),
]
# fmt: on
