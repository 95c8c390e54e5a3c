"""The database file: what must not be opened, a new one, and a copy made while it is in use."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from .errors import StartError, Unavailable
from .sqlite import APPLICATION_ID, connect, driver, ensure_driver

_MAGIC = b"SQLite format 3\0"


def ensure_fit(path: Path, must_exist: bool) -> bool:
    """Whether there is a database at ``path``. StartError where it must not be opened; nothing is changed."""
    if not os.access(path.parent, os.R_OK | os.W_OK | os.X_OK):
        raise StartError(f"{path.parent} cannot be read and written by user {os.getuid()}.")
    if path.is_dir():
        raise StartError(f"{path} is a directory, and the database is a file: move it away.")
    if not path.exists() or path.stat().st_size == 0:
        _ensure_may_be_new(path, must_exist)
        return False
    if not os.access(path, os.R_OK | os.W_OK):
        raise StartError(f"{path} cannot be read and written by user {os.getuid()}: set its owner or mode.")
    _ensure_ours(path)
    _ensure_sound(path)
    return True


def _ensure_may_be_new(path: Path, must_exist: bool) -> None:
    what = "empty" if path.exists() else "missing"
    marker, log = path.parent / "installed", path.with_name(path.name + "-wal")
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
    is_old_product = False
    with suppress(driver.Error), closing(connect(path, "immutable")) as raw:
        tables = raw.execute("SELECT name FROM sqlite_schema WHERE name = 'django_migrations'")
        is_old_product = bool(tables.fetchall())
    if is_old_product:
        raise StartError(
            f"{path} is the database of the old SoundWave, and this version cannot import it: it was left "
            "as it is; move it away to begin with nothing."
        )
    raise StartError(f"{path} is another program's database: it was left as it is; move it away.")


def _ensure_sound(path: Path) -> None:
    try:
        fault = _fault(path, "quick_check")
    except driver.OperationalError as error:
        raise StartError(f"{path} cannot be opened ({error}): is another program using it?") from error
    if fault is not None:
        raise _damaged(path, fault)


def _fault(path: Path, check: str) -> str | None:
    """What ``quick_check`` or the slower ``integrity_check`` finds first; None where all is well."""
    try:
        with closing(connect(path, "ro")) as raw:
            found = raw.execute(f"PRAGMA {check}(1)").fetchone()[0]
    except driver.OperationalError:
        raise
    except driver.DatabaseError as error:
        return str(error)
    return None if found == "ok" else " ".join(str(found).split())


def _damaged(path: Path, reason: str) -> StartError:
    return StartError(
        f"{path} is damaged ({reason}): it was left as it is; move it away together with its -wal and -shm "
        f"files, and restore a backup from {path.parent / 'backups'}."
    )


def inspect_database(path: Path) -> str:
    """One line about a sound database, for doctor, who only reads; StartError says what is wrong with it."""
    ensure_driver()
    ensure_fit(path, must_exist=True)
    return f"{path}, {path.stat().st_size / 1e6:.1f} MB, sound"


def create(path: Path) -> None:
    """An empty database that bears our mark, there whole or not at all."""
    part = _begin(path)
    with closing(driver.connect(str(part), isolation_level=None)) as raw:
        raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
    _finish(part, path)


def copy(source: Any, path: Path) -> None:
    """Copies an open database while it is in use; the copy is checked and fsynced before it has its name.

    Unavailable ``database_damaged`` where the copy, and so the original, fails the check.
    """
    part = _begin(path)
    try:
        with closing(driver.connect(str(part), isolation_level=None)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file that needs no -wal beside it
        if fault := _fault(part, "integrity_check"):
            raise Unavailable(f"The database is damaged: {fault}.", code="database_damaged", status=500)
        _finish(part, path)
    finally:
        part.unlink(missing_ok=True)


def _begin(path: Path) -> Path:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return part


def _finish(part: Path, path: Path) -> None:
    _sync(part)
    os.replace(part, path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
