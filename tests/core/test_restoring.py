"""Restoring: the database that is put aside keeps its journals, and the restored one meets none of them."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
from core.killing import cut_short

from soundwave_core import SoundWave, manifest, restoring, transaction
from soundwave_core.database import open_database
from soundwave_core.database_file import is_left_open
from soundwave_core.restoring import PREPARED, Note, write_note
from soundwave_core.sqlite import connect, driver
from soundwave_core.testing import MakeCore

KEPT = "db.before-restore-20260105T120000.sqlite3"


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    """A stopped one, with a restore prepared: of itself as it is now."""
    core = make_core()
    core.stop()
    data = core.config.data_dir
    (data / PREPARED).write_bytes((data / "db.sqlite3").read_bytes())
    note(data, manifest.facts_of(data / PREPARED).sha256)
    return core


def note(data: Path, sha256: str) -> None:
    write_note(data, Note(backup="b", made_at="2026-01-05T12:00:00.000Z", kept=KEPT, sha256=sha256, sentence="So."))


def read(path: Path) -> dict[str, bytes]:
    files = {suffix: path.with_name(path.name + suffix) for suffix in ("", "-wal", "-journal")}
    return {suffix: file.read_bytes() for suffix, file in files.items() if file.exists()}


def killed_with_rows(path: Path, rows: int) -> dict[str, bytes]:
    """So many acknowledged rows, all in the log, as a kill leaves them."""
    with closing(open_database(path, 2)) as db:
        for number in range(rows):
            with transaction(db) as tx:
                tx.execute("INSERT INTO settings VALUES (:n, '1', '', NULL)", n=f"row.{number}")
        files = read(path)
    for suffix, content in files.items():
        path.with_name(path.name + suffix).write_bytes(content)
    return files


def rows_of(path: Path) -> int:
    with closing(connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(raw.execute("SELECT count(*) FROM settings WHERE name LIKE 'row.%'").fetchone()[0])


@pytest.mark.parametrize("can_undo", [True, False])
def test_half_a_change_never_meets_the_restored_database(
    core: SoundWave, monkeypatch: pytest.MonkeyPatch, can_undo: bool
) -> None:
    """Such as a kill in the restore itself leaves: it is undone in the present database, or goes away with it."""
    data = core.config.data_dir
    restored = (data / PREPARED).read_bytes()
    files = cut_short(data / "db.sqlite3", "DELETE FROM schema_migrations")
    assert is_left_open(data / "db.sqlite3")
    if not can_undo:

        def fail(path: Path) -> None:
            raise driver.OperationalError(f"disk I/O error: {path}")

        monkeypatch.setattr(restoring, "make_one_file", fail)
    restoring.finish(core)
    assert read(data / "db.sqlite3") == {"": restored}
    assert (read(data / KEPT) == files) is not can_undo
    assert ("-journal" in read(data / KEPT)) is not can_undo
    assert rows_of(data / KEPT) == 0


def test_a_damaged_journal_goes_along_as_it_was(core: SoundWave) -> None:
    data = core.config.data_dir
    files = killed_with_rows(data / "db.sqlite3", 12)
    wal = bytearray(files["-wal"])
    wal[32 + (len(wal) - 32) // 4120 // 2 * 4120 + 24 + 99] ^= 1
    (data / "db.sqlite3-wal").write_bytes(wal)
    restoring.finish(core)
    assert read(data / KEPT) == {"": files[""], "-wal": bytes(wal)}


def test_a_sound_journal_is_brought_in(core: SoundWave) -> None:
    data = core.config.data_dir
    killed_with_rows(data / "db.sqlite3", 12)
    restoring.finish(core)
    assert read(data / KEPT).keys() == {""}
    assert rows_of(data / KEPT) == 12


@pytest.mark.parametrize("suffixes", [("-wal",), ("-wal", "")])
def test_a_restore_given_up_brings_the_journal_back_first(core: SoundWave, suffixes: tuple[str, ...]) -> None:
    """Killed after the renames, and then what was prepared is another file: all that was acknowledged is there."""
    data = core.config.data_dir
    files = killed_with_rows(data / "db.sqlite3", 12)
    for suffix in suffixes:
        os.replace(data / f"db.sqlite3{suffix}", data / f"{KEPT}{suffix}")
    note(data, "0" * 64)
    restoring.finish(core)
    assert read(data / "db.sqlite3") == files
    assert not list(data.glob("db.before-restore-*"))
    assert rows_of(data / "db.sqlite3") == 12
