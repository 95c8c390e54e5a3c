"""What goes over the wire. SQLite writes most of the answers; these types check them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from soundwave_core import LINE_FORM, Body, Id, ListQuery

from .store import LONGEST_TITLE

Title = Annotated[str, Meta(min_length=1, max_length=LONGEST_TITLE, pattern=LINE_FORM)]
Text = Annotated[str, Meta(max_length=20_000, pattern=r"^[^\x00]*$")]  # what a link says of itself is no longer
LongText = Annotated[str, Meta(max_length=200_000, pattern=r"^[^\x00]*$")]
Words = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
Seconds = Annotated[float, Meta(ge=0, le=1e7)]
Moment = Annotated[datetime, Meta(tz=True)]


class Track(Struct, frozen=True, kw_only=True):
    """A track as its listener sees it. `is_missing`: its file is not there, so it cannot be played."""

    id: str
    title: str
    artist: str
    album: str | None
    channel: str | None
    duration_seconds: float | None
    size_bytes: int
    codec: str
    added_at: str
    published_at: str | None
    is_favorite: bool
    is_missing: bool
    audio_url: str
    artwork_url: str | None
    revision: str


class TrackDetail(Track, frozen=True, kw_only=True):
    """A track with what only its own page shows. `play_count`: how often this listener heard it."""

    description: str | None
    source_url: str | None
    position_seconds: float | None
    play_count: int


class Usage(Struct, frozen=True, kw_only=True):
    """What somebody's own tracks take: what a quota is compared with."""

    tracks: int
    used_bytes: int


class Playlist(Struct, frozen=True, kw_only=True):
    """A playlist without its items."""

    id: str
    title: str
    description: str
    kind: Literal["custom", "mirrored", "smart"]
    count: int
    duration_seconds: float
    rev: int
    artwork_url: str | None
    updated_at: str
    source_url: str | None


class Item(Struct, frozen=True, kw_only=True):
    """One place in a playlist; ``position`` is a fractional key, compared as bytes."""

    id: str
    position: str
    audio_url: str
    track: Track


class PlaylistDetail(Playlist, frozen=True, kw_only=True):
    """A playlist with all of its items, in order."""

    items: list[Item]


class ItemList(Struct, frozen=True, kw_only=True):
    """Items that were just added or moved."""

    items: list[Item]


class SearchResult(Struct, frozen=True, kw_only=True):
    """The best matches of each kind."""

    tracks: list[Track]
    playlists: list[Playlist]


class Play(Struct, frozen=True, kw_only=True):
    """The fact that a user heard a track; ``track_id`` is null once the track is gone."""

    id: str
    track_id: str | None
    title: str
    artist: str
    played_at: str
    seconds: float | None


class TrackQuery(ListQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a list of tracks may be asked for; ``user`` is for admins."""

    search: Words | None = None
    ordering: Literal["-added_at", "title", "artist"] = "-added_at"
    channel: Id | None = None
    is_favorite: bool | None = None
    user: Id | None = None


class PlaylistQuery(ListQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of playlists; ``user`` is for admins."""

    user: Id | None = None


class OwnerQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose library is meant; for admins."""

    user: Id | None = None


class SearchQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words to look for, and how many results of each kind."""

    q: Words
    limit: Annotated[int, Meta(ge=1, le=200)] = 20


class ArtworkQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``v`` names the version, so that it may be kept for ever; ``size``: what it is to fit in, in pixels each way."""

    v: Annotated[str, Meta(max_length=64)] | None = None
    size: Literal[96, 256, 512] | None = None


class PositionBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the listener is, and since when (now, if it is not said)."""

    seconds: Seconds
    at: Moment | None = None

    def __post_init__(self) -> None:
        ensure_moment(self.at)


class Lyrics(Struct, frozen=True, kw_only=True):
    """The words of a track. `synced` is LRC text; both are null where it `is_instrumental`."""

    synced: str | None
    plain: str | None
    is_instrumental: bool
    source: str
    language: str | None
    updated_at: str


class LyricsBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a track's lyrics anew; at least one of the first three must say something."""

    synced: LongText = ""
    plain: LongText = ""
    is_instrumental: bool = False
    language: Annotated[str, Meta(max_length=35, pattern=r"^[A-Za-z0-9-]*$")] = ""


class PlaylistBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new playlist."""

    title: Title
    description: Text = ""


class PlaylistPatch(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a playlist."""

    title: Title | UnsetType = UNSET
    description: Text | UnsetType = UNSET


class ItemsBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tracks to add: behind the item ``after``, at the front where it is null, else at the end."""

    tracks: Annotated[list[Id], Meta(min_length=1, max_length=500)]
    after: Id | UnsetType | None = UNSET


class ItemPatch(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The item to stand behind; null is the front."""

    after: Id | None


class PlayBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A play; a device may give its own ``id``, so that telling twice counts once."""

    track: Id
    id: Id | None = None
    played_at: Moment | None = None
    seconds: Seconds | None = None

    def __post_init__(self) -> None:
        ensure_moment(self.played_at)


def ensure_moment(moment: datetime | None) -> None:
    """ValueError for what UTC's calendar has not: the first hours of year 1 in the east, the last of 9999 westwards."""
    try:
        if moment is not None:
            moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("Expected a moment between the years 1 and 9999 in UTC") from None
