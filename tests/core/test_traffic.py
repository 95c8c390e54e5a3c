"""Requests are counted where all of them pass, once each, and by nothing that a client makes up."""

from __future__ import annotations

import threading
from math import inf

import pytest
from core.toys import CRASH, ECHO, routes

from soundwave_core import NotFound, Public, Route, SoundWave
from soundwave_core.testing import Client, MakeCore, VirtualClock
from soundwave_core.traffic import BUCKETS, Traffic


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    return make_core(plugins={"toy": routes(ECHO, CRASH)})


def test_every_answer_is_counted_by_method_and_class(core: SoundWave, client: Client) -> None:
    client.get("/api/ping/")
    client.head("/api/ping/")
    client.get("/api/ping")
    client.get("/nothing/here/")
    client.get("/api/crash/")
    client.post("/api/echo/", {"word": "a"})
    client.request("BREW", "/api/ping/")
    client.get("/api/ping/", Host="not a host")
    core.is_running = False
    client.get("/api/ping/")
    assert core.traffic.answers() == {
        ("GET", "2xx"): 1, ("HEAD", "2xx"): 1, ("GET", "3xx"): 1, ("GET", "4xx"): 2, ("GET", "5xx"): 2,
        ("POST", "2xx"): 1, ("other", "4xx"): 1,
    }  # fmt: skip
    assert core.traffic.under_way() == {}


def test_methods_that_clients_make_up_take_no_room() -> None:
    traffic = Traffic()
    tally = traffic.begin()
    before = len(tally.answers)
    for number in range(100):
        tally.answer(f"M{number}", "404 Not Found", 0.0)
    tally.answer("GET", "999 Odd", 0.0)
    assert len(tally.answers) == before
    assert traffic.answers() == {("other", "4xx"): 100, ("other", "5xx"): 1}


def test_how_long_it_took(make_core: MakeCore, clock: VirtualClock) -> None:
    def handler(core: SoundWave, request: object) -> None:
        clock.advance(0.3)
        raise NotFound("Not there.")

    core = make_core(plugins={"toy": routes(Route("GET", "/api/slow/", handler, Public))})
    client = Client(core)
    for _ in range(2):
        client.get("/api/slow/")
    client.get("/api/ping/")
    durations = core.traffic.durations()
    assert [bound for bound, _ in durations.buckets] == [*BUCKETS, inf]
    assert dict(durations.buckets)[0.25] == 1
    assert dict(durations.buckets)[0.5] == dict(durations.buckets)[inf] == 3
    assert durations.seconds == pytest.approx(0.6)


def test_a_request_is_under_way_until_it_ends(make_core: MakeCore) -> None:
    seen: list[dict[int, int]] = []

    def handler(core: SoundWave, request: object) -> None:
        seen.append(dict(core.traffic.under_way()))

    core = make_core(plugins={"toy": routes(Route("GET", "/api/look/", handler, Public))})
    for _ in range(2):
        Client(core).get("/api/look/")
    assert seen == [{0: 1}, {0: 2}]
    assert core.traffic.under_way() == {}


def test_threads_do_not_lose_each_others_counts() -> None:
    traffic, times, threads = Traffic(), 5000, 8

    def work() -> None:
        for _ in range(times):
            tally = traffic.begin()
            tally.answer("GET", "200 OK", 0.001)
            tally.end()

    started = [threading.Thread(target=work) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert traffic.answers() == {("GET", "2xx"): times * threads}
    assert traffic.durations().buckets[-1] == (inf, times * threads)
    assert traffic.under_way() == {}
