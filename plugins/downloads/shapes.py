"""What goes over the wire: bodies, queries and answers of this room's routes."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from soundwave_core import LINE_FORM, Body, Id, ListQuery

State = Literal["resolving", "queued", "running", "paused", "done", "failed", "cancelled"]
ItemState = Literal["queued", "running", "paused", "done", "failed", "cancelled", "skipped"]
# The pattern is for the document: links.ensure_link says in a better sentence what is wrong.
Link = Annotated[
    str,
    Meta(
        max_length=2048,
        description="An address that begins with http:// or https://.",
        extra_json_schema={"pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^\x00-\x20\x7f]+$"},
    ),
]
Title = Annotated[str, Meta(min_length=1, max_length=300, pattern=LINE_FORM)]
Interval = Annotated[int, Meta(ge=300, le=30 * 86400, description="Seconds between two checks.")]


class NewDownload(Body, frozen=True, kw_only=True):
    """A link to fetch, or a mirrored playlist to complete. ``follow`` makes a list a mirrored playlist."""

    url: Link | None = None
    playlist: Id | None = None
    follow: bool = False
    playlist_title: Title | None = None
    interval_seconds: Interval | None = None


class OwnerQuery(ListQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose downloads, newest first; ``user`` is for admins."""

    user: Id | None = None


class DownloadQuery(OwnerQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which downloads, newest first."""

    state: State | None = None


class DownloadItem(msgspec.Struct, frozen=True, kw_only=True):
    """One track of a download. `not_before`: when it is tried again, while it waits for that."""

    id: str
    title: str | None
    url: str
    state: ItemState
    attempts: int
    bytes_done: int
    bytes_total: int | None
    error_code: str | None
    error: str | None
    not_before: str | None
    track_id: str | None


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """One wish to turn a link into tracks. `not_before`: when something of it is tried again."""

    id: str
    url: str
    title: str | None
    state: State
    error_code: str | None
    error: str | None
    items_total: int
    items_done: int
    items_failed: int
    bytes_done: int
    bytes_total: int | None
    playlist_id: str | None
    created_at: str
    updated_at: str
    finished_at: str | None
    not_before: str | None
    items: list[DownloadItem]


class QueueQuery(ListQuery, frozen=True, kw_only=True):
    """Which items of the whole queue."""

    state: ItemState | None = None


class QueueItem(DownloadItem, frozen=True, kw_only=True):
    """A download item as admins see it: whose it is, and of which download."""

    download_id: str
    user_id: str
    updated_at: str


class NewChannel(Body, frozen=True, kw_only=True):
    """A publisher to follow for the household."""

    url: Link
    title: Title | None = None
    interval_seconds: Interval | None = None


class ChannelPatch(Body, frozen=True, kw_only=True):
    """What may change about a channel."""

    title: Title | UnsetType = UNSET
    interval_seconds: Interval | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel and how its source is doing."""

    id: str
    title: str
    url: str
    description: str | None
    track_count: int
    artwork_url: str | None
    interval_seconds: int
    last_checked_at: str | None
    next_check_at: str | None
    error: str | None
    is_enabled: bool
