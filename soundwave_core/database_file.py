"""The database file: what must not be opened, a new one, and a copy made while it is in use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .ballast import LEAST_BYTES
from .errors import StartError, Unavailable
from .journal import JOURNALS, beside, copied, is_cut_short, journal_fault
from .sqlite import APPLICATION_ID, connect, driver, ensure_driver

_MAGIC = b"SQLite format 3\0"


def ensure_fit(path: Path, must_exist: bool, may_change: bool = True) -> bool:
    """Whether there is a database at ``path``. StartError where it must not be opened.

    Nothing is changed, but that, where it ``may_change``, half a change is undone.
    """
    if not os.access(path.parent, os.R_OK | os.W_OK | os.X_OK):
        raise StartError(f"{path.parent} cannot be read and written by user {os.getuid()}.")
    if path.is_dir():
        raise StartError(f"{path} is a directory, and the database is a file: move it away.")
    if not path.exists() or path.stat().st_size == 0:
        _ensure_may_be_new(path, must_exist)
        return False
    for file in (path, *(beside(path, suffix) for suffix in JOURNALS)):
        if file.exists() and not os.access(file, os.R_OK | os.W_OK):
            raise StartError(f"{file} cannot be read and written by user {os.getuid()}: set its owner or mode.")
    _ensure_ours(path)
    _ensure_sound(path, may_change)
    return True


def _ensure_may_be_new(path: Path, must_exist: bool) -> None:
    what = "empty" if path.exists() else "missing"
    marker, log = path.parent / "installed", beside(path, "-journal" if is_cut_short(path) else "-wal")
    if marker.exists():
        raise StartError(
            f"{path} is {what}, but SoundWave has been set up here: restore a backup from "
            f"{path.parent / 'backups'}, or remove {marker} to begin with nothing."
        )
    if log.exists() and log.stat().st_size:
        raise StartError(f"{path} is {what}, but its journal {log} is there: bring back both or remove both.")
    if must_exist:
        raise StartError(f"{path} is {what}: start the server once to make it.")


def _ensure_ours(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(100)
    if not header.startswith(_MAGIC):
        raise _damaged(path, "it is no SQLite database")
    if int.from_bytes(header[68:72], "big") == APPLICATION_ID:
        return
    if is_legacy(path):
        raise StartError(f"{path} is a database of the old SoundWave: the next start brings it over.", code="legacy")
    raise StartError(f"{path} is another program's database: it was left as it is; move it away.")


def is_legacy(path: Path, folder: Path | None = None) -> bool:
    """Whether it is a database of the old product: one of Django's, without a mark of ours.

    With journals beside it, a copy in ``folder`` is looked at. Raises OSError where there is no room for that.
    """
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except OSError:
        return False
    if not header.startswith(_MAGIC) or int.from_bytes(header[68:72], "big") != 0:
        return False
    if quiet_mode(path) == "immutable":
        return _has_old_tables(path, "immutable")
    with copied(path, folder) as copy:
        return _has_old_tables(copy, "rw")


def _has_old_tables(path: Path, mode: str) -> bool:
    try:
        with closing(connect(path, mode)) as raw:
            tables = raw.execute("SELECT name FROM sqlite_schema WHERE name IN ('django_migrations', 'user_account')")
            return len(tables.fetchall()) == 2
    except driver.Error:
        return False


def _ensure_sound(path: Path, may_change: bool) -> None:
    wal = beside(path, "-wal")
    if fault := journal_fault(wal):
        raise StartError(
            f"{wal} is damaged ({fault}), and what was written last is in it: it was left as it is; restore a backup "
            f"from {path.parent / 'backups'}, or move {wal} away to go on without it."
        )
    try:
        if may_change or not is_cut_short(path):
            roll_back(path)
            fault = fault_in(path, "quick_check")
        else:
            with copied(path) as copy:
                fault = fault_in(copy, "quick_check", "rw")
    except driver.OperationalError as error:
        is_full = shutil.disk_usage(path.parent).free < LEAST_BYTES
        advice = "make room on its disk, which is full." if is_full else "is another program using it?"
        raise StartError(f"{path} cannot be opened ({error}): {advice}") from error
    except driver.DatabaseError as error:
        fault = str(error)
    if fault is not None:
        raise _damaged(path, fault)


def roll_back(path: Path) -> None:
    """Undo a change that was cut short, which nobody was told of. Raises the driver's errors."""
    if is_cut_short(path):
        with closing(driver.connect(str(path), isolation_level=None)) as raw:
            raw.execute("PRAGMA schema_version").fetchone()  # SQLite does it before the first read


def fault_in(path: Path, check: str, mode: str = "ro") -> str | None:
    """What ``quick_check`` or the slower ``integrity_check`` finds first; None where all is well."""
    try:
        with closing(connect(path, mode)) as raw:
            found = raw.execute(f"PRAGMA {check}(1)").fetchone()[0]
    except driver.OperationalError:
        raise
    except driver.DatabaseError as error:
        return str(error)
    return None if found == "ok" else " ".join(str(found).split())


def _damaged(path: Path, reason: str) -> StartError:
    return StartError(
        f"{path} is damaged ({reason}): it was left as it is; move it away together with its -wal, -journal "
        f"and -shm files, and restore a backup from {path.parent / 'backups'}."
    )


def is_left_open(path: Path) -> bool:
    """Whether whoever had it last was killed: the last one to close a database empties and removes its log."""
    log = beside(path, "-wal")
    return is_cut_short(path) or (log.exists() and log.stat().st_size > 0)


def inspect_database(path: Path) -> str:
    """One line about a sound database, for doctor, who only reads; StartError says what is wrong with it."""
    ensure_driver()
    ensure_fit(path, must_exist=True, may_change=False)
    more = "; the next start undoes a change that was cut short" if is_cut_short(path) else ""
    return f"{path}, {path.stat().st_size / 1e6:.1f} MB, sound{more}"


def create(path: Path) -> None:
    """An empty database that bears our mark, there whole or not at all; in WAL mode, so that no switch follows."""
    part = _begin(path)
    with closing(driver.connect(str(part), isolation_level=None)) as raw:
        raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
        raw.execute("PRAGMA journal_mode=WAL")
    _finish(part, path)


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a database at one moment: rows by table, the last migration by plugin, the change counter."""

    tables: dict[str, int]
    schema: dict[str, int]
    rev: int


def contents_of(raw: Any) -> Contents:
    """Counted on an open connection; virtual tables are left out, for their rows are in others."""
    names = [row[0] for row in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    virtual = raw.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'").fetchall()
    own = [name for name in names if (name,) not in virtual and not name.startswith("sqlite_")]
    tables = {name: raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in own}
    if "schema_migrations" not in tables:
        return Contents(tables, {}, 0)
    schema = raw.execute("SELECT plugin, max(number) FROM schema_migrations GROUP BY plugin ORDER BY plugin")
    rev = raw.execute("SELECT max(value) FROM counters WHERE name = 'rev'").fetchone()[0]
    return Contents(tables, dict(schema.fetchall()), rev or 0)


def quiet_mode(path: Path) -> str:
    """How to read a file that may be in use, and leave nothing beside it where it is not."""
    return "ro" if beside(path, "-wal").exists() or is_cut_short(path) else "immutable"


@contextmanager
def _readable(path: Path, folder: Path) -> Iterator[Any]:
    """A connection to a file that may be in use; to a copy in ``folder`` where half a change must be undone first."""
    if is_cut_short(path):
        with copied(path, folder) as copy, closing(connect(copy, "rw")) as raw:
            yield raw
    else:
        with closing(connect(path, quiet_mode(path))) as raw:
            yield raw


def look_into(path: Path, mode: str = "immutable") -> Contents:
    """The contents of a file that nobody writes. StartError for what is no database of ours, or a damaged one."""
    try:
        with closing(connect(path, mode)) as raw:
            if raw.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise StartError(f"{path} is no database of SoundWave.", code="database_foreign")
            if broken := raw.execute("PRAGMA foreign_key_check").fetchone():
                raise StartError(f"{path} is damaged (a row of {broken[0]} refers to no row of {broken[2]}).")
            return contents_of(raw)
    except driver.Error as error:
        raise StartError(f"{path} cannot be read ({error}).", code="database_damaged") from error


def copy(source: Any, path: Path) -> Contents:
    """Copies an open database while it is in use; the copy is checked and fsynced before it has its name.

    Returns what the source held at the moment of the copy. Unavailable ``database_damaged`` where the copy, and so
    the original, fails the check.
    """
    part = _begin(path)
    try:
        with closing(driver.connect(str(part), isolation_level=None)) as target:
            source.execute("BEGIN")  # one snapshot for the count and the copy
            try:
                contents = contents_of(source)
                source.backup(target)
            finally:
                source.execute("ROLLBACK")
            target.execute("PRAGMA journal_mode=DELETE")  # one file that needs no -wal beside it
        if fault := fault_in(part, "integrity_check"):
            raise Unavailable(f"The database is damaged: {fault}.", code="database_damaged", status=500)
        _finish(part, path)
    finally:
        part.unlink(missing_ok=True)
    return contents


def copy_file(source: Path, path: Path) -> Contents:
    """The same from a file that this process has not open; its journals are read too. Raises StartError."""
    if fault := journal_fault(beside(source, "-wal")):
        raise StartError(f"{source} is damaged: of its journal, {fault}.", code="database_damaged")
    try:
        with _readable(source, path.parent) as raw:
            if raw.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise StartError(f"{source} is no database of SoundWave.", code="database_foreign")
            return copy(raw, path)
    except driver.Error as error:
        raise StartError(f"{source} cannot be read ({error}).", code="database_damaged") from error


def make_one_file(path: Path) -> None:
    """A database that is not open: its journals are brought in, and it can be renamed. Raises the driver's errors.

    Closing would bring the log in too, but does not say where that fails.
    """
    with closing(connect(path, "rw", query_only=False)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if raw.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete":
            raise StartError(f"{path} is in use: its journal was not brought in.")
    sync(path)


def _begin(path: Path) -> Path:
    part = path.with_name(path.name + ".part")
    for suffix in ("", *JOURNALS):
        beside(part, suffix).unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return part


def _finish(part: Path, path: Path) -> None:
    sync(part)
    os.replace(part, path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
