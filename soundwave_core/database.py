"""The database: one writer, and readers that wait for nobody.

``with transaction(db):`` is the one way to write: one at a time, under a mutex, on the one connection
that can. Everything else reads, on a connection of its own thread that cannot write (``query_only``).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy.exc

from .clock import Clock
from .database_file import Contents, copy, create, ensure_fit, inspect_database
from .errors import NotFound, StartError
from .hold import PATIENCE_SECONDS, Hold
from .sqlite import Connections, IntegrityError, driver, ensure_driver, meaning, sqlite_version
from .tables import CheckedTable, Row

__all__ = [
    "Database",
    "IntegrityError",
    "driver",
    "inspect_database",
    "open_database",
    "sqlite_version",
    "transaction",
]
Call = Callable[[], object]


class _Mine(threading.local):
    """What one thread is about to do around its commit; ``after`` is None outside a transaction.

    ``patience``: how many seconds it waits while writers are held back.
    """

    patience = math.inf
    before: Call | None = None
    after: list[Call] | None = None


class Database:
    """Reads for everybody, writes inside ``transaction()``. Parameters are named: ``:name``.

    ``threads``: how many connections are kept. ``is_new``: there was no schema yet when it was opened.
    """

    def __init__(self, path: Path, threads: int, clock: Clock) -> None:
        self.path, self.clock, self.hold = path, clock, Hold(clock)
        self._connections, self._mine = Connections(path, threads), _Mine()
        self._tables: dict[str, CheckedTable] = {}
        self.is_new = not self.value("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'")
        self.is_backed_up = False

    # Reading

    def rows(self, sql: str, /, **params: Any) -> list[Row]:
        cursor, found = self._run(sql, params)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found]

    def row(self, sql: str, /, **params: Any) -> Row | None:
        """The first row. All are read, so that nothing stays open: say LIMIT 1 where there may be many."""
        cursor, found = self._run(sql, params)
        if not found:
            return None
        return dict(zip([column[0] for column in cursor.description], found[0], strict=True))

    def value(self, sql: str, /, **params: Any) -> Any:
        """The first column of the first row, or None."""
        found = self._run(sql, params)[1]
        return found[0][0] if found else None

    def json(self, sql: str, /, **params: Any) -> bytes:
        """The JSON that SQLite built in one row and column; NotFound where there is none."""
        value = self.value(sql, **params)
        if value is None:
            raise NotFound("It is not there.")
        return value if isinstance(value, bytes) else str(value).encode()

    def rev(self) -> int:
        """The change counter as it is now."""
        return int(self.value("SELECT value FROM counters WHERE name = 'rev'"))

    @cached_property
    def epoch(self) -> int:
        """Another number after each restore, when the counters may go back."""
        return int(self.value("SELECT value FROM counters WHERE name = 'epoch'"))

    # Writing, inside transaction()

    def execute(self, sql: str, /, **params: Any) -> int:
        """One statement; how many rows it changed."""
        self._ensure_writing()
        return int(self._run(sql, params)[0].rowcount)

    def execute_many(self, sql: str, rows: Sequence[Mapping[str, Any]], /) -> int:
        """One statement for many rows; how many it changed."""
        self._ensure_writing()
        with self.sentences():
            return int(self._raw().executemany(sql, rows).rowcount)

    def next_rev(self) -> int:
        """The change counter, one further. A rollback takes it back, so readers see no gap."""
        self._ensure_writing()
        return int(self.value("UPDATE counters SET value = value + 1 WHERE name = 'rev' RETURNING value"))

    def bury(self, kind: str, id: str, user_id: str | None) -> int:
        """Leaves a tombstone for a user's devices (None: everybody's); its rev."""
        rev, at = self.next_rev(), self.clock.stamp()
        row = {"rev": rev, "kind": kind, "id": id, "user_id": user_id, "at": at}
        self.execute("INSERT INTO tombstones VALUES (:rev, :kind, :id, :user_id, :at)", **row)
        return rev

    def on_commit(self, call: Call) -> None:
        """To be called once the change is stored and the next writer may go on: announcements belong here."""
        self._ensure_writing().append(call)

    @contextmanager
    def before_commit(self, call: Call) -> Iterator[None]:
        """Within the block, this thread's transactions end with ``call()``, still inside them."""
        self._mine.before, outer = call, self._mine.before
        try:
            yield
        finally:
            self._mine.before = outer

    # dataset, for rare calls

    def __getitem__(self, name: str) -> CheckedTable:
        if name not in self._tables:
            self._tables[name] = CheckedTable(self, self._connections.dataset, name)
        return self._tables[name]

    @contextmanager
    def sentences(self) -> Iterator[None]:
        """Turns errors of the driver, wrapped by SQLAlchemy or not, into ours where we have one."""
        try:
            yield
        except (driver.Error, sqlalchemy.exc.DBAPIError) as error:
            inner = getattr(error, "orig", error)
            better = meaning(inner, self._mine.after is not None)
            if better is None:
                raise
            raise better from error

    # Connections

    def release(self) -> None:
        """Gives back this thread's connection: for threads that end, or will not read for long."""
        self._ensure_not_writing()
        self._connections.release()

    def close(self) -> None:
        """Waits for the writer, then closes every thread's connection; the last one empties the WAL."""
        self._ensure_not_writing()
        self._connections.close()

    def backup_to(self, path: Path) -> Contents:
        """A checked, fsynced copy of one moment in one file, made while others read and write; what was in it."""
        self._ensure_not_writing()
        with self.sentences():
            return copy(self._raw(), path)

    def begin_epoch(self, rev: int) -> None:
        """After a restore, inside ``transaction()``: what clients know is void, and no rev is given out twice.

        ``rev``: the highest that was given out before.
        """
        self.execute("UPDATE counters SET value = max(value, :rev) + 1 WHERE name = 'rev'", rev=rev)
        self.execute("UPDATE counters SET value = abs(random() % 281474976710656) WHERE name = 'epoch'")
        self.__dict__.pop("epoch", None)

    def hold_writes(self, seconds: float) -> None:
        """For a snapshot of the volume: the last writer ends, the log is emptied, and until then nobody writes.

        It ends so many seconds after this returned, or by ``hold.end()``. Requests that write meanwhile wait a little
        and are answered Unavailable ``writes_held``; jobs wait. Unavailable ``readers_busy``: the log is not empty.
        """
        self._ensure_not_writing()
        self.hold.begin(seconds)
        with self._connections.writing() as raw:
            self.hold.begin_or_end(seconds, is_busy=raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    @contextmanager
    def hasty(self) -> Iterator[None]:
        """Within the block, this thread does not wait long for the end of a hold: somebody waits for it."""
        self._mine.patience, outer = PATIENCE_SECONDS, self._mine.patience
        try:
            yield
        finally:
            self._mine.patience = outer

    @contextmanager
    def without_foreign_keys(self) -> Iterator[None]:
        """For migrations, which rebuild tables (a DROP would cascade) and check the keys themselves."""
        self._connections.writer.execute("PRAGMA foreign_keys=OFF")
        try:
            yield
        finally:
            self._connections.writer.execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def _turn(self) -> Iterator[Any]:
        """The writing connection; who began to wait for it before a hold began does not write during it."""
        while True:
            self.hold.wait(self._mine.patience)
            with self._connections.writing() as raw:
                if not self.hold.seconds_left:
                    yield raw
                    return

    def _raw(self) -> Any:
        return self._connections.raw()

    def _run(self, sql: str, params: Mapping[str, Any]) -> tuple[Any, list[tuple[Any, ...]]]:
        try:
            cursor = self._connections.raw().execute(sql, params)
            return cursor, cursor.fetchall()
        except driver.Error as error:
            better = meaning(error, self._mine.after is not None)
            if better is None:
                raise
            raise better from error

    @property
    def is_writing(self) -> bool:
        """Whether this thread is inside ``transaction()``."""
        return self._mine.after is not None

    def _ensure_writing(self) -> list[Call]:
        if self._mine.after is None:
            raise RuntimeError("write outside transaction()")
        return self._mine.after

    def _ensure_not_writing(self) -> None:
        if self._mine.after is not None:
            raise RuntimeError("inside transaction() already: hand the open one on instead")


@contextmanager
def transaction(db: Database) -> Iterator[Database]:
    """All or nothing, and nobody else writes meanwhile: keep it short, without network and without hooks.

    RuntimeError inside another; IntegrityError and Unavailable ``disk_full`` from statements and commit.
    """
    db._ensure_not_writing()
    after: list[Call] = []
    with db._turn() as raw:
        db._mine.after = after
        try:
            db._run("BEGIN IMMEDIATE", {})
            yield db
            if db._mine.before is not None:
                db._mine.before()
            db._run("COMMIT", {})
        finally:
            db._mine.after = None
            if raw.in_transaction:
                raw.execute("ROLLBACK")
    with ExitStack() as calls:  # each is called, in order, whatever the others raise
        for call in reversed(after):
            calls.callback(call)


def open_database(
    path: Path, threads: int, *, must_exist: bool = False, clock: Clock | None = None, is_scratch: bool = False
) -> Database:
    """The database at ``path``, made if need be, the core's tables up to date.

    ``is_scratch``: it is a copy, or a new one, of which nobody needs a backup.
    StartError for a damaged, newer, foreign or unreadable file, and for none where one has been.
    """
    from .migrations import CORE, CORE_MIGRATIONS, migrate  # it needs this module

    ensure_driver()
    clock = clock or Clock()
    try:
        if not ensure_fit(path, must_exist):
            create(path)
        db = Database(path, threads, clock)
    except (OSError, driver.Error, sqlalchemy.exc.DBAPIError) as error:
        raise StartError(f"{path} cannot be opened ({getattr(error, 'orig', error)}).") from error
    db.is_backed_up = is_scratch
    try:
        migrate(db, CORE, CORE_MIGRATIONS, clock)
    except BaseException:
        db.close()
        raise
    return db
