"""What the owner reads in the log of downloads: one line per fact, and no link with a secret in it."""

from __future__ import annotations

import logging

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, VirtualClock
from soundwave_downloads.queue import Engine
from soundwave_downloads.text import name_for_log
from tests.plugins.downloads.stub import SITE, StubWorker, ask, drain, failure

SECRET = "token=hush"


@pytest.fixture
def worker() -> StubWorker:
    return StubWorker()


@pytest.fixture
def log(cast: Cast, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """After the cast was made."""
    caplog.set_level(logging.INFO)
    return caplog


def said(log: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    lines = [(record.levelname, record.getMessage()) for record in log.records]
    log.clear()
    return lines


def test_fetched_once_and_here_already(
    core: SoundWave, cast: Cast, worker: StubWorker, log: pytest.LogCaptureFixture
) -> None:
    ask(cast.bob, "song")
    drain(core, worker)
    assert said(log) == [("INFO", "fetched Song")]
    ask(cast.carol, "song")
    drain(core, worker)
    assert said(log) == [("INFO", "Song was here already")]


def test_an_item_that_is_tried_again_and_given_up(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock, log: pytest.LogCaptureFixture
) -> None:
    worker.faults[f"{SITE}/song"] = failure("server_error")
    ask(cast.bob, "song")
    drain(core, worker)
    again = clock.stamp_after(seconds=60)
    assert said(log) == [("INFO", f"Song will be tried again at {again}: It is server_error.")]
    worker.faults[f"{SITE}/song"] = failure("not_found", "never")
    clock.advance(60)
    drain(core, worker)
    assert said(log) == [("WARNING", "Song could not be fetched: It is not_found.")]


def test_a_link_that_cannot_be_read(
    core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock, log: pytest.LogCaptureFixture
) -> None:
    link = f"list?{SECRET}"
    worker.link_faults[f"{SITE}/{link}"] = failure("server_error")
    ask(cast.bob, link)
    drain(core, worker)
    again = clock.stamp_after(seconds=60)
    assert said(log) == [("INFO", f"site.example/list will be tried again at {again}: It is server_error.")]
    worker.link_faults[f"{SITE}/{link}"] = failure("not_found", "never")
    clock.advance(60)
    drain(core, worker)
    assert said(log) == [("WARNING", "site.example/list could not be read: It is not_found.")]
    worker.lists[f"{SITE}/empty"] = []
    ask(cast.bob, "empty", playlist_title="Mine")
    drain(core, worker)
    assert said(log) == [("WARNING", "Mine could not be read: There is nothing to fetch behind this link.")]


def test_channels(core: SoundWave, cast: Cast, worker: StubWorker, log: pytest.LogCaptureFixture) -> None:
    url = f"{SITE}/feed?{SECRET}"
    worker.link_faults[url] = failure("not_found", "never")
    made = cast.alice.post("/api/channel/", {"url": url})
    assert made.status == 201, made.body
    assert said(log) == [("INFO", "alice added the channel site.example/feed")]
    drain(core, worker)
    assert said(log) == [("WARNING", "site.example/feed could not be read: It is not_found.")]
    assert cast.alice.delete(f"/api/channel/{made.json.id}/").status == 204
    assert said(log) == [("INFO", "alice removed the channel site.example/feed")]
    cast.alice.post("/api/channel/", {"url": url, "title": "The news"})
    assert said(log) == [("INFO", "alice added the channel The news")]


@pytest.mark.parametrize(
    ("count", "sentence"), [(1, "1 download goes on where it was"), (2, "2 downloads go on where they were")]
)
def test_what_a_gone_server_left_goes_on(
    core: SoundWave, cast: Cast, worker: StubWorker, log: pytest.LogCaptureFixture, count: int, sentence: str
) -> None:
    worker.lists[f"{SITE}/list"] = [f"song{number}" for number in range(count)]
    ask(cast.bob, "list")
    drain(core, worker, most=1)
    with transaction(core.db) as tx:
        tx.execute("UPDATE download_items SET state = 'running', lease_until = :now", now=core.clock.stamp())
    core.part(Engine).start()
    assert said(log) == [("INFO", sentence)]


@pytest.mark.parametrize(
    ("title", "url", "name"),
    [
        ("A song", "https://a.example/x?key=1", "A song"),
        ("A\nsong\x1b[2J", "https://a.example/x", "A song [2J"),
        (None, "https://bob:pw@a.example:8443/x/y?key=1#part", "a.example:8443/x/y"),
        ("https://a.example/feed?key=1", "https://a.example/feed?key=1", "a.example/feed"),
        ("see HTTP://bob:pw@a.example/?key=1 there", "https://a.example/", "see a.example/ there"),
        (None, "http://[::1]/x?key=1", "::1/x"),
        (None, "http://[x?key=1", "x"),
    ],
)
def test_how_the_log_calls_it(title: str | None, url: str, name: str) -> None:
    assert name_for_log(title, url) == name
