"""The watchdog ends a server that is stuck, and no other."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from core.toys import routes

from soundwave_core import Clock, Public, Route, SoundWave
from soundwave_core import server as server_module
from soundwave_core.server import open_listener, serve
from soundwave_core.testing import MakeCore, listening
from soundwave_core.traffic import Traffic
from soundwave_core.watchdog import (
    EXIT_STUCK,
    JOBS_SECONDS,
    LOOK_SECONDS,
    LOOP_SECONDS,
    REQUEST_SECONDS,
    Watchdog,
    stacks,
)

ENOUGH_SECONDS = 60


class Watched:
    """A server that is alive as long as nobody says otherwise."""

    def __init__(self) -> None:
        self.traffic, self.jobs = Traffic(), SimpleNamespace(looks=0)
        self.core: Any = SimpleNamespace(traffic=self.traffic, jobs=self.jobs, config={"threads": 2}, is_manual=False)
        self.server: Any = SimpleNamespace(turns=0, waiting=0)
        self.dog = Watchdog(self.core, self.server)
        self.now = 1000.0
        self.is_turning = self.is_looking = True

    def pass_time(self, seconds: float) -> str | None:
        """The first thing that the watchdog says within so many seconds."""
        for _ in range(int(seconds / LOOK_SECONDS)):
            self.now += LOOK_SECONDS
            self.server.turns += self.is_turning
            self.jobs.looks += self.is_looking
            if said := self.dog.look(self.now):
                return said
        return None


@pytest.fixture
def watched() -> Watched:
    watched = Watched()
    assert watched.pass_time(3600) is None
    return watched


def test_a_loop_that_stands_still(watched: Watched) -> None:
    watched.is_turning = False
    assert watched.pass_time(LOOP_SECONDS - LOOK_SECONDS) is None
    assert "loop" in str(watched.pass_time(2 * LOOK_SECONDS))


def test_jobs_whose_clock_stands_still(watched: Watched) -> None:
    watched.is_looking = False
    assert watched.pass_time(JOBS_SECONDS - LOOK_SECONDS) is None
    assert "jobs" in str(watched.pass_time(2 * LOOK_SECONDS))


def test_jobs_that_are_run_by_hand_have_no_clock(watched: Watched) -> None:
    watched.is_looking, watched.core.is_manual = False, True
    assert watched.pass_time(3 * JOBS_SECONDS) is None


def test_a_process_that_was_paused_is_not_stuck(watched: Watched) -> None:
    watched.is_turning = watched.is_looking = False
    for _ in range(3):
        watched.now += 86400
        assert watched.dog.look(watched.now) is None
        assert watched.pass_time(LOOK_SECONDS) is None
    watched.is_turning = watched.is_looking = True
    assert watched.pass_time(3600) is None


@pytest.fixture
def busy(watched: Watched) -> Iterator[Callable[[int], None]]:
    """``busy(n)``: so many threads begin a request, and do not end it."""
    release, began = threading.Event(), threading.Semaphore(0)
    threads: list[threading.Thread] = []

    def work() -> None:
        tally = watched.traffic.begin()
        began.release()
        release.wait(ENOUGH_SECONDS)
        tally.end()

    def begin(count: int) -> None:
        for _ in range(count):
            threads.append(threading.Thread(target=work))
            threads[-1].start()
            began.acquire(timeout=ENOUGH_SECONDS)

    yield begin
    release.set()
    for thread in threads:
        thread.join()


def test_all_threads_stuck_while_others_wait(watched: Watched, busy: Callable[[int], None]) -> None:
    busy(2)
    watched.server.waiting = 1
    assert watched.pass_time(REQUEST_SECONDS) is None
    assert "Every thread" in str(watched.pass_time(2 * LOOK_SECONDS))


def test_long_requests_that_nobody_waits_for(watched: Watched, busy: Callable[[int], None]) -> None:
    busy(2)
    assert watched.pass_time(2 * REQUEST_SECONDS) is None


def test_one_thread_left_is_enough(watched: Watched, busy: Callable[[int], None]) -> None:
    busy(1)
    watched.server.waiting = 50
    assert watched.pass_time(2 * REQUEST_SECONDS) is None


def test_a_crowd_is_not_stuck(watched: Watched, busy: Callable[[int], None]) -> None:
    """Every thread is busy whenever one looks, and requests always wait; but each is another one."""
    busy(1)
    watched.server.waiting = 50
    tally = watched.traffic.begin()
    for _ in range(20):
        assert watched.pass_time(REQUEST_SECONDS / 2) is None
        tally.end()
        tally = watched.traffic.begin()
    tally.end()


def test_it_tells_once(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soundwave_core.watchdog.LOOK_SECONDS", 0.001)
    monkeypatch.setattr("soundwave_core.watchdog.LOOP_SECONDS", 0.01)
    said: list[str] = []
    told = threading.Event()
    watched.core.clock = Clock()
    dog = Watchdog(watched.core, watched.server, lambda sentence: (said.append(sentence), told.set()))
    dog.start()
    assert told.wait(ENOUGH_SECONDS)
    for thread in threading.enumerate():
        if thread.name == "watchdog":
            thread.join(ENOUGH_SECONDS)
    assert len(said) == 1


def test_stacks_name_every_thread() -> None:
    release, began = threading.Event(), threading.Event()

    def waits_for_godot() -> None:
        began.set()
        release.wait(ENOUGH_SECONDS)

    thread = threading.Thread(target=waits_for_godot, name="estragon")
    thread.start()
    began.wait(ENOUGH_SECONDS)
    text = stacks()
    release.set()
    thread.join()
    assert "Thread estragon:" in text
    assert "waits_for_godot" in text
    assert "test_stacks_name_every_thread" in text


@pytest.mark.parametrize("setting", ["yes", "no"])
def test_it_is_there_if_it_is_wanted(make_core: MakeCore, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    seen: list[str] = []
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    run = server_module.Server.run

    def look_and_stop(self: server_module.Server) -> None:
        seen.extend(thread.name for thread in threading.enumerate())
        self.stop()
        run(self)

    monkeypatch.setattr(server_module.Server, "run", look_and_stop)
    core: SoundWave = make_core(SOUNDWAVE_WATCHDOG=setting)
    try:
        with open_listener("127.0.0.1", 0) as listener:
            serve(core, listener)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    assert ("watchdog" in seen) == (setting == "yes")


STUCK = """
import logging, os, signal, sys, threading
from soundwave_core import watchdog
from soundwave_core.cli import cli
watchdog.LOOK_SECONDS, watchdog.LOOP_SECONDS, watchdog.TELL_SECONDS = 0.2, 4.0, 0.5

def stick(number, frame):
    if sys.argv[1] == "log":  # what is stuck may well be the log
        logging.getLogger().handlers[0].acquire()
    threading.Event().wait()

signal.signal(signal.SIGUSR1, stick)
cli(["serve", "--port", "0"])
"""


@pytest.mark.parametrize("where", ["loop", "log"])
def test_a_stuck_server_ends_with_its_own_code(tmp_path: Path, where: str) -> None:
    """The loop of a real server is really blocked: all stacks are told, and its processes end with it."""
    folders = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
    environ = os.environ | {name: str(tmp_path / folder) for name, folder in folders.items()}
    command = [sys.executable, "-u", "-c", STUCK, where]
    with subprocess.Popen(
        command, env=environ, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            assert any("listens on" in line for line in process.stdout)
            process.send_signal(signal.SIGUSR1)
            _, errors = process.communicate(timeout=ENOUGH_SECONDS)
        finally:
            process.kill()
    assert process.returncode == EXIT_STUCK
    assert "in stick" in errors
    if where == "loop":
        told = [line for line in errors.splitlines() if "has not turned" in line]
        assert len(told) == 1
        assert "Thread MainThread:" in told[0]
        assert "Thread watchdog:" in told[0]


def test_a_real_server_whose_threads_are_all_stuck(make_core: MakeCore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two handlers that never return, and a third request: the figures that it goes by are the real ones."""
    entered, release = threading.Semaphore(0), threading.Event()

    def stick(core: Any, request: Any) -> None:
        entered.release()
        release.wait(ENOUGH_SECONDS)

    core = make_core(plugins={"toy": routes(Route("GET", "/api/stick/", stick, Public))}, SOUNDWAVE_THREADS="2")
    monkeypatch.setattr("soundwave_core.watchdog.LOOP_SECONDS", float("inf"))
    with listening(core) as it, ExitStack() as stack:
        stack.callback(release.set)
        dog, now, turns = Watchdog(core, it.server), 0.0, it.server.turns
        for _ in range(2):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", it.server.port)))
            connection.sendall(b"GET /api/stick/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert entered.acquire(timeout=ENOUGH_SECONDS)
        assert it.server.connections == 2
        said = [dog.look(now := now + LOOK_SECONDS) for _ in range(int(2 * REQUEST_SECONDS / LOOK_SECONDS))]
        assert set(said) == {None}
        third = stack.enter_context(socket.create_connection(("127.0.0.1", it.server.port)))
        third.sendall(b"GET /api/ping/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not it.server.waiting:
            release.wait(0.01)
        assert "Every thread" in str(dog.look(now + LOOK_SECONDS))
        release.set()
        assert third.recv(12) == b"HTTP/1.1 200"
        assert not it.server.waiting
        assert it.server.turns > turns
        assert dog.look(now + 2 * LOOK_SECONDS) is None
