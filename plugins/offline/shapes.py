"""What goes over the wire, but for sync (``sync_shapes.py``); ``webroot/src/offline/wire.ts`` has the manifest too."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from soundwave_core import LINE_FORM, Body, Id

State = Literal["waiting", "fetching", "paused", "ready", "short", "offline", "failed"]
DeviceName = Annotated[str, Meta(max_length=100, pattern=LINE_FORM)]
Bytes = Annotated[int, Meta(ge=0, le=2**50)]
Number = Annotated[int, Meta(ge=0, le=1_000_000)]
Days = Annotated[int, Meta(ge=1, le=366, description="How many days, up to today.")]


class ManifestEntry(Struct, frozen=True, kw_only=True):
    """One address that an offline playlist needs.

    `revision`: for audio the SHA-256 of the SHA-256s of its 4 MiB blocks, for all else that of the bytes.
    """

    url: str
    kind: Literal["audio", "artwork", "lyrics", "metadata", "other"]
    revision: str
    size_bytes: int
    track: str | None


class Manifest(Struct, frozen=True, kw_only=True):
    """All that a device needs of a playlist, in the order in which it is heard. `rev`: the playlist's.

    `missing` and `unread` are tracks: without a file, and with one that the server has yet to read.
    """

    playlist: str
    revision: str
    rev: int
    size_bytes: int
    entries: list[ManifestEntry]
    missing: list[str]
    unread: list[str]


class OfflinePlaylist(Struct, frozen=True, kw_only=True):
    """A playlist that one of one's devices keeps, as that device told it last."""

    playlist: str
    device: str
    device_name: str
    state: State
    is_pinned: bool
    size_bytes: int
    stored_bytes: int
    items: int
    stored_items: int
    saved_at: str
    updated_at: str


class OfflineBody(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a device is with a playlist that it keeps."""

    device: Id
    device_name: DeviceName
    state: State
    is_pinned: bool = False
    size_bytes: Bytes = 0
    stored_bytes: Bytes = 0
    items: Number = 0
    stored_items: Number = 0


class DeviceQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The device that is meant."""

    device: Id


class Device(Struct, frozen=True, kw_only=True):
    """One of one's devices. `playlists` and `stored_bytes`: how many it keeps, and what these take there."""

    id: str
    name: str
    first_seen_at: str
    last_sync_at: str
    playlists: int
    stored_bytes: int


class Counts(Struct, frozen=True, kw_only=True):
    """What the worker of a device counted: requests answered from the cache and from the network, and listening."""

    audio_hits: int = 0
    audio_misses: int = 0
    artwork_hits: int = 0
    artwork_misses: int = 0
    shell_hits: int = 0
    shell_misses: int = 0
    errors: int = 0
    cache_bytes: int = 0
    network_bytes: int = 0
    offline_seconds: int = 0
    offline_plays: int = 0
    plays: int = 0


class DayCounts(Counts, frozen=True, kw_only=True):
    """The counts of one day."""

    day: str


class UserCounts(Counts, frozen=True, kw_only=True):
    """The counts of one user. `username` is null once they are gone."""

    user_id: str
    username: str | None


class StatsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which days; `user` and `whole` (everybody's) are for admins."""

    days: Days = 30
    user: Id | None = None
    whole: bool = False


class Stats(Struct, frozen=True, kw_only=True):
    """Counts by day, oldest first, days without any left out. `users`: by user, where the whole was asked for.

    `is_counting`: whether this server takes any.
    """

    is_counting: bool
    days: list[DayCounts]
    totals: Counts
    users: list[UserCounts]
