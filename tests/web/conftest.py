"""A real browser, a real server in a process of its own, and the local test site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.site.fixtures import forbidden, media, site

from .browsers import FLAGS, UNANSWERED, Complaints, Device, executable, new_context
from .servers import ServerProcess
from .shelf import Shelf, fill, settle
from .steps import enter, wait_for_worker
from .waiting import LIMIT

__all__ = ["forbidden", "media", "site"]


@pytest.fixture
def server_process(new_server: ServerProcess) -> ServerProcess:
    """A server where alice, an admin, lives; it starts when it is asked for something first."""
    settle(new_server.folder)
    return new_server


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server where nobody lives yet."""
    server = ServerProcess(tmp_path, {"SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS": "127.0.0.1/32"})
    yield server
    server.end()


@pytest.fixture
def device(playwright: Playwright, tmp_path: Path) -> Iterator[Device]:
    """A browser whose profile outlives it; not started yet."""
    device = Device(playwright, tmp_path / "profile")
    yield device
    device.close()
    assert device.complaints.said == []


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=LIMIT)
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    complaints = Complaints()
    yield complaints
    assert complaints.said == []


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = new_context(browser, viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Page:
    return complaints.watch(context.new_page())


@pytest.fixture
def shelf(page: Page, server_process: ServerProcess, complaints: Complaints) -> Shelf:
    """alice, signed in, with two playlists that share tracks; the server may go."""
    complaints.allowed = UNANSWERED
    shelf = fill(server_process, tracks=6, seconds=4, playlists={"Road": range(4), "Evening": range(2, 6)})
    enter(page, server_process.url)
    wait_for_worker(page)
    return shelf
