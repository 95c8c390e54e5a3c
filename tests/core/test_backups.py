"""Backups: one moment, whole or not there, every damage found, and the right ones kept."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from core.killing import killed_at

from soundwave_core import manifest as manifests
from soundwave_core.backup_archive import pack, take_in
from soundwave_core.backups import Backup, Backups
from soundwave_core.database import Database, open_database, transaction
from soundwave_core.errors import Conflict, Invalid, NotFound, Unavailable
from soundwave_core.manifest import Verification
from soundwave_core.media_copy import write_media
from soundwave_core.migrations import CORE_MIGRATIONS
from soundwave_core.rotation import expendable
from soundwave_core.sqlite import driver
from soundwave_core.testing import VirtualClock
from soundwave_core.trial import find_fault

TABLES = """
    CREATE TABLE left_hand (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL) STRICT;
    CREATE TABLE right_hand (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL) STRICT;
"""
SEED = 20261122


@pytest.fixture
def db(tmp_path: Path, clock: VirtualClock) -> Iterator[Database]:
    database = open_database(tmp_path / "db.sqlite3", 8, clock=clock)
    with transaction(database) as tx:
        for statement in TABLES.strip().split(";")[:2]:
            tx.execute(statement)
    yield database
    database.close()


@pytest.fixture
def backups(tmp_path: Path, clock: VirtualClock) -> Backups:
    return Backups(tmp_path / "backups", clock)


def move(db: Database, amount: int) -> None:
    """From one hand to the other: together they have nothing, and as many rows."""
    with transaction(db) as tx:
        tx.execute("INSERT INTO left_hand (amount) VALUES (:amount)", amount=amount)
        tx.execute("INSERT INTO right_hand (amount) VALUES (:amount)", amount=-amount)


def fill(db: Database, rows: int = 200) -> None:
    for number in range(rows):
        move(db, number)


def verify(backups: Backups, backup: Backup, verdict: Any = "verified") -> Backup:
    return backups.note(
        backup.id, verification=Verification(at="2026-01-05T12:00:00.000Z", verdict=verdict, sentence="So.")
    )


def test_a_backup_is_a_private_folder_that_says_what_is_in_it(
    db: Database, backups: Backups, clock: VirtualClock
) -> None:
    fill(db, 3)
    backup = backups.make(db, "manual")
    assert backup.id == "backup-20260105-120000-000-manual"
    assert (backup.made_at, backup.why, backup.state) == (clock.stamp(), "manual", "unverified")
    assert find_fault(backup) is None
    found = manifests.read(backup.path)
    assert (found.tables["left_hand"], found.tables["right_hand"]) == (3, 3)
    assert found.schema == {"core": CORE_MIGRATIONS[-1].number}
    for path in (backups.folder, backup.path, *backup.path.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
    assert sorted(path.name for path in backup.path.iterdir()) == ["db.sqlite3", "manifest.json"]
    data = (backup.path / "db.sqlite3").read_bytes()
    assert found.files["db.sqlite3"].sha256 == hashlib.sha256(data).hexdigest()
    assert backups.make(db, "manual").id == "backup-20260105-120000-001-manual"
    with pytest.raises(NotFound):
        backups.get("../backups")


def test_under_heavy_writing_it_is_one_moment(db: Database, backups: Backups, tell: Callable[[str], None]) -> None:
    stop, written, moved = threading.Event(), itertools.count(), threading.Semaphore(0)

    def write() -> None:
        while not stop.is_set():
            move(db, next(written))
            moved.release()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        made = [backups.make(db, "manual") for _ in range(20) if moved.acquire(timeout=60)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    counts = []
    assert len(made) == 20
    for backup in made:
        assert find_fault(backup) is None  # the rows counted in the source are those of the copy
        with closing(open_database(backup.path / "db.sqlite3", 2, is_scratch=True)) as copy:
            assert copy.value("SELECT (SELECT sum(amount) FROM left_hand) + (SELECT sum(amount) FROM right_hand)") == 0
            counts.append(copy.value("SELECT count(*) FROM left_hand"))
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    tell(f"backups under writing: 20 made while {next(written)} transactions ran, each of one moment")


def test_damage_of_any_byte_is_found(
    db: Database, backups: Backups, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    fill(db)
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio/a.opus").write_bytes(b"a")
    entries = [("a.opus", 1, hashlib.sha256(b"a").hexdigest()), ("b.opus", 5, None)]
    made = backups.make(db, "manual", media=lambda part: write_media(part, tmp_path / "audio", entries, False))
    backup, chance, tried = verify(backups, made), random.Random(SEED), 0
    assert find_fault(backup) is None
    for path in sorted(backup.path.iterdir()):
        content = path.read_bytes()
        for position in chance.choices(range(len(content)), k=50):
            damaged = bytearray(content)
            damaged[position] ^= chance.randrange(1, 256)
            path.write_bytes(damaged)
            assert find_fault(backups.get(backup.id)) is not None, (path.name, position)
            tried += 1
        for shorter in (content[:-1], content + b"\n", b""):
            path.write_bytes(shorter)
            assert backups.get(backup.id).state == "damaged", path.name  # a glance is enough
        path.unlink()
        assert backups.get(backup.id).state == "damaged"
        path.write_bytes(content)
    assert find_fault(backups.get(backup.id)) is None
    tell(f"damaged backups: {tried} bytes changed in 3 files, {tried} found")


def test_a_manifest_of_a_newer_version_says_so(db: Database, backups: Backups) -> None:
    backup = backups.make(db, "manual")
    sealed = json.loads((backup.path / "manifest.json").read_bytes())
    sealed["manifest"] |= {"format": 2, "more": 1}
    (backup.path / "manifest.json").write_text(json.dumps(sealed))
    assert "newer version" in backups.get(backup.id).sentence


def test_rows_that_are_not_those_that_were_saved(db: Database, backups: Backups) -> None:
    """A copy that is sound and has its hash, and is another one all the same."""
    fill(db, 3)
    backup = backups.make(db, "manual")
    assert backup.manifest is not None
    tables = backup.manifest.tables | {"left_hand": 4}
    manifests.write(backup.path, manifests.msgspec.structs.replace(backup.manifest, tables=tables))
    assert "the rows that were saved" in str(find_fault(backups.get(backup.id)))


# Killed


def test_kill_9_anywhere_leaves_whole_backups_only(tmp_path: Path, tell: Callable[[str], None]) -> None:
    path, clock = tmp_path / "db.sqlite3", VirtualClock()
    with closing(open_database(path, 2, clock=clock)) as db, transaction(db) as tx:
        tx.execute(TABLES.strip().split(";")[0])

    def make() -> None:
        backups = Backups(tmp_path / "backups", clock)
        with closing(open_database(path, 2, clock=clock)) as db:
            backups.make(db, "before-migration", media=lambda part: write_media(part, tmp_path, [("x", 1, None)], True))
        backups.rotate()

    for _ in range(6):  # so that the next one lets one go
        make()
        clock.advance(60)
    (tmp_path / "x").write_bytes(b"x")
    kills = 0
    while killed_at(kills, tmp_path / "backups", make):
        listed = Backups(tmp_path / "backups", clock).list()
        assert [find_fault(backup) for backup in listed] == [None] * len(listed)
        assert len(listed) >= 5
        kills += 1
        clock.advance(60)
        Backups(tmp_path / "backups", clock).rotate()  # each round begins with as many
        assert kills < 200
    assert kills >= 12
    make()
    assert [entry.name for entry in (tmp_path / "backups").iterdir() if entry.name.endswith(".part")] == []
    tell(f"backups killed on the way: {kills} places, only whole ones there")


# What cannot be written


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """In a child: whatever it writes beyond a few pages fails, as on a full disk."""
    with closing(open_database(tmp_path / "db.sqlite3", 2)) as db, transaction(db) as tx:
        tx.execute(TABLES.strip().split(";")[0])
        tx.execute_many("INSERT INTO left_hand (amount) VALUES (:n)", [{"n": n} for n in range(20000)])

    def make() -> None:
        with closing(open_database(tmp_path / "db.sqlite3", 2)) as db:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            with pytest.raises(Unavailable, match="disk"):
                Backups(tmp_path / "backups", VirtualClock()).make(db, "manual")
        assert list((tmp_path / "backups").iterdir()) == []

    assert not killed_at(10**6, tmp_path, make)


def test_a_folder_that_cannot_be_made_is_one_sentence(db: Database, backups: Backups) -> None:
    backups.folder.write_text("a file")
    with pytest.raises(Unavailable, match=r"The backup cannot be written to .*backups"):
        backups.make(db, "manual")


# What goes and what stays


def test_the_last_verified_one_cannot_be_removed(db: Database, backups: Backups) -> None:
    first = verify(backups, backups.make(db, "manual"))
    second = backups.make(db, "manual")
    with pytest.raises(Conflict, match="make another one first"):
        backups.remove(first.id)
    verify(backups, second)
    backups.remove(first.id)
    assert [backup.id for backup in backups.list()] == [second.id]


def days(count: int, state: Callable[[int], str] = lambda day: "verified") -> dict[str, tuple[str, str, str]]:
    """Two years of one backup a day, rotated daily, as (id, why, state) by id."""
    kept: dict[str, tuple[str, str, str]] = {}
    start = datetime(2026, 1, 1, 2, tzinfo=UTC)
    for day in range(count):
        id = f"backup-{start + timedelta(days=day):%Y%m%d-%H%M%S}-000-scheduled"
        kept[id] = (id, "scheduled", state(day))
        for gone in expendable(kept.values()):
            del kept[gone]
    return kept


def test_two_years_leave_seven_days_four_weeks_six_months() -> None:
    kept = [id[7:15] for id in days(730)]  # to Friday, 31 December 2027
    daily = [f"202712{day}" for day in range(25, 32)]
    weekly = ["20271212", "20271219", "20271226"]  # Sundays; the last of the present week is the newest day
    monthly = ["20270731", "20270831", "20270930", "20271031", "20271130"]
    assert kept == sorted({*daily, *weekly, *monthly})


def test_bad_ones_push_out_no_good_one() -> None:
    """After a good month the tests fail for a year."""
    kept = days(400, lambda day: "verified" if day < 31 else "damaged")
    good = [id[7:15] for id, _, state in kept.values() if state == "verified"]
    assert good == [*(f"202601{day:02}" for day in (11, 18)), *(f"202601{day}" for day in range(25, 32))]
    assert sum(state == "damaged" for _, _, state in kept.values()) == 3


def test_others_are_kept_by_number_and_the_last_good_one_whatever_it_is() -> None:
    def ids(why: str, state: str, numbers: range) -> list[tuple[str, str, str]]:
        return [(f"backup-20260101-000000-{number:03}-{why}", why, state) for number in numbers]

    manual = ids("manual", "damaged", range(100, 120))
    old = ids("before-import", "verified", range(1))
    imports = ids("before-import", "unverified", range(1, 9))
    gone = expendable([*manual, *old, *imports])
    assert gone == [id for id, _, _ in (*imports[:5], *manual[:10])]
    assert expendable([]) == []


def test_the_folder_is_rotated_so(db: Database, backups: Backups, clock: VirtualClock) -> None:
    for _ in range(8):
        backups.make(db, "before-migration")
        clock.advance(60)
    gone = backups.rotate()
    assert len(gone) == 3
    assert len(backups.list()) == 5
    assert min(backup.id for backup in backups.list()) > max(gone)


def test_what_an_earlier_version_left_is_taken_in(db: Database, backups: Backups) -> None:
    backups.folder.mkdir()
    db.backup_to(backups.folder / "before-migration-20251231T235959123456Z.sqlite3")
    (backups.folder / "backup-20260101-000000-000-manual.part").mkdir()
    (backups.folder / "notes.txt").write_text("mine")
    backups.sweep()
    [backup] = backups.list()
    assert (backup.id, backup.made_at) == ("backup-20251231-235959-123-before-migration", "2025-12-31T23:59:59.123Z")
    assert find_fault(backup) is None
    assert sorted(path.name for path in backups.folder.iterdir()) == [backup.id, "notes.txt"]


# Media


def test_the_list_is_what_sha256sum_checks(db: Database, backups: Backups, tmp_path: Path) -> None:
    media = tmp_path / "audio"
    names = ["Plain.opus", "Ştefan/è 100%.opus", "back\\slash.opus", "line\nbreak.opus"]
    for name in names:
        (media / name).parent.mkdir(parents=True, exist_ok=True)
        (media / name).write_bytes(name.encode())
    entries: list[Any] = [(name, len(name), hashlib.sha256(name.encode()).hexdigest()) for name in names]
    entries += [("gone.opus", 7, "0" * 63 + "1"), ("never read.opus", 3, None)]
    backup = backups.make(db, "manual", media=lambda part: write_media(part, media, entries, with_links=False))
    assert backup.manifest is not None
    facts = backup.manifest.media
    assert facts is not None
    assert (facts.kind, facts.count, facts.missing) == ("list", 6, 2)
    command = ["sha256sum", "--check", "--ignore-missing", "--quiet", str(backup.path / "media.sha256")]
    assert subprocess.run(command, cwd=media, capture_output=True, text=True).returncode == 0
    (media / names[1]).write_bytes(b"other")
    done = subprocess.run(command, cwd=media, capture_output=True, text=True)
    assert done.returncode == 1
    assert "FAILED" in done.stdout


def test_links_are_the_files_themselves_and_take_no_room(db: Database, backups: Backups, tmp_path: Path) -> None:
    media = tmp_path / "audio"
    (media / "a/b").mkdir(parents=True)
    (media / "a/b/c.opus").write_bytes(b"c")
    entries = [("a/b/c.opus", 1, "0" * 64), ("../outside.opus", 1, None), ("gone.opus", 1, None)]
    (tmp_path / "outside.opus").write_bytes(b"o")
    backup = backups.make(db, "manual", media=lambda part: write_media(part, media, entries, with_links=True))
    linked = [path for path in (backup.path / "media").rglob("*") if path.is_file()]
    assert linked == [backup.path / "media/a/b/c.opus"]
    assert linked[0].samefile(media / "a/b/c.opus")
    assert find_fault(backup) is None
    shutil.rmtree(media)
    assert linked[0].read_bytes() == b"c"


def test_another_file_system_gets_the_list_and_a_sentence(
    db: Database, backups: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(source: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    (tmp_path / "a.opus").write_bytes(b"a")
    monkeypatch.setattr(os, "link", link)
    backup = backups.make(db, "manual", media=lambda part: write_media(part, tmp_path, [("a.opus", 1, None)], True))
    facts = backup.manifest and backup.manifest.media
    assert facts
    assert (facts.kind, facts.count) == ("list", 1)
    assert "on their disk" in facts.sentence


# What must not happen


@pytest.mark.parametrize("name", ["20250101T000000000000Z", "20259999T999999999999Z"])
def test_a_bad_file_of_an_earlier_version_stops_no_backup(db: Database, backups: Backups, name: str) -> None:
    backups.folder.mkdir()
    bad = backups.folder / f"before-migration-{name}.sqlite3"
    bad.write_bytes(b"")
    made = backups.make(db, "manual")
    assert [backup.id for backup in backups.list()] == [made.id]
    assert sorted(path.name for path in backups.folder.iterdir()) == sorted([made.id, bad.name])


def test_another_one_that_is_made_meanwhile_is_left_alone(db: Database, backups: Backups, clock: VirtualClock) -> None:
    """As by a command beside the server, which has folders of its own open."""
    with backups.building(backups.new_id("manual")) as part:
        (part / "half").write_bytes(b"x")
        other = Backups(backups.folder, clock).make(db, "manual")
        assert (part / "half").exists()
    assert len(backups.list()) == 2
    left = part.with_name(other.id + ".part")
    left.mkdir()
    backups.sweep()
    assert not left.exists()  # of one that was killed


def test_two_who_remove_the_same_one(db: Database, backups: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    backup, replace = backups.make(db, "manual"), os.replace

    def meanwhile(source: Any, target: Any) -> None:
        replace(source, target)
        Backups(backups.folder, VirtualClock()).sweep()  # finds it under its other name

    monkeypatch.setattr(os, "replace", meanwhile)
    backups.remove(backup.id)
    monkeypatch.undo()
    assert list(backups.folder.iterdir()) == []
    with pytest.raises(NotFound):
        backups.remove(backup.id)
    backups._drop(backup.id)  # who had looked before it went


def test_a_folder_with_another_name_is_nobodys(db: Database, backups: Backups) -> None:
    made = backups.make(db, "manual")
    names = [f"{made.id}-keep", "backup-20261399-000000-000-manual"]
    for name in names:
        shutil.copytree(made.path, backups.folder / name)
        with pytest.raises(NotFound):
            backups.get(name)
    for _ in range(11):
        backups.make(db, "manual")
    assert len(backups.rotate()) == 2
    assert {path.name for path in backups.folder.iterdir()} >= set(names)


@pytest.mark.parametrize("why", ["manual", "uploaded", "before-migration", "before-restore", "before-import"])
def test_no_number_of_bad_ones_pushes_out_a_good_one(why: str) -> None:
    good = [(f"backup-20260101-000000-{number:03}-{why}", why, "verified") for number in range(3)]
    bad = [(f"backup-20260102-000000-{number:03}-{why}", why, "damaged") for number in range(20)]
    gone = expendable([*good, *bad])
    assert not {id for id, _, _ in good} & set(gone)
    assert gone


def test_one_that_was_just_made_stays_though_the_clock_was_set_back(
    db: Database, backups: Backups, clock: VirtualClock
) -> None:
    for _ in range(5):
        clock.advance(60)
        backups.make(db, "before-migration")
    made = Backups(backups.folder, VirtualClock(datetime(2020, 1, 1, tzinfo=UTC))).make(db, "before-migration")
    assert backups.rotate([made.id]) == []
    assert backups.rotate() == [made.id]


def test_a_stranger_s_moment_is_read_before_it_is_believed(db: Database, backups: Backups, tmp_path: Path) -> None:
    made = backups.make(db, "manual")
    assert made.manifest is not None
    for moment in ("nonsense", "2026-01-05", "", "9999-99-99T00:00:00.000Z"):
        manifests.write(made.path, manifests.msgspec.structs.replace(made.manifest, made_at=moment))
        assert backups.get(made.id).state == "damaged"
        pack(made, tmp_path / "strange.zip")
        with pytest.raises(Invalid):
            take_in(backups, tmp_path / "strange.zip", backups.new_id("uploaded"))
    assert [backup.id for backup in backups.list()] == [made.id]


def test_files_of_1970_are_packed(db: Database, backups: Backups, tmp_path: Path) -> None:
    """As where a machine has no clock, or a copy lost its times."""
    made = backups.make(db, "manual")
    os.utime(made.path / "db.sqlite3", (0, 0))
    pack(made, tmp_path / "old.zip")
    assert find_fault(take_in(backups, tmp_path / "old.zip", backups.new_id("uploaded"))) is None


# Held writers


def test_a_hold_lasts_from_when_the_last_writer_has_ended(
    db: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on, begin = threading.Event(), threading.Event(), db.hold.begin

    def announced(seconds: float) -> None:
        begin(seconds)
        go_on.set()

    def write() -> None:
        with transaction(db) as tx:
            tx.next_rev()
            began.set()
            assert go_on.wait(60)
            clock.advance(3)

    thread = threading.Thread(target=write)
    thread.start()
    assert began.wait(60)
    monkeypatch.setattr(db.hold, "begin", announced)
    db.hold_writes(2)
    assert db.hold.seconds_left == 2
    thread.join(60)


def test_a_hold_that_cannot_empty_the_log_is_none(db: Database) -> None:
    with closing(driver.connect(str(db.path), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM left_hand").fetchall()
        move(db, 1)
        db._connections.writer.execute("PRAGMA busy_timeout=10")
        with pytest.raises(Unavailable, match="nothing is held back"):
            db.hold_writes(60)
        assert db.hold.seconds_left == 0
    db.hold_writes(60)
    assert db.hold.seconds_left == 60
    assert db.path.with_name("db.sqlite3-wal").stat().st_size == 0
