"""Migrations: numbered SQL, forward only, one transaction each, after a checked backup; and the core's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence

from .backups import Backups
from .clock import Clock
from .database import Database, transaction
from .errors import PluginError, SoundWaveError, StartError
from .records import Migration
from .sqlite import driver

CORE = "core"
Backup = Callable[[Database, Clock], None]
_COMMENTS = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_FORBIDDEN = re.compile(_COMMENTS + r"(BEGIN|COMMIT|END|ROLLBACK|VACUUM|ATTACH|DETACH|PRAGMA)\b", re.I | re.S)

CORE_MIGRATIONS = (
    Migration(
        1,
        "tables",
        """
        CREATE TABLE schema_migrations (
            plugin TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,
            checksum TEXT NOT NULL, applied_at TEXT NOT NULL, PRIMARY KEY (plugin, number)
        ) STRICT, WITHOUT ROWID;
        -- value: JSON
        CREATE TABLE settings (
            name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, changed_at TEXT NOT NULL, changed_by TEXT
        ) STRICT;
        CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO counters VALUES ('rev', 0);
        -- user_id NULL: for everybody
        CREATE TABLE tombstones (
            rev INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL,
            user_id TEXT, buried_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX tombstones_by_user ON tombstones (user_id, rev);
        CREATE INDEX tombstones_by_age ON tombstones (buried_at);
        -- Idempotency-Keys and op ids; status and answer stay NULL until the answer is known
        CREATE TABLE operations (
            key TEXT NOT NULL, user_id TEXT NOT NULL, request_hash TEXT NOT NULL,
            status INTEGER, answer BLOB, created_at TEXT NOT NULL, PRIMARY KEY (user_id, key)
        ) STRICT;
        CREATE INDEX operations_by_age ON operations (created_at);
        CREATE TABLE job_states (
            job_id TEXT NOT NULL PRIMARY KEY,
            is_paused INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1)),
            last_started_at TEXT, last_ended_at TEXT, next_run_at TEXT
        ) STRICT;
        CREATE TABLE job_runs (
            id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, job_id TEXT NOT NULL,
            started_at TEXT NOT NULL, ended_at TEXT,
            state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
            error TEXT, log TEXT NOT NULL DEFAULT ''
        ) STRICT;
        CREATE INDEX job_runs_by_job ON job_runs (job_id, started_at);
        """,
    ),
    Migration(
        2,
        "epoch and imports",
        """
        -- another number after each restore: what a client knows of the time before is void
        INSERT INTO counters VALUES ('epoch', abs(random() % 281474976710656));
        CREATE TABLE legacy_imports (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, source TEXT NOT NULL,
            report TEXT NOT NULL CHECK (json_valid(report))
        ) STRICT;
        """,
    ),
    Migration(
        3,
        "ops and swept tombstones",
        """
        -- request: an Idempotency-Key; op: what a device did, known for longer
        ALTER TABLE operations ADD COLUMN kind TEXT NOT NULL DEFAULT 'request' CHECK (kind IN ('request', 'op'));
        DROP INDEX operations_by_age;
        CREATE INDEX operations_by_age ON operations (kind, created_at);
        CREATE INDEX operations_of_users ON operations (user_id, kind);
        -- up to which rev tombstones may be missing
        INSERT INTO counters VALUES ('swept_rev', 0);
        """,
    ),
)


def backup_once(db: Database, clock: Clock) -> None:
    """Before the first change that a start makes to an existing schema; the last ones are kept (``rotation.py``).

    StartError where it cannot be made: nothing is migrated without it.
    """
    if db.is_new or db.is_backed_up:
        return
    backups = Backups(db.path.parent / "backups", clock)
    try:
        made = backups.make(db, "before-migration")
        backups.rotate([made.id])
    except (OSError, SoundWaveError, driver.Error) as error:
        raise StartError(f"Nothing was changed: the backup before the migration failed ({error}).") from error
    db.is_backed_up = True


def migrate(
    db: Database, plugin: str, migrations: Sequence[Migration], clock: Clock, backup: Backup = backup_once
) -> None:
    """Applies what is not applied yet. What fails is undone whole and raises PluginError (core: StartError).

    So do gaps in the numbers, a change to an applied migration, and tables of a newer version.
    """
    refuse = StartError if plugin == CORE else PluginError
    if [step.number for step in migrations] != list(range(1, len(migrations) + 1)):
        raise refuse(f"The migrations of {plugin} are not numbered 1, 2, 3 and so on.")
    applied = _applied(db, plugin)
    if len(applied) > len(migrations):
        raise refuse(
            f"The tables of {plugin} were made by a newer version (step {len(applied)}, this one knows "
            f"{len(migrations)}): install that version again, or restore a backup that is older than it "
            f"from {db.path.parent / 'backups'}."
        )
    for step, checksum in zip(migrations, applied, strict=False):
        if _checksum(step) != checksum:
            raise refuse(f"{plugin}: migration {step.number} ({step.name}) was edited after it was applied.")
    for step in migrations[len(applied) :]:
        backup(db, clock)
        try:
            _apply(db, plugin, step, clock)
        except (ValueError, SoundWaveError, driver.Error) as error:
            raise refuse(f"{plugin}: migration {step.number} ({step.name}) was undone: {error}") from error


def statements(sql: str) -> Iterator[str]:
    """The statements of a script; a semicolon in a text, a comment or a trigger's body ends none."""
    pending = ""
    for piece in re.split(r"(?<=;)", sql):
        pending += piece
        if driver.complete_statement(pending):
            yield pending.strip()
            pending = ""
    if pending.strip():
        yield pending.strip()


def _applied(db: Database, plugin: str) -> list[str]:
    """The checksums of a plugin's applied migrations, in order."""
    if not db.value("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'"):
        return []
    sql = "SELECT checksum FROM schema_migrations WHERE plugin = :plugin ORDER BY number"
    return [row["checksum"] for row in db.rows(sql, plugin=plugin)]


def _apply(db: Database, plugin: str, step: Migration, clock: Clock) -> None:
    with db.without_foreign_keys(), transaction(db) as tx:
        for statement in statements(step.sql):
            if found := _FORBIDDEN.match(statement):
                raise ValueError(f"{found[1]} has no place in a migration")
            tx.execute(statement)
        broken = tx.row("PRAGMA foreign_key_check")
        if broken is not None:
            raise ValueError(f"a row of {broken['table']} refers to no row of {broken['parent']}")
        tx.execute(
            "INSERT INTO schema_migrations VALUES (:plugin, :number, :name, :checksum, :at)",
            plugin=plugin, number=step.number, name=step.name, checksum=_checksum(step), at=clock.stamp(),
        )  # fmt: skip


def _checksum(step: Migration) -> str:
    return hashlib.sha256(step.sql.encode()).hexdigest()
