"""Requests that two servers could read in two ways, or that never end: refused, once, and the connection with them."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from core.toys import ECHO, Echo, routes
from house.tree import CORE, PLUGINS, ensure_none, modules
from security.lines import answer_of, connected, ping, read_all, read_answer, statuses, talk, turn
from security.smuggled import CHUNKED, EVERY, REFUSED, TAKEN, get, post
from waitress.adjustments import Adjustments

from soundwave_core import Public, Route, SoundWave
from soundwave_core.parsing import SINGLE, StrictParser
from soundwave_core.testing import Listening, VirtualClock, listening

SECOND = get(first=b"GET /api/second/ HTTP/1.1\r\n")  # stands behind each, and must not be answered


class Toy:
    """A plugin with a route to smuggle a request to, and one that waits."""

    def __init__(self) -> None:
        self.seconds = 0
        self.entered, self.released = Event(), Event()

    def plugin(self) -> Any:
        second = Route("GET", "/api/second/", self._count, Public, answer=Echo)
        return routes(ECHO, second, Route("GET", "/api/wait/", self._wait, Public, answer=Echo))

    def _count(self, core: Any, request: Any) -> Echo:
        self.seconds += 1
        return Echo("second")

    def _wait(self, core: Any, request: Any) -> Echo:
        self.entered.set()
        assert self.released.wait(30)
        return Echo("waited")


@pytest.fixture(scope="module")
def toy() -> Toy:
    return Toy()


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, toy: Toy, clock: VirtualClock) -> Iterator[Listening]:
    """One server for all: whatever one line does to it, the next must not notice."""
    folder: Path = tmp_path_factory.mktemp("door")
    core = SoundWave(
        {"DATA_DIR": str(folder), "SOUNDWAVE_AUTH_BCRYPT_COST": "4"},
        clock=clock, directory=folder, plugins={"toy": toy.plugin()}, is_manual=True, notice=lambda line: None,
    )  # fmt: skip
    with listening(core.start()) as server:
        yield server
    core.stop()


def new_parser() -> StrictParser:
    return StrictParser(Adjustments(max_request_header_size=32 * 1024, max_request_body_size=2**24 + 1))


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_once(door: Listening, toy: Toy, name: str) -> None:
    content, status, code = REFUSED[name]
    before = toy.seconds
    received = talk(door, content + SECOND)
    assert statuses(received) == [status], received[:500]
    answer = answer_of(received)
    assert json.loads(answer.body)["code"] == code
    assert json.loads(answer.body)["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.headers["connection"], answer.headers["cache-control"]) == ("close", "no-store")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert toy.seconds == before
    assert ping(door)


@pytest.mark.parametrize("name", TAKEN)
def test_it_is_taken(door: Listening, name: str) -> None:
    assert statuses(talk(door, TAKEN[name])) == [200], name


def test_two_requests_at_once_are_two_answers(door: Listening, toy: Toy) -> None:
    """So that the above can fail."""
    before = toy.seconds
    assert statuses(talk(door, TAKEN["a body in chunks"] + SECOND)) == [200, 200]
    assert toy.seconds == before + 1


@pytest.mark.parametrize("name", [*REFUSED, *TAKEN])
def test_byte_by_byte_it_is_the_same(name: str) -> None:
    """Packets end where they like."""
    content = TAKEN.get(name) or REFUSED[name][0]
    parser = new_parser()
    left = iter(content[:40_000])
    for byte in left:
        if parser.completed:
            break
        parser.received(bytes([byte]))
    if name in REFUSED:
        assert parser.completed
        error = parser.error
        assert getattr(error, "status", getattr(error, "code", None)) == REFUSED[name][1]
    else:
        assert parser.error is None
        assert parser.completed
    parser.close()


@pytest.mark.parametrize("content", [post(b"Content-Length: 14", body=b'{\n"word": "a"}'), TAKEN["a body in chunks"]])
def test_in_two_parts_it_is_the_same(content: bytes) -> None:
    """What may stand in a body is no fault of the head, wherever the packet ends."""
    for cut in range(1, len(content)):
        parser = new_parser()
        for part in (content[:cut], content[cut:]):
            while part and not parser.completed:
                part = part[parser.received(part) :]
        assert (parser.completed, parser.error) == (True, None), cut
        parser.close()


@pytest.mark.parametrize("name", REFUSED)
def test_what_stands_behind_it_is_not_even_read(name: str) -> None:
    parser = new_parser()
    content = REFUSED[name][0] + SECOND
    taken = 0
    while not parser.completed:
        taken += parser.received(content[taken : taken + 8192])
    assert parser.error is not None
    assert not parser.empty
    assert taken in range(0, len(content) + 1, 8192) or taken == len(content)
    parser.close()


def test_a_refusal_of_head_has_no_body(door: Listening) -> None:
    received = talk(door, b"HEAD /api/ping/ HTTP/1.1\r\n\r\n")
    assert statuses(received) == [400]
    assert received.endswith(b"\r\n\r\n")


def test_trace_is_not_for_any_path(door: Listening) -> None:
    for method in (b"TRACE", b"CONNECT", b"PROPFIND"):
        received = talk(door, get(b"Cookie: a=b").replace(b"GET", method))
        assert statuses(received) == [405]
        assert b"a=b" not in received


def test_chunks_without_end_are_cut_off(door: Listening) -> None:
    """At 16 MiB, which is as much as any body may be."""
    block = b"100000\r\n" + b"x" * 2**20 + b"\r\n"
    assert statuses(talk(door, post(CHUNKED, body=b""), *[block] * 20)) == [413]
    assert ping(door)


def test_many_blanks_cost_no_more_than_letters() -> None:
    """waitress alone needs seconds for this one header, in the thread that serves everybody."""

    def seconds(filling: bytes) -> float:
        content = get(b"X:" + filling * 8000 + b"a")
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            StrictParser(Adjustments()).received(content)
            taken.append(time.perf_counter() - began)
        return min(taken)

    assert seconds(b" ") < 100 * seconds(b"a")


def test_every_header_that_decides_is_single_or_a_list() -> None:
    """Whoever reads a further one says which of both it is: waitress joins what is repeated by a comma."""
    lists = {"accept", "accept-encoding", "connection", "if-none-match", "user-agent", "x-forwarded-for"}
    read = re.compile(r"request\.headers\.get\(\s*\"([\w-]+)\"|environ(?:\.get\(|, )\"HTTP_(\w+)\"")
    found = [
        name for path in modules(CORE, PLUGINS) for pair in read.findall(path.read_text()) for name in pair if name
    ]
    names = {name.lower().replace("_", "-") for name in found}
    assert {"authorization", "origin", "x-forwarded-for"} <= names
    ensure_none(name for name in sorted(names - lists) if name.encode() not in SINGLE)


# Too slow


def test_a_head_that_drips_is_cut_after_ten_seconds(door: Listening, clock: VirtualClock) -> None:
    with connected(door) as slow, connected(door) as idle:
        for byte in b"GET /a":
            slow.sendall(bytes([byte]))
            turn(door)
            clock.advance(2)
        turn(door)
        answer = answer_of(read_all(slow))
        assert (answer.status, json.loads(answer.body)["code"]) == (408, "request_timeout")
        idle.sendall(get())  # whoever says nothing may keep the connection
        assert read_answer(idle).status == 200


def test_empty_lines_do_not_buy_time(door: Listening, clock: VirtualClock) -> None:
    with connected(door) as slow:
        slow.sendall(b"\r\n")
        turn(door)
        clock.advance(11)
        turn(door)
        assert statuses(read_all(slow)) == [408]


@pytest.mark.parametrize(("bytes_per_second", "status"), [(100, 408), (2048, 200)])
def test_a_body_keeps_a_pace(door: Listening, clock: VirtualClock, bytes_per_second: int, status: int) -> None:
    body = b'{"word":"' + b"a" * 60_000 + b'"}'
    with connected(door) as slow:
        slow.sendall(post(b"Content-Length: %d" % len(body), b"Connection: close", body=b""))
        turn(door)
        for start in range(0, min(len(body), 30 * bytes_per_second), bytes_per_second):
            try:
                slow.sendall(body[start : start + bytes_per_second])
            except OSError:
                break  # it was told
            turn(door)
            clock.advance(1)
        assert statuses(read_all(slow)) == [status]


def test_while_an_earlier_request_is_worked_on_the_next_has_time(
    door: Listening, toy: Toy, clock: VirtualClock
) -> None:
    with connected(door) as patient:
        patient.sendall(get().replace(b"ping", b"wait") + SECOND[:10])
        assert toy.entered.wait(30)
        clock.advance(60)
        turn(door)
        toy.released.set()
        assert read_answer(patient).body == b'{"word":"waited"}'
        clock.advance(2)
        turn(door)
        patient.sendall(SECOND[10:])
        assert read_answer(patient).body == b'{"word":"second"}'


# Anything at all

SEEDS = [content[:2000] for content in EVERY]
SPECIAL = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\x00",
    b" ",
    b"\t",
    b":",
    b",",
    b";",
    b"_",
    b"-",
    b"\x80",
    b"\xff",
    b"0",
    b"\x0b",
    b"%00",
]
LINES = [
    b"Content-Length: 5", b"Content-Length: 0", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity",
    b"Host: localhost", b" folded", b"Connection: keep-alive", b"Expect: 100-continue", b"Content-Length : 7",
    b"Transfer_Encoding: chunked", b"Cookie: a=b", b"Upgrade: h2c", b"TE: trailers",
]  # fmt: skip


def mutated(chance: random.Random) -> bytes:
    """A request with a few things wrong, and another one behind it."""
    content = chance.choice(SEEDS) + SECOND
    for _ in range(chance.randint(1, 4)):
        position, kind = chance.randrange(len(content)), chance.randrange(6)
        lines = content.split(b"\r\n")
        if kind == 0:
            content = content[:position] + bytes([chance.randrange(256)]) + content[position + 1 :]
        elif kind == 1:
            content = content[:position] + chance.choice(SPECIAL) + content[position:]
        elif kind == 2:
            content = content[:position] + content[position + chance.randint(1, 20) :]
        elif kind == 3:
            content = b"\r\n".join([lines[0], chance.choice(LINES), *lines[1:]])
        elif kind == 4:
            lines.insert(chance.randrange(len(lines)) + 1, chance.choice(lines))
            content = b"\r\n".join(lines)
        else:
            content = content[:position] + content[position:].swapcase()
        content = content or SECOND
    return content


def is_ambiguous(content: bytes) -> bool:
    """Whether somebody, somewhere, could read two lengths in the first head."""
    head = content.lstrip(b"\r\n").partition(b"\r\n\r\n")[0]
    names = [
        re.sub(rb"[^!-~]", b"", line.partition(b":")[0]).lower().replace(b"_", b"-") for line in head.split(b"\r\n")[1:]
    ]
    return names.count(b"content-length") + names.count(b"transfer-encoding") > 1


def test_anything_at_all(door: Listening, soak: bool) -> None:
    """Seeded mutations: each connection ends, nothing follows a refusal, no length is read twice, nothing breaks."""
    seed, count = 20260105, 20_000 if soak else 800
    chance, ambiguous = random.Random(seed), 0
    for number in range(count):
        content = mutated(chance)
        where = f"seed {seed}, number {number}: {content[:300]!r}"
        received = talk(door, content)
        found = statuses(received)
        assert not [status for status in found if status in (500, 503)], where
        answers = re.split(rb"(?=HTTP/1\.1 \d{3} )", received)
        assert not any(b"\r\nConnection: close\r\n" in answer for answer in answers[:-1]), where
        if is_ambiguous(content):
            ambiguous += 1
            assert len(found) <= 1, where
            assert all(status >= 400 for status in found), where
    print(f"{count} mutations from seed {seed}, {ambiguous} of them with two lengths")
    assert ambiguous > count / 20
    assert ping(door)
    assert len(door.server._door.active_channels) < 5
