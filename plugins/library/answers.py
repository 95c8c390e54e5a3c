"""What the routes' answers share: ETags by the change counter, the next page's URL, pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from soundwave_core import FileAnswer, NotFound

from . import shapes
from .artwork import Picture, Workshop
from .media import media_path

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave

# For ever, but for this session alone: whoever signs in next in the same browser asks again.
FOR_EVER = (("Cache-Control", "private, max-age=31536000, immutable"), ("Vary", "Cookie, Authorization"))


def revalidated(core: SoundWave, request: Request, *also: int) -> str:
    """The ETag of what is asked, by the change counter alone: where it has not moved, nothing is read."""
    return request.revalidate(core.db.rev(), *also)


def next_url(request: Request) -> str:
    """This list's own URL, ready for another cursor."""
    given: dict[str, Any] = msgspec.to_builtins(request.query)
    given = {name: value for name, value in given.items() if value is not None and name != "cursor"}
    words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
    return f"{request.prefix}{request.path}?{urlencode(words)}&cursor="


def picture(core: SoundWave, request: Request, sha256: str | None, path: str | None, mime: str | None) -> FileAnswer:
    """A picture, in the size that was asked for if it is to be had; by its version it may be kept for ever.

    The original in the place of a smaller one is not: next time there may be that.
    """
    if sha256 is None or path is None or mime is None:
        raise NotFound("There is no picture.", code="artwork_not_found")
    query: shapes.ArtworkQuery = request.query
    original, version = Picture(media_path(core, path), sha256, mime), query.v or ""
    shown = original if query.size is None else core.part(Workshop).find(original, query.size)
    is_versioned = len(version) >= 12 and sha256.startswith(version) and shown is not None
    found = shown or original
    return FileAnswer(found.path, found.sha256, found.mime, headers=FOR_EVER if is_versioned else ())


def shown_lyrics(found: dict[str, Any]) -> shapes.Lyrics:
    """Lyrics as they are sent, of their columns."""
    return msgspec.convert({**found, "is_instrumental": bool(found["is_instrumental"])}, shapes.Lyrics)
