"""What a backup says of itself: which files, of which bytes, with how many rows; and whether it was tried out."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

import msgspec

from .clock import from_stamp, to_stamp
from .database_file import sync

FORMAT = 1
NAME = "manifest.json"
DATABASE = "db.sqlite3"
MEDIA_LIST = "media.sha256"  # as sha256sum --check reads it, beside MEDIA_ROOT
MEDIA_LINKS = "media"
LARGEST_BYTES = 1024**2

Why = Literal["scheduled", "manual", "before-migration", "before-restore", "before-import", "uploaded"]
Verdict = Literal["verified", "unverified", "damaged"]


class FileFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file's size and the SHA-256 of its bytes."""

    size_bytes: int
    sha256: str


class MediaFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The media files at that moment: listed, or linked into the backup too. ``missing``: had no file then.

    ``sentence``: why they were not linked, where that was wished for.
    """

    kind: Literal["list", "links"]
    count: int
    size_bytes: int
    missing: int
    sentence: str = ""


class Verification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the last test restore found. ``unverified``: it could not be tried, the sentence says why."""

    at: str
    verdict: Verdict
    sentence: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``schema``: the last migration by plugin. ``tables``: rows by table. ``checked_at``: all bytes were read then."""

    format: int
    app_version: str
    made_at: str
    why: Why
    schema: dict[str, int]
    rev: int
    tables: dict[str, int]
    files: dict[str, FileFacts]
    media: MediaFacts | None = None
    verification: Verification | None = None
    checked_at: str | None = None


class _Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    manifest: Manifest
    sha256: str


class Unreadable(ValueError):
    """A manifest that is not as it was written; the message is a sentence."""


def pack(manifest: Manifest) -> bytes:
    """The file's content, which tells any change to itself."""
    sealed = _Sealed(manifest=manifest, sha256=hashlib.sha256(msgspec.json.encode(manifest)).hexdigest())
    return msgspec.json.format(msgspec.json.encode(sealed), indent=1) + b"\n"


def unpack(content: bytes) -> Manifest:
    """Raises Unreadable where one byte is not as ``pack`` wrote it, or a newer version wrote it."""
    try:
        found = msgspec.json.decode(content)["manifest"]["format"]
        if isinstance(found, int) and found > FORMAT:
            raise Unreadable(f"Its manifest has the format {found}, of a newer version.")
        manifest = msgspec.json.decode(content, type=_Sealed).manifest
    except (msgspec.MsgspecError, UnicodeError, RecursionError, KeyError, TypeError):
        raise Unreadable("Its manifest is damaged.") from None
    if pack(manifest) != content or not all(
        map(_is_stamp, (manifest.made_at, manifest.checked_at or manifest.made_at))
    ):
        raise Unreadable("Its manifest is damaged.")
    return manifest


def _is_stamp(text: str) -> bool:
    """Whether it is a moment as we write it: a stranger's manifest may be in order, and have anything there."""
    try:
        return to_stamp(from_stamp(text)) == text
    except (ValueError, OverflowError):
        return False


def read(folder: Path) -> Manifest:
    """The manifest of a backup's folder. Raises Unreadable."""
    try:
        with (folder / NAME).open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"Its manifest cannot be read ({error.strerror}).") from None
    return unpack(content)


def write(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in its place, whole or not at all, fsynced."""
    part = folder / f"{NAME}.part"
    write_private(part, pack(manifest))
    os.replace(part, folder / NAME)
    sync(folder)


def write_private(path: Path, content: bytes) -> None:
    """A file that only its owner can read, fsynced; one that is there is written over."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def facts_of(path: Path) -> FileFacts:
    """Read a file whole. Raises OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileFacts(size_bytes=os.fstat(file.fileno()).st_size, sha256=digest)
