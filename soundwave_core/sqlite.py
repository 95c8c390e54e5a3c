"""SQLite itself: the one driver import, what its errors mean, and who has which connection.

Everybody but the database's own modules talks to ``Database``.
"""

from __future__ import annotations

import importlib
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from dataset.database import Database as Dataset
from sqlalchemy import Connection

from .errors import SoundWaveError, StartError, Unavailable

# 3.7.0 to 3.51.2 may corrupt a WAL database when two connections checkpoint at once ("WAL-reset bug").
OLDEST_SQLITE = (3, 51, 3)
ALLOW_OLD = "SOUNDWAVE_ALLOW_OLD_SQLITE"
APPLICATION_ID = 0x53574156  # "SWAV", bytes 68 to 71 of the file (sqlite.org/fileformat2.html)


def _choose_driver() -> ModuleType:
    """The first whose SQLite is new enough, else the standard library's, which ``ensure_driver`` judges.

    Two copies of SQLite in one process drop each other's POSIX locks: the next is imported only if needed.
    """
    for name in ("pysqlite3.dbapi2", "sqlcipher3.dbapi2"):
        with suppress(ImportError):
            module = importlib.import_module(name)
            if module.sqlite_version_info >= OLDEST_SQLITE:
                return module
    return importlib.import_module("sqlite3.dbapi2")


driver = _choose_driver()
_IS_NEW_ENOUGH = driver.sqlite_version_info >= OLDEST_SQLITE
_PRAGMAS = (
    "busy_timeout=15000",
    "synchronous=FULL",  # what was acknowledged survives a power cut; NORMAL lost rows in 19 cuts of 40
    "foreign_keys=ON",
    f"trusted_schema={'OFF' if _IS_NEW_ENOUGH else 'ON'}",  # old ones distrust their own FTS5
    "cell_size_check=ON",
    "mmap_size=0",
    f"journal_size_limit={64 * 1024 * 1024}",
    "temp_store=MEMORY",
)
DISK_FULL = "disk_full"
# A disk that fails or went read-only, and a process that may open no more files: later it may be better.
_FAILED = ("disk I/O error", "readonly database", "unable to open database file")


def disk_full() -> Unavailable:
    """What everybody is told who wants to write then."""
    return Unavailable("The disk with the data directory is full.", code=DISK_FULL, status=507)


def sqlite_version() -> str:
    """The version of the library that the driver brought."""
    return str(driver.sqlite_version)


def ensure_driver() -> None:
    """StartError for a SQLite older than ``OLDEST_SQLITE``, unless ``ALLOW_OLD`` says that it may be."""
    if driver.sqlite_version_info < OLDEST_SQLITE and os.environ.get(ALLOW_OLD) != "1":
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise StartError(
            f"SQLite {sqlite_version()} may corrupt the database: install pysqlite3 (x86-64), sqlcipher3 "
            f"(arm64) or SQLite {wanted}, or set {ALLOW_OLD}=1 on a machine for development."
        )


class IntegrityError(SoundWaveError):
    """A constraint forbade the write. ``reason``: SQLite's words. An uncaught duplicate answers 409."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.is_duplicate = reason.startswith("UNIQUE")
        if self.is_duplicate:
            super().__init__("This clashes with what is there already.", code="conflict", status=409)
        else:
            super().__init__("The stored data does not allow this change.")

    def __str__(self) -> str:
        return self.reason


def meaning(error: BaseException | None, is_writing: bool) -> Exception | None:
    """Our error for one of the driver's; None where it has no better name."""
    if isinstance(error, driver.IntegrityError):
        return IntegrityError(str(error))
    if "disk is full" in str(error):
        return disk_full()
    if "readonly database" in str(error) and not is_writing:
        return RuntimeError("write outside transaction(): this connection only reads")
    if any(words in str(error) for words in _FAILED):
        what = "written" if is_writing else "read"
        return Unavailable(f"The disk with the data directory cannot be {what} ({error}).", code="disk_failed")
    if any(words in str(error) for words in ("malformed", "not a database")):  # so is one whose disk is gone
        return Unavailable("The database is damaged: see soundwave doctor.", code="database_damaged")
    return None


def connect(path: Path, mode: str = "rw", query_only: bool = True) -> Any:
    """A connection of the driver, in autocommit. ``mode``: rw, ro, or immutable (not even a -shm is made)."""
    query = "immutable=1" if mode == "immutable" else f"mode={mode}"
    uri = f"{path.absolute().as_uri()}?{query}"
    raw = driver.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=512)
    for pragma in _PRAGMAS:
        raw.execute(f"PRAGMA {pragma}")
    if mode == "rw" and raw.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
        raise StartError(f"The file system of {path.parent} cannot hold a WAL database; use a local disk.")
    raw.execute(f"PRAGMA query_only={int(query_only)}")
    return raw


class _Mine(threading.local):
    """What one thread has: SQLAlchemy's connection and the driver's inside it."""

    connection: Connection | None = None
    raw: Any = None


class _Dataset(Dataset):
    """dataset on our connections: it opens none, begins and commits nothing, and waits for no pool."""

    current: Callable[[], Connection]

    @property
    def executable(self) -> Connection:
        return self.current()

    @property
    def in_transaction(self) -> bool:
        return True


class Connections:
    """One connection that writes, and one that reads for each thread.

    dataset keeps its own by thread id for ever, and waits for its pool with the lock held that giving back
    needs. Here a connection goes back by ``release()``, or when its thread has ended, and the pool never
    waits: ``threads`` are kept, more than that are opened and closed as needed.
    """

    def __init__(self, path: Path, threads: int) -> None:
        self._mine, self._mutex, self._lock = _Mine(), threading.Lock(), threading.Lock()
        self._open: weakref.WeakSet[Connection] = weakref.WeakSet()
        engine = {
            "module": driver,
            "creator": lambda: connect(path),
            "isolation_level": "AUTOCOMMIT",
            "pool_size": threads + 1,
            "max_overflow": -1,
        }
        self.dataset = _Dataset(
            "sqlite:///file", engine_kwargs=engine, ensure_schema=False, row_type=dict, sqlite_wal_mode=False
        )
        self.dataset.current = self._current
        self._writer = self._check_out()
        self.writer = _raw_of(self._writer)
        self.writer.execute("PRAGMA query_only=OFF")

    def raw(self) -> Any:
        """The driver's connection for this thread; the writing one within ``writing()``."""
        raw = self._mine.raw
        if raw is None:
            raw = self._mine.raw = _raw_of(self._current())
        return raw

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Waits for its turn; then this thread reads and writes on the writing connection."""
        mine = self._mine
        with self._mutex:
            outer = mine.connection, mine.raw
            mine.connection, mine.raw = self._writer, self.writer
            try:
                yield self.writer
            finally:
                mine.connection, mine.raw = outer

    def release(self) -> None:
        connection, self._mine.connection, self._mine.raw = self._mine.connection, None, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        with self._mutex, self._lock:
            for connection in list(self._open):
                connection.close()
            self.dataset.close()

    def _current(self) -> Connection:
        if self._mine.connection is None:
            self._mine.connection = self._check_out()
        return self._mine.connection

    def _check_out(self) -> Connection:
        with self._lock:
            if self.dataset.engine is None:
                raise RuntimeError("the database is closed")
            connection = self.dataset.engine.connect()
            self._open.add(connection)
            return connection


def _raw_of(connection: Connection) -> Any:
    return connection.connection.driver_connection
