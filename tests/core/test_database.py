"""The database, on real files: each thing that dataset and SQLite get wrong by themselves stays right."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from core.killing import cut_short

from soundwave_core import sqlite
from soundwave_core.database import (
    Database,
    IntegrityError,
    driver,
    inspect_database,
    open_database,
    sqlite_version,
    transaction,
)
from soundwave_core.database_file import copy_file, create, look_into, make_one_file
from soundwave_core.errors import NotFound, StartError, Unavailable
from soundwave_core.sqlite import connect

SCHEMA = (
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, title TEXT, "
    "hits INTEGER NOT NULL DEFAULT 7) STRICT",
    "CREATE TABLE pages (id INTEGER PRIMARY KEY, note_id INTEGER NOT NULL "
    "REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED) STRICT",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db.sqlite3"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    database = open_database(path, threads=4)
    with transaction(database) as tx:
        for statement in SCHEMA:
            tx.execute(statement)
        tx["notes"].insert({"uid": "one", "title": "One", "hits": 0})
    yield database
    database.close()


def in_threads(count: int, work: Callable[[int], object]) -> list[object]:
    """Runs ``work(0)`` to ``work(count - 1)`` at the same time, each in a new thread."""
    start = threading.Barrier(count)

    def run(number: int) -> object:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.fixture
def hasty(db: Database) -> Database:
    """Without waiting for the disk: for tests that write a lot."""
    db._connections.writer.execute("PRAGMA synchronous=OFF")
    return db


def add(db: Database, uid: str) -> None:
    with transaction(db) as tx:
        tx.execute("INSERT INTO notes (uid) VALUES (:uid)", uid=uid)


def can_write(path: Path) -> bool:
    """Whether somebody else could write at once."""
    with closing(connect(path, query_only=False)) as other:
        other.execute("PRAGMA busy_timeout=0")
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    return True


# Reading


def test_reads_give_dicts_and_values(db: Database) -> None:
    add(db, "two")
    assert db.rows("SELECT uid, hits FROM notes ORDER BY id") == [
        {"uid": "one", "hits": 0},
        {"uid": "two", "hits": 7},
    ]
    assert db.row("SELECT title FROM notes WHERE uid = :uid", uid="one") == {"title": "One"}
    assert db.row("SELECT title FROM notes WHERE uid = :uid", uid="nobody") is None
    assert db.value("SELECT count(*) FROM notes") == 2
    assert db.value("SELECT title FROM notes WHERE uid = :uid", uid="nobody") is None


def test_json_is_bytes_and_its_text_is_no_parameter(db: Database) -> None:
    assert db.json("SELECT json_group_array(uid) FROM notes") == b'["one"]'
    assert db.json("""SELECT CAST('{"a":1, ":b":2}' AS BLOB)""") == b'{"a":1, ":b":2}'
    with pytest.raises(NotFound):
        db.json("SELECT json_object('uid', uid) FROM notes WHERE id = :id", id=99)


def test_a_dict_is_no_value(db: Database) -> None:
    with pytest.raises(driver.Error):
        db.rows("SELECT 1 FROM notes WHERE uid = :uid", uid={"!=": ""})


def test_every_connection_has_the_pragmas(db: Database) -> None:
    is_old = driver.sqlite_version_info < sqlite.OLDEST_SQLITE
    expected = {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 15000,
        "trusted_schema": int(is_old), "cell_size_check": 1, "journal_size_limit": 64 << 20,
        "temp_store": 2, "mmap_size": 0, "application_id": 0x53574156,
    }  # fmt: skip

    def look(_: int = 0) -> dict[str, object]:
        return {name: db.value(f"PRAGMA {name}") for name in expected}

    assert look() == expected
    assert in_threads(3, look) == [expected] * 3
    with transaction(db):
        assert look() == expected
        assert db.value("PRAGMA query_only") == 0
    assert db.value("PRAGMA query_only") == 1


# Writing


def test_a_write_outside_a_transaction_raises(db: Database) -> None:
    writes: list[Callable[[], object]] = [
        lambda: db.execute("DELETE FROM notes"),
        lambda: db.execute_many("DELETE FROM notes WHERE id = :id", [{"id": 1}]),
        lambda: db.row("INSERT INTO notes (uid) VALUES ('x') RETURNING id"),
        lambda: db["notes"].insert({"uid": "x"}),
        lambda: db["notes"].update({"uid": "one", "title": "x"}, ["uid"]),
        lambda: db["notes"].delete(uid="one"),
        lambda: db.next_rev(),
        lambda: db.bury("note", "one", None),
        lambda: db.on_commit(print),
    ]
    for write in writes:
        with pytest.raises(RuntimeError, match="write outside transaction"):
            write()
    assert db.rows("SELECT uid FROM notes") == [{"uid": "one"}]


def test_returning_and_many(db: Database) -> None:
    with transaction(db) as tx:
        assert tx.row("INSERT INTO notes (uid) VALUES ('two') RETURNING id, hits") == {"id": 2, "hits": 7}
        rows = [{"uid": f"n{n}"} for n in range(3)]
        assert tx.execute_many("INSERT INTO notes (uid) VALUES (:uid)", rows) == 3
        assert tx.execute("UPDATE notes SET hits = 1 WHERE uid LIKE 'n%'") == 3
        with pytest.raises(driver.ProgrammingError):  # a missing key is not NULL
            tx.execute_many("INSERT INTO notes (uid, hits) VALUES (:uid, :hits)", [{"uid": "x"}])
    assert db.value("SELECT count(*) FROM notes") == 5


def test_a_failed_write_leaves_no_lock(db: Database, path: Path) -> None:
    for write in (
        lambda: db.execute("INSERT INTO notes (uid) VALUES ('one')"),
        lambda: db["notes"].insert({"uid": "one"}),
    ):
        with pytest.raises(IntegrityError) as caught, transaction(db):
            write()
        assert (caught.value.is_duplicate, caught.value.status) == (True, 409)
        assert caught.value.reason == "UNIQUE constraint failed: notes.uid"
        assert can_write(path)
    add(db, "two")


def test_constraints_speak_at_the_statement_or_at_the_commit(db: Database) -> None:
    with pytest.raises(IntegrityError, match="NOT NULL") as caught, transaction(db) as tx:
        tx.execute("INSERT INTO notes (uid) VALUES (NULL)")
    assert (caught.value.is_duplicate, caught.value.status) == (False, 500)
    with pytest.raises(IntegrityError, match="cannot store TEXT"), transaction(db) as tx:
        tx.execute("INSERT INTO notes (uid, hits) VALUES ('x', 'many')")
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), transaction(db) as tx:
        tx.execute("INSERT INTO pages (note_id) VALUES (99)")
    assert db.value("SELECT count(*) FROM pages") == 0
    add(db, "two")


def test_a_full_disk_is_unavailable_and_heals(db: Database) -> None:
    with pytest.raises(Unavailable) as caught, transaction(db) as tx:
        tx.rows("PRAGMA max_page_count=1")
        tx.execute("INSERT INTO notes (uid) VALUES (hex(randomblob(100000)))")
    assert (caught.value.status, caught.value.code) == (507, "disk_full")
    with transaction(db) as tx:
        tx.rows("PRAGMA max_page_count=1000000")
    add(db, "two")


def test_nesting_raises_and_ends_nothing(db: Database) -> None:
    with transaction(db) as tx:
        tx.execute("UPDATE notes SET title = 'changed'")
        for call in (transaction(db).__enter__, db.release, db.close, lambda: db.backup_to(Path("x"))):
            with pytest.raises(RuntimeError, match="inside transaction"):
                call()
    assert db.value("SELECT title FROM notes") == "changed"


def test_everything_is_rolled_back_tables_too(db: Database, path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), transaction(db) as tx:
        tx.execute("CREATE TABLE extra (a TEXT) STRICT")
        tx["notes"].insert({"uid": "two"})  # dataset would commit here
        tx.execute("DELETE FROM notes WHERE uid = 'one'")
        raise KeyboardInterrupt
    assert db.rows("SELECT uid FROM notes") == [{"uid": "one"}]
    assert not db.value("SELECT 1 FROM sqlite_schema WHERE name = 'extra'")
    assert can_write(path)


def test_a_savepoint_undoes_a_part(db: Database) -> None:
    with transaction(db) as tx:
        tx.execute("SAVEPOINT part")
        tx.execute("DELETE FROM notes")
        tx.execute("ROLLBACK TO part")
        tx.execute("INSERT INTO notes (uid) VALUES ('two')")
    assert db.value("SELECT count(*) FROM notes") == 2


def test_calls_come_after_the_commit_in_order_and_may_write(db: Database) -> None:
    heard: list[str] = []

    def write() -> None:
        heard.append(f"write {db.value('SELECT count(*) FROM notes')}")
        add(db, "three")

    def fail() -> None:
        heard.append("fail")
        raise ValueError("a listener's")

    with pytest.raises(ValueError, match="a listener's"), transaction(db) as tx:
        for call in (write, fail, lambda: heard.append("last")):
            tx.on_commit(call)
        tx.execute("INSERT INTO notes (uid) VALUES ('two')")
        assert heard == []
    assert heard == ["write 2", "fail", "last"]
    assert db.value("SELECT count(*) FROM notes") == 3


def test_a_rollback_announces_nothing(db: Database) -> None:
    heard: list[str] = []
    with pytest.raises(LookupError), transaction(db) as tx:
        tx.on_commit(lambda: heard.append("never"))
        raise LookupError
    add(db, "two")
    assert heard == []


def test_before_commit_joins_this_threads_transactions(db: Database) -> None:
    def mark() -> None:
        db.execute("UPDATE notes SET hits = hits + 1 WHERE uid = 'one'")

    with db.before_commit(mark):
        add(db, "two")
        in_threads(1, lambda _: add(db, "three"))
        with pytest.raises(IntegrityError):
            add(db, "two")
    add(db, "four")
    assert db.value("SELECT hits FROM notes WHERE uid = 'one'") == 1


# Many threads


def test_no_update_is_lost(hasty: Database) -> None:
    def count(_: int) -> None:
        for _turn in range(50):
            with transaction(hasty) as tx:
                hits = tx.value("SELECT hits FROM notes WHERE uid = 'one'")
                tx.execute("UPDATE notes SET hits = :hits WHERE uid = 'one'", hits=hits + 1)

    in_threads(16, count)
    assert hasty.value("SELECT hits FROM notes WHERE uid = 'one'") == 800


def test_upserts_make_no_duplicates(hasty: Database) -> None:
    def upsert(_: int) -> None:
        for number in range(30):
            with transaction(hasty) as tx:
                if not tx["notes"].update({"uid": f"n{number}", "title": "t"}, ["uid"]):
                    tx["notes"].insert({"uid": f"n{number}", "title": "t"})

    in_threads(8, upsert)
    assert hasty.value("SELECT count(*) FROM notes WHERE title = 't'") == 30


def test_readers_wait_for_no_writer_and_see_only_what_is_committed(db: Database) -> None:
    def title(_: int = 0) -> object:
        return db.value("SELECT title FROM notes"), db["notes"].find_one(uid="one")["title"]

    with transaction(db) as tx:
        tx.execute("UPDATE notes SET title = 'Two'")
        assert title() == ("Two", "Two")
        assert in_threads(4, title) == [("One", "One")] * 4
    assert in_threads(4, title) == [("Two", "Two")] * 4
    assert title() == ("Two", "Two")


def test_a_read_leaves_nothing_open(hasty: Database) -> None:
    for number in range(50):
        add(hasty, f"n{number}")
    hasty.row("SELECT * FROM notes")
    hasty.value("SELECT uid FROM notes")
    hasty["notes"].find_one(hits=7)
    in_threads(1, lambda _: add(hasty, "another"))  # a stale snapshot could not be written from
    add(hasty, "mine")
    assert hasty.value("SELECT count(*) FROM notes") == 53


def test_revs_only_grow_in_the_order_of_commits(hasty: Database) -> None:
    def change(number: int) -> None:
        for turn in range(20):
            with transaction(hasty) as tx:
                uid = f"{number}-{turn}"
                tx.execute("INSERT INTO notes (uid, hits) VALUES (:u, :rev)", u=uid, rev=tx.next_rev())

    in_threads(8, change)
    revs = [row["hits"] for row in hasty.rows("SELECT hits FROM notes WHERE uid <> 'one' ORDER BY id")]
    assert revs == list(range(1, 161))
    with pytest.raises(LookupError), transaction(hasty) as tx:
        tx.next_rev()
        raise LookupError
    assert hasty.rev() == 160


def test_more_threads_than_the_pool_do_not_freeze(db: Database) -> None:
    assert in_threads(40, lambda _: db.value("SELECT count(*) FROM notes")) == [1] * 40


def test_connections_do_not_leak(hasty: Database) -> None:
    pool = hasty._connections.dataset.engine.pool

    def work(turn: int, number: int) -> None:
        hasty.row("SELECT * FROM notes")
        hasty["notes"].find(uid="one")
        add(hasty, f"{turn}-{number}")
        if turn % 2:
            hasty.release()

    for turn in range(10):
        in_threads(8, partial(work, turn))
    gc.collect()  # those that ended without release()
    assert pool.checkedout() <= 2  # the writer's, and this thread's


def test_a_connection_given_back_comes_again(db: Database) -> None:
    db.release()
    db.release()
    assert db.value("SELECT count(*) FROM notes") == 1


def test_close_waits_for_the_writer_and_empties_the_wal(db: Database, path: Path) -> None:
    is_inside, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with transaction(db) as tx:
            tx.execute("UPDATE notes SET title = 'kept'")
            is_inside.set()
            may_end.wait(10)

    writer = threading.Thread(target=write)
    writer.start()
    is_inside.wait(10)
    closer = threading.Thread(target=db.close)
    closer.start()
    may_end.set()
    writer.join()
    closer.join()
    assert not path.with_name("db.sqlite3-wal").exists()
    with pytest.raises(driver.ProgrammingError, match="closed"):
        db.value("SELECT 1")
    with pytest.raises(RuntimeError, match="closed"):
        in_threads(1, lambda _: db.value("SELECT 1"))
    with closing(open_database(path, 4)) as again:
        assert again.value("SELECT title FROM notes") == "kept"


# dataset's tables


def test_table_calls(db: Database) -> None:
    with transaction(db) as tx:
        table = tx["notes"]
        assert table.insert({"uid": "two", "title": None}) == 2
        assert table.update({"uid": "two", "title": "Two"}, ["uid"]) == 1
        assert table.update({"uid": "nobody", "title": "Two"}, ["uid"]) == 0
        assert table.insert({"uid": "three"}) == 3
        assert table.delete(uid="three") is True
        assert table.delete(uid="three") is False
    two = {"id": 2, "uid": "two", "title": "Two", "hits": 7}
    assert db["notes"].find_one(title="Two", hits=7) == two
    assert db["notes"].find(title=None) == []
    assert [row["uid"] for row in db["notes"].find(order_by=["-hits", "uid"])] == ["two", "one"]
    assert len(db["notes"].find(order_by="uid", _limit=1)) == 1
    assert (db["notes"].count(), db["notes"].count(hits=7)) == (2, 1)


def test_unknown_names_raise(db: Database) -> None:
    before = db.rows("SELECT * FROM sqlite_schema")
    with transaction(db) as tx:
        table = tx["notes"]
        calls: list[Callable[[], object]] = [
            lambda: table.insert({"uid": "x", "titel": "x"}),
            lambda: table.insert({"UID": "x"}),
            lambda: table.update({"uid": "one", "titel": "x"}, ["uid"]),
            lambda: table.update({"uid": "one", "title": "x"}, ["iud"]),
            lambda: table.find(titel="x"),
            lambda: table.find_one(titel="x"),
            lambda: table.find(order_by="-titel"),
            lambda: table.delete(titel="x"),
            lambda: table.count(titel="x"),
            lambda: tx["nots"],
            lambda: tx["notes; --"],
        ]
        for call in calls:
            with pytest.raises(LookupError, match=r"no column|no table"):
                call()
    assert db.rows("SELECT * FROM sqlite_schema") == before


@pytest.mark.parametrize("value", [{"!=": ""}, {"like": "%"}, ["one"], ("one",), {"one"}, object()])
def test_only_scalars_are_values(db: Database, value: object) -> None:
    with transaction(db) as tx:
        for call in (
            lambda: tx["notes"].find(uid=value),
            lambda: tx["notes"].find_one(uid=value),
            lambda: tx["notes"].count(uid=value),
            lambda: tx["notes"].delete(uid=value),
            lambda: tx["notes"].insert({"uid": value}),
            lambda: tx["notes"].update({"uid": value, "title": "x"}, ["uid"]),
        ):
            with pytest.raises(TypeError):
                call()
    assert db.value("SELECT count(*) FROM notes") == 1


def test_no_write_goes_to_every_row(db: Database) -> None:
    with transaction(db) as tx:
        for call in (
            lambda: tx["notes"].delete(),
            lambda: tx["notes"].update({"title": "x"}, []),
            lambda: tx["notes"].update({"title": "x"}, ["uid"]),
            lambda: tx["notes"].update({"uid": "one"}, ["uid"]),
        ):
            with pytest.raises(ValueError, match="needs"):
                call()
    assert db.value("SELECT title FROM notes") == "One"


def test_a_column_that_came_later_is_known(db: Database) -> None:
    assert db["notes"].count() == 1
    with transaction(db) as tx:
        tx.execute("ALTER TABLE notes ADD COLUMN colour TEXT")
        tx["notes"].insert({"uid": "two", "colour": "red"})
    assert db["notes"].find_one(colour="red")["uid"] == "two"


def test_a_tombstone_has_a_rev_and_a_moment(db: Database) -> None:
    with transaction(db) as tx:
        assert tx.bury("playlist", "abc", "carol") == 1
        assert tx.bury("channel", "def", None) == 2
    found = db.rows("SELECT * FROM tombstones ORDER BY rev")
    assert [(row["rev"], row["kind"], row["id"], row["user_id"]) for row in found] == [
        (1, "playlist", "abc", "carol"),
        (2, "channel", "def", None),
    ]
    assert found[0]["buried_at"] <= db.clock.stamp()


# Files


def test_a_new_file_is_ours_and_private(path: Path) -> None:
    with closing(open_database(path, 4)) as db:
        assert db.is_new
        assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes()[68:72] == b"SWAV"
    assert not path.with_name("db.sqlite3.part").exists()
    with closing(open_database(path, 4, must_exist=True)) as again:
        assert not again.is_new
    assert "sound" in inspect_database(path)


def test_odd_names_of_folders(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c#d%20é"
    folder.mkdir()
    with closing(open_database(folder / "db.sqlite3", 4)) as db:
        assert db.rev() == 0
    assert (folder / "db.sqlite3").stat().st_size


def refused(path: Path, sentence: str, *, must_exist: bool = False) -> None:
    """The file is refused in one sentence, and is what it was."""

    def content() -> dict[Path, bytes]:
        files = (entry for entry in path.parent.iterdir() if entry.is_file() and entry.suffix != ".sqlite3-shm")
        return {file: file.read_bytes() for file in files if file.stat().st_size}

    before = content()
    with pytest.raises(StartError, match=sentence) as caught:
        open_database(path, 4, must_exist=must_exist)
    assert "\n" not in caught.value.sentence
    with pytest.raises(StartError, match=sentence):
        inspect_database(path)
    assert content() == before


def test_nothing_where_there_was_something_is_refused(path: Path) -> None:
    refused(path, "missing", must_exist=True)
    path.with_name("installed").touch()
    refused(path, "missing, but SoundWave has been set up")
    path.touch()
    refused(path, "empty, but SoundWave has been set up")
    path.with_name("installed").unlink()
    path.with_name("db.sqlite3-wal").write_bytes(b"rows")
    refused(path, "empty, but its journal")
    path.with_name("db.sqlite3-wal").unlink()
    open_database(path, 4).close()  # a first start that was cut short


@pytest.mark.parametrize("damage", ["garbage", "zeroed header", "truncated", "page"])
def test_a_damaged_file_is_refused(db: Database, path: Path, damage: str) -> None:
    with transaction(db) as tx:
        tx.execute_many("INSERT INTO notes (uid) VALUES (:u)", [{"u": f"note {n}" * 20} for n in range(500)])
    db.close()
    data = path.read_bytes()
    match damage:
        case "garbage":
            path.write_bytes(b"not a database at all" * 100)
        case "zeroed header":
            path.write_bytes(bytes(100) + data[100:])
        case "truncated":
            path.write_bytes(data[: len(data) // 2])
        case _:
            path.write_bytes(data[: 20 * 4096] + b"\xff" * 8192 + data[22 * 4096 :])
    refused(path, "is damaged .*left as it is.*restore a backup")


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        (["django_migrations", "user_account"], "old SoundWave"),
        (["django_migrations"], "another program"),
        (["recipes"], "another program"),
    ],
)
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_another_database_is_refused(path: Path, tables: list[str], sentence: str, mode: str) -> None:
    with closing(driver.connect(str(path), isolation_level=None)) as raw:
        raw.execute(f"PRAGMA journal_mode={mode}")
        for table in tables:
            raw.execute(f"CREATE TABLE {table} (a)")
    refused(path, sentence)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_folder_is_refused(path: Path) -> None:
    path.mkdir()
    refused(path, "is a directory")


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_may_not_be_read_and_written_is_refused(
    path: Path, is_folder: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_database(path, 4).close()
    denied = path.parent if is_folder else path
    monkeypatch.setattr(os, "access", lambda asked, mode: Path(asked) != denied)
    refused(path, f"{denied} cannot be read and written by user {os.getuid()}")


def test_old_sqlite_is_refused_unless_allowed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOUNDWAVE_ALLOW_OLD_SQLITE", raising=False)
    monkeypatch.setattr(sqlite, "OLDEST_SQLITE", (99, 0, 0))
    with pytest.raises(StartError, match=f"SQLite {sqlite_version()} may corrupt"):
        open_database(path, 4)
    assert not path.exists()
    monkeypatch.setenv("SOUNDWAVE_ALLOW_OLD_SQLITE", "1")
    open_database(path, 4).close()


def test_there_is_one_sqlite_in_the_process(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from soundwave_core.database import driver, open_database\n"
        f"db = open_database(Path({str(path)!r}), 4); db['settings'].find(); db.close()\n"
        "names = {'sqlite3', 'pysqlite3', 'sqlcipher3'} & set(sys.modules)\n"
        "assert names == {driver.__name__.partition('.')[0]}, names"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=environ)  # coverage has a SQLite too


def test_kill_9_in_a_transaction_leaves_the_old_state(db: Database, path: Path) -> None:
    db.close()
    code = (
        "import sys; from pathlib import Path\n"
        "from soundwave_core.database import open_database, transaction\n"
        f"db = open_database(Path({str(path)!r}), 4)\n"
        "with transaction(db) as tx: tx.execute(\"UPDATE notes SET title = 'acknowledged'\")\n"
        "with transaction(db) as tx:\n"
        "    tx.rows('PRAGMA cache_size=1'); tx.rows('PRAGMA cache_spill=1')\n"
        "    rows = [{'uid': str(n) * 99} for n in range(5000)]\n"
        "    tx.execute_many('INSERT INTO notes (uid) VALUES (:uid)', rows)\n"
        "    print('ready', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        assert path.with_name("db.sqlite3-wal").stat().st_size > 100_000  # much was written already
        os.kill(child.pid, signal.SIGKILL)
    with closing(open_database(path, 4)) as again:
        assert again.rows("SELECT uid, title FROM notes") == [{"uid": "one", "title": "acknowledged"}]
        assert again.value("PRAGMA integrity_check") == "ok"
        add(again, "two")


def test_a_backup_is_one_moment_in_one_file(hasty: Database, path: Path) -> None:
    copies = [path.with_name(f"copy{n}.sqlite3") for n in range(5)]

    def work(number: int) -> None:
        if number == 0:
            for copy in copies:
                hasty.backup_to(copy)
            return
        for turn in range(50):
            with transaction(hasty) as tx:  # both or none
                tx.execute("INSERT INTO notes (uid) VALUES (:uid)", uid=f"{number}-{turn}")
                tx.execute("UPDATE notes SET hits = hits + 1 WHERE uid = 'one'")

    in_threads(4, work)
    assert sorted(entry.name for entry in path.parent.glob("copy*")) == [copy.name for copy in copies]
    for copy in copies:
        assert copy.stat().st_mode & 0o777 == 0o600
        with closing(open_database(copy, 4, must_exist=True)) as other:
            assert other.value("SELECT (SELECT hits FROM notes WHERE uid = 'one') = count(*) - 1 FROM notes")


def test_a_backup_that_fails_its_check_gets_no_name(db: Database, path: Path) -> None:
    with transaction(db) as tx:
        tx.execute("CREATE INDEX notes_by_title ON notes (title)")
        tx.rows("PRAGMA writable_schema=ON")
        sql = "CREATE INDEX notes_by_title ON notes (uid)"
        tx.execute("UPDATE sqlite_schema SET sql = :sql WHERE name = 'notes_by_title'", sql=sql)
    copy = path.with_name("copy.sqlite3")
    with pytest.raises(Unavailable, match=r"The database is damaged: .*notes_by_title"):
        db.backup_to(copy)
    assert list(path.parent.glob("copy*")) == []


def test_a_new_file_is_in_wal_mode_from_the_start(path: Path) -> None:
    """Else the first start would switch it, and a kill in that leaves half a change."""
    create(path)
    assert path.read_bytes()[18:20] == b"\2\2"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_half_a_change_is_undone_at_the_start(db: Database, path: Path) -> None:
    """Such as a kill in a switch to or from WAL leaves; who only looks changes nothing."""
    db.close()
    files = cut_short(path, "DELETE FROM notes")
    assert "undoes a change that was cut short" in inspect_database(path)
    for suffix, content in files.items():
        assert path.with_name(f"db.sqlite3{suffix}").read_bytes() == content
    with closing(open_database(path, 4)) as again:
        assert again.rows("SELECT uid FROM notes") == [{"uid": "one"}]
        assert again.value("PRAGMA integrity_check") == "ok"
    assert not path.with_name("db.sqlite3-journal").exists()


def test_killed_in_the_first_start_after_a_restore(db: Database, path: Path, tmp_path: Path) -> None:
    """A real kill -9, where SQLite is about to remove the journal of its switch to WAL: a restored file is in none."""
    db.close()
    make_one_file(path)
    journal = path.with_name("db.sqlite3-journal")
    code = (
        "from pathlib import Path; from soundwave_core.database import open_database\n"
        f"open_database(Path({str(path)!r}), 4)"
    )
    strace = ["strace", "-f", "-o", str(tmp_path / "log"), "-P", str(journal), "-e", "trace=unlink"]
    command = [*strace, "-e", "inject=unlink:signal=KILL:when=1", sys.executable, "-c", code]
    subprocess.run(command, check=False, timeout=60, capture_output=True)
    assert journal.read_bytes()[:1] not in (b"", b"\0")
    with closing(open_database(path, 4)) as again:
        assert again.rows("SELECT uid FROM notes") == [{"uid": "one"}]


def test_no_database_is_put_where_the_journal_of_another_lies(db: Database, path: Path) -> None:
    db.close()
    cut_short(path, "DELETE FROM notes")
    path.unlink()
    refused(path, "missing, but its journal .*-journal is there")


def test_half_a_change_is_not_in_a_copy_and_stays_in_the_file(db: Database, path: Path) -> None:
    db.close()
    files = cut_short(path, "DELETE FROM notes")
    (path.parent / "copies").mkdir()
    assert copy_file(path, path.parent / "copies" / "copy.sqlite3").tables["notes"] == 1
    assert look_into(path.parent / "copies" / "copy.sqlite3").tables["notes"] == 1
    assert [entry.name for entry in (path.parent / "copies").iterdir()] == ["copy.sqlite3"]
    for suffix, content in files.items():
        assert path.with_name(f"db.sqlite3{suffix}").read_bytes() == content


def test_no_copy_is_made_of_what_a_damaged_journal_lets_through(db: Database, path: Path) -> None:
    for number in range(8):
        add(db, f"acknowledged {number}")
    wal = path.with_name("db.sqlite3-wal")
    files = path.read_bytes(), bytearray(wal.read_bytes())
    db.close()
    files[1][32 + (len(files[1]) - 32) // 4120 // 2 * 4120 + 24 + 99] ^= 1
    path.write_bytes(files[0])
    wal.write_bytes(files[1])
    with pytest.raises(StartError, match="does not match its checksum") as caught:
        copy_file(path, path.with_name("copy.sqlite3"))
    assert caught.value.code == "database_damaged"
    assert wal.read_bytes() == bytes(files[1])
