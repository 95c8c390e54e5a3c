"""The real server as a process of its own on folders of its own, and browsers that reach it by sockets."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_SECONDS = 60
COMMAND = (sys.executable, "-m", "soundwave_core")


class Gone(Exception):
    """The server went away before it answered."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is signed in: the session outlives the servers that it is used at."""

    id: str
    name: str
    cookie: str
    csrf_token: str


@dataclass(frozen=True, slots=True)
class Home:
    """The three folders of one server; each may be on a disk of its own."""

    data: Path
    media: Path
    cache: Path
    log: Path

    @classmethod
    def within(cls, folder: Path, **elsewhere: Path) -> Home:
        """All of it below one folder, but for what is named; what its servers say goes into ``server.log``."""
        paths = {"data": folder / "data", "media": folder / "audio", "cache": folder / "cache"}
        return cls(**(paths | {"log": folder / "server.log"} | elsewhere))

    @property
    def database(self) -> Path:
        return self.data / "db.sqlite3"

    @property
    def environ(self) -> dict[str, str]:
        """All that a server's environment has: nothing measures coverage in what is killed anyway."""
        folders = {"DATA_DIR": self.data, "MEDIA_ROOT": self.media, "CACHE_DIR": self.cache}
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
        return kept | {name: str(path) for name, path in folders.items()} | {"SOUNDWAVE_AUTH_BCRYPT_COST": "4"}


@dataclass(slots=True)
class Reply:
    status: int
    body: Any
    headers: http.client.HTTPMessage

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


@dataclass(slots=True)
class Browser:
    """One connection that is kept, of a member or of nobody."""

    port: int
    member: Member | None = None
    timeout: float = 30
    _connection: http.client.HTTPConnection | None = field(default=None, init=False)

    def send(self, method: str, path: str, content: Any = None, **headers: str) -> Reply:
        """One request. Gone where no answer came."""
        connection = self._connection
        if connection is None:
            connection = self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        body = None if content is None else json.dumps(content).encode()
        try:
            connection.request(method, path, body, self._headers(method, body, headers))
            answer = connection.getresponse()
            received = answer.read()
        except (OSError, http.client.HTTPException, AttributeError) as error:  # the last: closed by who ends the server
            self.close()
            raise Gone(f"{method} {path}: {error!r}") from error
        is_json = "json" in (answer.headers.get("Content-Type") or "")
        return Reply(answer.status, json.loads(received) if received and is_json else received, answer.headers)

    def get(self, path: str) -> Any:
        """The body of what is there."""
        reply = self.send("GET", path)
        assert reply.status == 200, (path, reply.status, reply.body)
        return reply.body

    def sign_in(self, name: str, password: str) -> Reply:
        """Try to; who succeeds is the member from now on."""
        reply = self.send("POST", "/api/user/login/", {"username": name, "password": password})
        if reply.status == 200:
            self.member = member_of(reply)
        return reply

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _headers(self, method: str, body: bytes | None, headers: dict[str, str]) -> dict[str, str]:
        sent = {"Host": f"localhost:{self.port}", "Sec-Fetch-Site": "same-origin"}
        if self.member is not None:
            sent["Cookie"] = self.member.cookie
            if method != "GET":
                sent["SoundWave-CSRF"] = self.member.csrf_token
        if body is not None:
            sent["Content-Type"] = "application/json"
        return sent | {name.replace("_", "-"): value for name, value in headers.items()}


def member_of(reply: Reply) -> Member:
    """Who has just signed in."""
    cookies = [line.split(";")[0] for line in reply.headers.get_all("Set-Cookie") or ()]
    session = next(cookie for cookie in cookies if cookie.startswith("soundwave_session="))
    user = reply.body["user"]
    return Member(user["id"], user["username"], session, reply.body["csrf_token"])


class Served:
    """``soundwave serve`` on a home, from its first breath to its last."""

    def __init__(self, home: Home, wrapper: Sequence[str] = (), **environ: str) -> None:
        self.home = home
        self.lines: list[str] = []
        self._browsers: list[Browser] = []
        self.log = home.log
        self._begun = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, *COMMAND, "serve", "--port", "0"], cwd=home.log.parent, env=home.environ | environ,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip

    def wait_until_ready(self) -> Served:
        """Until it says where it listens; ``port`` and ``ready_seconds`` are known then."""
        if not self.is_ready():
            raise AssertionError(f"the server did not start ({self.stop()}): {self.said()}")
        self.ready_seconds = time.monotonic() - self._begun
        self.port = int(self.lines[-1].rpartition(":")[2].rstrip("/"))
        return self

    def is_ready(self) -> bool:
        """Waits until it listens, or has ended."""
        assert self.process.stdout is not None
        deadline = threading.Timer(START_SECONDS, self.process.kill)
        deadline.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line.rstrip())
                if "listens on" in line:
                    return True
        finally:
            deadline.cancel()
        return False

    def browser(self, member: Member | None = None) -> Browser:
        """One that is closed when the server ends."""
        self._browsers.append(Browser(self.port, member))
        return self._browsers[-1]

    def said(self) -> str:
        """What is in its log."""
        return self.log.read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """kill -9: nothing of it runs on."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        for browser in self._browsers:
            browser.close()
        try:
            return self.process.wait(30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()


@contextmanager
def serving(home: Home, wrapper: Sequence[str] = (), **environ: str) -> Iterator[Served]:
    """A server that is ready; killed at the end if it still runs."""
    served = Served(home, wrapper, **environ)
    try:
        yield served.wait_until_ready()
    finally:
        served.kill()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A start that ended by itself."""

    exit_code: int
    sentence: str
    seconds: float


def refusal(home: Home, wrapper: Sequence[str] = (), **environ: str) -> Refusal:
    """How a server ends that must not start: one sentence, no set-up page, no trace of its inside."""
    begun, said_before = time.monotonic(), home.log.stat().st_size if home.log.exists() else 0
    served = Served(home, wrapper, **environ)
    has_started = served.is_ready()
    seconds = time.monotonic() - begun
    exit_code = served.stop()
    with served.log.open(encoding="utf-8", errors="replace") as log:
        log.seek(said_before)
        errors = log.read()
    assert not has_started, "it started"
    assert "code=" not in "".join(served.lines) + errors, "a set-up link was printed"
    assert "Traceback" not in errors, errors
    [sentence] = [line for line in errors.splitlines() if line.startswith("soundwave: ")]
    assert sentence.endswith("."), sentence
    return Refusal(exit_code, sentence.removeprefix("soundwave: "), seconds)
