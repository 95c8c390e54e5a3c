"""Backups: each a folder below DATA_DIR/backups that is there whole or not at all.

``backup-<moment>-<why>/`` holds the database as one file, a manifest, and perhaps a list or links of the media. It
is made in a folder ``.part`` beside it, which the next one clears away, all fsynced, and renamed last.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import msgspec

from . import manifest as manifests
from .backup_parts import PART, building, drop, sweep_part
from .clock import Clock, to_stamp
from .database_file import Contents, look_into, sync
from .errors import Conflict, NotFound, SoundWaveError, Unavailable
from .manifest import DATABASE, Manifest, MediaFacts, Verdict, Verification, Why
from .rotation import expendable
from .sqlite import driver
from .version import __version__

if TYPE_CHECKING:
    from .database import Database

log = logging.getLogger(__name__)

PATTERN = "backup-[0-9]{8}-[0-9]{6}-[0-9]{3}-[a-z-]{6,20}"  # of an id, which is the folder's name; see is_id
WriteMedia = Callable[[Path], MediaFacts]
_LONE = re.compile(r"before-migration-[0-9]{8}T[0-9]{12}Z\.sqlite3")


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup as it lies there. ``fault``: what a look without reading everything found wrong."""

    id: str
    path: Path
    manifest: Manifest | None
    fault: str | None

    @property
    def saved_at(self) -> str:
        """When it came into the folder."""
        return to_stamp(_moment_of(self.id))

    @property
    def made_at(self) -> str:
        """The moment whose data it has: of an uploaded one that was earlier."""
        return self.manifest.made_at if self.manifest else self.saved_at

    @property
    def why(self) -> Why:
        return cast(Why, self.id.split("-", 4)[4])

    @property
    def state(self) -> Verdict:
        if self.fault is not None:
            return "damaged"
        verification = self.manifest and self.manifest.verification
        return verification.verdict if verification else "unverified"

    @property
    def sentence(self) -> str:
        """What is known of its state."""
        verification = self.manifest and self.manifest.verification
        return self.fault or (verification.sentence if verification else "It was not tried out yet.")

    @property
    def size_bytes(self) -> int:
        """Of its files, the links left out: they take no room."""
        return sum(facts.size_bytes for facts in self.manifest.files.values()) if self.manifest else 0


class Backups:
    """The folder of backups; ``clock`` names new ones."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder, self._clock = folder, clock

    def list(self) -> list[Backup]:
        """All of them, the newest first."""
        try:
            names = sorted((entry.name for entry in os.scandir(self.folder) if entry.is_dir()), reverse=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [self._look(name) for name in names if is_id(name)]

    def get(self, id: str) -> Backup:
        """NotFound ``backup_not_found``."""
        if not is_id(id) or not (self.folder / id).is_dir():
            raise NotFound("There is no such backup.", code="backup_not_found")
        return self._look(id)

    def moment_of(self, id: str) -> str:
        """The moment that an id names."""
        return to_stamp(_moment_of(id))

    def new_id(self, why: Why) -> str:
        """The name of a backup that is made now; no other has it."""
        moment = self._clock.now()
        while True:
            id = f"{_stem(moment)}-{why}"
            if not any((self.folder / name).exists() for name in (id, id + PART)):
                return id
            moment += timedelta(milliseconds=1)

    def make(self, db: Database, why: Why, *, id: str | None = None, media: WriteMedia | None = None) -> Backup:
        """Copy the open database, while others read and write it. ``media`` writes the media's part into the folder.

        Unavailable ``backup_unwritten``, and what ``Database.backup_to`` raises; then nothing stays behind.
        """
        id, made_at = id or self.new_id(why), self._clock.stamp()
        try:
            with self.building(id) as part:
                contents = db.backup_to(part / DATABASE)
                self.seal(part, contents, made_at, why, media(part) if media else None)
        except (OSError, driver.OperationalError) as error:
            reason = getattr(error, "strerror", None) or error
            sentence = f"The backup cannot be written to {self.folder} ({reason})."
            raise Unavailable(sentence, code="backup_unwritten", status=507) from error
        return self.get(id)

    @contextmanager
    def building(self, id: str) -> Iterator[Path]:
        """``with backups.building(id) as part:`` fills a folder, which is a backup when the block ends."""
        self.sweep()
        with building(self.folder, id) as part:
            yield part

    def seal(self, part: Path, contents: Contents, made_at: str, why: Why, media: MediaFacts | None = None) -> None:
        """Write the manifest of the files that are there."""
        files = {path.name: manifests.facts_of(path) for path in sorted(part.iterdir()) if path.is_file()}
        made = Manifest(
            format=manifests.FORMAT, app_version=__version__, made_at=made_at, why=why, schema=contents.schema,
            rev=contents.rev, tables=contents.tables, files=files, media=media,
        )  # fmt: skip
        manifests.write(part, made)

    def note(self, id: str, *, verification: Verification | None = None) -> Backup:
        """Remember that all bytes were read now, and what came of a test restore. NotFound."""
        backup = self.get(id)
        if backup.manifest is not None:
            known = verification or backup.manifest.verification
            noted = msgspec.structs.replace(backup.manifest, verification=known, checked_at=self._clock.stamp())
            manifests.write(backup.path, noted)
        return self.get(id)

    def remove(self, id: str) -> None:
        """Remove one for good. NotFound; Conflict ``last_backup`` for the last verified one."""
        backup = self.get(id)
        if backup.state == "verified" and not any(b.state == "verified" for b in self.list() if b.id != id):
            sentence = "This is the last backup that was tried out and is good: make another one first."
            raise Conflict(sentence, code="last_backup")
        self._drop(id)

    def rotate(self, made: Collection[str] = ()) -> Sequence[str]:
        """Remove what ``rotation.py`` says is no longer needed; the ids.

        ``made``: by the caller just now. They stay, even where the clock was set back and they are called the oldest.
        """
        ids = expendable([(backup.id, backup.why, backup.state) for backup in self.list()], made)
        for id in ids:
            self._drop(id)
            log.info("the backup %s is no longer needed and was removed", id)
        return ids

    def sweep(self) -> None:
        """Clear away what was cut off, and take single files of earlier versions in; what resists stays as it is."""
        if not self.folder.is_dir():
            return
        for path in sorted(self.folder.iterdir()):
            try:
                if path.name.endswith(PART):
                    sweep_part(path)
                elif _LONE.fullmatch(path.name):
                    self._adopt(path)
            except (OSError, SoundWaveError, ValueError) as error:
                log.warning("%s was left as it is: %s", path, error)

    def _adopt(self, path: Path) -> None:
        moment = datetime.strptime(path.name[17:].replace("Z.sqlite3", "+0000"), "%Y%m%dT%H%M%S%f%z")
        id = f"{_stem(moment)}-before-migration"
        if not (self.folder / id).exists():
            with building(self.folder, id) as part:
                shutil.copy2(path, part / DATABASE)
                sync(part / DATABASE)
                self.seal(part, look_into(part / DATABASE), to_stamp(_moment_of(id)), "before-migration")
        path.unlink()

    def _look(self, id: str) -> Backup:
        path = self.folder / id
        try:
            manifest = manifests.read(path)
        except manifests.Unreadable as error:
            return Backup(id, path, None, str(error))
        return Backup(id, path, manifest, _fault_at_a_glance(path, manifest))

    def _drop(self, id: str) -> None:
        try:
            drop(self.folder, id)
        except FileNotFoundError:  # somebody else did meanwhile
            log.info("the backup %s was gone already", id)


def is_id(name: str) -> bool:
    """Whether a folder of this name is a backup; under any other name, ``...-manual-keep`` say, it is left alone."""
    if re.fullmatch(PATTERN, name) is None or name.split("-", 4)[4] not in get_args(Why):
        return False
    try:
        _moment_of(name)
    except ValueError:
        return False
    return True


def _fault_at_a_glance(path: Path, manifest: Manifest) -> str | None:
    for name, facts in manifest.files.items():
        try:
            size = (path / name).stat().st_size
        except OSError:
            return f"Its file {name} is missing."
        if size != facts.size_bytes:
            return f"Its file {name} has {size} bytes instead of {facts.size_bytes}."
    return None


def _stem(moment: datetime) -> str:
    return f"backup-{moment.astimezone(UTC):%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03}"


def _moment_of(id: str) -> datetime:
    return datetime.strptime("".join(id.split("-")[1:4]) + "+0000", "%Y%m%d%H%M%S%f%z")
