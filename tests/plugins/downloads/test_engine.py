"""The engine as it runs in a server: its threads, real processes, and what happens when one of them is killed."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from core.toys import toy

from soundwave_core import Clock, SoundWave
from soundwave_core.testing import Cast, Client, MakeCore, VirtualClock, make_cast
from soundwave_downloads.queue import Engine
from tests.plugins.downloads.stub import LONGEST, OWN, Background, ask_slow, ask_url, files_of, look, placed
from tests.site.server import Hit, Page, Site

NETWORKS = "127.0.0.1/32"


@pytest.fixture
def heard() -> queue.Queue[str]:
    """What the engine announced, item by item."""
    return queue.Queue()


@pytest.fixture
def running(tmp_path: Path, heard: queue.Queue[str]) -> Iterator[SoundWave]:
    """A server with its threads and timers at work, by the real clock."""
    settings = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
    settings = {name: str(tmp_path / folder) for name, folder in settings.items()}
    settings |= {"SOUNDWAVE_AUTH_BCRYPT_COST": "4", "SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS": NETWORKS}
    plugin = toy(
        download_finished=lambda download, track_id: heard.put("finished"),
        download_failed=lambda download, code: heard.put(code),
    )
    core = SoundWave(settings, directory=tmp_path, plugins={"toy": plugin}, notice=lambda line: None).start()
    yield core
    core.stop()


def late(site: Site) -> str:
    """A link that is looked at freely, and that stops half way when it is fetched until the gate is set."""
    looked = iter([True])

    def page(hit: Hit) -> Page:
        page = site.file("tone.mp3")
        page.gate = None if next(looked, False) else site.gate
        return page

    return site.serve("/late.mp3", page)


def test_two_threads_two_users_one_feed(running: SoundWave, heard: queue.Queue[str], site: Site) -> None:
    """Both lists are done by two threads at once; each episode is there once, in both libraries."""
    cast = make_cast(running)
    uids = {"bob": ask_url(cast.bob, f"{site.url}/feed.xml"), "carol": ask_url(cast.carol, f"{site.url}/feed.xml")}
    assert [heard.get(timeout=LONGEST) for _ in range(10)] == ["finished"] * 10
    for name, uid in uids.items():
        client: Client = getattr(cast, name)
        done = look(client, uid)
        assert (done.state, done.items_done) == ("done", 5)
        playlist = client.get(f"/api/playlist/{done.playlist_id}/").json
        assert [one.track.title for one in playlist.items] == [one.title for one in site.episodes]
        assert client.get("/api/audio/").json.count == 5
    assert len(files_of(running)) == 5


def test_stopping_is_quick_and_puts_back_what_ran(running: SoundWave, site: Site, make_core: MakeCore) -> None:
    cast = make_cast(running)
    uid = ask_url(cast.bob, late(site))
    assert site.reached_gate.wait(LONGEST)
    running.stop()
    threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("download-")]
    assert threads == []
    again = make_core(clock=Clock(), SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS=NETWORKS)
    site.gate.set()
    again.part(Engine).drain()
    bob = Client(again, cookies=cast.bob.cookies, csrf_token=cast.bob.csrf_token)
    assert look(bob, uid).state == "done"
    assert len(files_of(again)) == 1


def test_the_threads_live_on_when_the_queue_stumbles(
    running: SoundWave, heard: queue.Queue[str], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from soundwave_downloads import queue as engine

    cast, errors = make_cast(running), iter([RuntimeError("locked"), RuntimeError("locked")])
    claim, both = Engine._claim, threading.Barrier(2)

    def stumbling(self: Engine) -> Any:
        for error in errors:
            both.wait(LONGEST)
            raise error
        return claim(self)

    monkeypatch.setattr(engine, "STUMBLE_SECONDS", 0.01)
    monkeypatch.setattr(Engine, "_claim", stumbling)
    running.part(Engine).wake()
    ask_url(cast.bob, f"{site.url}/media/tone.mp3")
    assert heard.get(timeout=LONGEST) == "finished"
    health = cast.alice.get("/api/health/").json
    assert {check.name: check.is_ok for check in health.checks}["downloads"]


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    return make_core(SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS=NETWORKS)


def kill_worker(core: SoundWave) -> None:
    [worker] = core.part(Engine)._working.values()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)


def kill_egress(core: SoundWave) -> None:
    child = core.part(Engine).egress._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_worker, kill_egress])
def test_a_killed_process_is_started_again(
    core: SoundWave, cast: Cast, site: Site, clock: VirtualClock, kill: Callable[[SoundWave], None]
) -> None:
    uid = ask_slow(core, cast.bob, site)
    with Background(core):
        assert site.reached_gate.wait(LONGEST)
        kill(core)
        site.gate.set()
    waiting = look(cast.bob, uid)
    if waiting.state != "done":  # a cut line is tried again at once, a dead worker a minute later
        assert (waiting.state, waiting.items[0].state, waiting.items[0].attempts) == ("queued", "queued", 1)
    clock.advance(3600)
    core.part(Engine).drain()
    assert look(cast.bob, uid).state == "done"
    assert len(files_of(core)) == 1


def serve(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A server process on these folders, and its address."""
    environ = dict(os.environ) | {name: str(folder / path) for name, path in FOLDERS.items()}
    environ |= {"SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS": NETWORKS, "SOUNDWAVE_AUTH_BCRYPT_COST": "4"}
    command = [sys.executable, "-u", "-m", "soundwave_core", "serve", "--port", "0"]
    process = subprocess.Popen(
        command, env=environ, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    line = next(line for line in process.stdout if "listens on" in line)
    return process, line.split()[-1].rstrip("/")


FOLDERS = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 0)])
def test_an_ended_server_goes_on_when_it_is_started_again(
    make_core: MakeCore, tmp_path: Path, site: Site, number: signal.Signals, code: int
) -> None:
    """The whole process, by force or as asked, with a file half way: nothing is lost, and nothing is there twice."""
    core = make_core(clock=Clock())
    bob = make_cast(core).bob
    token = bob.post("/api/user/tokens/", {"name": "x", "scopes": ["read", "download"]}).json.token
    core.stop()
    process, url = serve(tmp_path)
    try:
        body = json.dumps({"url": late(site)}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url + OWN, body, headers), timeout=LONGEST) as answer:
            uid = json.load(answer)["id"]
        assert site.reached_gate.wait(LONGEST)
    finally:
        process.send_signal(number)
        process.communicate(timeout=LONGEST)
    assert process.returncode == code
    site.gate.set()
    assert list((tmp_path / "audio/.soundwave").iterdir())
    again = make_core(clock=Clock(), SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS=NETWORKS)
    assert placed(again) == []
    again.part(Engine).drain()
    bob = Client(again, cookies=bob.cookies, csrf_token=bob.csrf_token)
    assert look(bob, uid).state == "done"
    assert bob.get("/api/audio/").json.count == 1
    assert len(files_of(again)) == 1
