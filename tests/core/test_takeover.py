"""An old database in the place of ours: kept byte for byte, brought over, and only a whole new one takes its place."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from core.killing import cut_short

from soundwave_core import SoundWave, StartError, hookimpl, open_copy
from soundwave_core.cli import cli
from soundwave_core.database_file import is_legacy
from soundwave_core.sqlite import APPLICATION_ID
from soundwave_core.testing import MakeCore, VirtualClock
from tests.legacy.fixtures import OLD, Home, expected, home, moved, notes_of, report_of

__all__ = ["expected", "home", "moved"]

KILLED = 9
# Started as a server is; it dies without a word where it is about to do that to such a file, or at a change.
DYING = """
import os, pathlib, sys
from soundwave_core import Database, SoundWave
event, name = sys.argv[2:]
def die(what, arguments):
    if what == event and str(arguments[0]).endswith(name):
        os._exit(9)
def count(self, left=[int(name or 0) if event == "rev" else -1], next_rev=Database.next_rev):
    left[0] -= 1
    return next_rev(self) if left[0] else os._exit(9)
Database.next_rev = count
home = pathlib.Path(sys.argv[1])
environ = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
core = SoundWave({k: str(home / v) for k, v in environ.items()}, is_manual=True, notice=lambda line: None)
sys.addaudithook(die)
core.start().stop()
"""
STEPS = [
    ("shutil.copyfile", "data/db.sqlite3-wal"),
    ("os.rename", "db.legacy.part"),
    ("shutil.copyfile", "data/db.sqlite3"),
    ("os.rename", "importing/db.sqlite3.part"),
    ("rev", "20"),
    ("rev", "200"),
    ("os.remove", "data/db.sqlite3-wal"),
    ("os.rename", "importing/db.sqlite3"),
    ("os.rename", "installed.part"),
]


def in_wal_mode(home: Home) -> dict[str, bytes]:
    """As versions after 1.0 leave it where they were killed: the newest row is in the journal alone."""
    with home.opened() as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA wal_autocheckpoint=0")
        raw.execute("UPDATE playlist_playlist SET title = 'Only in the journal' WHERE id = 3")
        raw.commit()
        files = {suffix: home.database.with_name(f"db.sqlite3{suffix}").read_bytes() for suffix in ("", "-wal")}
    for suffix, content in files.items():
        home.database.with_name(f"db.sqlite3{suffix}").write_bytes(content)
    assert len(files["-wal"]) > 4096
    return files


def application_id(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[68:72], "big")


def leavings(home: Home) -> set[str]:
    """What an import may leave beside the old database and the new one: nothing."""
    names = {path.name for path in home.data.iterdir()}
    return {name for name in names if "importing" in name or name.endswith(".part")}


def test_it_is_recognised_kept_and_brought_over(home: Home, make_core: MakeCore) -> None:
    old = home.database.read_bytes()
    assert is_legacy(home.database)
    core = make_core()
    assert [kept.name for kept in home.kept] == ["db.legacy-2026-01-05.sqlite3"]
    assert home.kept[0].read_bytes() == old == (OLD / "db.sqlite3").read_bytes()
    assert (application_id(home.database), is_legacy(home.database)) == (APPLICATION_ID, False)
    assert core.is_installed
    report = report_of(core)
    assert (report.source, report.at) == ("db.legacy-2026-01-05.sqlite3", core.clock.stamp())
    sections = [section.name for section in report.sections]
    assert sections[0] == "Users"
    assert {"Tracks", "Playlists", "Download queue"} < set(sections)
    assert "Tracks: 60 of 60" in report.text()
    assert leavings(home) == set()


def test_the_next_start_is_an_ordinary_one(home: Home, make_core: MakeCore, clock: VirtualClock) -> None:
    core = make_core()
    rev = core.db.rev()
    core.stop()
    clock.advance(86_400)
    core = make_core()
    assert core.db.rev() == rev
    assert len(home.kept) == 1
    assert core.db.value("SELECT count(*) FROM legacy_imports") == 1


def test_what_is_in_the_journal_comes_along(home: Home, make_core: MakeCore) -> None:
    files = in_wal_mode(home)
    core = make_core()
    assert core.db.value("SELECT count(*) FROM playlists WHERE title = 'Only in the journal'") == 1
    for suffix, content in files.items():
        assert home.kept[0].with_name(home.kept[0].name + suffix).read_bytes() == content


@pytest.mark.parametrize(("event", "name"), STEPS)
def test_killed_on_the_way_it_begins_anew(
    home: Home, make_core: MakeCore, tmp_path: Path, event: str, name: str, clock: VirtualClock
) -> None:
    files = in_wal_mode(home)
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-c", DYING, str(tmp_path), event, name]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == KILLED, done.stderr
    is_over = not is_legacy(home.database)
    assert is_over == (name == "installed.part")
    if not is_over:
        assert home.database.read_bytes() == files[""]
    clock.advance(86_400 * 400)  # another day has other names
    core = make_core()
    assert core.db.value("SELECT count(*) FROM entries") == 62
    assert core.db.value("SELECT count(*) FROM playlists WHERE title = 'Only in the journal'") == 1
    assert core.db.value("SELECT count(*) FROM legacy_imports") == 1
    assert leavings(home) == set()
    for kept in home.kept:
        assert kept.read_bytes() == files[""]
        assert kept.with_name(f"{kept.name}-wal").read_bytes() == files["-wal"]
    assert len(home.kept) == 1


@pytest.mark.parametrize("event", [None, "importing/db.sqlite3"])
def test_half_a_change_of_the_old_server_is_undone(
    home: Home, make_core: MakeCore, tmp_path: Path, event: str | None
) -> None:
    """Killed in a commit it leaves a -journal (Django's SQLite is in DELETE mode): kept with it, and not applied."""
    files = cut_short(home.database, "UPDATE user_account SET username = username || '-never-committed'")
    assert is_legacy(home.database)
    if event is not None:
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        command = [sys.executable, "-c", DYING, str(tmp_path), "os.rename", event]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == KILLED, done.stderr
    core = make_core()
    names = {row["name"] for row in core.db.rows("SELECT name FROM users")}
    assert names
    assert not [name for name in names if "never-committed" in name]
    assert core.db.value("PRAGMA integrity_check") == "ok"
    assert core.db.value("SELECT count(*) FROM legacy_imports") == 1
    assert not home.database.with_name("db.sqlite3-journal").exists()
    kept = home.kept[-1]  # killed after it was undone in place, there is another one, ``-2``
    for suffix, content in files.items():
        assert kept.with_name(f"{kept.name}{suffix}").read_bytes() == content


@pytest.mark.parametrize("is_full_for_good", [True, False])
def test_a_log_that_cannot_be_brought_in_is_not_thrown_away(
    home: Home, make_core: MakeCore, monkeypatch: pytest.MonkeyPatch, is_full_for_good: bool
) -> None:
    """As on a disk that fills: closing, SQLite says nothing when it cannot write the log's pages to the file."""
    old, close, limits = home.database.read_bytes(), SoundWave.close, resource.getrlimit(resource.RLIMIT_FSIZE)

    def close_on_a_full_disk(core: SoundWave) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        close(core)
        if not is_full_for_good:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    with monkeypatch.context() as patch:
        patch.setattr(SoundWave, "close", close_on_a_full_disk)
        try:
            if is_full_for_good:
                with pytest.raises(StartError, match="was not brought over: the new database could not be written"):
                    make_core()
                assert home.database.read_bytes() == old
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        if not is_full_for_good:
            make_core().stop()
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    core = make_core()
    assert core.db.value("SELECT count(*) FROM entries") == 62
    assert core.db.value("PRAGMA integrity_check") == "ok"
    assert leavings(home) == set()


def test_another_old_database_is_kept_besides(home: Home, make_core: MakeCore) -> None:
    make_core().stop()
    first = home.kept[0].read_bytes()
    home.database.write_bytes(first)
    home.change("UPDATE playlist_playlist SET title = 'Later' WHERE id = 3")
    make_core()
    assert [kept.name for kept in home.kept] == ["db.legacy-2026-01-05-2.sqlite3", "db.legacy-2026-01-05.sqlite3"]
    assert home.kept[1].read_bytes() == first


@pytest.mark.parametrize("page", [1, 20, 60, 120])
def test_a_damaged_one_is_refused_and_left(home: Home, make_core: MakeCore, page: int) -> None:
    damaged = bytearray(home.database.read_bytes())
    damaged[page * 4096 : (page + 1) * 4096] = bytes(4096)
    home.database.write_bytes(damaged)
    with pytest.raises(StartError, match=r"is damaged .*nothing was imported"):
        make_core()
    assert home.database.read_bytes() == bytes(damaged)
    assert not (home.data / "installed").exists()


def test_a_plugin_that_cannot_take_its_part_stops_it(home: Home, make_core: MakeCore) -> None:
    class Broken:
        @staticmethod
        @hookimpl
        def import_legacy(core: SoundWave) -> None:
            raise KeyError("it knows no such version")

    old = home.database.read_bytes()
    with pytest.raises(StartError, match=r"was not brought over .*no such version"):
        make_core(plugins={"broken": Broken})
    assert home.database.read_bytes() == old
    assert not (home.data / "installed").exists()
    make_core()
    assert is_legacy(home.kept[0])


def test_what_nobody_asks_for_is_named(home: Home, make_core: MakeCore) -> None:
    home.change(
        "CREATE TABLE audio_radiosession (user_id INTEGER PRIMARY KEY, mode TEXT)",
        "INSERT INTO audio_radiosession VALUES (1, 'artist'), (2, 'sonic')",
        "CREATE TABLE audio_empty (id INTEGER)",
        "CREATE TABLE django_celery_results (id INTEGER)",
        "INSERT INTO django_celery_results VALUES (1)",
    )
    assert notes_of(report_of(make_core()), "Left behind") == "2 rows of audio_radiosession: nothing here takes them"


# By command


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``run("import-legacy", path)`` on the same directories as ``make_core``'s."""
    monkeypatch.chdir(tmp_path)
    folders = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
    environ = {name: str(tmp_path / folder) for name, folder in folders.items()}
    environ["SOUNDWAVE_AUTH_BCRYPT_COST"] = "4"

    def run_it(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments, env=environ)

    return run_it


def contents(core: SoundWave) -> dict[str, Any]:
    """Every row of every table that an import fills."""
    rows = core.db.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%_fts%'")
    changing = {"legacy_imports", "job_runs", "job_states", "schema_migrations"}
    return {row["name"]: core.db.rows(f"SELECT * FROM {row['name']}") for row in rows if row["name"] not in changing}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_it_may_come_after_a_set_up(home: Home, make_core: MakeCore, expected: dict[str, Any]) -> None:
    """Somebody looked at the new server first, and then puts the old database in the place of ours."""
    old = home.database.read_bytes()
    home.database.unlink()
    core = make_core()
    core.mark_installed()
    core.stop()
    home.database.write_bytes(old)
    core = make_core()
    assert core.db.value("SELECT count(*) FROM entries") == 62


def test_a_rehearsal_changes_nothing(home: Home, run: Any) -> None:
    (home.data / "backups").mkdir()
    before = snapshot(home.data)
    result = run("import-legacy", "--dry-run", str(home.data))
    assert result.exit_code == 0, result.output
    assert "Tracks: 60 of 60" in result.output
    assert snapshot(home.data) == before
    again = run("import-legacy", "--dry-run", str(OLD / "db.sqlite3"))
    assert result.output.splitlines()[1:] == again.output.splitlines()[1:]


def test_whole_databases_are_copied_to_the_cache_only(
    home: Home, run: Any, make_core: MakeCore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    make_core().stop()
    old = str(home.kept[0])
    for arguments in (("--dry-run", old), (old,)):
        result = run("import-legacy", *arguments)
        assert result.exit_code == 0, result.output
    assert list((tmp_path / "cache").glob("soundwave-*")) == []


def test_a_copy_that_cannot_be_made_is_one_sentence(home: Home, make_core: MakeCore, tmp_path: Path) -> None:
    core = make_core()
    core.stop()
    full = OSError(28, "No space left on device")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(StartError, match=r"cannot be copied .*No space") as told:
        patch.setattr("soundwave_core.takeover.copy", Raising(full))
        with open_copy(core):
            pass
    assert told.value.code == "copy_failed"
    assert list((tmp_path / "cache").glob("soundwave-*")) == []


class Raising:
    """Called, it fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __call__(self, *arguments: Any) -> Any:
        raise self._error


def test_a_second_import_changes_nothing(home: Home, make_core: MakeCore, run: Any) -> None:
    core = make_core()
    before, rev = contents(core), core.db.rev()
    core.stop()
    with home.opened(home.kept[0]) as raw:  # renamed over there in the meantime
        raw.execute("UPDATE user_account SET username = 'boss' WHERE id = 1")
        raw.commit()
    result = run("import-legacy", str(home.kept[0]))
    assert result.exit_code == 0, result.output
    assert "60 rows came over before" in result.output
    core = make_core()
    after = contents(core)
    assert {name for name in before if before[name] != after[name]} == set()
    assert core.db.rev() == rev
    assert core.db.value("SELECT count(*) FROM legacy_imports") == 2


def test_into_a_server_that_has_its_own(home: Home, make_core: MakeCore, run: Any, tmp_path: Path) -> None:
    """By command, on a machine where ours runs already: put beside what is there."""
    old = tmp_path / "old" / "db.sqlite3"
    old.parent.mkdir()
    home.database.rename(old)
    make_core().stop()
    result = run("import-legacy", str(old.parent))
    assert result.exit_code == 0, result.output
    core = make_core()
    assert core.db.value("SELECT count(*) FROM entries") == 62
    assert core.is_installed


def test_what_is_no_old_database_is_said(home: Home, run: Any, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite3"
    other.write_bytes(b"no database")
    for path, words in ((other, "is no database of the old SoundWave"), (tmp_path / "none", "is not there")):
        result = run("import-legacy", "--dry-run", str(path))
        assert result.exit_code == 1
        assert words in result.output + result.stderr
