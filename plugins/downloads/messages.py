"""What the server and a worker say to each other: one JSON object a line, checked on both sides."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

BLOCK_BYTES = 4 * 1024 * 1024  # one entry of ``block_hashes``
LIST_LIMIT = 500
LONGEST_LIST = 5000
LONGEST_DESCRIPTION = 4000  # characters
LINE_LIMIT = 72 * 1024 * 1024  # of bytes: the longest list with the longest descriptions, in Chinese
MAX_BYTES = 4 * 1024**3

When = Literal["never", "later", "now"]
Kind = Literal["single", "list", "feed"]


class Item(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One thing that can be fetched. ``extractor`` with ``source_id`` says whether two are the same.

    ``media_type``: what a feed says that its enclosure is; None for a link to a page.
    """

    url: str
    extractor: str = "generic"
    source_id: str = ""
    title: str | None = None
    artist: str | None = None
    channel: str | None = None
    duration_seconds: float | None = None
    published_at: str | None = None
    artwork_url: str | None = None
    description: str | None = None
    media_type: str | None = None


class Options(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """``max_bytes``: of what is fetched; ``room_bytes``: of what is kept, None for any size.

    ``ytdlp``: what plugins answered to ``download_options``; the guard's own options win over it.
    """

    max_bytes: int = MAX_BYTES
    room_bytes: int | None = None
    ytdlp: dict[str, Any] = {}

    def has_room_for(self, size_bytes: int) -> bool:
        """Whether a file of this size may be kept."""
        return self.room_bytes is None or size_bytes <= self.room_bytes


class ResolveRequest(msgspec.Struct, kw_only=True, frozen=True, tag="resolve", tag_field="op"):
    """What does this link lead to? At most `limit` items of it."""

    id: str
    url: str
    limit: int = LIST_LIMIT
    options: Options = Options()


class FetchRequest(msgspec.Struct, kw_only=True, frozen=True, tag="fetch", tag_field="op"):
    """Fetch one item into `staging`."""

    id: str
    url: str
    staging: str
    item: Item | None = None
    options: Options = Options()


Request = ResolveRequest | FetchRequest


class Resolved(msgspec.Struct, kw_only=True, frozen=True, tag="resolved", tag_field="event"):
    """What a link leads to, in the order of its source."""

    id: str
    kind: Kind
    items: list[Item]
    title: str | None = None
    description: str | None = None
    artwork_url: str | None = None
    is_cut: bool = False  # there was more than ``limit``: what is missing may still be there


class Progress(msgspec.Struct, kw_only=True, frozen=True, tag="progress", tag_field="event"):
    """How far a fetch has come; without a total where nobody knows it."""

    id: str
    bytes_done: int
    bytes_total: int | None = None


class Artwork(msgspec.Struct, kw_only=True, frozen=True):
    """A picture in the staging directory: a real JPEG, PNG or WebP."""

    file: str
    mime: str
    sha256: str
    width: int
    height: int


class Fetched(msgspec.Struct, kw_only=True, frozen=True, tag="fetched", tag_field="event"):
    """A finished file in the staging directory, tagged and hashed. ``bitrate`` in bits per second."""

    id: str
    file: str
    size_bytes: int
    codec: str
    container_ext: str
    mime: str
    title: str
    extractor: str
    source_id: str
    source_url: str
    content_hash: str
    block_hashes: list[str]
    revision: str
    duration_seconds: float | None = None
    bitrate: int | None = None
    artist: str | None = None
    album: str | None = None
    channel: str | None = None
    description: str | None = None
    published_at: str | None = None
    artwork: Artwork | None = None


class Failed(msgspec.Struct, kw_only=True, frozen=True, tag="failed", tag_field="event"):
    """``when`` to try again: never, later (wait longer each time) or now."""

    id: str
    code: str
    when: When
    reason: str
    retry_after_seconds: int | None = None


Event = Resolved | Progress | Fetched | Failed
