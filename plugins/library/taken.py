"""What a file that somebody took along may have in it: all within bounds, for a stranger may have written it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from soundwave_core import Id

Line = Annotated[str, Meta(max_length=4096)]
Text = Annotated[str, Meta(max_length=1_000_000)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$(?!\n)")]


class TakenTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A track, what its user did with it, and its lyrics. ``sha256`` is of the file, None where that was not there.

    ``owned_at``: since when it is in the user's own library; None: it was the household's. Moments are stamps.
    """

    id: Id
    title: Line
    path: Line
    added_at: Line
    artist: Line = ""
    album: Line | None = None
    album_artist: Line | None = None
    genre: Line | None = None
    year: Count | None = None
    track_number: Count | None = None
    disc_number: Count | None = None
    channel: Line | None = None
    duration_seconds: Seconds | None = None
    published_at: Line | None = None
    description: Text | None = None
    extractor: Line | None = None
    source_id: Line | None = None
    source_url: Line | None = None
    size_bytes: Count = 0
    codec: Line = "unknown"
    sha256: Hash | None = None
    owned_at: Line | None = None
    favorite_at: Line | None = None
    position_seconds: Seconds | None = None
    position_at: Line | None = None
    earlier_plays: Count = 0
    synced: Text | None = None
    plain: Text | None = None
    is_instrumental: bool = False
    lyrics_source: Line | None = None
    language: Line | None = None


class TakenItem(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a playlist; with ``extractor`` and ``source_id`` it is one that the list's source has."""

    id: Id
    track: Id
    added_at: Line
    extractor: Line | None = None
    source_id: Line | None = None


class TakenPlaylist(msgspec.Struct, frozen=True, kw_only=True):
    """A playlist with its items in their order."""

    id: Id
    title: Line
    kind: Line
    created_at: Line
    updated_at: Line
    items: list[TakenItem]
    description: Text = ""
    source_url: Line | None = None


class TakenPlay(msgspec.Struct, frozen=True, kw_only=True):
    """That a track was heard; ``track`` is None where it is gone."""

    id: Id
    title: Line
    artist: Line
    played_at: Line
    track: Id | None = None
    seconds: Seconds | None = None
