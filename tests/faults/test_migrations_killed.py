"""kill -9 at the statements of every migration, from every schema that was released: old or new, never between."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from faults.released import Step, contents, make, schema, steps
from faults.serving import Home, refusal, serving

from soundwave_core.clock import Clock
from soundwave_core.database import Database
from soundwave_core.sqlite import connect

Tell = Callable[[str], None]
STEPS = steps()
EACH = 10  # of so many kills one is followed by a start that goes on to the end
PARTS = 4  # tests, so that they run beside each other
MARK = '{"at": "2026-01-05T12:00:00.000Z", "host": "localhost"}'


class Dying:
    """The process of ``dying.py``."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("dying.py"))]
        environ = Home.within(Path("/nonexistent")).environ  # nothing measures coverage in what is killed anyway
        self._process = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def migrate(self, path: Path, statements: int | None = None) -> dict[str, Any]:
        """Open and migrate; kill -9 before the statement of that number."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps([str(path), statements]), file=self._process.stdin, flush=True)
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(30) == 0


@pytest.fixture
def dying() -> Iterator[Dying]:
    with closing(Dying()) as process:
        yield process


class Looked:
    """A database as it is on the disk, read from a copy."""

    def __init__(self, path: Path, scratch: Path) -> None:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        for suffix in ("", "-wal"):
            if (source := path.with_name(path.name + suffix)).exists():
                shutil.copyfile(source, scratch / source.name)
        with closing(Database(scratch / path.name, 4, Clock())) as db:
            assert db.value("PRAGMA integrity_check") == "ok"
            assert db.rows("PRAGMA foreign_key_check") == []
            self.schema, self.rows = schema(db), contents(db)


def ensure_kept(old: Looked, new: Looked) -> None:
    """Each row that was there is there, in all the columns that it had."""
    for table, rows in old.rows.items():
        if table in LIVE:
            continue
        had = [json.dumps(row, sort_keys=True, default=repr) for row in rows]
        names = set(rows[0]) if rows else set()
        kept = [{name: row[name] for name in names} for row in new.rows[table] if names <= set(row)]
        has = {json.dumps(row, sort_keys=True, default=repr) for row in kept}
        assert set(had) <= has, f"{table} lost rows"


def backups_of(path: Path) -> list[Path]:
    return sorted((path.parent / "backups").glob("*-before-migration/db.sqlite3"))


@pytest.mark.parametrize("part", range(PARTS))
def test_it_is_old_or_new(dying: Dying, tmp_path: Path, part: int, soak: bool, tell: Tell) -> None:
    """From each number of steps: killed before statements of the next one, its BEGIN, its COMMIT, and the one after."""
    kills = 0
    for done in range(1 + part, len(STEPS), PARTS):
        kills += kill_everywhere(dying, tmp_path, STEPS[: done + 1], 1 if soak else 4)
    tell(f"migrations ({part + 1} of {PARTS}): {kills} kills, each left the old or the new schema and every row")


def kill_everywhere(dying: Dying, tmp_path: Path, upto: list[Step], step: int) -> int:
    folder, scratch = tmp_path / f"{len(upto)}", tmp_path / "copy"
    old_path, new_path = folder / "old" / "db.sqlite3", folder / "new" / "db.sqlite3"
    for path, chain in ((old_path, upto[:-1]), (new_path, upto)):
        path.parent.mkdir(parents=True)
        make(path, chain)
    old, new = Looked(old_path, scratch), Looked(new_path, scratch)
    path = folder / "killed" / "db.sqlite3"
    seen: dict[int, list[str]] = {}
    while (statements := following(seen, new.schema, step)) is not None:
        path.parent.mkdir()
        shutil.copyfile(old_path, path)
        died = dying.migrate(path, statements)
        assert died["is_dead"], died
        left = Looked(path, scratch)
        assert left.schema in (old.schema, new.schema), f"before statement {statements} of {upto[-1]}"
        ensure_kept(old, left)
        backups = backups_of(path)
        assert backups or left.schema == old.schema, "it was migrated without a backup"
        if left.schema == new.schema or len(seen) % EACH == 0:
            assert [Looked(backup, scratch).schema for backup in backups] == [old.schema] * len(backups)
            finish(dying, path, old, scratch)
        seen[statements] = left.schema
        shutil.rmtree(path.parent)
    assert seen[0] == old.schema
    return len(seen)


def following(seen: dict[int, list[str]], new: list[str], step: int) -> int | None:
    """The next statement to die before: each ``step`` of them, and all of the last ones before it is new."""
    if not seen or new not in seen.values():
        return max(seen, default=-step) + step
    last = min(number for number in seen if seen[number] == new)
    return next((number for number in range(max(last - step, 0), last) if number not in seen), None)


def finish(dying: Dying, path: Path, old: Looked, scratch: Path) -> None:
    """The next start brings it to its end, with all its rows."""
    again = dying.migrate(path)
    assert (again["is_dead"], again["error"]) == (False, None)
    ended = Looked(path, scratch)
    assert [line for line in ended.schema if line.startswith("{")] == APPLIED
    ensure_kept(old, ended)


def _applied() -> list[str]:
    rows = [(s.plugin, s.migration.number, hashlib.sha256(s.migration.sql.encode()).hexdigest()) for s in STEPS]
    return [str({"plugin": p, "number": n, "checksum": c}) for p, n, c in sorted(rows)]


APPLIED = _applied()


@pytest.mark.parametrize("done", range(1, len(STEPS) + 1), ids=lambda done: str(STEPS[done - 1]))
def test_the_server_starts_on_each_released_schema(tmp_path: Path, done: int) -> None:
    """The real one, from the real files; and what it then has is what a new one has."""
    home = Home.within(tmp_path)
    home.data.mkdir()
    make(home.database, STEPS[:done])
    (home.data / "installed").write_text(MARK)
    old = Looked(home.database, tmp_path / "copy")
    with serving(home) as served:
        assert served.stop() == 0
    new = Looked(home.database, tmp_path / "copy")
    assert [line for line in new.schema if line.startswith("{")] == APPLIED
    swept = {"operations", "job_states", "job_runs", "throttles", "tombstones", "settings"}
    old.rows = {table: rows for table, rows in old.rows.items() if table not in swept}
    ensure_kept(old, new)
    assert len(backups_of(home.database)) == (done < len(STEPS))


@pytest.mark.parametrize("plugin", sorted({step.plugin for step in STEPS}))
def test_a_newer_version_is_refused(tmp_path: Path, plugin: str) -> None:
    """Its tables are not understood, so nothing is done to them: the server does not start, or not that plugin."""
    home = Home.within(tmp_path)
    home.data.mkdir()
    make(home.database, STEPS)
    (home.data / "installed").write_text(MARK)
    number = sum(1 for step in STEPS if step.plugin == plugin) + 1
    with closing(connect(home.database, query_only=False)) as raw:
        raw.execute("INSERT INTO schema_migrations VALUES (?, ?, 'of tomorrow', 'x', '2027')", (plugin, number))
    old = Looked(home.database, tmp_path / "copy")
    words = f"The tables of {plugin} were made by a newer version (step {number}"
    if plugin in ("core", "auth", "library"):
        assert words in refusal(home).sentence
    else:
        with serving(home) as served:
            assert served.stop() == 0
            assert words in served.said()
    assert Looked(home.database, tmp_path / "copy").schema == old.schema


def test_a_start_without_room_for_the_backup_changes_nothing(tmp_path: Path) -> None:
    """There is a file where the folder of the backups belongs."""
    home = Home.within(tmp_path)
    home.data.mkdir()
    make(home.database, STEPS[:3])
    (home.data / "backups").write_text("not a folder")
    old = Looked(home.database, tmp_path / "copy")
    assert "Nothing was changed: the backup before the migration failed" in refusal(home).sentence
    assert Looked(home.database, tmp_path / "copy").schema == old.schema


def test_the_rows_are_in_every_table(tmp_path: Path) -> None:
    """Else the tests above would keep nothing. What counts is filled by the tables' own triggers."""
    path = tmp_path / "db.sqlite3"
    make(path, STEPS)
    with closing(Database(path, 4, Clock())) as db:
        empty = {table for table, rows in contents(db).items() if not rows}
    assert {table for table in empty if "_fts" not in table} <= WITHOUT_ROWS


# What the server itself changes at a start: notes of files that never became tracks, and counters.
LIVE = {"placed_files", "download_revs"}
WITHOUT_ROWS = {
    "setup_codes", "token_addresses", "channel_removals", "playlist_removals", "source_failures", "file_removals",
    "legacy_imports",
}  # fmt: skip
