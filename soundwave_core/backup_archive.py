"""A backup as one file, for a download; and such a file, from anywhere, read in again."""

from __future__ import annotations

import os
import shutil
import zipfile
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from . import manifest as manifests
from .backups import Backup, Backups
from .clock import to_stamp
from .database_file import copy_file
from .errors import Invalid, SoundWaveError, Unavailable
from .manifest import DATABASE, MEDIA_LIST, Manifest, Why

LARGEST_RATIO = 200  # a database packs to a third or so; a bomb to a thousandth
UNPACKED_AT_ONCE_BYTES = 64 * 1024**2
SPARE_BYTES = 64 * 1024**2  # of the disk, which the server goes on to need
_NAMES = {manifests.NAME, DATABASE, MEDIA_LIST}
_BLOCK = 1024**2
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError, ValueError)


def pack(backup: Backup, path: Path) -> None:
    """Write a zip of all but the links; it is there whole or not at all. Raises OSError.

    Its manifest is as it was made, without what was found out since: a download that goes on later has the same bytes.
    """
    part = path.with_name(path.name + ".part")
    try:
        with (
            open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as archive,
        ):
            for name in sorted(_NAMES):
                if name == manifests.NAME:
                    archive.writestr(zipfile.ZipInfo(name), _as_made((backup.path / name).read_bytes()))
                elif (backup.path / name).is_file():
                    archive.write(backup.path / name, name)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _as_made(content: bytes) -> bytes:
    """A damaged manifest stays as it is."""
    with suppress(manifests.Unreadable):
        known = manifests.unpack(content)
        return manifests.pack(msgspec.structs.replace(known, verification=None, checked_at=None))
    return content


def take_in(backups: Backups, source: Path, id: str) -> Backup:
    """A zip that ``pack`` wrote becomes a backup of this server, not tried out yet.

    Invalid ``archive_invalid`` for anything else, for too large a one Unavailable ``disk_full``; then nothing is left.
    """
    with backups.building(id) as part:
        try:
            with zipfile.ZipFile(source) as archive:
                manifest = _unpack(archive, part)
        except _DAMAGE as error:
            raise Invalid("This file is no backup, or is damaged.", code="archive_invalid") from error
        media = manifest.media and msgspec.structs.replace(manifest.media, kind="list")
        manifests.write(
            part, msgspec.structs.replace(manifest, why="uploaded", media=media, verification=None, checked_at=None)
        )
    return backups.get(id)


def take_in_database(backups: Backups, source: Path, id: str) -> Backup:
    """A database file of SoundWave, one that a restore has put aside say, becomes a backup; its journal is read too.

    Invalid ``archive_invalid`` where it is none, or damaged.
    """
    with backups.building(id) as part:
        try:
            contents = copy_file(source, part / DATABASE)
        except SoundWaveError as error:
            raise Invalid(f"{source} cannot be used: {error.sentence}", code="archive_invalid") from error
        saved = datetime.fromtimestamp(source.stat().st_mtime, UTC)
        why: Why = "before-restore" if id.endswith("before-restore") else "uploaded"
        backups.seal(part, contents, to_stamp(saved), why)
    return backups.get(id)


def _unpack(archive: zipfile.ZipFile, part: Path) -> Manifest:
    entries = {entry.filename: entry for entry in archive.infolist()}
    if len(entries) != len(archive.infolist()) or not {manifests.NAME, DATABASE} <= set(entries) <= _NAMES:
        raise _refused("it does not have the files that a backup has")
    for entry in entries.values():
        if entry.compress_type not in _KINDS or entry.flag_bits & 1:
            raise _refused("it is packed or encrypted in a way that no backup is")
        if entry.file_size > UNPACKED_AT_ONCE_BYTES + LARGEST_RATIO * entry.compress_size:
            raise _refused("it unpacks to far more than it should")
    if entries[manifests.NAME].file_size > manifests.LARGEST_BYTES:
        raise _refused("its manifest is too large")
    try:
        manifest = manifests.unpack(archive.read(manifests.NAME))
    except manifests.Unreadable as error:
        raise Invalid(f"This file cannot be used. {error}", code="archive_invalid") from error
    files = {name: facts.size_bytes for name, facts in manifest.files.items()}
    if files != {name: entry.file_size for name, entry in entries.items() if name != manifests.NAME}:
        raise _refused("its files are not those of its manifest")
    if sum(files.values()) + SPARE_BYTES > shutil.disk_usage(part).free:
        raise Unavailable("There is not enough room for this backup.", code="disk_full", status=507)
    for name, size in files.items():
        with archive.open(name) as packed:
            _write(part / name, packed, size)
    return manifest


def _write(path: Path, packed: IO[bytes], size: int) -> None:
    """So many bytes and no more, whatever the archive says; fsynced."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        left = size
        while block := packed.read(min(_BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                raise _refused("a file in it is larger than it says")
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _refused(reason: str) -> Invalid:
    return Invalid(f"This file is no backup of SoundWave: {reason}.", code="archive_invalid")
