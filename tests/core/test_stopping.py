"""SIGTERM in the middle of everything: the process ends soon and in order, and what was acknowledged is there."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from soundwave_core import Clock, SoundWave
from soundwave_core.runs import INTERRUPTED
from soundwave_core.testing import Client, MakeCore, make_cast
from soundwave_downloads.queue import Engine
from tests.plugins.downloads.stub import OWN, look, placed, staged
from tests.site.fixtures import media, site
from tests.site.server import Hit, Page, Site

__all__ = ["media", "site"]

LONGEST = 90
STREAMS, WRITERS, DOWNLOADS = 20, 4, ("mp3", "m4a", "opus")
NETWORKS = {"SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS": "127.0.0.1/32", "SOUNDWAVE_DOWNLOADS_WORKERS": "3"}
SERVER = """
import logging, threading
from core.toys import toy
from soundwave_core import FileAnswer, Job, Public, Route, SoundWave
from soundwave_core.server import open_listener, serve
from pathlib import Path

def work(core):
    logging.getLogger("soundwave_toy").warning("the long job has begun")
    threading.Event().wait()  # it never asks whether the server stops

big = Route("GET", "/api/big/", lambda core, r: FileAnswer(Path("big.bin"), "r", "audio/mpeg"), Public,
            answer=FileAnswer)
plugin = toy(register_routes=lambda core: [big],
             register_jobs=lambda core: [Job("toy.work", work, "Works.", every_seconds=60)])
logging.basicConfig(level="INFO")
listener = open_listener("127.0.0.1", 0)
core = SoundWave(plugins={"toy": plugin}, notice=lambda line: print(line, flush=True)).start()
serve(core, listener)
"""


class Running:
    """A server process that is told to stop in the end, its log being read all the while."""

    def __init__(self, folder: Path) -> None:
        folders = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
        environ = os.environ | NETWORKS | {name: str(folder / path) for name, path in folders.items()}
        environ |= {"SOUNDWAVE_AUTH_BCRYPT_COST": "4", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER], env=environ, cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.lines: list[str] = []
        self.is_working = threading.Event()
        self.port = 0
        is_listening = threading.Event()

        def read() -> None:
            assert self.process.stdout is not None
            for line in self.process.stdout:
                self.lines.append(line)
                if found := re.search(r"listens on http://[^:]+:(\d+)", line):
                    self.port = int(found[1])
                    is_listening.set()
                if "the long job has begun" in line:
                    self.is_working.set()

        self._reader = threading.Thread(target=read)
        self._reader.start()
        assert is_listening.wait(LONGEST), self.lines

    def end(self) -> None:
        self.process.kill()
        self.process.wait(LONGEST)
        self._reader.join(LONGEST)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Running]]:
    """Start a server process on the folders of ``make_core``."""
    started: list[Running] = []

    def run() -> Running:
        started.append(Running(tmp_path))
        return started[-1]

    yield run
    for running in started:
        running.end()


class Writer(threading.Thread):
    """Makes playlists as fast as it is let, and remembers those that were acknowledged."""

    def __init__(self, port: int, token: str, name: str) -> None:
        super().__init__(name=name)
        self.port, self.token = port, token
        self.acknowledged: list[str] = []
        self.is_writing = threading.Event()

    def run(self) -> None:
        number = 0
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        while True:
            number += 1
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
            try:
                body = json.dumps({"title": f"{self.name} {number}"})
                connection.request("POST", "/api/playlist/", body, headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            finally:
                connection.close()
            if answer.status == 503:
                return
            assert answer.status == 201, answer.status
            self.acknowledged.append(f"{self.name} {number}")
            self.is_writing.set()


def listen_slowly(port: int) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    connection.settimeout(LONGEST)
    connection.connect(("127.0.0.1", port))
    connection.sendall(b"GET /api/big/ HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1000-\r\n\r\n")
    return connection


def late(site: Site, ext: str, reached: threading.Semaphore) -> str:
    """A link that stops half way when it is fetched, until the gate is set."""
    looked = iter([True])

    def page(hit: Hit) -> Page:
        page = site.file(f"tone.{ext}")
        if next(looked, False):
            return page
        page.gate = site.gate
        reached.release()
        return page

    return site.serve(f"/late.{ext}", page)


def ask(port: int, token: str, url: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", OWN, json.dumps({"url": url}), headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 202, content
        return str(json.loads(content)["id"])
    finally:
        connection.close()


def titles(core: SoundWave) -> set[str]:
    return {row["title"] for row in core.db.rows("SELECT title FROM playlists")}


def test_it_stops_in_order_with_its_hands_full(
    make_core: MakeCore, start: Callable[[], Running], tmp_path: Path, site: Site, tell: Callable[[str], None]
) -> None:
    """Twenty listeners, three downloads half way, a job that hears nothing, and writers that never pause."""
    (tmp_path / "big.bin").write_bytes(os.urandom(1024) * 8192)
    core = make_core(clock=Clock())
    bob = make_cast(core).bob
    wish: dict[str, Any] = {"name": "x", "scopes": ["read", "write", "download"]}
    token = bob.post("/api/user/tokens/", wish).json.token
    core.stop()
    running, reached = start(), threading.Semaphore(0)
    downloads = [ask(running.port, token, late(site, ext, reached)) for ext in DOWNLOADS]
    for _ in downloads:
        assert reached.acquire(timeout=LONGEST), running.lines
    assert running.is_working.wait(LONGEST)
    writers = [Writer(running.port, token, f"writer-{number}") for number in range(WRITERS)]
    with ExitStack() as stack:
        listeners = [stack.enter_context(listen_slowly(running.port)) for _ in range(STREAMS)]
        assert [listener.recv(12) for listener in listeners] == [b"HTTP/1.1 206"] * STREAMS
        for writer in writers:
            writer.start()
        for writer in writers:
            assert writer.is_writing.wait(LONGEST)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        code = running.process.wait(LONGEST)
        seconds = time.monotonic() - began
        for writer in writers:
            writer.join(LONGEST)
    said = "".join(running.lines)
    assert code == 0, said
    assert "Traceback" not in said
    acknowledged = {title for writer in writers for title in writer.acknowledged}
    tell(f"stopping with {STREAMS} streams, {len(downloads)} downloads, a job and {WRITERS} writers: {seconds:.1f} s")
    left = {path.name for path in (tmp_path / "data").iterdir()}
    assert not left & {"control.json", "db.sqlite3-wal", "db.sqlite3-shm"}
    assert not [path for path in tmp_path.rglob("*.part") if "audio/.soundwave" not in path.as_posix()]

    site.gate.set()
    again = make_core(clock=Clock(), **NETWORKS)
    assert not again.was_interrupted
    assert acknowledged <= titles(again)
    states = again.db.rows("SELECT state, attempts FROM download_items")
    assert [(row["state"], row["attempts"]) for row in states] == [("queued", 0)] * len(downloads)
    assert again.db.value("SELECT count(*) FROM attempts WHERE state = 'running'") == 0
    run = again.db.row("SELECT state, error, log FROM job_runs WHERE job_id = 'toy.work'")
    assert run == {"state": "failed", "error": INTERRUPTED, "log": "WARNING the long job has begun"}
    assert (staged(again), placed(again)) == ([], [])
    again.part(Engine).drain()
    again_bob = Client(again, cookies=bob.cookies, csrf_token=bob.csrf_token)
    assert {look(again_bob, uid).state for uid in downloads} == {"done"}


def test_a_killed_server_is_known_by_what_it_left(
    make_core: MakeCore, start: Callable[[], Running], tmp_path: Path
) -> None:
    """After kill -9 the whole database is looked at in the background; after an orderly stop it is not."""
    core = make_core(clock=Clock())
    token = make_cast(core).bob.post("/api/user/tokens/", {"name": "x", "scopes": ["write"]}).json.token
    core.stop()
    running = start()
    writer = Writer(running.port, token, "writer")
    writer.start()
    assert writer.is_writing.wait(LONGEST)
    with suppress(ProcessLookupError):
        running.process.kill()
    running.process.wait(LONGEST)
    writer.join(LONGEST)
    again = make_core(clock=Clock())
    assert again.was_interrupted
    assert set(writer.acknowledged) <= titles(again)
    assert "system.check-database" in {run.job_id for run in again.jobs.run_due()}
    again.stop()
    third = make_core(clock=Clock())
    assert not third.was_interrupted
    assert "system.check-database" not in {run.job_id for run in third.jobs.run_due()}
