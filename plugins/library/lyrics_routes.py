"""The doors of lyrics: read by whoever may hear the track, written by whoever owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Access, Invalid, IsOwnerOrAdmin, NotFound, Route, transaction

from . import shapes
from .answers import shown_lyrics
from .store import Lyrics, Tracks

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave

NONE = "This track has no lyrics."


def get_lyrics(core: SoundWave, request: Request) -> shapes.Lyrics:
    """The words of a track; synced ones as LRC text."""
    return _shown(core, request)


def put_lyrics(core: SoundWave, request: Request) -> shapes.Lyrics:
    """Put these in the place of what is there, for everybody who has the track."""
    body: shapes.LyricsBody = request.body
    if not (body.synced.strip() or body.plain.strip() or body.is_instrumental):
        raise Invalid("Give synced or plain words, or say that there are none.", code="lyrics_empty")
    with transaction(core.db) as tx:
        track = Tracks(tx, request.user).get(request.params["track"])
        Lyrics(tx).set(
            track.uid, core.clock.stamp(), synced=body.synced or None, plain=body.plain or None,
            is_instrumental=int(body.is_instrumental), source="manual", language=body.language or None,
        )  # fmt: skip
    return _shown(core, request)


def delete_lyrics(core: SoundWave, request: Request) -> None:
    """Take the words away."""
    with transaction(core.db) as tx:
        if not Lyrics(tx).remove(Tracks(tx, request.user).get(request.params["track"]).uid):
            raise NotFound(NONE, code="lyrics_not_found")


def _shown(core: SoundWave, request: Request) -> shapes.Lyrics:
    track = Tracks(core.db, request.user).get(request.params["track"])
    found = Lyrics(core.db).find(track.uid)
    if found is None:
        raise NotFound(NONE, code="lyrics_not_found")
    return shown_lyrics(found)


_LYRICS = "/api/audio/<track:id>/lyrics/"

ROUTES = [
    Route("GET", _LYRICS, get_lyrics, IsOwnerOrAdmin, resource="track", answer=shapes.Lyrics),
    Route("PUT", _LYRICS, put_lyrics, IsOwnerOrAdmin, resource="track", body=shapes.LyricsBody,
          answer=shapes.Lyrics, access=Access.WRITE),
    Route("DELETE", _LYRICS, delete_lyrics, IsOwnerOrAdmin, resource="track"),
]  # fmt: skip
