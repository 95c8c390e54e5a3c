"""Many at once, slow ones and broken ones: whoever comes after them is answered all the same."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from core.toys import CRASH, routes
from security.lines import HOST, answer_of, connected, ping, read_all, read_answer, talk, turn

from soundwave_core import FileAnswer, Public, Route, SoundWave, network_of, server
from soundwave_core.clock import Clock
from soundwave_core.connections import TOLD_SECONDS, Sparing
from soundwave_core.testing import Listening, MakeCore, VirtualClock, listening

GET = b"GET /api/ping/ HTTP/1.1\r\n" + HOST + b"\r\n"
CAP = 16


@pytest.fixture
def core(make_core: MakeCore, tmp_path: Path) -> SoundWave:
    path = tmp_path / "long.bin"
    path.write_bytes(os.urandom(1024) * 8 * 1024)
    long = Route(
        "GET", "/api/long/", lambda core, request: FileAnswer(path, "r", "audio/mpeg"), Public, answer=FileAnswer
    )
    return make_core(
        plugins={"toy": routes(long, CRASH)}, SOUNDWAVE_THREADS="2", SOUNDWAVE_CONNECTIONS_PER_ADDRESS=str(CAP),
        SOUNDWAVE_TRUSTED_PROXIES="127.0.0.3",
    )  # fmt: skip


def hold(stack: ExitStack, server: Listening, address: str, count: int, content: bytes = b"") -> list[socket.socket]:
    """So many connections from an address that have sent this and now wait."""
    held = [stack.enter_context(connected(server, address)) for _ in range(count)]
    for connection in held:
        connection.sendall(content)
    return held


def open_files() -> Counter[str]:
    """What this process has open, by name; no sockets."""
    names = Counter[str]()
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the listing's own is gone by now
            names[os.readlink(f"/proc/self/fd/{descriptor}")] += 1
    return Counter({name: count for name, count in names.items() if name.startswith("/")})


def is_open(connection: socket.socket) -> bool:
    connection.sendall(GET)
    return read_answer(connection).status == 200


def test_an_address_holds_so_many_connections(server: Listening, caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as stack:
        held = hold(stack, server, "127.0.0.2", CAP)
        for _ in range(5):
            with connected(server, "127.0.0.2") as refused:
                answer = answer_of(read_all(refused))
            assert (answer.status, json.loads(answer.body)["code"]) == (429, "too_many_connections")
            assert (answer.headers["retry-after"], answer.headers["connection"]) == ("5", "close")
            assert answer.headers["cache-control"] == "no-store"
        assert ping(server, "127.0.0.4")
        assert all(is_open(connection) for connection in held)
        held[0].close()
        turn(server)
        assert ping(server, "127.0.0.2")
    lines = [record.getMessage() for record in caplog.records if "gets no more" in record.getMessage()]
    assert lines == ["127.0.0.2 holds 16 connections, and gets no more"]


def test_a_trusted_proxy_holds_as_many_as_it_likes(server: Listening) -> None:
    with ExitStack() as stack:
        assert all(is_open(connection) for connection in hold(stack, server, "127.0.0.3", 2 * CAP))


def test_what_counts_as_one_address() -> None:
    assert network_of("203.0.113.9") == network_of("::ffff:203.0.113.9") == "203.0.113.9"
    assert network_of("2001:db8:1:2::3") == network_of("2001:db8:1:2:ffff::1") != network_of("2001:db8:1:3::3")
    assert network_of("fe80::1%eth0") == network_of("fe80::2")
    assert network_of("unix") == network_of("") == ""


@pytest.fixture
def wide(make_core: MakeCore) -> Iterator[Listening]:
    with listening(make_core(SOUNDWAVE_THREADS="2")) as it:
        yield it


def test_a_thousand_that_say_nothing_or_half_of_it(wide: Listening) -> None:
    halves = (
        b"",
        b"GET /api/ping/ HTTP/1.1\r\nHost: lo",
        b"POST /api/echo/ HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\na",
    )
    with ExitStack() as stack:
        for number in range(10):
            hold(stack, wide, f"127.0.1.{number}", 100, halves[number % 3])
        for _ in range(20):
            assert ping(wide)
        assert len(wide.server._door.active_channels) >= 1000


def test_where_every_place_is_taken_the_idle_go(make_core: MakeCore, monkeypatch: pytest.MonkeyPatch) -> None:
    """In real time: it looks once a second, and the places are taken when they are."""
    monkeypatch.setattr(server, "CONNECTIONS", 40)
    with listening(make_core(clock=Clock())) as it, ExitStack() as stack:
        for number in range(4):
            hold(stack, it, f"127.0.1.{number}", 12)
        assert ping(it)


def test_slow_readers_and_crashes_hold_nobody_up(server: Listening, caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as stack:
        for number in range(3):
            hold(stack, server, f"127.0.1.{number}", CAP, GET.replace(b"ping", b"long"))
        for _ in range(10):
            answer = answer_of(talk(server, GET.replace(b"ping", b"crash")))
            assert (answer.status, json.loads(answer.body)["code"]) == (500, "internal_error")
        assert ping(server)
    assert sum("crash" in record.getMessage() for record in caplog.records) == 10


def test_whoever_leaves_in_the_middle_leaves_nothing(server: Listening) -> None:
    """Half a body of several KiB is in a file by then."""
    body = b"POST /api/echo/ HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 200_000
    before = open_files()
    for number in range(3 * CAP):
        talk(server, (GET[:20], body, GET.replace(b"ping", b"long"))[number % 3])
    turn(server)
    assert len(server.server._door.active_channels) <= 2
    assert not open_files() - before


def test_a_flood_is_one_line_a_minute(clock: VirtualClock, caplog: pytest.LogCaptureFixture) -> None:
    sparing = Sparing(logging.getLogger("flood"), clock.monotonic)
    for _ in range(100):
        sparing.warning("Task queue depth is %d", 7)
    clock.advance(TOLD_SECONDS)
    sparing.warning("Task queue depth is %d", 8)
    assert [record.getMessage() for record in caplog.records] == [
        "Task queue depth is 7",
        "Task queue depth is 8 (99 more since the last such line)",
    ]


def test_a_full_queue_is_told_sparingly(server: Listening, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "waitress.queue")  # whatever an earlier test made of it
    for _ in range(50):
        server.server._door.task_dispatcher.queue_logger.warning("Task queue depth is %d", 1)
    assert sum("queue depth" in record.getMessage() for record in caplog.records) == 1
