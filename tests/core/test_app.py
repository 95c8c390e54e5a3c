"""The life of a server: starts that fail half-way, stops, and two on one directory."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from core.toys import Echo, routes, toy

from soundwave_core import Job, Migration, Public, Route, SoundWave, StartError, installed, lock
from soundwave_core import app as app_module
from soundwave_core.jobs import Jobs
from soundwave_core.lock import MEDIA_LOCK, DataLock
from soundwave_core.testing import Client, MakeCore


def test_a_start_that_fails_leaves_nothing_behind(make_core: MakeCore, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(threading.enumerate())
    heard: list[str] = []
    plugin = toy(startup=lambda core: heard.append("up"), shutdown=lambda core: heard.append("down"))
    for where, step in ((app_module, "bind"), (app_module, "Front"), (Jobs, "start")):
        with monkeypatch.context() as broken:
            broken.setattr(where, step, lambda *args: exit(3))
            with pytest.raises(SystemExit):
                make_core(plugins={"toy": plugin})
    assert heard == ["up", "down"]  # what was not begun is not ended
    core = make_core()  # neither the lock nor the database is held
    assert core.is_running
    core.stop()
    assert set(threading.enumerate()) <= before


def test_stopping_twice_is_stopping_once(make_core: MakeCore) -> None:
    heard: list[str] = []
    core = make_core(plugins={"toy": toy(shutdown=lambda core: heard.append("down"))})
    core.stop()
    core.stop()
    assert heard == ["down"]
    with pytest.raises(RuntimeError, match="start"):
        core.db.rev()


def test_a_stop_that_fails_on_the_way_lets_go_of_the_rest(make_core: MakeCore, monkeypatch: pytest.MonkeyPatch) -> None:
    core = make_core()

    def broken() -> None:
        raise OSError("no space")

    with monkeypatch.context() as jobs:
        jobs.setattr(core.jobs, "stop", broken)
        with pytest.raises(OSError, match="no space"):
            core.stop()
    assert not core.is_running
    make_core().stop()


def test_the_second_on_one_directory_is_refused_and_the_first_goes_on(make_core: MakeCore) -> None:
    first = make_core()
    with pytest.raises(StartError, match="in use"):
        make_core()
    assert Client(first).get("/api/ping/").status == 200
    first.stop()
    make_core()


def test_the_second_on_the_same_media_is_refused_before_it_sweeps(make_core: MakeCore, tmp_path: Path) -> None:
    first = make_core()
    media = first.config.media_root
    half = media / ".soundwave" / f"{first.clock.new_id()}-1"
    half.mkdir()
    with pytest.raises(StartError) as refused:
        make_core(DATA_DIR=str(tmp_path / "other"))
    assert refused.value.sentence.startswith(f"{media} is in use by another SoundWave (process {os.getpid()})")
    assert half.exists()
    assert not DataLock.is_taken(tmp_path / "other")
    first.stop()
    second = make_core(DATA_DIR=str(tmp_path / "other"))
    assert not half.exists()  # now it is nobody's
    second.jobs.run("downloads.sweep")
    assert (media / MEDIA_LOCK).exists()


def test_media_that_cannot_be_locked_are_used_all_the_same(
    make_core: MakeCore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Some network shares have no locks."""
    flock = lock.fcntl.flock

    def refuse(file: Any, how: int) -> None:
        if ".soundwave" in file.name:
            raise OSError(errno.ENOLCK, "No locks available")
        flock(file, how)

    monkeypatch.setattr(lock.fcntl, "flock", refuse)
    core = make_core()
    assert f"{core.config.media_root} cannot be locked (No locks available)" in caplog.text


def test_the_last_requests_of_a_stopping_server_are_told_so(
    make_core: MakeCore, caplog: pytest.LogCaptureFixture
) -> None:
    """Their database is closed under them: that is no bug to be logged."""

    def late(core: SoundWave, request: Any) -> Echo:
        core.stop()
        return Echo(str(core.db.rev()))

    core = make_core(plugins={"toy": routes(Route("GET", "/api/late/", late, Public, answer=Echo))})
    answer = Client(core).get("/api/late/")
    assert (answer.status, answer.json["code"]) == (503, "stopping")
    assert "crash" not in caplog.text


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    core = SoundWave({"DATA_DIR": str(tmp_path / "file/data")}, directory=tmp_path, is_manual=True)
    with pytest.raises(StartError, match="cannot be made"):
        core.start()
    core.stop()


def test_set_up_is_marked_whole_or_not_at_all(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(installed.os, "fsync", synced.append)
    core.mark_installed("Music.Example.org:443")
    core.mark_installed()  # by an import, or a restore, from a shell: people still come by that host
    assert len(synced) == 2  # the file, then its directory
    assert [path.name for path in core.config.data_dir.glob("installed*")] == ["installed"]
    path = core.config.data_dir / "installed"
    assert installed.Installed(path).get() == installed.Marker(core.clock.stamp(), "music.example.org")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"host": 7}'])
def test_a_damaged_mark_still_counts(make_core: MakeCore, content: bytes) -> None:
    """It would open set-up to whoever comes first, or break every request."""
    core = make_core()
    (core.config.data_dir / "installed").write_bytes(content)
    assert core.is_installed
    assert Client(core).get("/api/ping/").status == 200
    assert Client(core).get("/api/ping/", Host="music.example.org").status == 400


def test_a_part_is_made_once_whoever_asks(core: SoundWave) -> None:
    made: list[Part] = []
    at_once = threading.Barrier(8)

    class Part:
        def __init__(self, core: SoundWave) -> None:
            made.append(self)

    def ask() -> None:
        at_once.wait(10)
        core.part(Part)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [core.part(Part)]


def test_a_dependant_of_a_failed_migration_is_not_migrated(make_core: MakeCore) -> None:
    def steps(sql: str) -> Any:
        return lambda: [Migration(1, "x", sql)]

    good = steps("CREATE TABLE child_x (id INTEGER) STRICT")
    bad = toy(register_migrations=steps("CREATE TABEL x"))
    core = make_core(plugins={"base": bad, "child": toy(("base",), register_migrations=good)})
    assert core.plugins.records["child"].reason == "needs the plugin base, which failed"
    assert not core.db.value("SELECT 1 FROM sqlite_schema WHERE name = 'child_x'")


def test_jobs_of_a_plugin_that_did_not_start_do_not_run(make_core: MakeCore) -> None:
    heard: list[str] = []
    jobs = [Job("toy.tick", lambda core: heard.append("tick"), "x", every_seconds=1)]
    core = make_core(plugins={"toy": toy(register_jobs=lambda core: jobs, startup=lambda core: exit(3))})
    core.jobs.run_due()
    assert heard == []
