"""The settings of this room."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from soundwave_core import Setting

SETTINGS = (
    Setting(
        "system.smallest_free_bytes", Annotated[int, Meta(ge=0, le=1 << 50)], 500 * 1000 * 1000,
        "A disk with less room than this is called full, while there is still some for the database.",
    ),
    Setting(
        "system.backup_schedule", Literal["off", "daily", "weekly"], "daily",
        "How often a backup is made and tried out by itself; weekly is on Sundays.",
    ),
    Setting(
        "system.backup_hour", Annotated[int, Meta(ge=0, le=23)], 2,
        "The hour of the scheduled backup, in the server's time zone.",
    ),
    Setting(
        "system.backup_media", Literal["none", "list", "links"], "list",
        "What a backup has of the media: nothing, a list with checksums for other tools, or that and hard links.",
    ),
)  # fmt: skip
