"""A storm of wrong sign-ins from everywhere, while somebody listens."""

from __future__ import annotations

import hashlib
import json
import math
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.client import HTTPConnection
from typing import Any

import bcrypt
import pytest

from soundwave_auth.state import AuthState
from soundwave_core import Clock, SoundWave, transaction
from soundwave_core.testing import Cast, Listening, MakeCore, listening, make_cast
from soundwave_library import Entries, NewTrack, Tracks

COST = "11"
MEASURED = 30
PIECE = 64 * 1024
CONTENT = bytes(range(256)) * 16 * 1024  # 4 MiB

# In a process of its own, so that it does not take turns with the server: 24 connections with up to 20 tries a
# second each, every one from another address and at another name, every third at bob's. Prints how often which
# answer came.
STORM = """
import collections, http.client, json, sys, threading
port, is_over, all_seen = int(sys.argv[1]), threading.Event(), []

def rage(number):
    connection, tries, seen = http.client.HTTPConnection("127.0.0.1", port), 0, collections.Counter()
    all_seen.append(seen)
    while not is_over.wait(0.05):
        tries += 1
        name = "bob" if tries % 3 == 0 else f"user {number} {tries}"
        headers = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}",
                   "X-Forwarded-For": f"10.{number}.{tries // 250 % 250}.{tries % 250}"}
        body = json.dumps({"username": name, "password": "not the password"})
        connection.request("POST", "/api/user/login/", body, headers)
        answer = connection.getresponse()
        problem = json.loads(answer.read())
        is_told = answer.status == 401 or int(answer.getheader("Retry-After", "0")) >= 1
        seen[f"{answer.status} {problem['code']}" if is_told else "429 without Retry-After"] += 1

threads = [threading.Thread(target=rage, args=(number,)) for number in range(24)]
for thread in threads:
    thread.start()
print("begun", flush=True)
sys.stdin.read()
is_over.set()
for thread in threads:
    thread.join()
print(json.dumps(sum(all_seen, collections.Counter())))
"""


class Gauge:
    """How many are in there now, and how many were at most."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def enter(self) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def leave(self) -> None:
        with self._lock:
            self.now -= 1


class Hashes(Gauge):
    """Every call of bcrypt, and the seconds it took."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.seconds: list[float] = []
        for name in ("hashpw", "checkpw"):
            monkeypatch.setattr(bcrypt, name, partial(self._call, getattr(bcrypt, name)))

    def _call(self, function: Callable[..., Any], *given: bytes) -> Any:
        begin = time.perf_counter()
        self.enter()
        try:
            return function(*given)
        finally:
            self.leave()
            self.seconds.append(time.perf_counter() - begin)


class CountedPlaces:
    """The hasher's places, and how many of them were taken."""

    def __init__(self, places: threading.BoundedSemaphore, gauge: Gauge) -> None:
        self._places, self._gauge = places, gauge

    def acquire(self, blocking: bool) -> bool:
        is_in = self._places.acquire(blocking=blocking)
        if is_in:
            self._gauge.enter()
        return is_in

    def release(self) -> None:
        self._gauge.leave()
        self._places.release()


@pytest.fixture
def house(make_core: MakeCore) -> Iterator[tuple[Listening, Cast, str]]:
    """A real clock, real work in each hash, and a proxy that says where requests come from."""
    core = make_core(clock=Clock(), SOUNDWAVE_TRUSTED_PROXIES="127.0.0.1", SOUNDWAVE_AUTH_BCRYPT_COST=COST)
    cast = make_cast(core)
    with listening(core) as server:
        yield server, cast, add_track(core, cast.bob.user_id)


def add_track(core: SoundWave, owner: str) -> str:
    digest = hashlib.sha256(CONTENT).hexdigest()
    file = core.config.media_root / "Somebody" / "long.opus"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    new = NewTrack(
        uid=core.clock.new_id(), added_at=core.clock.stamp(), title="long", path="Somebody/long.opus",
        size_bytes=len(CONTENT), codec="opus", content_hash=digest, block_hashes=[digest], revision=digest,
        artist="Somebody", duration_seconds=600.0,
    )  # fmt: skip
    with transaction(core.db) as tx:
        Tracks(tx).add(new)
        Entries(tx).ensure(owner, new.uid, core.clock, new.added_at)
    return new.uid


@contextmanager
def listener(
    server: Listening, cast: Cast, track: str, hashes: Hashes
) -> Iterator[Callable[[], tuple[list[float], list[float]]]]:
    """Measures ``/api/ping/`` and a stream that is read in ranges: the seconds of each request, by turns.

    It goes away when it is made to wait too often for longer than any hash took.
    """
    connection = HTTPConnection("127.0.0.1", server.server.port, timeout=20)
    cookie = "; ".join(f"{name}={value}" for name, value in cast.bob.cookies.items())

    def ask(path: str, **headers: str) -> tuple[float, int, bytes]:
        begin = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie} | headers)
        answer = connection.getresponse()
        return time.perf_counter() - begin, answer.status, answer.read()

    def measure() -> tuple[list[float], list[float]]:
        pings, pieces = [], []
        for number in range(MEASURED):
            seconds, status, _ = ask("/api/ping/")
            assert status == 200
            pings.append(seconds)
            start = number * PIECE % len(CONTENT)
            seconds, status, piece = ask(f"/api/audio/{track}/stream/", Range=f"bytes={start}-{start + PIECE - 1}")
            assert (status, piece) == (206, CONTENT[start : start + PIECE])
            pieces.append(seconds)
            longest = max(hashes.seconds, default=math.inf)
            assert sum(each > longest for each in (*pings, *pieces)) <= MEASURED / 5, "requests wait for hashes"
        return pings, pieces

    with closing(connection):
        yield measure


@contextmanager
def storm(port: int) -> Iterator[Counter[str]]:
    """The answers that it got are there once it is over."""
    seen: Counter[str] = Counter()
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", STORM, str(port)], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        try:
            yield seen
        finally:
            answers, _ = process.communicate("")
        assert process.returncode == 0
    seen.update(json.loads(answers))


def test_a_storm_of_sign_ins_stops_no_music(
    house: tuple[Listening, Cast, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, cast, track = house
    hashes, taken = Hashes(monkeypatch), Gauge()
    hasher = server.core.part(AuthState).hasher
    monkeypatch.setattr(hasher, "_places", CountedPlaces(hasher._places, taken))
    with listener(server, cast, track, hashes) as measure:
        measure()  # a first time, for what is only slow once
        calm = measure()
        with storm(server.server.port) as seen:
            while len(hashes.seconds) < 6:  # until it is at its height
                measure()
            stormy = measure()

    told = {"401 wrong_credentials", "429 too_many_sign_ins", "429 too_many_requests"}
    assert set(seen) <= told, seen
    assert sum(seen.values()) > 100
    assert (hashes.most, taken.most) == (1, 2)
    assert seen["401 wrong_credentials"] == len(hashes.seconds)
    # What had to wait for a hash would take as long as one. The machine's other work falls on both.
    one_hash = statistics.median(hashes.seconds)
    for before, during in zip(map(statistics.median, calm), map(statistics.median, stormy), strict=True):
        print(f"{before:.4f} s before, {during:.4f} s in the storm, where a hash takes {one_hash:.3f} s")
        assert during < max(one_hash / 2, 10 * before)
