"""Restoring: a backup becomes a database beside the present one, and takes its place at the next start.

``prepare`` makes DATA_DIR/db.restoring.sqlite3, migrated and tried out, and ``write_note`` a note (restore.json) that
it is to be used; without the note nothing happened. ``finish``, under the lock and before anything is open, carries
the note out: the present database is renamed to ``db.before-restore-<moment>.sqlite3``, which nobody removes, and the
prepared one is renamed to its place. Killed anywhere, the next start goes on from there.
"""

from __future__ import annotations

import logging
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from . import manifest as manifests
from .backup_archive import take_in, take_in_database
from .backups import PATTERN, Backup, Backups
from .database import transaction
from .database_file import fault_in, look_into, make_one_file, quiet_mode, sync
from .errors import Invalid, SoundWaveError, StartError, Unavailable
from .journal import JOURNALS, beside, copied, is_cut_short, journal_fault
from .manifest import write_private
from .records import Actor
from .sqlite import driver
from .trial import Look, copy_to, find_fault, opened

if TYPE_CHECKING:
    from .app import SoundWave

log = logging.getLogger(__name__)

PREPARED = "db.restoring.sqlite3"
NOTE = "restore.json"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """That the prepared database, whose hash this is, is to take the place of the present one.

    ``kept``: the present one's new name. ``sentence``: for the owner, once it is done.
    """

    backup: str
    made_at: str
    kept: str
    sha256: str
    sentence: str


def prepare(core: SoundWave, backup: Backup, look: Look, actor: Actor) -> Note:
    """Put everything in place but the note, which ``write_note`` writes, on an assembled core that has not started.

    A child prepares, and only its parent writes the note: an orphan must not make a later start go back.
    ``actor``: who restores. StartError ``backup_damaged``, ``backup_newer`` and others, Unavailable
    ``restore_unwritten``; then nothing was changed.
    """
    data_dir = core.config.data_dir
    forget(data_dir)
    if fault := find_fault(backup):
        raise StartError(f"The backup {backup.id} is damaged: {fault} Nothing was changed.", code="backup_damaged")
    data_dir.mkdir(parents=True, exist_ok=True)
    prepared = data_dir / PREPARED
    try:
        copy_to(backup, prepared)
        sentence = _adapt(core, prepared, look, actor)
        return Note(
            backup=backup.id, made_at=backup.made_at, kept=_name_for_the_present(core), sentence=sentence,
            sha256=manifests.facts_of(prepared).sha256,
        )  # fmt: skip
    except (OSError, driver.Error) as error:
        forget(data_dir)
        reason = getattr(error, "strerror", None) or error
        sentence = f"The backup cannot be brought to {data_dir} ({reason}). Nothing was changed."
        raise Unavailable(sentence, code="restore_unwritten", status=507) from error
    except BaseException:
        forget(data_dir)
        raise


def _adapt(core: SoundWave, prepared: Path, look: Look, actor: Actor) -> str:
    """Migrate it, look whether it works, and let plugins change what must not live on."""
    rev = _present_rev(core.config.data_dir / "db.sqlite3")
    with opened(core, prepared):
        seen = look(core)
        sentences = [seen[:1].upper() + seen[1:], *map(str, core.plugins.decide("adapt_restored", actor=actor))]
        with transaction(core.db) as tx:
            tx.begin_epoch(rev)
    make_one_file(prepared)
    if fault := fault_in(prepared, "integrity_check"):
        raise StartError(f"The restored database is damaged: {fault}. Nothing was changed.")
    return " ".join(sentences)


def _present_rev(path: Path) -> int:
    """The change counter of the database in use, as far as it can be read: clients have seen no higher one."""
    try:
        if path.exists() and is_cut_short(path):
            with copied(path) as copy:
                return look_into(copy, "rw").rev
        return look_into(path, quiet_mode(path)).rev if path.exists() else 0
    except (OSError, StartError, driver.Error):
        return 0


def _name_for_the_present(core: SoundWave) -> str:
    stamp = core.clock.now().strftime("%Y%m%dT%H%M%S")
    names = (f"db.before-restore-{stamp}{'' if n == 1 else f'-{n}'}.sqlite3" for n in range(1, 1000))
    return next(name for name in names if not (core.config.data_dir / name).exists())


def write_note(data_dir: Path, note: Note) -> None:
    """The last step: the next start uses what was prepared. Raises OSError."""
    part = data_dir / f"{NOTE}.part"
    write_private(part, msgspec.json.encode(note))
    os.replace(part, data_dir / NOTE)
    sync(data_dir)


def pending(data_dir: Path) -> Note | None:
    """The restore that the next start will carry out."""
    try:
        return msgspec.json.decode((data_dir / NOTE).read_bytes(), type=Note)
    except (OSError, msgspec.MsgspecError):
        return None


def forget(data_dir: Path) -> None:
    """Give a restore up that was not carried out: first the note, then what it is about."""
    (data_dir / NOTE).unlink(missing_ok=True)
    for name in (f"{NOTE}.part", PREPARED, f"{PREPARED}-wal", f"{PREPARED}-shm", f"{PREPARED}-journal"):
        (data_dir / name).unlink(missing_ok=True)


def finish(core: SoundWave) -> None:
    """Carry out what was prepared; called with the lock, before the database is open. Raises OSError."""
    data_dir = core.config.data_dir
    note = pending(data_dir)
    if note is None:
        forget(data_dir)
        return
    for step in steps(core, note):
        step()


def steps(core: SoundWave, note: Note) -> Iterator[Callable[[], object]]:
    """What ``finish`` does, one after another: killed between any two, the next start does the rest."""
    data_dir, database = core.config.data_dir, core.config.data_dir / "db.sqlite3"
    prepared, kept = data_dir / PREPARED, data_dir / note.kept
    ready = next((path for path in (prepared, database) if path.exists()), None)
    if ready is None or manifests.facts_of(ready).sha256 != note.sha256:
        if not database.exists() or (prepared.exists() and not kept.exists()):  # else it is not kept's
            yield from _moves(kept, database)
        yield lambda: forget(data_dir)
        core.notice(f"The restore of {note.backup} was given up: what was prepared for it has changed.")
        return
    if prepared.exists():
        if database.exists() and quiet_mode(database) == "ro":
            yield lambda: _empty_journal(database)
        yield from _moves(database, kept)  # what a damaged one has left in its journals stays with it
        yield lambda: Path(f"{database}-shm").unlink(missing_ok=True)
        yield lambda: sync(data_dir)
        yield lambda: os.replace(prepared, database)
        yield lambda: sync(data_dir)
    yield core.mark_installed
    yield lambda: forget(data_dir)
    yield lambda: sync(data_dir)
    was_there = f" The database of before stays as {note.kept}." if kept.exists() else ""
    core.notice(f"The backup {note.backup} of {note.made_at} was restored.{was_there} {note.sentence}")


def _moves(source: Path, target: Path) -> Iterator[Callable[[], object]]:
    """The journals first, so that a database is never in use without them."""
    for suffix in (*JOURNALS, ""):
        one, other = beside(source, suffix), beside(target, suffix)
        if one.exists():
            yield partial(os.replace, one, other)


def _empty_journal(database: Path) -> None:
    """Bring a sound database's journals into it; with a damaged one it is kept as it is, for all that is left of it."""
    if journal_fault(beside(database, "-wal")) is None:
        with suppress(driver.Error, SoundWaveError):
            make_one_file(database)


def find_backup(core: SoundWave, word: str, into: Path | None = None) -> Backup:
    """The backup that ``word`` names: an id, a backup's folder, a downloaded zip, or a database file.

    The last two become backups of this data directory, or of the folder ``into``. NotFound ``backup_not_found``;
    Invalid ``archive_invalid``.
    """
    path = Path(word)
    if re.fullmatch(PATTERN, word) or not path.exists():
        return core.backups.get(word)
    if path.is_dir():
        return Backups(path.resolve().parent, core.clock).get(path.resolve().name)
    if not path.is_file():
        raise Invalid(f"{path} is no file that could be read to its end.", code="archive_invalid")
    backups = Backups(into, core.clock) if into else core.backups
    take = take_in if zipfile.is_zipfile(path) else take_in_database
    return take(backups, path, backups.new_id("uploaded"))


def restore_now(core: SoundWave, word: str, look: Look, actor: Actor) -> None:
    """``prepare`` and ``finish`` at once, where no server runs; what is there now becomes a backup first if it can.

    ``core`` is assembled and has not started. StartError ``directory_in_use``, and all of ``prepare``'s.
    """
    with core.locked():
        backup = find_backup(core, word)
        present = core.config.data_dir / "db.sqlite3"
        if present.exists():
            try:
                take_in_database(core.backups, present, core.backups.new_id("before-restore"))
            except (OSError, SoundWaveError) as error:
                reason = error.sentence if isinstance(error, SoundWaveError) else f"{error.strerror}."
                core.notice(f"What is there now could not be backed up, and is kept as it is: {reason}")
        write_note(core.config.data_dir, prepare(core, backup, look, actor))
        finish(core)
