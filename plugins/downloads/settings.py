"""The settings of this room."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from soundwave_core import Network, Setting

from .messages import LONGEST_LIST

SETTINGS = (
    Setting(
        "downloads.workers", Annotated[int, Meta(ge=1, le=8)], 2,
        "How many items are fetched at once. Takes effect at the next start.",
    ),
    Setting(
        "downloads.allowed_networks", tuple[Network, ...], (),
        "Private address ranges that links may lead to, such as 192.168.1.0/24; public ones always may.",
        is_stored=False,
    ),
    Setting(
        "downloads.largest_item_bytes", Annotated[int, Meta(ge=1 << 20, le=1 << 40)], 4 << 30,
        "An item that is larger than this is refused.",
    ),
    Setting(
        "downloads.longest_list", Annotated[int, Meta(ge=1, le=LONGEST_LIST)], 500,
        "How many items of one list or feed are taken, from its top.",
    ),
    Setting(
        "downloads.interval_seconds", Annotated[int, Meta(ge=300, le=30 * 86400)], 6 * 3600,
        "How often a channel or a mirrored playlist is checked, where nothing else was chosen.",
    ),
)  # fmt: skip
