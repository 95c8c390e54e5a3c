"""Bytes to a server and back, for requests that no client library would send."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from soundwave_core.testing import Listening

HOST = b"Host: localhost\r\n"
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_TIMEOUT = 30  # whatever still waits then hangs


@dataclass(frozen=True, slots=True)
class Received:
    """One answer; of a header that came twice ``headers`` has the last."""

    status: int
    sent: list[tuple[str, str]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.sent}

    @property
    def cookies(self) -> list[str]:
        return [value for name, value in self.sent if name.lower() == "set-cookie"]


@contextmanager
def connected(server: Listening, address: str = "127.0.0.1") -> Iterator[socket.socket]:
    """A connection from an address of this machine."""
    target = ("127.0.0.1", server.server.port)
    with socket.create_connection(target, timeout=_TIMEOUT, source_address=(address, 0)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def talk(server: Listening, *parts: bytes, address: str = "127.0.0.1") -> bytes:
    """Send these, and nothing more; everything that comes back until the other end closes."""
    with connected(server, address) as connection:
        with suppress(OSError):  # it has heard enough, and left
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other end closes, which it may do without having read everything."""
    received = b""
    with suppress(ConnectionResetError):
        while block := connection.recv(65536):
            received += block
    return received


def read_answer(connection: socket.socket) -> Received:
    """The next answer on a connection that stays."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    body = answer.read()
    return Received(answer.status, answer.getheaders(), body)


def statuses(received: bytes) -> list[int]:
    """The statuses of all final answers, in their order."""
    return [int(status) for status in _STATUS.findall(received) if status != b"100"]


def answer_of(received: bytes) -> Received:
    """The one answer that came."""
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(": ") for line in lines]
    return Received(int(first.split()[1]), [(name, value) for name, _, value in pairs], body)


def ping(server: Listening, address: str = "127.0.0.1") -> bool:
    """Whether the server answers, as it does when all is well."""
    return talk(server, b"GET /api/ping/ HTTP/1.1\r\n" + HOST + b"\r\n", address=address).endswith(b'{"status":"ok"}')


def turn(server: Listening) -> None:
    """Let the server's loop go round: what was sent before, it has read after."""
    assert ping(server, "127.0.0.99")
    assert ping(server, "127.0.0.99")
