"""One file with what a user has, to take along: a zip with a folder for each user, in open formats.

``soundwave.json`` at its root says who is in it; what is in the folders is the plugins' own.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copyfileobj
from typing import Any

import msgspec

from .errors import Invalid
from .texts import printable
from .version import __version__

FORMAT = 1
INDEX = "soundwave.json"
MOST_ENTRIES = 500_000
LARGEST_TEXT = 256 * 1024 * 1024  # of what is read whole: a library of 200,000 tracks is half of it
LARGEST_RATIO = 100  # of a file to what it takes in the zip; ours are not packed at all
_BLOCK = 1024 * 1024
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)  # the last: it is encrypted
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


class Person(msgspec.Struct, frozen=True):
    """A user in the file: the name, and the folder with what is theirs."""

    name: str
    folder: str


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """The content of ``soundwave.json``."""

    format: int
    version: str
    made_at: str
    users: list[Person]


class Export:
    """One user's folder while it is written. ``with_media``: files are wanted too, not only what is known of them."""

    def __init__(self, archive: zipfile.ZipFile, folder: str, with_media: bool) -> None:
        self._archive, self._folder, self.with_media = archive, folder, with_media
        self._taken: set[str] = set()

    def write(self, name: str, content: bytes) -> None:
        """A text of any size, under a name that may have folders in it."""
        self._archive.writestr(f"{self._folder}/{name}", content, zipfile.ZIP_DEFLATED)

    def write_value(self, name: str, value: Any) -> None:
        """A value as JSON, for people too."""
        self.write(name, msgspec.json.format(msgspec.json.encode(value), indent=1))

    def add_file(self, name: str, path: Path) -> None:
        """A file as it is, for media do not get smaller; one that is gone meanwhile is left out."""
        with suppress(FileNotFoundError):
            self._archive.write(path, f"{self._folder}/{name}", zipfile.ZIP_STORED)

    def free_name(self, title: str, suffix: str) -> str:
        """A name that every file system takes, for something with a title; no two are the same."""
        stem = safe_name(title)
        for number in range(1, MOST_ENTRIES):
            name = f"{stem}{suffix}" if number == 1 else f"{stem} ({number}){suffix}"
            if name.casefold() not in self._taken:
                self._taken.add(name.casefold())
                return name
        raise ValueError(f"there are {MOST_ENTRIES} of the name {stem}")


class Import:
    """One user's folder while it is read.

    ``bind()`` notes what an id of the file has become here, ``id_of()`` tells the plugins that come after.
    """

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        self._archive, self._prefix = archive, f"{folder}/"
        self._ids: dict[tuple[str, str], str] = {}

    def bind(self, kind: str, given: str, uid: str) -> None:
        """Note that this id of the file (of a ``track``, a ``playlist``) is ``uid`` here."""
        self._ids[kind, given] = uid

    def id_of(self, kind: str, given: str) -> str | None:
        """What an id of the file has become; None where it did not come over."""
        return self._ids.get((kind, given))

    def read(self, name: str) -> bytes | None:
        """A whole text, or None where there is none. Invalid where it is larger than ``LARGEST_TEXT``."""
        info = self._archive.NameToInfo.get(self._prefix + name)
        return None if info is None else _read(self._archive, info)

    def read_value(self, name: str, type_: Any) -> Any:
        """A JSON value of this type, or None where there is none. Invalid for another one."""
        content = self.read(name)
        if content is None:
            return None
        try:
            return msgspec.json.decode(content, type=type_)
        except msgspec.MsgspecError as error:
            raise Invalid(f"{self._prefix}{name} cannot be read: {error}.", code="export_damaged") from error

    def size_of(self, name: str) -> int | None:
        """How many bytes a file of it has; None where it is not in it."""
        info = self._archive.NameToInfo.get(self._prefix + name)
        return None if info is None else info.file_size

    def copy_to(self, name: str, path: Path) -> None:
        """Write a file of it to ``path``, fsynced. Invalid where it is damaged, or packed too well to be audio."""
        info = self._archive.NameToInfo[self._prefix + name]
        if info.file_size > LARGEST_RATIO * max(info.compress_size, 1):
            raise Invalid(f"{info.filename} is no file of ours.", code="export_damaged")
        try:
            with self._archive.open(info) as source, path.open("wb") as target:
                copyfileobj(source, target, _BLOCK)
                target.flush()
                os.fsync(target.fileno())
        except _DAMAGE as error:
            raise Invalid(f"{info.filename} is damaged.", code="export_damaged") from error


def safe_name(title: str) -> str:
    """A title as the name of a file on any system: at most 120 bytes, without what one of them forbids."""
    name = _UNSAFE.sub("_", title).strip(" .") or "_"
    return name.encode()[:120].decode(errors="ignore").rstrip(" .") or "_"


@contextmanager
def write_export(path: Path, people: Sequence[str], made_at: str, with_media: bool) -> Iterator[list[Export]]:
    """One ``Export`` for each of these names, in their order; the file is there whole or not at all."""
    part = path.with_name(path.name + ".part")
    folders = [f"{number:03d} {safe_name(name)}" for number, name in enumerate(people, 1)]
    index = Index(
        format=FORMAT, version=__version__, made_at=made_at,
        users=[Person(name, folder) for name, folder in zip(people, folders, strict=True)],
    )  # fmt: skip
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            # Files of before 1980, or of a clock that was wrong, are of 1980 then.
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
                archive.writestr(INDEX, msgspec.json.format(msgspec.json.encode(index), indent=1))
                yield [Export(archive, folder, with_media) for folder in folders]
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def open_export(path: Path) -> Iterator[tuple[Index, dict[str, Import]]]:
    """Who is in the file, and each one's folder by the name of the user.

    Invalid ``export_unknown`` for what is no such file, ``export_damaged``, ``export_too_large``.
    """
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise Invalid(f"{path.name} is no zip file, or a damaged one.", code="export_unknown") from error
    with archive:
        if len(archive.NameToInfo) > MOST_ENTRIES:
            raise Invalid(f"{path.name} has more than {MOST_ENTRIES} entries.", code="export_too_large")
        index = _index(archive, path.name)
        yield index, {person.name: Import(archive, person.folder) for person in index.users}


def _index(archive: zipfile.ZipFile, name: str) -> Index:
    info = archive.NameToInfo.get(INDEX)
    if info is None:
        raise Invalid(f"{name} was not exported by SoundWave: it has no {INDEX}.", code="export_unknown")
    try:
        index = msgspec.json.decode(_read(archive, info), type=Index)
    except msgspec.MsgspecError as error:
        raise Invalid(f"The {INDEX} of {name} cannot be read: {error}.", code="export_damaged") from error
    if index.format > FORMAT:
        version = printable(index.version)
        raise Invalid(f"{name} was exported by a newer SoundWave ({version}).", code="export_newer")
    return index


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The entry, whatever size it claims to have: never more than ``LARGEST_TEXT``."""
    try:
        with archive.open(info) as file:
            content = file.read(LARGEST_TEXT + 1)
    except _DAMAGE as error:
        raise Invalid(f"{info.filename} is damaged.", code="export_damaged") from error
    if len(content) > LARGEST_TEXT:
        raise Invalid(f"{info.filename} is too large.", code="export_too_large")
    return content
