"""The pytest fixtures that we and plugin authors use: the real thing, started in one line.

``core`` is a started server on a fresh directory under a virtual clock, its jobs run by hand; ``client``
speaks WSGI to it; ``cast`` is alice (admin), bob and carol, signed in, and nobody; ``server`` is the same
core behind a real socket.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .app import SoundWave
from .clock import Clock
from .server import Server, open_listener
from .testing_client import PASSWORD, AnswerHeaders, Client, ClientAnswer

__all__ = [
    "PASSWORD",
    "START",
    "AnswerHeaders",
    "Cast",
    "Client",
    "ClientAnswer",
    "Listening",
    "MakeCore",
    "VirtualClock",
    "listening",
    "make_cast",
    "setup_code_of",
]

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


class VirtualClock(Clock):
    """Time that moves only when told to."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._seconds = 0.0

    def now(self) -> datetime:
        """The moment that the clock stands at."""
        return self._now

    def monotonic(self) -> float:
        """The seconds that it was moved by."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Move both on by so many seconds."""
        self._now += timedelta(seconds=seconds)
        self._seconds += seconds


@dataclass(frozen=True, slots=True)
class Cast:
    """alice is an admin, bob and carol are users, nobody is not signed in."""

    alice: Client
    bob: Client
    carol: Client
    nobody: Client


@dataclass(slots=True)
class Listening:
    """A core behind a real socket."""

    core: SoundWave
    server: Server

    @property
    def url(self) -> str:
        """Where it listens, with its path and without a slash at the end."""
        return f"http://127.0.0.1:{self.server.port}{self.core.config['base_path']}"


MakeCore = Callable[..., SoundWave]
_CHEAP = {"SOUNDWAVE_AUTH_BCRYPT_COST": "4", "SOUNDWAVE_SYSTEM_BACKUP_SCHEDULE": "off"}  # a backup starts a process


@pytest.fixture
def clock() -> VirtualClock:
    """The time of ``core``; it stands still until ``clock.advance(seconds)``."""
    return VirtualClock()


@pytest.fixture
def make_core(tmp_path: Path, clock: VirtualClock) -> Iterator[MakeCore]:
    """Start a core: ``make_core(SOUNDWAVE_THREADS="2", plugins={...})``; the same directory each time."""
    started: list[SoundWave] = []

    def make(*, plugins: dict[str, Any] | None = None, clock: Clock = clock, **environ: str) -> SoundWave:
        folders = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
        paths = {name: str(tmp_path / folder) for name, folder in folders.items()}
        settings = paths | _CHEAP | environ
        core = SoundWave(
            settings, clock=clock, directory=tmp_path, plugins=plugins, is_manual=True, notice=lambda line: None
        )
        started.append(core)
        return core.start()

    yield make
    for core in started:
        core.stop()


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    """A started server with nobody in it yet."""
    return make_core()


@pytest.fixture
def client(core: SoundWave) -> Client:
    """A browser that is not signed in."""
    return Client(core)


@pytest.fixture
def nobody(core: SoundWave) -> Client:
    """A browser that is not signed in, another than ``client``."""
    return Client(core)


@pytest.fixture
def cast(core: SoundWave) -> Cast:
    """alice, bob, carol and nobody at ``core``."""
    return make_cast(core)


def setup_code_of(core: SoundWave) -> str:
    """The code that the set-up link of this start ends in."""
    return (core.config.data_dir / "setup-link").read_text().strip().partition("code=")[2]


def make_cast(core: SoundWave) -> Cast:
    """Sign the three up: alice by the set-up code, bob and carol by alice."""
    alice, bob, carol = Client(core), Client(core), Client(core)
    assert alice.register("alice", setup_code=setup_code_of(core)).status == 201
    for name, member in (("bob", bob), ("carol", carol)):
        added = alice.post("/api/user/admin/users/", {"username": name, "password": PASSWORD})
        assert added.status == 201, added.body
        assert member.sign_in(name).status == 200
    return Cast(alice, bob, carol, Client(core))


@pytest.fixture
def server(core: SoundWave) -> Iterator[Listening]:
    """The same core behind waitress on a free loopback port."""
    with listening(core) as it:
        yield it


class listening:
    """``with listening(core) as it:`` serves a started core on a thread."""

    def __init__(self, core: SoundWave) -> None:
        self._it = Listening(core, Server(core, open_listener("127.0.0.1", 0)))
        self._thread = threading.Thread(target=self._it.server.run, daemon=True)

    def __enter__(self) -> Listening:
        self._thread.start()
        return self._it

    def __exit__(self, *exception: object) -> None:
        self._it.server.stop()
        self._thread.join(timeout=10)
        assert not self._thread.is_alive(), "the server did not stop"
