"""Going back: whole or not at all, onto newer versions and broken servers, and nobody stays signed in."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from core.killing import killed_at
from core.shelf import add_track
from core.toys import toy

from soundwave_core import Actor, Migration, NotFound, SoundWave, StartError, cli, pack_backup, restore_now, transaction
from soundwave_core.migrations import migrate
from soundwave_core.sqlite import driver
from soundwave_core.testing import PASSWORD, Cast, Client, MakeCore, VirtualClock, make_cast
from soundwave_system.backup_look import look

BACKUPS, RESTORE = "/api/appsettings/backup/", "/api/appsettings/restore/"
ALICE = Actor("", "alice", is_admin=True)
ENOUGH_SECONDS = 60
"""A thousand times what it takes; reached only where something hangs."""


def idle(core: SoundWave, **more: Any) -> SoundWave:
    """An assembled core of the folders of one that is stopped."""
    config = core.config
    folders = {"DATA_DIR": config.data_dir, "MEDIA_ROOT": config.media_root, "CACHE_DIR": config.cache_dir}
    environ = {name: str(folder) for name, folder in folders.items()}
    return SoundWave(environ, clock=core.clock, is_manual=True, notice=lambda line: None, **more).assemble()


def backed_up_between(make_core: MakeCore, before: str, after: str) -> tuple[SoundWave, str]:
    """A core that is stopped, with two playlists of bob's, and a backup that has the first."""
    core = make_core()
    bob = make_cast(core).bob
    bob.post("/api/playlist/", {"title": before})
    id = core.backups.make(core.db, "manual").id
    bob.post("/api/playlist/", {"title": after})
    core.stop()
    return core, id


def titles(core: SoundWave) -> list[str]:
    return [row["title"] for row in core.db.rows("SELECT title FROM playlists WHERE kind = 'custom' ORDER BY id")]


def files(core: SoundWave) -> list[str]:
    """Names in DATA_DIR, without the folders, the lock, and what a server writes anew."""
    return sorted(path.name for path in core.config.data_dir.iterdir() if path.name.startswith(("db.", "restore.")))


def wait(core: SoundWave) -> list[str]:
    """Let the job do what was asked for; how its runs ended."""
    return [run.state for run in core.jobs.run_due() if run.job_id == "system.back-up"]


def shell(core: SoundWave, *words: str) -> Any:
    config = core.config
    folders = {"DATA_DIR": config.data_dir, "MEDIA_ROOT": config.media_root, "CACHE_DIR": config.cache_dir}
    environ = {name: str(folder) for name, folder in folders.items()} | {"SOUNDWAVE_AUTH_BCRYPT_COST": "4"}
    return CliRunner().invoke(cli.cli, list(words), env=environ)


# By the app


def test_a_restore_brings_the_rows_back_and_ends_every_session(make_core: MakeCore, clock: VirtualClock) -> None:
    """The whole way: the child prepares it, the next start carries it out."""
    core = make_core()
    cast = make_cast(core)
    add_track(core, cast.bob)
    cast.bob.post("/api/playlist/", {"title": "Before"})
    invite = cast.alice.post("/api/user/admin/invites/", {}).json
    token = cast.bob.post("/api/user/tokens/", {"name": "player", "scopes": ["read"]}).json.token
    old_tag = cast.bob.get("/api/playlist/").headers["ETag"]
    id = core.backups.make(core.db, "manual").id
    clock.advance(60)
    cast.bob.post("/api/playlist/", {"title": "After"})
    last_rev, epoch = core.db.rev(), core.db.epoch

    answer = cast.alice.post(RESTORE, {"backup": id})
    assert (answer.status, answer.json.state, answer.json.backup) == (202, "preparing", id)
    assert wait(core) == ["done"]
    assert cast.alice.get(RESTORE).json.state == "restarting"
    assert titles(core) == ["Before", "After"]
    assert [backup.why for backup in core.backups.list()] == ["before-restore", "manual"]
    core.stop()

    core = make_core()
    assert titles(core) == ["Before"]
    assert core.db.epoch != epoch
    assert core.db.rev() > last_rev
    again = Client(core)
    again.cookies, again.csrf_token = dict(cast.bob.cookies), cast.bob.csrf_token
    assert again.get("/api/playlist/").status == 401
    assert Client(core).register("eve", invite_code=invite.code).status in (403, 409, 422)
    assert Client(core).get("/api/playlist/", Authorization=f"Bearer {token}").status == 200
    bob = Client(core)
    assert bob.sign_in("bob", PASSWORD).status == 200
    assert bob.get("/api/playlist/").headers["ETag"] != old_tag
    alice = Client(core)
    alice.sign_in("alice", PASSWORD)
    [line] = [line for line in alice.get("/api/user/admin/audit/").json.results if line.kind == "restored"]
    assert line.by == "alice"
    assert alice.get(RESTORE).json.state == "none"
    kept = [name for name in files(core) if name.startswith("db.before-restore-")]
    assert len(kept) == 1
    with closing(sqlite3.connect(f"file:{core.config.data_dir / kept[0]}?immutable=1", uri=True)) as raw:
        assert raw.execute("SELECT count(*) FROM playlists WHERE kind = 'custom'").fetchone() == (2,)
    assert (core.config.data_dir / kept[0]).stat().st_mode & 0o077 == 0


def test_the_hook_refuses_and_nothing_is_changed(make_core: MakeCore) -> None:
    """A plugin that cannot adapt stops the restore; what it raises is its sentence."""

    def adapt_restored(core: SoundWave, actor: Actor) -> str | None:
        raise NotFound(f"{actor.name} may not.")

    core = make_core()
    make_cast(core)
    id = core.backups.make(core.db, "manual").id
    core.stop()
    before = files(core)
    with pytest.raises(NotFound, match="alice may not"):
        restore_now(idle(core, plugins={"toy": toy(adapt_restored=adapt_restored)}), id, look, ALICE)
    assert files(core) == before


def test_a_failed_restore_leaves_the_running_server_alone(core: SoundWave, cast: Cast) -> None:
    backup = core.backups.make(core.db, "manual")
    content = bytearray((backup.path / "db.sqlite3").read_bytes())
    content[5000] ^= 1
    (backup.path / "db.sqlite3").write_bytes(content)
    assert cast.alice.post(RESTORE, {"backup": backup.id}).status == 202  # of the right size: it is read by the child
    assert wait(core) == ["failed"]
    seen = cast.alice.get(RESTORE).json
    assert (seen.state, seen.backup) == ("failed", backup.id)
    assert "SHA-256 differs. Nothing was changed." in seen.sentence
    assert cast.bob.post("/api/playlist/", {"title": "Mix"}).status == 201
    assert {name for name in files(core) if "restor" in name} == set()


def test_one_of_a_newer_version_is_refused(core: SoundWave, cast: Cast) -> None:
    with transaction(core.db) as tx:
        tx.execute("INSERT INTO schema_migrations VALUES ('library', 999, 'later', 'x', 'then')")
    id = core.backups.make(core.db, "manual").id
    with transaction(core.db) as tx:
        tx.execute("DELETE FROM schema_migrations WHERE number = 999")
    core.stop()
    before = (core.config.data_dir / "db.sqlite3").read_bytes()
    result = shell(core, "restore", id)
    assert result.exit_code == 1
    assert "It was made by a newer version (the tables of library are at step 999)" in result.output
    assert (core.config.data_dir / "db.sqlite3").read_bytes() == before


# Old ones, twice, elsewhere


def released(core: SoundWave) -> Iterator[dict[str, list[Migration]]]:
    """The migrations of an earlier version: of each plugin the first only, then one more of each, and so on."""
    from soundwave_core.migrations import CORE_MIGRATIONS

    all_of = {"core": list(CORE_MIGRATIONS)}
    all_of |= {record.name: list(record.contributions.migrations) for record in core.plugins.enabled()}
    for number in range(1, max(map(len, all_of.values()))):
        yield {name: steps[: min(number, len(steps))] for name, steps in all_of.items()}


def test_old_backups_migrate_onto_the_new_version(
    make_core: MakeCore, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    core = make_core()
    make_cast(core)
    core.stop()
    tried = 0
    for steps in released(idle(core)):
        old = tmp_path / f"old-{tried}" / "db.sqlite3"
        old.parent.mkdir()
        with closing(driver.connect(str(old))) as raw:
            raw.execute(f"PRAGMA application_id={0x53574156}")
        with closing(open_old(old, steps, core)) as db, transaction(db) as tx:
            tx.execute(
                "INSERT INTO users (uid, name, name_key, password_hash, role, state, created_at)"
                " VALUES (:uid, 'old', 'old', 'x', 'admin', 'active', '2026-01-01T00:00:00.000Z')",
                uid=f"{tried:032x}",
            )
        restore_now(idle(core), str(old), look, ALICE)
        with closing(driver.connect(str(core.config.data_dir / "db.sqlite3"))) as raw:
            assert raw.execute("SELECT uid FROM users").fetchall() == [(f"{tried:032x}",)]
            counts = dict(raw.execute("SELECT plugin, count(*) FROM schema_migrations GROUP BY plugin").fetchall())
        for record in idle(core).plugins.enabled():
            if record.contributions.migrations:
                assert counts[record.name] == len(record.contributions.migrations)
        tried += 1
        core.clock.advance(1)
    make_core().stop()
    tell(f"backups of earlier schemas: {tried} restored onto this version")


def open_old(path: Path, steps: dict[str, list[Migration]], core: SoundWave) -> Any:
    """A database as an earlier version left it."""
    from soundwave_core.database import Database

    db = Database(path, 2, core.clock)
    for name, some in steps.items():
        migrate(db, name, some, core.clock)
    return db


def test_twice_and_back_again(make_core: MakeCore, clock: VirtualClock) -> None:
    core, id = backed_up_between(make_core, "One", "Two")
    for _ in range(2):
        restore_now(idle(core), id, look, ALICE)  # within one second too
    core = make_core()
    assert titles(core) == ["One"]
    core.stop()
    kept = [name for name in files(core) if name.startswith("db.before-restore-")]
    assert len(kept) == 2
    restore_now(idle(core), str(core.config.data_dir / kept[-1]), look, ALICE)
    assert titles(make_core()) == ["One", "Two"]


def test_into_an_empty_place(make_core: MakeCore, tmp_path: Path) -> None:
    """Another machine, and nothing but the downloaded file: people sign in with their passwords."""
    core = make_core()
    cast = make_cast(core)
    cast.bob.post("/api/playlist/", {"title": "Mix"})
    id = core.backups.make(core.db, "manual").id
    (tmp_path / "file.zip").write_bytes(cast.alice.get(f"{BACKUPS}{id}/download/").body)
    core.stop()
    shutil.rmtree(core.config.data_dir)
    result = shell(core, "restore", str(tmp_path / "file.zip"))
    assert result.exit_code == 0, result.output
    assert "was restored" in result.output
    core = make_core()
    assert core.is_installed
    assert titles(core) == ["Mix"]
    assert Client(core).sign_in("alice", PASSWORD).status == 200


@pytest.mark.parametrize("harm", ["missing", "empty", "garbage", "page"])
def test_onto_a_database_that_is_no_more(make_core: MakeCore, harm: str) -> None:
    """That is when one needs it."""
    core = make_core()
    cast = make_cast(core)
    add_track(core, cast.bob)
    cast.bob.post("/api/playlist/", {"title": "Mix"})
    id = core.backups.make(core.db, "manual").id
    core.stop()
    (core.config.media_root / "a.opus").unlink()
    path = core.config.data_dir / "db.sqlite3"
    if harm == "missing":
        path.unlink()
    else:
        content = {"empty": b"", "garbage": b"x" * 9000, "page": path.read_bytes()[:4096] + bytes(4096 * 3)}[harm]
        path.write_bytes(content)
    with pytest.raises(StartError):
        make_core()
    result = shell(core, "restore", id)
    assert result.exit_code == 0, result.output
    assert "1 tracks, of which 1 have no file" in result.output
    core = make_core()
    assert titles(core) == ["Mix"]
    kept = [name for name in files(core) if name.startswith("db.before-restore-") and name.endswith(".sqlite3")]
    assert len(kept) == (0 if harm == "missing" else 1)
    assert not kept or (core.config.data_dir / kept[0]).read_bytes() == content


def test_what_cannot_be_restored_is_one_sentence(core: SoundWave, tmp_path: Path) -> None:
    core.stop()
    (tmp_path / "text").write_text("hello")
    with closing(sqlite3.connect(tmp_path / "other.sqlite3")) as other:
        other.execute("CREATE TABLE t (a)")
    for word, words in {
        "backup-20260101-000000-000-manual": "There is no such backup",
        str(tmp_path / "nothing"): "There is no such backup",
        str(tmp_path / "text"): "cannot be used",
        str(tmp_path / "other.sqlite3"): "no database of SoundWave",
        str(tmp_path): "There is no such backup",
    }.items():
        result = shell(core, "restore", word)
        assert result.exit_code == 1
        assert words in result.output, word
        assert result.output.count("\n") == 1
    assert files(core) == ["db.sqlite3"]
    assert core.backups.list() == []


def test_an_import_into_what_is_there_begins_with_a_backup(make_core: MakeCore) -> None:
    core = make_core()
    make_cast(core)
    core.stop()
    result = shell(core, "import-legacy", str(Path(__file__).parents[2] / "legacy/v1.0"))
    assert result.exit_code == 0, result.output
    [backup] = core.backups.list()
    assert backup.why == "before-import"
    assert backup.manifest is not None
    assert backup.manifest.tables["users"] == 3


# Killed


def test_kill_9_anywhere_ends_old_or_new(make_core: MakeCore, clock: VirtualClock, tell: Callable[[str], None]) -> None:
    core, id = backed_up_between(make_core, "Backed up", "Live")
    data, spare = core.config.data_dir, core.config.data_dir.with_name("spare")
    shutil.copytree(data, spare)
    ends = {"old": 0, "new": 0}
    for kills in range(200):
        shutil.rmtree(data)
        shutil.copytree(spare, data)
        if not killed_at(kills, data, partial(restore_now, idle(core), id, look, ALICE)):
            break
        clock.advance(1)
        core = make_core()
        found = titles(core)
        core.stop()
        assert found in (["Backed up", "Live"], ["Backed up"])
        end = "new" if found == ["Backed up"] else "old"
        ends[end] += 1
        kept = [name for name in files(core) if name.startswith("db.before-restore-")]
        assert len(kept) == (end == "new")
        assert files(core) == sorted(["db.sqlite3", *kept])
        assert all(b.state != "damaged" for b in core.backups.list())
    assert ends["old"] >= 10
    assert ends["new"] >= 4
    tell(f"restores killed on the way: {ends['old']} ended with the old database, {ends['new']} with the new one")


def test_a_start_that_is_killed_in_the_switch_is_finished_by_the_next(make_core: MakeCore) -> None:
    """Twice in a row, at every pair of places."""
    from soundwave_core import restoring

    core = make_core()
    make_cast(core)
    id = core.backups.make(core.db, "manual").id
    core.stop()
    data, spare = core.config.data_dir, core.config.data_dir.with_name("spare")
    restoring.write_note(data, restoring.prepare(idle(core), core.backups.get(id), look, ALICE))
    shutil.copytree(data, spare)
    starting = idle(core)
    note = restoring.pending(data)
    assert note is not None
    count = len([step() for step in restoring.steps(starting, note)])
    assert count >= 7
    for first in range(count):
        for second in range(count - first):
            shutil.rmtree(data)
            shutil.copytree(spare, data)
            for stop_after in (first, second):
                again = restoring.pending(data)
                for number, step in enumerate(restoring.steps(starting, again) if again else ()):
                    if number == stop_after:
                        break
                    step()
            restoring.finish(starting)
            assert restoring.pending(data) is None
            assert sorted(files(core)) == sorted([note.kept, "db.sqlite3"])
            assert (data / note.kept).read_bytes() == (spare / "db.sqlite3").read_bytes()
            assert (data / "db.sqlite3").read_bytes() == (spare / "db.restoring.sqlite3").read_bytes()


def test_a_prepared_file_that_has_changed_is_given_up(make_core: MakeCore) -> None:
    from soundwave_core import restoring

    core = make_core()
    make_cast(core).bob.post("/api/playlist/", {"title": "Live"})
    id = core.backups.make(core.db, "manual").id
    core.stop()
    for harm in ("changed", "gone", "changed in the middle"):
        restoring.write_note(core.config.data_dir, restoring.prepare(idle(core), core.backups.get(id), look, ALICE))
        note = restoring.pending(core.config.data_dir)
        assert note is not None
        prepared = core.config.data_dir / restoring.PREPARED
        if harm == "gone":
            prepared.unlink()
        else:
            prepared.write_bytes(b"x")
        if harm == "changed in the middle":
            os.replace(core.config.data_dir / "db.sqlite3", core.config.data_dir / note.kept)
        heard: list[str] = []
        core = make_core()
        assert titles(core) == ["Live"], harm
        core.stop()
        assert files(core) == ["db.sqlite3"], heard
        core.clock.advance(1)


# A real server


@contextmanager
def serving(core: SoundWave) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """``soundwave serve`` on the folders of a stopped core, at a port that stays the same."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = core.config
    folders = {"DATA_DIR": config.data_dir, "MEDIA_ROOT": config.media_root, "CACHE_DIR": config.cache_dir}
    environ = os.environ | {name: str(folder) for name, folder in folders.items()}
    environ |= {"SOUNDWAVE_AUTH_BCRYPT_COST": "4", "SOUNDWAVE_SYSTEM_BACKUP_SCHEDULE": "off"}
    command = [sys.executable, "-m", "soundwave_core", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            while "listens on" not in server.stdout.readline():
                assert server.poll() is None, server.stderr and server.stderr.read()
            yield server, port
        finally:
            server.kill()


def test_a_running_server_starts_again_with_it(make_core: MakeCore) -> None:
    """The same process, at the same port, asked by the shell."""
    core, id = backed_up_between(make_core, "Before", "After")
    with serving(core) as (server, port):
        result = shell(core, "restore", id)
        assert result.exit_code == 0, result.output
        assert result.output == f"The server has started again with {id}.\n"
        assert server.poll() is None
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ENOUGH_SECONDS)
        body = json.dumps({"username": "bob", "password": PASSWORD, "return_token": True})
        connection.request("POST", "/api/user/login/", body, {"Content-Type": "application/json"})
        token = json.loads(connection.getresponse().read())["token"]
        connection.request("GET", "/api/playlist/", headers={"Authorization": f"Bearer {token}"})
        assert [one["title"] for one in json.loads(connection.getresponse().read())["results"]] == ["Before"]
        connection.close()
        listed = shell(core, "backup", "--list")
        assert id in listed.output
        assert "before-restore" in listed.output
        held = shell(core, "backup", "--quiesce", "--seconds", "300")
        assert held.output == "Writers are held back for 300 seconds.\n"
        assert shell(core, "backup", "--resume").output == "Writers go on.\n"
        made = shell(core, "backup")
        assert made.exit_code == 0, made.output
        assert ": verified. " in made.output
        elsewhere = shell(core, "restore", str(core.config.data_dir / "db.sqlite3"))
        assert "Stop the server first" in elsewhere.output
        for unknown in ("no-such-one", id.replace("backup-2", "backup-1")):
            assert shell(core, "restore", unknown).output == "soundwave: There is no such backup.\n"
        server.send_signal(signal.SIGTERM)
        assert server.wait(ENOUGH_SECONDS) == 0


def test_the_shell_without_a_server(make_core: MakeCore) -> None:
    core = make_core()
    add_track(core, make_cast(core).bob)
    core.stop()
    made = shell(core, "backup")
    assert made.exit_code == 0, made.output
    [backup] = core.backups.list()
    assert made.output == f"{backup.id}: verified. {backup.sentence}\n"
    assert backup.id in shell(core, "backup", "--list").output
    assert shell(core, "verify-backup", str(backup.path)).output == made.output.replace(backup.id, str(backup.path))
    assert shell(core, "backup", "--quiesce").output == "No server is running: nothing writes.\n"
    (backup.path / "db.sqlite3").write_bytes(b"x")
    spoilt = shell(core, "verify-backup", backup.id)
    assert spoilt.exit_code == 1
    assert "damaged. Its file db.sqlite3 has 1 bytes" in spoilt.output


def test_a_file_is_tried_out_elsewhere_and_leaves_no_backup(make_core: MakeCore, tmp_path: Path) -> None:
    """Beside a server that is making one of its own."""
    core = make_core()
    make_cast(core)
    backup = core.backups.make(core.db, "manual")
    pack_backup(backup, tmp_path / "taken.zip")
    with core.backups.building(core.backups.new_id("scheduled")) as part:
        (part / "half").write_bytes(b"x")
        for path in (tmp_path / "taken.zip", backup.path / "db.sqlite3"):
            tried = shell(core, "verify-backup", str(path))
            assert tried.exit_code == 0, tried.output
        assert (part / "half").exists()
    assert [one.why for one in core.backups.list()] == ["scheduled", "manual"]
    assert [path.name for path in core.config.cache_dir.iterdir() if "restore" in path.name] == []


def test_an_orphan_that_prepared_changes_nothing(make_core: MakeCore) -> None:
    """Its server was killed meanwhile: nobody is there who still wants it."""
    core = make_core()
    cast = make_cast(core)
    id = core.backups.make(core.db, "manual").id
    cast.bob.post("/api/playlist/", {"title": "Since then"})
    prepared = shell(core, "prepare-restore", id)
    assert prepared.exit_code == 0, prepared.output
    core.stop()
    core = make_core()
    assert titles(core) == ["Since then"]
    assert files(core) == ["db.sqlite3", "db.sqlite3-shm", "db.sqlite3-wal"]


def test_files_that_a_backup_saw_on_their_way_stay(make_core: MakeCore) -> None:
    """They have become tracks since, of the database that is kept beside; so has one that was to be removed then."""
    core = make_core()
    bob = make_cast(core).bob
    with transaction(core.db) as tx:
        tx.execute("INSERT INTO placed_files VALUES ('a.opus', :at)", at=core.clock.stamp())
        tx.execute("INSERT INTO file_removals VALUES ('b.opus', :at)", at=core.clock.stamp())
    id = core.backups.make(core.db, "manual").id
    with transaction(core.db) as tx:
        tx.execute("DELETE FROM placed_files")
        tx.execute("DELETE FROM file_removals")
    for name in ("a.opus", "b.opus"):
        add_track(core, bob, name)
    core.stop()
    restore_now(idle(core), id, look, ALICE)
    core = make_core()
    for job in ("library.sweep-files", "downloads.sweep"):
        core.jobs.run(job)
    assert sorted(path.name for path in core.config.media_root.glob("*.opus")) == ["a.opus", "b.opus"]
