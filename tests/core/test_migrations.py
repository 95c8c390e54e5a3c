"""Migrations: whole or not at all, never twice, never backwards, and never without a backup."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soundwave_core.clock import Clock
from soundwave_core.database import Database, open_database, transaction
from soundwave_core.errors import PluginError, StartError
from soundwave_core.migrations import CORE, CORE_MIGRATIONS, migrate, statements
from soundwave_core.records import Migration

ONE = Migration(1, "songs", "CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT NOT NULL) STRICT;")
TWO = Migration(2, "seen", "ALTER TABLE songs ADD COLUMN seen_at TEXT; INSERT INTO songs (title) VALUES ('a;b')")


class SteppingClock(Clock):
    """A second later at each look."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, tzinfo=UTC)

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db.sqlite3"


@pytest.fixture
def clock() -> Clock:
    return SteppingClock()


@pytest.fixture
def db(path: Path, clock: Clock) -> Iterator[Database]:
    database = open_database(path, 4, clock=clock)
    yield database
    database.close()


def schema(db: Database) -> list[object]:
    return [row["sql"] for row in db.rows("SELECT sql FROM sqlite_schema ORDER BY name")]


def applied(db: Database, plugin: str) -> list[int]:
    sql = "SELECT number FROM schema_migrations WHERE plugin = :plugin ORDER BY number"
    return [row["number"] for row in db.rows(sql, plugin=plugin)]


def backups(path: Path) -> list[Path]:
    return sorted((path.parent / "backups").glob("*"))


def test_a_script_is_split_where_statements_end() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = ';'; DELETE FROM b; END;"
    text = "INSERT INTO a VALUES ('it''s; here', \";\"); -- not; here"
    comment = "/* nor; here */ SELECT 1;"
    assert list(statements(f"\n{trigger}\n{text}\n{comment}\n SELECT 2")) == [
        trigger,
        "INSERT INTO a VALUES ('it''s; here', \";\");",
        f"-- not; here\n{comment}",
        "SELECT 2",
    ]
    assert list(statements(" \n")) == []


def test_the_cores_tables_are_there(db: Database) -> None:
    assert applied(db, CORE) == [step.number for step in CORE_MIGRATIONS]
    names = {row["name"] for row in db.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert names >= {
        "schema_migrations", "settings", "counters", "tombstones", "operations", "job_states", "job_runs",
    }  # fmt: skip
    assert db.rev() == 0


def test_each_is_applied_once_in_order(db: Database, clock: Clock) -> None:
    migrate(db, "songs", [ONE], clock)
    for _ in range(2):
        migrate(db, "songs", [ONE, TWO], clock)
    assert applied(db, "songs") == [1, 2]
    assert db.rows("SELECT title FROM songs") == [{"title": "a;b"}]
    row = db.row("SELECT name, applied_at FROM schema_migrations WHERE plugin = 'songs' AND number = 2")
    assert row is not None
    assert row["name"] == "seen"
    assert row["applied_at"].startswith("2026-11-22T00:00:")


def test_full_text_search_and_its_triggers(db: Database, clock: Clock) -> None:
    search = """
        CREATE VIRTUAL TABLE songs_fts USING fts5(title, content='songs', content_rowid='id',
            tokenize="unicode61 remove_diacritics 2", prefix='2 3');
        CREATE TRIGGER songs_added AFTER INSERT ON songs BEGIN
            INSERT INTO songs_fts (rowid, title) VALUES (new.id, new.title);
        END;
        CREATE TRIGGER songs_removed AFTER DELETE ON songs BEGIN
            INSERT INTO songs_fts (songs_fts, rowid, title) VALUES ('delete', old.id, old.title);
        END;
    """
    migrate(db, "songs", [ONE, Migration(2, "search", search)], clock)
    with transaction(db) as tx:
        tx.execute("INSERT INTO songs (title) VALUES ('Jóga')")
        assert tx["songs"].insert({"title": "Hyperballad"}) == 2  # not a rowid of the index
    sql = "SELECT title FROM songs WHERE id IN (SELECT rowid FROM songs_fts WHERE songs_fts MATCH :q)"
    assert db.value(sql, q="joga") == "Jóga"
    assert db.value(sql, q="hyp*") == "Hyperballad"
    with transaction(db) as tx:
        tx.execute("DELETE FROM songs")
    assert db.value(sql, q="joga") is None


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE TABLE b (a); INSERT INTO songs (title) VALUES (NULL);", "NOT NULL"),
        ("CREATE TABLE b (a); SELEC 1;", "syntax error"),
        ("CREATE TABLE b (a); CREATE TRIGGER t AFTER INSERT ON b BEGIN SELECT 1;", "incomplete input"),
        ("CREATE TABLE b (a); -- done\n commit; DROP TABLE songs;", "commit has no place"),
        (
            "CREATE TABLE b (a REFERENCES songs); INSERT INTO b VALUES (9);",
            "row of b refers to no row of songs",
        ),
    ],
)
def test_what_fails_is_undone_whole(db: Database, clock: Clock, sql: str, reason: str) -> None:
    migrate(db, "songs", [ONE], clock)
    before = schema(db)
    with pytest.raises(PluginError, match=rf"songs: migration 2 \(bad\) was undone: .*{reason}"):
        migrate(db, "songs", [ONE, Migration(2, "bad", sql)], clock)
    assert (schema(db), applied(db, "songs")) == (before, [1])
    assert db.value("PRAGMA foreign_keys") == 1
    migrate(db, "songs", [ONE, TWO], clock)
    after = len(CORE_MIGRATIONS) + 1
    with pytest.raises(StartError, match=f"core: migration {after}"):
        migrate(db, CORE, [*CORE_MIGRATIONS, Migration(after, "bad", sql)], clock)


def test_a_rebuilt_table_keeps_its_children(db: Database, clock: Clock) -> None:
    child = Migration(
        2,
        "child",
        "CREATE TABLE plays (song_id INTEGER NOT NULL REFERENCES songs (id) ON DELETE CASCADE) STRICT;"
        "INSERT INTO songs (title) VALUES ('a'); INSERT INTO plays VALUES (1);",
    )
    rebuild = Migration(
        3,
        "rebuild",
        "CREATE TABLE new (id INTEGER PRIMARY KEY, title TEXT) STRICT; INSERT INTO new SELECT * FROM songs;"
        "DROP TABLE songs; ALTER TABLE new RENAME TO songs;",
    )
    migrate(db, "songs", [ONE, child, rebuild], clock)
    assert db.value("SELECT count(*) FROM plays") == 1
    with transaction(db) as tx:
        assert tx.value("PRAGMA foreign_keys") == 1
        tx.execute("DELETE FROM songs")
    assert db.value("SELECT count(*) FROM plays") == 0


@pytest.mark.parametrize("numbers", [[2], [1, 3], [1, 1], [2, 1], [0, 1]])
def test_numbers_have_no_gaps(db: Database, clock: Clock, numbers: list[int]) -> None:
    steps = [Migration(number, "x", "SELECT 1") for number in numbers]
    with pytest.raises(PluginError, match="not numbered 1, 2, 3"):
        migrate(db, "songs", steps, clock)
    assert applied(db, "songs") == []


def test_an_edited_one_is_refused(db: Database, clock: Clock) -> None:
    migrate(db, "songs", [ONE], clock)
    with pytest.raises(PluginError, match=r"songs: migration 1 .* was edited"):
        migrate(db, "songs", [Migration(1, "songs", ONE.sql + " "), TWO], clock)
    assert applied(db, "songs") == [1]


def test_a_newer_plugins_tables_are_refused(db: Database, clock: Clock) -> None:
    migrate(db, "songs", [ONE, TWO], clock)
    with pytest.raises(PluginError, match=r"songs were made by a newer version \(step 2, this one knows 1\)"):
        migrate(db, "songs", [ONE], clock)


def test_a_newer_servers_database_is_refused_and_left(path: Path) -> None:
    with closing(open_database(path, 4)) as db, transaction(db) as tx:
        tx["schema_migrations"].find()
        after = len(CORE_MIGRATIONS) + 1
        tx.execute("INSERT INTO schema_migrations VALUES ('core', :after, 'later', 'x', 'then')", after=after)
    before = path.read_bytes()
    with pytest.raises(StartError, match=r"newer version .*install that version again, or restore a backup"):
        open_database(path, 4)
    assert path.read_bytes() == before
    assert backups(path) == []


def test_no_backup_of_nothing(db: Database, clock: Clock, path: Path) -> None:
    migrate(db, "songs", [ONE, TWO], clock)
    assert backups(path) == []


def test_one_checked_backup_a_start_and_five_are_kept(path: Path, clock: Clock) -> None:
    steps = [ONE]
    with closing(open_database(path, 4, clock=clock)) as db:
        migrate(db, "songs", steps, clock)
    for number in range(2, 9):
        steps.append(Migration(number, "more", f"INSERT INTO songs (title) VALUES ('{number}')"))
        with closing(open_database(path, 4, clock=clock)) as db:
            migrate(db, "songs", steps, clock)
            migrate(db, f"other{number}", [Migration(1, "x", "SELECT 1")], clock)
    kept = backups(path)
    assert len(kept) == 5
    assert all(re.fullmatch(r"backup-20261122-[0-9]{6}-[0-9]{3}-before-migration", entry.name) for entry in kept)
    with closing(open_database(kept[-1] / "db.sqlite3", 4)) as old:
        assert applied(old, "songs") == [1, 2, 3, 4, 5, 6, 7]
        assert old.value("SELECT count(*) FROM songs") == 6


def test_without_a_backup_nothing_is_migrated(path: Path, clock: Clock) -> None:
    open_database(path, 4).close()
    (path.parent / "backups").write_text("a file where the folder should be")
    with closing(open_database(path, 4)) as db:
        with pytest.raises(StartError, match="Nothing was changed: the backup before the migration failed"):
            migrate(db, "songs", [ONE], clock)
        assert applied(db, "songs") == []


def test_kill_9_in_a_migration_leaves_the_old_schema(path: Path, clock: Clock) -> None:
    with closing(open_database(path, 4)) as db:
        migrate(db, "songs", [ONE], clock)
        before = schema(db)
    code = f"""if True:
        import sys
        from pathlib import Path
        from soundwave_core.clock import Clock
        from soundwave_core.database import open_database
        from soundwave_core.migrations import migrate
        from soundwave_core.records import Migration
        def pause():
            print("ready", flush=True)
            sys.stdin.read()
        db = open_database(Path({str(path)!r}), 4)
        db._connections.writer.create_function("pause", 0, pause)
        two = Migration(2, "slow", "DROP TABLE songs; CREATE TABLE t (a); SELECT pause(); DROP TABLE t;")
        migrate(db, "songs", [Migration(1, "songs", {ONE.sql!r}), two], Clock())
    """
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        os.kill(child.pid, signal.SIGKILL)
    with closing(open_database(path, 4)) as again:
        assert (schema(again), applied(again, "songs")) == (before, [1])
        assert len(backups(path)) == 1
        migrate(again, "songs", [ONE, TWO], clock)
