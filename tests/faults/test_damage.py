"""Damaged databases: each is found, at the start or by the look at all of it, or is harmless; none is overwritten."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from faults.checking import ensure_kept, ensure_sound, recovered, snapshot
from faults.furnished import Furnished, furnish
from faults.serving import Home, Served, refusal, serving
from faults.writers import Writer, begin, writers_of

from soundwave_core.database import open_database, transaction
from soundwave_core.journal import journal_fault
from soundwave_core.sqlite import connect

Tell = Callable[[str], None]
PAGE = 4096
WAL_HEADER, FRAME_HEADER = 32, 24  # sqlite.org/fileformat2.html, 4.1
WRITES = 25  # of each writer
FEWEST_FRAMES = 40  # so that the journal has many commits in it


class Worn:
    """A home that was written to: ``stopped`` in order, and ``killed`` with its journal beside the database."""

    def __init__(self, first: Furnished, folder: Path) -> None:
        (folder / "killed").mkdir(parents=True)
        self.killed = first.moved_to(folder / "killed")
        self.writers, _ = writers_of(self.killed.members.values(), first.tracks)
        served = Served(self.killed.home).wait_until_ready()
        for _ in range(5):  # a log that was taken over in the middle begins anew
            for thread in begin(self.writers, served.port, WRITES):
                thread.join(60)
            if frames_of(wal_of(self.killed.home)) >= FEWEST_FRAMES:
                break
        served.kill()
        assert frames_of(wal_of(self.killed.home)) >= FEWEST_FRAMES
        self.stopped = self.killed.moved_to(folder / "stopped")
        with serving(self.stopped.home) as again:
            assert again.stop() == 0
        assert not self.stopped.home.database.with_name("db.sqlite3-wal").exists()


@pytest.fixture(scope="module")
def worn(first: Furnished, tmp_path_factory: pytest.TempPathFactory) -> Worn:
    return Worn(first, tmp_path_factory.mktemp("worn"))


def ensure_refused(home: Home, *words: str) -> None:
    """One sentence and exit code 1, no page to set it up anew, and every byte as it was."""
    before = snapshot(home)
    refused = refusal(home)
    assert refused.exit_code == 1
    for word in words:
        assert word in refused.sentence, refused.sentence
    assert snapshot(home) == before


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeroed_header(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def zero_bytes(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def flipped_page(path: Path) -> None:
    """The root of a table's tree, each bit of it the other way."""
    with connect(path, "immutable") as raw:
        [(page,)] = raw.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'playlist_items'")
    raw.close()
    data = bytearray(path.read_bytes())
    start = (page - 1) * PAGE
    data[start : start + PAGE] = bytes(byte ^ 0xFF for byte in data[start : start + PAGE])
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (truncated, ["is damaged", "left as it is", "restore a backup"]),
        (zeroed_header, ["is damaged (it is no SQLite database)", "restore a backup"]),
        (zero_bytes, ["is empty, but SoundWave has been set up here", "restore a backup"]),
        (garbage, ["is damaged (it is no SQLite database)"]),
        (flipped_page, ["is damaged", "left as it is"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_damage_of_the_file_is_found_at_the_start(
    worn: Worn, tmp_path: Path, damage: Callable[[Path], None], words: list[str]
) -> None:
    home = worn.stopped.moved_to(tmp_path).home
    damage(home.database)
    ensure_refused(home, *words)


def other_cell(path: Path) -> None:
    """One entry of an index says something else than its row: the trees themselves are in order."""
    with connect(path, "immutable") as raw:
        [(page,)] = raw.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'users_by_name'")
    raw.close()
    data = path.read_bytes()
    start = (page - 1) * PAGE
    found = data.index(b"carol", start, start + PAGE)
    path.write_bytes(data[:found] + b"carom" + data[found + 5 :])


def test_a_damaged_index_cell_is_found_by_the_look_at_all_of_it(worn: Worn, tmp_path: Path) -> None:
    """The quick look at the start cannot see it. The job can: nightly, by button, and after a server was killed."""
    furnished = worn.stopped.moved_to(tmp_path)
    other_cell(furnished.home.database)
    with serving(furnished.home) as served:
        alice = served.browser(furnished.members["alice"])
        ran = alice.send("POST", "/api/task/system.check-database/run/")
        assert ran.status in (200, 202), ran.body
        run = _ended(alice, "system.check-database")
        assert run["state"] == "failed", run
        assert "damaged" in run["error"] and "users_by_name" in run["error"]
        health = alice.get("/api/health/")
        assert health["status"] == "degraded"
        assert any("damaged" in check["detail"] for check in health["checks"] if not check["is_ok"])


def _ended(alice: object, job: str) -> dict[str, str]:
    """The last run of a job, once it is over."""
    while True:
        run = alice.get(f"/api/task/{job}/")["runs"][0]
        if run["ended_at"] is not None:
            return dict(run)


# The journal beside the file


def wal_of(home: Home) -> Path:
    return home.database.with_name("db.sqlite3-wal")


def frames_of(wal: Path) -> int:
    """How many there are of the present log; behind them there may be some of the one before."""
    data, size = wal.read_bytes(), FRAME_HEADER + PAGE
    frames = [data[start : start + FRAME_HEADER] for start in range(WAL_HEADER, len(data) - size + 1, size)]
    return next((number for number, head in enumerate(frames) if head[8:16] != data[16:24]), len(frames))


def garbage_all_over(wal: Path) -> None:
    wal.write_bytes(os.urandom(wal.stat().st_size))


def no_header(wal: Path) -> None:
    wal.write_bytes(bytes(WAL_HEADER) + wal.read_bytes()[WAL_HEADER:])


def flipped_frame(wal: Path) -> None:
    """A bit in the middle: all that was acknowledged after it would be passed over in silence."""
    _flip_in_a_frame(wal, FRAME_HEADER + 99)


def flipped_checksum(wal: Path) -> None:
    """The frame is whole but for the sum that says so."""
    _flip_in_a_frame(wal, 16)


def flipped_salt(wal: Path) -> None:
    """As if it were left over from an earlier log, with newer ones behind it."""
    _flip_in_a_frame(wal, 8)


def _flip_in_a_frame(wal: Path, place: int) -> None:
    data = bytearray(wal.read_bytes())
    data[WAL_HEADER + frames_of(wal) // 2 * (FRAME_HEADER + PAGE) + place] ^= 4
    wal.write_bytes(data)


@pytest.mark.parametrize("damage", [garbage_all_over, no_header, flipped_frame, flipped_checksum, flipped_salt])
def test_a_damaged_journal_is_found_at_the_start(worn: Worn, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """It has what was acknowledged last: without it there would be less, and nobody would know."""
    home = worn.killed.moved_to(tmp_path).home
    damage(wal_of(home))
    ensure_refused(home, "db.sqlite3-wal", "damaged", "left as it is")


def test_a_journal_whose_end_is_torn_is_no_damage(worn: Worn, tmp_path: Path) -> None:
    """That is what a power cut in a commit leaves: the commit was not acknowledged, and all before it is there."""
    furnished = worn.killed.moved_to(tmp_path)
    wal = wal_of(furnished.home)
    whole = wal.read_bytes()
    wal.write_bytes(whole + whole[WAL_HEADER : WAL_HEADER + FRAME_HEADER] + os.urandom(PAGE))
    _ensure_all_there(furnished, worn.writers, tmp_path)


def test_every_torn_end_is_told_from_every_damage(tmp_path: Path) -> None:
    """Cut anywhere, or wrong anywhere in its last commit, the log is as a power cut leaves it; else it is damaged."""
    path, wal = tmp_path / "db.sqlite3", tmp_path / "db.sqlite3-wal"
    ends = [0]
    with closing(open_database(path, 2)) as db:
        db._connections.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for number in range(8):
            with transaction(db) as tx:
                rows = [{"n": f"demo.{number}-{i}", "v": "x" * 900} for i in range(1 + 3 * number)]
                tx.execute_many("INSERT INTO settings VALUES (:n, :v, '', NULL)", rows)
            ends.append((wal.stat().st_size - WAL_HEADER) // (FRAME_HEADER + PAGE))
        whole = wal.read_bytes()
    assert ends == sorted(set(ends))
    chance, torn = random.Random(4), tmp_path / "torn-wal"
    for size in (chance.randrange(len(whole)) for _ in range(60)):
        torn.write_bytes(whole[:size])
        assert journal_fault(torn) is None, size
    for frame in range(ends[-1]):
        is_last = frame >= ends[-2]
        for place in (*range(8, FRAME_HEADER), FRAME_HEADER + chance.randrange(PAGE)):  # salts, checksum, page
            data = bytearray(whole)
            data[WAL_HEADER + frame * (FRAME_HEADER + PAGE) + place] ^= 1
            torn.write_bytes(data)
            assert (journal_fault(torn) is None) == is_last, (frame, place)


def test_the_journal_of_another_database_is_found(
    worn: Worn, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its checksums are right, so SQLite would take it for this one's."""
    home = worn.stopped.moved_to(tmp_path).home
    other = Worn(furnish(tmp_path_factory.mktemp("others")), tmp_path_factory.mktemp("other"))
    shutil.copyfile(wal_of(other.killed.home), wal_of(home))
    ensure_refused(home, "damaged")


@pytest.mark.parametrize("shm", [None, b"garbage"])
def test_without_its_shared_memory_nothing_is_missing(worn: Worn, tmp_path: Path, shm: bytes | None) -> None:
    """-shm is made anew from the journal: that it is missing or wrong does no harm."""
    furnished = worn.killed.moved_to(tmp_path)
    path = furnished.home.database.with_name("db.sqlite3-shm")
    path.unlink()
    if shm is not None:
        path.write_bytes(shm * 4681)
    _ensure_all_there(furnished, worn.writers, tmp_path)


def _ensure_all_there(furnished: Furnished, writers: list[Writer], tmp_path: Path) -> None:
    with serving(furnished.home) as served:
        assert served.stop() == 0
    with recovered(furnished.home.database, tmp_path / "copy") as raw:
        ensure_sound(raw)
        assert ensure_kept(raw, writers) == 0
