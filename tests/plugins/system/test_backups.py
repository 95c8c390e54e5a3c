"""Backups as an admin has them: made, tried out, shown, taken along; and what the job does by itself."""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from core.shelf import add_track

from soundwave_core import (
    Backup,
    Control,
    SoundWave,
    SoundWaveError,
    Verification,
    take_in_database,
    transaction,
    try_out,
)
from soundwave_core import manifest as manifests
from soundwave_core.sqlite import disk_full, driver
from soundwave_core.testing import Cast, Client, ClientAnswer, MakeCore, VirtualClock, make_cast
from soundwave_system import backup_child, backup_work
from soundwave_system.backup_look import look
from soundwave_system.backup_views import check_backups

BACKUPS, UPLOADS = "/api/appsettings/backup/", "/api/appsettings/backup/upload/"
JOB = "system.back-up"
SCHEDULE = "SOUNDWAVE_SYSTEM_BACKUP_SCHEDULE"


def trying(core: SoundWave) -> SoundWave:
    """An assembled core of the same folders, as the child process has one."""
    config = core.config
    folders = {"DATA_DIR": config.data_dir, "MEDIA_ROOT": config.media_root, "CACHE_DIR": config.cache_dir}
    environ = {name: str(folder) for name, folder in folders.items()}
    return SoundWave(environ, clock=core.clock, is_manual=True, notice=lambda line: None).assemble()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Test restores are done here, not in a child: the ids, in order."""
    tried: list[str] = []

    def run(core: SoundWave, kind: Any, *words: str) -> Verification:
        assert words[:2] == ("verify-backup", "--json")
        tried.append(Path(words[2]).name)
        return try_out(trying(core), core.backups.get(tried[-1]), look)

    monkeypatch.setattr(backup_child, "run", run)
    return tried


def wait(core: SoundWave) -> list[str]:
    """Let the job do what was asked for; how its runs ended."""
    return [run.state for run in core.jobs.run_due() if run.job_id == JOB]


def make(core: SoundWave, admin: Client) -> Any:
    answer = admin.post(BACKUPS)
    assert (answer.status, answer.json.state) == (202, "running")
    assert wait(core) == ["done"]
    return admin.get(f"{BACKUPS}{answer.json.id}/").json


def spoil(backup: Backup, name: str = "db.sqlite3") -> None:
    """Another byte, the same size."""
    content = bytearray((backup.path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (backup.path / name).write_bytes(content)


# Made, and tried out


def test_the_button_makes_one_and_a_child_tries_it_out(core: SoundWave, cast: Cast) -> None:
    """The whole way: a process of its own opens the copy and plays a track of it."""
    add_track(core, cast.bob)
    made = make(core, cast.alice)
    assert (made.state, made.why, made.made_at) == ("verified", "manual", core.clock.stamp())
    assert made.sentence == "It was restored for a test: 1 tracks, all of their files are there; one was played."
    assert (made.media.kind, made.media.count, made.media.missing) == ("list", 1, 0)
    assert made.size_bytes > 100_000
    assert made.verified_at == core.clock.stamp()
    assert cast.alice.get(BACKUPS).json.results == [made]
    assert [path.name for path in core.config.cache_dir.iterdir() if "restore" in path.name] == []


def test_a_second_one_waits_for_the_first(core: SoundWave, cast: Cast, quick: list[str]) -> None:
    first = cast.alice.post(BACKUPS).json.id
    refused = cast.alice.post(BACKUPS)
    assert (refused.status, refused.json["code"]) == (409, "backup_running")
    assert wait(core) == ["done"]
    assert cast.alice.post(BACKUPS).json.id > first


def test_what_could_not_be_made_says_why(core: SoundWave, cast: Cast) -> None:
    (core.config.data_dir / "backups").write_text("in the way")
    id = cast.alice.post(BACKUPS).json.id
    assert wait(core) == ["failed"]
    [shown] = cast.alice.get(BACKUPS).json.results
    assert (shown.id, shown.state) == (id, "failed")
    assert shown.sentence.startswith("The backup cannot be written to ")
    (core.config.data_dir / "backups").unlink()
    cast.alice.post(BACKUPS)
    assert [one.state for one in cast.alice.get(BACKUPS).json.results] == ["running"]


def test_a_missing_file_is_told_and_a_track_without_one_is_not_tried(
    core: SoundWave, cast: Cast, quick: list[str]
) -> None:
    for name in ("a.opus", "b.opus", "c.opus"):
        add_track(core, cast.bob, name)
    (core.config.media_root / "a.opus").unlink()
    (core.config.media_root / "b.opus").write_bytes(b"replaced since")
    made = make(core, cast.alice)
    assert made.state == "verified"
    assert "3 tracks, of which 1 have no file; one was played." in made.sentence
    (core.config.media_root / "c.opus").unlink()
    assert "so none was played" in make(core, cast.alice).sentence


def test_files_that_are_all_others_are_no_good_backup(core: SoundWave, cast: Cast, quick: list[str]) -> None:
    add_track(core, cast.bob, block_hashes=["0" * 64])
    made = make(core, cast.alice)
    assert (made.state, made.sentence) == (
        "damaged", "None of 1 files that were tried is the one that the backup knows.",
    )  # fmt: skip


def test_a_plugin_that_cannot_use_its_tables(core: SoundWave, cast: Cast) -> None:
    """The copy is sound, its bytes are right: it is not good, and what is wrong may be the plugin."""
    backup = core.backups.make(core.db, "manual")
    with transaction(core.db) as tx:
        tx.execute("UPDATE schema_migrations SET checksum = 'x' WHERE plugin = 'downloads' AND number = 1")
    bad = core.backups.make(core.db, "manual")
    assert try_out(trying(core), backup, look).verdict == "verified"
    found = try_out(trying(core), bad, look)
    assert (found.verdict, found.sentence) == (
        "unverified",
        "The plugin downloads cannot use its tables: downloads: migration 1 (sources) was edited after it was applied.",
    )


def test_one_of_a_newer_version_is_not_called_damaged(core: SoundWave, cast: Cast) -> None:
    with transaction(core.db) as tx:
        tx.execute("INSERT INTO schema_migrations VALUES ('library', 999, 'later', 'x', 'then')")
    found = try_out(trying(core), core.backups.make(core.db, "manual"), look)
    assert found.verdict == "unverified"
    assert (
        found.sentence
        == "It was made by a newer version (the tables of library are at step 999): install that version."
    )


def test_a_test_restore_changes_nothing(core: SoundWave, cast: Cast) -> None:
    add_track(core, cast.bob)
    backup = core.backups.make(core.db, "manual")

    def files() -> dict[str, bytes]:
        roots = (core.backups.folder, core.config.media_root, core.config.cache_dir)
        return {str(path): path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}

    before, rows = files(), core.db.rows("SELECT * FROM job_runs")
    assert try_out(trying(core), backup, look).verdict == "verified"
    assert (files(), core.db.rows("SELECT * FROM job_runs")) == (before, rows)


def test_a_child_that_dies_is_a_failed_run_and_the_backup_stays(
    core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_child.sys, "executable", "/bin/false")
    cast.alice.post(BACKUPS)
    assert wait(core) == ["failed"]
    [shown] = cast.alice.get(BACKUPS).json.results
    assert (shown.state, shown.sentence) == ("unverified", "It was not tried out yet.")


def test_what_a_killed_test_restore_left_goes_a_day_later(core: SoundWave) -> None:
    names = ("test-restore-old", "soundwave-copy-old", "test-restore-new", "soundwave-copy-new", "other")
    now = core.clock.now().timestamp()
    for name in names:
        (core.config.cache_dir / name).mkdir()
        (core.config.cache_dir / name / "db.sqlite3").write_bytes(b"x")
        os.utime(core.config.cache_dir / name, (now, now))
    for name in names[:2]:
        os.utime(core.config.cache_dir / name, (now - 86401, now - 86401))
    core.jobs.run(JOB)
    assert [name for name in names if (core.config.cache_dir / name).exists()] == list(names[2:])


def test_a_server_that_stops_waits_for_no_child(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_child.sys, "executable", "/bin/sleep")
    monkeypatch.setattr(backup_child, "_LOOK_SECONDS", 0.05)
    core.jobs.stopping.set()

    class Sleeping(backup_child.subprocess.Popen):
        def __init__(self, command: list[str], **more: Any) -> None:
            super().__init__(["/bin/sleep", "600"], **more)

    monkeypatch.setattr(backup_child.subprocess, "Popen", Sleeping)
    with pytest.raises(SoundWaveError, match="The server stops"):
        backup_child.run(core, Verification, "verify-backup")
    core.jobs.stopping.clear()


# By itself


@pytest.mark.parametrize(
    ("schedule", "now", "due"),
    [
        ("off", "2026-03-01T03:00", None),
        ("daily", "2026-03-01T02:00", "2026-03-01T02:00"),
        ("daily", "2026-03-01T01:59", "2026-02-28T02:00"),
        ("weekly", "2026-03-01T02:00", "2026-03-01T02:00"),
        ("weekly", "2026-03-01T01:59", "2026-02-22T02:00"),
        ("weekly", "2026-03-04T12:00", "2026-03-01T02:00"),
    ],
)
def test_when_one_is_due(schedule: str, now: str, due: str | None) -> None:
    zone = timezone(timedelta(hours=2))
    moment = datetime.fromisoformat(now).replace(tzinfo=zone)
    expected = datetime.fromisoformat(due).replace(tzinfo=zone) if due else None
    assert backup_work.latest_due(schedule, 2, moment) == expected


@pytest.fixture
def two_hours_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server's time zone."""
    monkeypatch.setenv("TZ", "EET-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_sixteen_days(
    make_core: MakeCore, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, two_hours_east: None
) -> None:
    """The job looks every hour; one a day is made at the hour, and tried out, and the right ones stay."""
    quick: list[str] = []

    def run(core: SoundWave, kind: Any, *words: str) -> Verification:
        quick.append(Path(words[2]).name)
        return Verification(at="", verdict="verified", sentence="So.")

    monkeypatch.setattr(backup_child, "run", run)
    core = make_core(**{SCHEDULE: "daily"})
    for _ in range(24 * 16):
        clock.advance(3600)
        core.jobs.run(JOB)
    assert len(quick) == 17  # the first at once, then one a day
    assert {id[16:18] for id in quick[1:]} == {"00"}  # at two o'clock there
    kept = core.backups.list()
    assert {backup.state for backup in kept} == {"verified"}
    assert [backup.id[7:15] for backup in kept] == [*(f"202601{day}" for day in range(21, 14, -1)), "20260111"]


def test_off_is_off_and_what_is_asked_for_is_made_all_the_same(core: SoundWave, cast: Cast, quick: list[str]) -> None:
    core.clock.advance(40 * 86400)
    assert wait(core) == ["done"]
    assert core.backups.list() == []
    cast.alice.sign_in("alice")
    assert make(core, cast.alice).state == "verified"


def test_damage_is_found_within_a_day_and_told_everywhere(
    make_core: MakeCore, clock: VirtualClock, quick: list[str]
) -> None:
    core = make_core(**{SCHEDULE: "daily"})
    alice = make_cast(core).alice
    clock.advance(3600)
    assert wait(core) == ["done"]
    [backup] = core.backups.list()
    spoil(backup)
    clock.advance(3600)
    assert wait(core) == ["done"]
    assert core.backups.get(backup.id).state == "verified"  # not read again yet
    clock.advance(86400)
    assert wait(core) == ["failed"]
    alice.sign_in("alice")
    newest, damaged = alice.get(BACKUPS).json.results
    assert (damaged.id, damaged.state) == (backup.id, "damaged")
    assert damaged.sentence == "Its file db.sqlite3 is not the one that was saved: its SHA-256 differs."
    assert (newest.why, newest.state) == ("scheduled", "verified")  # another one was made at once
    assert f"The backup {backup.id} is damaged" in core.jobs.runs(JOB, 1)[0].error
    checks = {check.name: check for check in alice.get("/api/health/").json.checks}
    assert (checks["backups"].is_ok, checks["backups"].detail) == (False, f"damaged: {backup.id}")
    metrics = alice.get("/metrics").body.decode()
    assert 'soundwave_system_backups{state="damaged"} 1' in metrics
    assert 'soundwave_system_backups{state="verified"} 1' in metrics


def test_health_wants_a_new_one(make_core: MakeCore, clock: VirtualClock, quick: list[str]) -> None:
    core = make_core(**{SCHEDULE: "daily"})

    def check() -> Any:
        return next(check for check in core.plugins.announce("health") if check[0] == "system")[1][-1]

    assert (check().name, check().is_ok) == ("backups", True)
    clock.advance(3600)
    wait(core)
    assert (check().is_ok, check().detail) == (True, "1, the newest verified one is 0.0 days old")
    clock.advance(4 * 86400)
    assert (check().is_ok, check().detail) == (False, "1, the newest verified one is 4.0 days old")


# Removed, downloaded, uploaded


def test_the_last_good_one_is_not_removed(core: SoundWave, cast: Cast, quick: list[str]) -> None:
    first = make(core, cast.alice).id
    refused = cast.alice.delete(f"{BACKUPS}{first}/")
    assert (refused.status, refused.json["code"]) == (409, "last_backup")
    make(core, cast.alice)
    assert cast.alice.delete(f"{BACKUPS}{first}/").status == 204
    assert cast.alice.get(f"{BACKUPS}{first}/").status == 404


def test_verify_finds_damage_on_demand(core: SoundWave, cast: Cast, quick: list[str]) -> None:
    id = make(core, cast.alice).id
    spoil(core.backups.get(id))
    answer = cast.alice.post(f"{BACKUPS}{id}/verify/")
    assert (answer.status, answer.json.state) == (202, "running")
    wait(core)
    assert cast.alice.get(f"{BACKUPS}{id}/").json.state == "damaged"
    refused = cast.alice.post("/api/appsettings/restore/", {"backup": id})
    assert (refused.status, refused.json["code"]) == (400, "backup_damaged")


def download(admin: Client, id: str) -> bytes:
    answer = admin.get(f"{BACKUPS}{id}/download/")
    assert answer.status == 200
    assert f'filename="soundwave-{id}.zip"' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.body


def upload(core: SoundWave, admin: Client, content: bytes) -> str:
    """In parts; the id of the backup that it shall become."""
    begun = admin.post(UPLOADS, {"size_bytes": len(content)}).json
    path = f"{UPLOADS}{begun.id}/"
    for offset in range(0, len(content), begun.part_bytes):
        part = content[offset : offset + begun.part_bytes]
        sent = admin.request("PUT", f"{path}{offset}/", body=part, headers={"Content-Type": "application/octet-stream"})
        assert sent.status == 200, sent.body
        assert sent.json.received_bytes == offset + len(part)
    finished = admin.post(f"{path}finish/")
    assert finished.status == 202, finished.body
    return str(finished.json.id)


def left_over(core: SoundWave) -> list[str]:
    """What lies where uploads come in, and half of a backup."""
    roots = (core.config.cache_dir / "backup-uploads", core.backups.folder)
    return [str(path) for root in roots for path in root.glob("*") if path.is_file() or path.suffix == ".part"]


def test_a_download_comes_back_by_upload(core: SoundWave, cast: Cast, quick: list[str], clock: VirtualClock) -> None:
    made = make(core, cast.alice)
    content = download(cast.alice, made.id)
    assert sorted(zipfile.ZipFile(io.BytesIO(content)).namelist()) == ["db.sqlite3", "manifest.json", "media.sha256"]
    clock.advance(100)
    id = upload(core, cast.alice, content)
    assert wait(core) == ["done"]
    back = cast.alice.get(f"{BACKUPS}{id}/").json
    assert (back.why, back.state, back.made_at) == ("uploaded", "verified", made.made_at)
    before, after = core.backups.get(made.id).manifest, core.backups.get(id).manifest
    assert before is not None
    assert after is not None
    assert (after.files, after.tables) == (before.files, before.tables)
    assert left_over(core) == []


def test_a_download_is_kept_for_a_day_and_no_longer(
    core: SoundWave, cast: Cast, quick: list[str], clock: VirtualClock
) -> None:
    id = make(core, cast.alice).id
    part = cast.alice.get(f"{BACKUPS}{id}/download/", Range="bytes=0-9")
    assert (part.status, len(part.body)) == (206, 10)
    folder = core.config.cache_dir / "backup-downloads"
    core.jobs.run(JOB)
    assert [path.name for path in folder.iterdir()] == [f"{id}.zip"]
    clock.advance(25 * 3600)
    core.jobs.run(JOB)
    assert list(folder.iterdir()) == []


def test_a_download_goes_on_after_a_restart_with_the_same_bytes(
    core: SoundWave, cast: Cast, quick: list[str], clock: VirtualClock
) -> None:
    """It has the ETag of before, though what is known of the backup has changed."""
    id = make(core, cast.alice).id
    whole = download(cast.alice, id)
    etag = cast.alice.get(f"{BACKUPS}{id}/download/").headers["ETag"]
    clock.advance(100)
    core.backups.note(id)
    (core.config.cache_dir / "backup-downloads" / f"{id}.zip").unlink()  # as a start does
    rest = cast.alice.get(f"{BACKUPS}{id}/download/", **{"Range": "bytes=100-", "If-Range": etag})
    assert (rest.status, rest.body) == (206, whole[100:])


def test_parts_come_in_order_and_the_last_may_come_again(core: SoundWave, cast: Cast) -> None:
    begun = cast.alice.post(UPLOADS, {"size_bytes": 10}).json
    path = f"{UPLOADS}{begun.id}/"

    def put(offset: int, body: bytes, kind: str = "application/octet-stream") -> Any:
        return cast.alice.request("PUT", f"{path}{offset}/", body=body, headers={"Content-Type": kind})

    assert begun.part_bytes == 1024**2
    assert put(0, b"01234").json.received_bytes == 5
    assert put(0, b"01234").json.received_bytes == 5
    assert put(6, b"6").json["code"] == "part_misplaced"
    assert put(0, b"01").json["code"] == "part_misplaced"
    assert put(5, b"567890").json["code"] == "upload_too_large"
    assert put(5, b"").status == 400
    assert cast.alice.post(f"{path}finish/").json["code"] == "upload_incomplete"
    assert cast.alice.get(path).json.received_bytes == 5
    assert put(5, b"x" * (1024**2 + 1)).status == 413
    assert cast.alice.delete(path).status == 204
    assert put(5, b"56789").json["code"] == "upload_not_found"
    assert left_over(core) == []


def test_too_many_and_too_large_uploads(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    full = cast.alice.post(UPLOADS, {"size_bytes": 1 << 42})
    assert (full.status, full.json["code"]) == (507, "disk_full")
    ids = [cast.alice.post(UPLOADS, {"size_bytes": 5}).json.id for _ in range(2)]
    assert cast.alice.post(UPLOADS, {"size_bytes": 5}).json["code"] == "uploads_busy"
    clock.advance(25 * 3600)
    cast.alice.sign_in("alice")
    assert cast.alice.post(UPLOADS, {"size_bytes": 5}).status == 201
    assert cast.alice.get(f"{UPLOADS}{ids[0]}/").status == 404


def zipped(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def forged(content: bytes, database: bytes) -> dict[str, bytes]:
    """Another database, and a manifest that is in order."""
    known = manifests.unpack(content)
    facts = manifests.FileFacts(size_bytes=len(database), sha256=hashlib.sha256(database).hexdigest())
    own = msgspec.structs.replace(known, files=known.files | {"db.sqlite3": facts})
    return {"manifest.json": manifests.pack(own), "db.sqlite3": database}


def bombs(good: bytes) -> dict[str, bytes]:
    """What a stranger may send instead of a backup."""
    files = {
        name: zipfile.ZipFile(io.BytesIO(good)).read(name) for name in zipfile.ZipFile(io.BytesIO(good)).namelist()
    }
    lying = bytearray(good)
    spoilt = bytearray(files["db.sqlite3"])
    spoilt[len(spoilt) // 2] ^= 1
    directory = lying.rindex(b"PK\x01\x02")  # of the last file: it says that it is larger than it is
    lying[directory + 24 : directory + 28] = (1 << 30).to_bytes(4, "little")
    return {
        "no zip": b"hello" * 100,
        "cut off": good[: len(good) // 2],
        "empty zip": zipped({}),
        "one name too many": zipped(files | {"more.txt": b"x"}),
        "a way out": zipped(files | {"../../installed": b"x"}),
        "an absolute path": zipped({f"/tmp/{name}": content for name, content in files.items()}),
        "no manifest": zipped({"db.sqlite3": files["db.sqlite3"]}),
        "another's manifest": zipped(files | {"manifest.json": b"{}"}),
        "a deep manifest": zipped(files | {"manifest.json": b"[" * 100_000}),
        "a huge manifest": zipped(files | {"manifest.json": b" " * (2 * 1024**2)}),
        "zeroes": zipped(files | {"db.sqlite3": bytes(200 * 1024**2)}),
        "zeroes with a manifest of their own": zipped(files | forged(files["manifest.json"], bytes(200 * 1024**2))),
        "other sizes": zipped(files | {"db.sqlite3": files["db.sqlite3"] + b"x"}),
        "other bytes": zipped(files | {"db.sqlite3": bytes(spoilt)}),
        "another way of packing": zipped(files, zipfile.ZIP_LZMA),
        "a lie about its size": bytes(lying),
    }


def test_what_is_no_backup_leaves_nothing_behind(
    core: SoundWave, cast: Cast, quick: list[str], tell: Callable[[str], None]
) -> None:
    good = make(core, cast.alice)
    tried = bombs(download(cast.alice, good.id))
    for name, content in tried.items():
        id = upload(core, cast.alice, content)
        assert wait(core) == ["failed"], name
        shown = cast.alice.get(f"{BACKUPS}{id}/").json
        assert (shown.state, shown.why) == ("failed", "uploaded"), name
        assert shown.sentence.endswith("."), name
        assert "far more than it should" in shown.sentence or not name.startswith("zeroes"), name
        assert [backup.id for backup in core.backups.list()] == [good.id], name
        assert left_over(core) == [], name
    assert not (core.config.data_dir.parent / "installed").exists()
    tell(f"uploads that are no backups: {len(tried)} refused, nothing left behind")


def test_an_encrypted_entry_is_refused(core: SoundWave, cast: Cast, quick: list[str]) -> None:
    content = bytearray(download(cast.alice, make(core, cast.alice).id))
    for mark, position in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + position] |= 1
    upload(core, cast.alice, bytes(content))
    assert wait(core) == ["failed"]


# Snapshots


def hold(core: SoundWave, seconds: int) -> ClientAnswer:
    """As the command line asks a running server."""
    core.control = Control("127.0.0.1", 1, "swc_word")
    asked = Client(core).post(f"{BACKUPS}hold/", {"seconds": seconds}, Authorization="Bearer swc_word")
    core.control = None
    return asked


def test_held_writers_are_told_to_come_again_and_readers_are_not_held(
    core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch, clock: VirtualClock
) -> None:
    monkeypatch.setattr("soundwave_core.database.PATIENCE_SECONDS", 0.0)
    held = hold(core, 30)
    assert (held.status, held.json.seconds_left) == (200, 30.0)
    assert (core.config.data_dir / "db.sqlite3-wal").stat().st_size == 0
    before = (core.config.data_dir / "db.sqlite3").read_bytes()
    refused = cast.bob.post("/api/playlist/", {"title": "Mix"})
    assert (refused.status, refused.json["code"], refused.headers["Retry-After"]) == (503, "writes_held", "30")
    assert cast.bob.get("/api/playlist/").status == 200
    assert (core.config.data_dir / "db.sqlite3").read_bytes() == before
    assert cast.alice.post(f"{BACKUPS}release/").json.seconds_left == 0
    assert cast.bob.post("/api/playlist/", {"title": "Mix"}).status == 201
    hold(core, 30)
    clock.advance(30)  # nobody came back
    assert cast.bob.post("/api/playlist/", {"title": "More"}).status == 201
    assert hold(core, 601).status == 422
    assert cast.alice.post(f"{BACKUPS}hold/", {"seconds": 1}).json["code"] == "command_line_only"


def test_who_waited_for_a_turn_when_it_began_waits_on(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, wait_for_end = threading.Semaphore(0), core.db.hold.wait

    def watched(patience: float) -> None:
        asked.release()
        wait_for_end(patience)

    def write() -> None:
        with transaction(core.db) as tx:
            tx.next_rev()

    thread = threading.Thread(target=write)
    with transaction(core.db):
        monkeypatch.setattr(core.db.hold, "wait", watched)
        thread.start()
        assert asked.acquire(timeout=60)  # nothing is held yet: it goes on to wait for this one to end
        core.db.hold.begin(600)
    assert asked.acquire(timeout=60)  # its turn came, and it asks again instead of writing
    assert core.db.rev() == 0
    core.db.hold.end()
    thread.join(60)
    assert core.db.rev() == 1


def test_a_job_waits_for_the_end_and_writes_then(core: SoundWave, cast: Cast) -> None:
    core.db.hold_writes(600)
    ended: list[str] = []
    thread = threading.Thread(target=lambda: ended.append(core.jobs.run("system.sweep-operations").state))
    thread.start()
    assert core.db.value("SELECT count(*) FROM job_runs") == 0
    core.db.hold.end()
    thread.join(60)
    assert ended == ["done"]


def test_a_stop_ends_the_hold(make_core: MakeCore) -> None:
    core = make_core()
    core.db.hold_writes(600)
    core.stop()
    assert not (core.config.data_dir / "db.sqlite3-wal").exists()


# What is not the backup's fault


@pytest.mark.parametrize(
    "failure",
    [
        disk_full(),
        OSError(errno.EIO, "Input/output error"),
        driver.OperationalError("disk I/O error"),
        SoundWaveError("The plugin broke.", code="plugin_failed"),
    ],
)
def test_what_surrounds_a_test_restore_damages_no_backup(core: SoundWave, cast: Cast, failure: Exception) -> None:
    backup = core.backups.make(core.db, "manual")

    def look_on_a_bad_day(core: SoundWave) -> str:
        raise failure

    found = try_out(trying(core), backup, look_on_a_bad_day)
    assert found.verdict == "unverified"
    assert found.sentence.endswith(".")
    assert [path.name for path in core.config.cache_dir.iterdir() if "restore" in path.name] == []


def test_a_database_that_cannot_be_opened_now_is_not_called_damaged(
    core: SoundWave, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault_in(path: Path, check: str, mode: str) -> str | None:
        raise driver.OperationalError("unable to open database file")

    backup = core.backups.make(core.db, "manual")
    monkeypatch.setattr("soundwave_core.trial.fault_in", fault_in)
    found = try_out(trying(core), backup, look)
    assert (found.verdict, found.sentence) == (
        "unverified", "It cannot be opened now (unable to open database file).",
    )  # fmt: skip


def judged(monkeypatch: pytest.MonkeyPatch, *verdicts: Any) -> list[str]:
    """Test restores come out so, the last one from then on; the ids that were tried."""
    tried: list[str] = []

    def run(core: SoundWave, kind: Any, *words: str) -> Verification:
        tried.append(Path(words[2]).name)
        verdict = verdicts[min(len(tried), len(verdicts)) - 1]
        return Verification(at=core.clock.stamp(), verdict=verdict, sentence="So.")

    monkeypatch.setattr(backup_child, "run", run)
    return tried


def test_what_could_not_be_tried_is_tried_again_hours_later(
    make_core: MakeCore, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = make_core(**{SCHEDULE: "daily"})
    tried = judged(monkeypatch, "unverified", "verified")
    for _ in range(6):
        core.jobs.run(JOB)
        clock.advance(3600)
    assert len(tried) == 1
    core.jobs.run(JOB)
    [backup] = core.backups.list()
    assert (len(tried), backup.state) == (2, "verified")


def test_an_upload_that_could_not_be_tried_is_kept(
    core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, "verified", "unverified")
    id = upload(core, cast.alice, download(cast.alice, make(core, cast.alice).id))
    assert wait(core) == ["done"]
    assert cast.alice.get(f"{BACKUPS}{id}/").json.state == "unverified"


def test_a_damaged_one_is_made_anew_once(
    make_core: MakeCore, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = make_core(**{SCHEDULE: "daily"})
    tried = judged(monkeypatch, "damaged")
    for _ in range(8):
        clock.advance(3600)
        core.jobs.run(JOB)
    assert len(tried) == 2
    clock.advance(86400)
    core.jobs.run(JOB)
    assert len(tried) == 3


def test_a_stop_is_no_error(
    make_core: MakeCore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    core = make_core(**{SCHEDULE: "daily"})

    def run(core: SoundWave, kind: Any, *words: str) -> Verification:
        core.jobs.stopping.set()
        raise SoundWaveError("The server stops.", code="stopping")

    monkeypatch.setattr(backup_child, "run", run)
    core.jobs.run(JOB)
    core.jobs.stopping.clear()
    assert "The server stops." in caplog.messages
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
    [backup] = core.backups.list()
    assert backup.state == "unverified"


def test_what_a_start_has_made_is_tried_out_soon(make_core: MakeCore, quick: list[str]) -> None:
    """As before a migration: until then health says that none is verified."""
    core = make_core(**{SCHEDULE: "off"})
    wait(core)
    core.stop()
    core = make_core(**{SCHEDULE: "off"})
    assert wait(core) == []
    id = core.backups.make(core.db, "before-migration").id
    core.stop()
    core = make_core(**{SCHEDULE: "off"})
    assert wait(core) == ["done"]
    assert quick == [id]


def test_a_stranger_s_backup_says_nothing_of_health(make_core: MakeCore, clock: VirtualClock, quick: list[str]) -> None:
    core = make_core(**{SCHEDULE: "daily"})
    alice = make_cast(core).alice
    clock.advance(3600)
    wait(core)
    alice.sign_in("alice")
    content = download(alice, core.backups.list()[0].id)
    clock.advance(20 * 86400)
    wait(core)
    alice.sign_in("alice")
    id = upload(core, alice, content)
    wait(core)
    assert core.backups.get(id).state == "verified"
    checks = {check.name: check for check in alice.get("/api/health/").json.checks}
    assert (checks["backups"].is_ok, checks["backups"].detail) == (True, "3, the newest verified one is 0.0 days old")
    assert "soundwave_system_backup_age_seconds 0" in alice.get("/metrics").body.decode()


def test_health_goes_by_the_data_that_were_saved_here(core: SoundWave, clock: VirtualClock) -> None:
    """Not by what was taken in last: a database that was put aside long ago, or somebody else's."""

    def keep(why: Any, saved_seconds_ago: int) -> None:
        source = core.backups.get(core.backups.make(core.db, "manual").id).path / "db.sqlite3"
        moment = clock.now().timestamp() - saved_seconds_ago
        os.utime(source, (moment, moment))
        id = take_in_database(core.backups, source, core.backups.new_id(why)).id
        core.backups.note(id, verification=Verification(at=clock.stamp(), verdict="verified", sentence="So."))

    def age() -> str:
        return check_backups(core)[0].detail.partition(", ")[2]

    keep("before-restore", 0)
    clock.advance(86400)
    keep("before-restore", 9 * 86400)
    assert age() == "the newest verified one is 1.0 days old"
    keep("uploaded", 0)
    assert age() == "the newest verified one is 1.0 days old"


def test_a_clock_set_back_costs_no_new_backup(
    make_core: MakeCore, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = make_core(**{SCHEDULE: "daily"})
    judged(monkeypatch, "verified")
    for _ in range(200):
        clock.advance(86400)
        core.jobs.run(JOB)
    before = {backup.id for backup in core.backups.list()}
    clock.advance(-8 * 365 * 86400)
    core.jobs.run(JOB)
    [made] = {backup.id for backup in core.backups.list()} - before
    assert made.startswith("backup-2018")
