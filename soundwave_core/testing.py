"""The pytest fixtures that we and plugin authors use: the real thing, started in one line.

``core`` is a started server on a fresh directory under a virtual clock, its jobs run by hand; ``client``
speaks WSGI to it; ``cast`` is alice (admin), bob and carol, signed in, and nobody; ``server`` is the same
core behind a real socket.
"""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec
import pytest

from .app import SoundWave
from .clock import Clock
from .front import Environ
from .records import FileAnswer, Raw
from .server import Server, open_listener

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"


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


class AnswerHeaders(dict[str, str]):
    """An answer's headers, by any case."""

    def __init__(self, sent: list[tuple[str, str]]) -> None:
        super().__init__((name.lower(), value) for name, value in sent)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The header, or ``default`` where it was not sent."""
        return super().get(name.lower(), default)


@dataclass(frozen=True, slots=True)
class ClientAnswer:
    """What came back. ``json`` was decoded strictly with the route's answer type."""

    status: int
    headers: AnswerHeaders
    body: bytes
    json: Any = None


@dataclass(slots=True)
class Client:
    """A browser's worth of HTTP without a socket: keeps cookies, sends Origin and the CSRF token."""

    core: SoundWave
    base: str = "http://localhost:8889"
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    csrf_token: str | None = None
    user_id: str = ""

    def get(self, path: str, **headers: str) -> ClientAnswer:
        """``client.get("/api/audio/", If_None_Match=etag)``."""
        return self.request("GET", path, headers=headers)

    def head(self, path: str, **headers: str) -> ClientAnswer:
        """The same without a body."""
        return self.request("HEAD", path, headers=headers)

    def post(self, path: str, json: Any = None, **headers: str) -> ClientAnswer:
        """Send ``json`` as the body; without it the body is empty."""
        return self.request("POST", path, json=json, headers=headers)

    def put(self, path: str, json: Any = None, **headers: str) -> ClientAnswer:
        """Send ``json`` as the body."""
        return self.request("PUT", path, json=json, headers=headers)

    def patch(self, path: str, json: Any = None, **headers: str) -> ClientAnswer:
        """Send ``json`` as the body."""
        return self.request("PATCH", path, json=json, headers=headers)

    def delete(self, path: str, **headers: str) -> ClientAnswer:
        """Send no body."""
        return self.request("DELETE", path, headers=headers)

    def request(
        self, method: str, path: str, *, json: Any = None, body: bytes | None = None, headers: Any = None
    ) -> ClientAnswer:
        """One request; header names are written with ``_`` for ``-``. A JSON answer is checked against its type."""
        content = msgspec.json.encode(json) if json is not None else body or b""
        environ = self._environ(method, path, content, dict(headers or {}))
        captured: list[Any] = []

        def start_response(status: str, sent: list[tuple[str, str]], *rest: Any) -> None:
            captured[:] = [int(status.split()[0]), sent]

        result = self.core.wsgi()(environ, start_response)
        try:
            received = b"".join(result)
        finally:
            getattr(result, "close", lambda: None)()
        status, sent = captured
        self._keep_cookies(sent)
        answered = AnswerHeaders(sent)
        return ClientAnswer(status, answered, received, _decode(environ, answered, received))

    def _environ(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> Environ:
        parts, base = urlsplit(path), urlsplit(self.base)
        sent = {"Host": base.netloc}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method not in ("GET", "HEAD", "OPTIONS"):
            sent |= {"Origin": f"{base.scheme}://{base.netloc}"}
            sent |= {"Content-Type": "application/json"} if content else {}
            sent |= {"SoundWave-CSRF": self.csrf_token} if self.csrf_token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        environ: Environ = {
            "REQUEST_METHOD": method, "QUERY_STRING": parts.query,
            "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
            "SCRIPT_NAME": "", "SERVER_NAME": base.hostname or "", "SERVER_PORT": str(base.port or 80),
            "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": self.address, "wsgi.version": (1, 0),
            "wsgi.url_scheme": base.scheme, "wsgi.input": io.BytesIO(content), "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
            "CONTENT_LENGTH": str(len(content)),
        }  # fmt: skip
        for name, value in sent.items():
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        return environ

    def _keep_cookies(self, sent: list[tuple[str, str]]) -> None:
        for name, line in sent:
            if name.lower() == "set-cookie":
                key, _, value = line.split(";")[0].partition("=")
                if not value or "Max-Age=0" in line:
                    self.cookies.pop(key, None)
                else:
                    self.cookies[key] = value

    def sign_in(self, username: str, password: str = PASSWORD) -> ClientAnswer:
        """Log in and keep the session's cookie and token."""
        return self._signed_in(self.post("/api/user/login/", {"username": username, "password": password}))

    def register(self, username: str, password: str = PASSWORD, **codes: str) -> ClientAnswer:
        """Make an account with a ``setup_code`` or an ``invite_code``, and stay signed in to it."""
        return self._signed_in(self.post("/api/user/register/", codes | {"username": username, "password": password}))

    def _signed_in(self, answer: ClientAnswer) -> ClientAnswer:
        if answer.status < 300:
            self.csrf_token, self.user_id = answer.json.csrf_token, answer.json.user.id
        return answer


def _decode(environ: Environ, headers: AnswerHeaders, body: bytes) -> Any:
    if headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    kind = headers.get("Content-Type", "").partition(";")[0] if body else ""
    if kind == "application/problem+json":
        return msgspec.json.decode(body)
    if kind != "application/json":
        return None
    route = environ.get("soundwave.route")
    answer = route.answer if route is not None else None
    assert answer not in (None, FileAnswer, Raw), f"{environ['PATH_INFO']} answers JSON without a type"
    decoded = msgspec.json.decode(body, type=answer)
    extra = _unknown(msgspec.json.decode(body), msgspec.to_builtins(decoded))
    assert not extra, f"{environ['PATH_INFO']} sends fields that its type does not have: {extra}"
    return decoded


def _unknown(sent: Any, typed: Any, path: str = "$") -> list[str]:
    """The names in ``sent`` that its type lost."""
    if isinstance(sent, dict) and isinstance(typed, dict):
        lost = [f"{path}.{name}" for name in sent if name not in typed]
        return lost + [x for n, v in sent.items() if n in typed for x in _unknown(v, typed[n], f"{path}.{n}")]
    if isinstance(sent, list) and isinstance(typed, list):
        return [x for a, b in zip(sent, typed, strict=True) for x in _unknown(a, b, f"{path}[]")]
    return []


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
        settings = paths | {"SOUNDWAVE_AUTH_BCRYPT_COST": "4"} | environ
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


def make_cast(core: SoundWave) -> Cast:
    """Sign the three up: alice by the set-up code, bob and carol by alice."""
    alice, bob, carol = Client(core), Client(core), Client(core)
    link = (core.config.data_dir / "setup-link").read_text().strip()
    assert alice.register("alice", setup_code=link.partition("code=")[2]).status == 201
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
