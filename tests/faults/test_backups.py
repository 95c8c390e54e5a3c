"""Backups while everybody writes, damaged ones, and old ones brought back under this version, by the real commands."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from faults.checking import ensure_sound, recovered, snapshot, state_of
from faults.furnished import ADMIN, Furnished
from faults.released import contents, make, steps
from faults.serving import COMMAND, Browser, Home, serving
from faults.writers import begin, writers_of

from soundwave_core.backups import Backups
from soundwave_core.clock import Clock
from soundwave_core.database import Database
from soundwave_core.sqlite import connect
from soundwave_core.trial import find_fault

Tell = Callable[[str], None]
BACKUPS = "/api/appsettings/backup/"
STEPS = steps()
MARK = '{"at": "2026-01-05T12:00:00.000Z", "host": "localhost"}'


def command(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``soundwave`` with these arguments, on this home."""
    return subprocess.run(
        [*COMMAND, *arguments], env=home.environ, cwd=home.log.parent, capture_output=True, text=True, timeout=120
    )


def wait_for(admin: Browser, id: str) -> dict[str, Any]:
    """The backup once it was made and tried out."""
    for _ in range(600):
        view = dict(admin.get(f"{BACKUPS}{id}/"))
        if view["state"] != "running":
            return view
        time.sleep(0.1)
    raise AssertionError(f"the backup {id} does not come to an end")


def test_backups_while_everybody_writes(furnished: Furnished, tmp_path: Path, soak: bool, tell: Tell) -> None:
    """Each is one moment, after all that was acknowledged before it was asked for, and verified by a test restore."""
    names = [name for name in furnished.members if name != ADMIN]
    writers, tally = writers_of([furnished.members[name] for name in names], furnished.tracks)
    made, rows = 0, []
    with serving(furnished.home) as served:
        admin = served.browser(furnished.members[ADMIN])
        threads = begin(writers, served.port)
        for _ in range(12 if soak else 3):
            tally.wait_for(20)
            before = {writer.member.id: set(writer.state.plays) for writer in writers}
            asked = admin.send("POST", BACKUPS)
            assert asked.status == 202, asked.body
            view = wait_for(admin, asked.body["id"])
            assert view["state"] == "verified", view
            with recovered(furnished.home.data / "backups" / view["id"] / "db.sqlite3", tmp_path / "copy") as raw:
                ensure_sound(raw)
                for user_id, plays in before.items():
                    assert plays <= state_of(raw, user_id).plays
                rows.append(raw.execute("SELECT count(*) FROM plays").fetchone()[0])
            made += 1
        served.kill()
        for thread in threads:
            thread.join(30)
    assert [line for writer in writers for line in writer.odd] == []
    assert rows == sorted(rows)
    tell(f"backups: {made} while {tally.count} writes were acknowledged, each sound, of one moment and verified")


def test_kill_9_while_a_backup_is_made(furnished: Furnished, soak: bool, tell: Tell) -> None:
    """Half a backup is none: what is listed is whole, and the next one is made as if nothing had been."""
    kills, chance = 20 if soak else 3, random.Random(1)
    for _ in range(kills):
        with serving(furnished.home) as served:
            admin = served.browser(furnished.members[ADMIN])
            assert admin.send("POST", BACKUPS).status == 202
            time.sleep(chance.uniform(0, 0.6))
            served.kill()
        for backup in listed(furnished.home):
            assert find_fault(backup) is None
    with serving(furnished.home) as served:
        admin = served.browser(furnished.members[ADMIN])
        asked = admin.send("POST", BACKUPS)
        assert wait_for(admin, asked.body["id"])["state"] == "verified"
        assert served.stop() == 0
    left = [path.name for path in (furnished.home.data / "backups").iterdir() if path.name.endswith(".part")]
    assert left == []
    tell(f"backups: {kills} kills while one was made, {len(listed(furnished.home))} whole ones, no half one")


def listed(home: Home) -> list[Any]:
    return Backups(home.data / "backups", Clock()).list()


@pytest.fixture
def backed_up(furnished: Furnished) -> Furnished:
    """With one backup, made by the command."""
    done = command(furnished.home, "backup")
    assert done.returncode == 0, done.stderr
    assert len(listed(furnished.home)) == 1
    return furnished


def test_every_damaged_byte_of_a_backup_is_found(backed_up: Furnished, soak: bool, tell: Tell) -> None:
    [backup] = listed(backed_up.home)
    chance, found, spots = random.Random(2), 0, 50 if soak else 15
    files = sorted(path for path in backup.path.iterdir() if path.is_file())
    for path in files:
        whole = path.read_bytes()
        for position in (0, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(spots))):
            path.write_bytes(
                whole[:position] + bytes([whole[position] ^ 1 << chance.randrange(8)]) + whole[position + 1 :]
            )
            [damaged] = listed(backed_up.home)
            assert damaged.fault or find_fault(damaged), f"byte {position} of {path.name}"
            found += 1
        path.write_bytes(whole[: len(whole) // 2])
        [damaged] = listed(backed_up.home)
        assert damaged.fault or find_fault(damaged), f"half of {path.name}"
        path.write_bytes(whole)
        found += 1
    assert find_fault(listed(backed_up.home)[0]) is None
    tell(f"backups: {found} of {found} damages found, in {', '.join(path.name for path in files)}")


def test_a_damaged_backup_is_not_restored(backed_up: Furnished) -> None:
    """By the real command: a sentence, exit code 1, and what is there stays as it is."""
    home = backed_up.home
    [backup] = listed(home)
    path = backup.path / "db.sqlite3"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    before = snapshot(home)
    for arguments in (("restore", backup.id), ("verify-backup", backup.id)):
        done = command(home, *arguments)
        assert done.returncode == 1, done.stdout
        assert "SHA-256 differs" in done.stderr + done.stdout
        assert "Traceback" not in done.stderr
    assert snapshot(home) == before
    assert backup.id in [one.id for one in listed(home)]


@pytest.mark.parametrize("done", [1, 9, len(STEPS)])
def test_an_old_backup_comes_back_under_this_version(furnished: Furnished, tmp_path: Path, done: int) -> None:
    """As an earlier version made it: restored, migrated, with all its rows; what was there is kept beside it."""
    home, old = furnished.home, tmp_path / "old" / "db.sqlite3"
    old.parent.mkdir()
    make(old, STEPS[:done])
    with closing(Database(old, 4, Clock())) as db:
        rows = contents(db)
        backup = Backups(home.data / "backups", Clock()).make(db, "scheduled")
    restored = command(home, "restore", backup.id)
    assert restored.returncode == 0, restored.stderr
    with serving(home) as served:
        assert served.stop() == 0
    with closing(connect(home.database, "ro")) as raw:
        for table in ("users", "tracks", "playlists", "plays", "downloads", "audit"):
            if rows.get(table):
                ids = "SELECT id FROM "
                assert {row["id"] for row in rows[table]} <= {one for (one,) in raw.execute(ids + table)}, table
        applied = raw.execute("SELECT count(*) FROM schema_migrations").fetchone()[0]
        assert applied == len(STEPS)
    [kept] = home.data.glob("db.before-restore-*.sqlite3")
    with closing(connect(kept, "immutable")) as raw:
        assert raw.execute("SELECT count(*) FROM tracks").fetchone() == (len(furnished.tracks),)


def test_a_backup_of_a_newer_version_is_not_restored(furnished: Furnished, tmp_path: Path) -> None:
    home, newer = furnished.home, tmp_path / "newer" / "db.sqlite3"
    newer.parent.mkdir()
    make(newer, STEPS)
    with closing(connect(newer, query_only=False)) as raw:
        raw.execute("INSERT INTO schema_migrations VALUES ('library', 99, 'of tomorrow', 'x', '2027')")
    with closing(Database(newer, 4, Clock())) as db:
        backup = Backups(home.data / "backups", Clock()).make(db, "scheduled")
    before = snapshot(home)
    done = command(home, "restore", backup.id)
    assert done.returncode == 1
    assert "newer version" in done.stderr
    assert snapshot(home) == before


def test_kill_9_in_a_restore_leaves_one_or_the_other(
    backed_up: Furnished, tmp_path: Path, soak: bool, tell: Tell
) -> None:
    """The present database or the backup, whole, at whatever moment; and the server starts with it."""
    [backup] = listed(backed_up.home)
    with closing(connect(backed_up.home.database, query_only=False)) as raw:
        raw.execute("DELETE FROM entries WHERE user_id = ?", (backed_up.members["bob"].id,))
    chance, outcomes = random.Random(3), {0: 0, len(backed_up.tracks): 0}
    for number in range(30 if soak else 4):
        copy = backed_up.moved_to(tmp_path / f"copy {number}")
        process = subprocess.Popen(
            [*COMMAND, "restore", backup.id], env=copy.home.environ, cwd=copy.home.log.parent,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        prepared = copy.home.data / "restore.json"
        while number % 2 and not prepared.exists() and process.poll() is None:
            time.sleep(0.001)  # each second one is killed in its last steps
        time.sleep(chance.uniform(0, 0.01 if number % 2 else 2.0))
        process.kill()
        process.wait()
        with serving(copy.home) as served:
            assert served.stop() == 0
        with recovered(copy.home.database, tmp_path / "scratch") as raw:
            ensure_sound(raw)
            sql = "SELECT count(*) FROM entries WHERE user_id = ?"
            [(count,)] = raw.execute(sql, (backed_up.members["bob"].id,)).fetchall()
        assert count in outcomes
        outcomes[count] += 1
        shutil.rmtree(copy.home.data)
    tell(f"restores killed: {outcomes[0]} left the present database, {outcomes[len(backed_up.tracks)]} the backup")
