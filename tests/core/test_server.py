"""The real server: sockets, errors before the application, slow listeners, signals."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from core.toys import routes

from soundwave_core import FileAnswer, Public, Route, SoundWave
from soundwave_core.server import Server, open_listener
from soundwave_core.testing import Listening, MakeCore, listening

BIG = 24 * 1024 * 1024


def ask(server: Listening, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server.port, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def raw(server: Listening, content: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.server.port), timeout=20) as connection:
        connection.sendall(content)
        answer = b""
        with suppress(ConnectionResetError):  # it closes without having read everything
            while block := connection.recv(65536):
                answer += block
        return answer


def test_a_connection_outlives_an_answer_without_a_body(server: Listening) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server.port, timeout=20)
    try:
        connection.request("GET", "/api/ping/")
        answer = connection.getresponse()
        answer.read()
        first = connection.sock
        for method, headers in (("OPTIONS", {}), ("GET", {"If-None-Match": answer.headers["ETag"]}), ("GET", {})):
            connection.request(method, "/api/ping/", headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert connection.sock is first, (method, answer.status)
    finally:
        connection.close()


def test_it_answers(server: Listening) -> None:
    assert ask(server, "GET", "/api/ping/") == (200, b'{"status":"ok"}')


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", b"400"),
        (b"POST /api/ping/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: odd\r\n\r\n", b"501"),
    ],
)
def test_what_the_server_itself_refuses_is_a_problem_too(server: Listening, content: bytes, status: bytes) -> None:
    answer = raw(server, content)
    assert answer.split()[1] == status, answer[:80]
    assert b"application/problem+json" in answer
    assert b"X-Content-Type-Options: nosniff" in answer


@pytest.fixture
def big_core(make_core: MakeCore, tmp_path: Path) -> SoundWave:
    path = tmp_path / "big.bin"
    path.write_bytes(os.urandom(1024) * (BIG // 1024))
    big = Route("GET", "/api/big/", lambda core, r: FileAnswer(path, "r", "audio/mpeg"), Public, answer=FileAnswer)
    return make_core(plugins={"toy": routes(big)}, SOUNDWAVE_THREADS="2")


@pytest.fixture
def streaming(big_core: SoundWave) -> Iterator[Listening]:
    with listening(big_core) as it:
        yield it


def listen_slowly(server: Listening) -> socket.socket:
    """A listener that asked for a long range, saw its head, and reads nothing more."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", server.server.port))
    connection.sendall(b"GET /api/big/ HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1000-\r\n\r\n")
    return connection


def test_slow_listeners_hold_no_thread(streaming: Listening) -> None:
    """Twelve listeners of a range that read nothing, on two threads: the server still answers at once."""
    with ExitStack() as stack:
        for connection in [stack.enter_context(listen_slowly(streaming)) for _ in range(12)]:
            assert connection.recv(12) == b"HTTP/1.1 206"
        assert ask(streaming, "GET", "/api/ping/")[0] == 200


def test_stopping_closes_the_files_under_way(big_core: SoundWave) -> None:
    """Nothing is left to the garbage collector, which would warn, and here a warning is an error."""
    with ExitStack() as stack:
        with listening(big_core) as server:
            listener = stack.enter_context(listen_slowly(server))
            assert listener.recv(12) == b"HTTP/1.1 206"
            assert any(name.endswith("big.bin") for name in open_files())
        assert not any(name.endswith("big.bin") for name in open_files())


def open_files() -> list[str]:
    """What this process has open, by name."""
    names = []
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the listing's own is gone by now
            names.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return names


def test_a_range_through_the_socket_is_exact(streaming: Listening) -> None:
    whole = ask(streaming, "GET", "/api/big/")[1]
    assert len(whole) == BIG
    assert ask(streaming, "GET", "/api/big/", Range="bytes=5000000-9000000") == (206, whole[5000000:9000001])
    assert ask(streaming, "HEAD", "/api/big/") == (200, b"")


def test_one_connection_that_cannot_be_taken_is_the_only_one(
    server: Listening, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """waitress closes its listening socket for that, and nobody hears of it."""
    door = server.server._door

    def broken(door: object, connection: socket.socket, *rest: object, **named: object) -> None:
        connection.close()
        raise ZeroDivisionError

    monkeypatch.setattr(door, "channel_class", broken)
    with socket.create_connection(("127.0.0.1", server.server.port), timeout=20) as refused:
        assert refused.recv(1) == b""
    monkeypatch.undo()
    assert ask(server, "GET", "/api/ping/")[0] == 200
    assert "ZeroDivisionError" in caplog.text


def test_connections_may_end_while_the_idle_ones_are_looked_for(core: SoundWave) -> None:
    """A thread that answers ends its connection, in the middle of the loop's look at all of them."""
    server = Server(core, open_listener("127.0.0.1", 0))
    connections = server._door.active_channels

    class Ending:
        requests = ()
        will_close = False

        @property
        def last_activity(self) -> float:
            connections.pop(id(self))
            return 0.0

    ending = [Ending() for _ in range(3)]
    connections |= {id(one): one for one in ending}
    server._door.maintenance(1e9)
    assert all(one.will_close for one in ending)
    server.stop()
    server.run()


def start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    environ = os.environ | {
        "DATA_DIR": str(tmp_path / "data"), "MEDIA_ROOT": str(tmp_path / "audio"),
        "CACHE_DIR": str(tmp_path / "cache"), "SOUNDWAVE_AUTH_BCRYPT_COST": "4",
    }  # fmt: skip
    command = [sys.executable, "-u", "-m", "soundwave_core", "serve", "--port", "0", *arguments]
    return subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )


def url_of(process: subprocess.Popen[str]) -> tuple[str, list[str]]:
    """The address that a started server prints, and the lines before it."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if "listens on" in line:
            return line.split()[-1], lines
    raise AssertionError(process.stderr.read() if process.stderr else "")


def end(process: subprocess.Popen[str]) -> str:
    """Whatever came of it, no process is left."""
    process.kill()
    return process.communicate()[1]


def test_the_command_serves_and_stops_on_sigterm(tmp_path: Path) -> None:
    process = start(tmp_path)
    try:
        url, lines = url_of(process)
        assert any("/setup?code=" in line for line in lines)
        port = int(url.rsplit(":", 1)[1].strip("/"))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/api/ping/")
        assert connection.getresponse().status == 200
        connection.close()
        second = start(tmp_path)
        assert "in use by another SoundWave" in second.communicate(timeout=30)[1]
        assert second.returncode == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert not (tmp_path / "data" / "control.json").exists()
    finally:
        errors = end(process)
    assert "Traceback" not in errors
