"""What goes over the wire about backups: bodies and answers of their routes."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from soundwave_core import BACKUP_PATTERN, Body

State = Literal["running", "failed", "unverified", "verified", "damaged"]
Why = Literal["scheduled", "manual", "before-migration", "before-restore", "before-import", "uploaded"]
RestoreState = Literal["none", "preparing", "restarting", "failed"]
BackupId = Annotated[str, Meta(pattern=rf"^{BACKUP_PATTERN}\Z", description="a backup's id")]


class BackupMedia(msgspec.Struct, frozen=True, kw_only=True):
    """The media files at that moment: a list of them, or links to them too. ``missing``: rows without a file."""

    kind: Literal["list", "links"]
    count: int
    size_bytes: int
    missing: int
    sentence: str


class BackupView(msgspec.Struct, frozen=True, kw_only=True):
    """A backup. ``made_at`` is the moment whose data it has, ``sentence`` what is known of its state.

    ``running``: it is being made, tested or read in. ``failed``: it could not be made, and nothing of it is there.
    ``verified_at``: of the last test restore. ``size_bytes`` leaves links to media out.
    """

    id: str
    made_at: str
    why: Why
    state: State
    sentence: str
    size_bytes: int
    media: BackupMedia | None
    app_version: str | None
    verified_at: str | None


class RestoreBody(Body, frozen=True, kw_only=True):
    """Which backup shall take the place of what is there."""

    backup: BackupId


class RestoreView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the last wish to restore. ``restarting``: the server ends, and is back within seconds.

    Then everybody is signed out, and this says ``none`` again; what was there stays as a file beside.
    """

    state: RestoreState
    backup: str | None
    sentence: str


class UploadBody(Body, frozen=True, kw_only=True):
    """The size of the file that is to come, one that was downloaded here."""

    size_bytes: Annotated[int, Meta(ge=1, le=1 << 42)]


class UploadView(msgspec.Struct, frozen=True, kw_only=True):
    """A file that comes in parts, in order: the next begins at ``received_bytes`` and has at most ``part_bytes``."""

    id: str
    size_bytes: int
    received_bytes: int
    part_bytes: int


class HoldBody(Body, frozen=True, kw_only=True):
    """For how long nobody may write."""

    seconds: Annotated[int, Meta(ge=1, le=600)] = 60


class HoldView(msgspec.Struct, frozen=True, kw_only=True):
    """How long writers are still held back; 0: they are not."""

    seconds_left: float
