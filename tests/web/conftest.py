"""A real browser, a real server in a process of its own, and the local test site."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.site.fixtures import forbidden, media, site

from .waiting import LIMIT

__all__ = ["forbidden", "media", "site"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No traffic of the browser's own, and sound without a click (the app asks for one anyway).
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP soundwave.lan 127.0.0.1",  # a name in the house: plain http that is not localhost
]  # fmt: skip


@dataclass
class ServerProcess:
    """``soundwave serve`` as a user runs it; ``start`` again after ``stop`` is a restart on the same data."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    port: int = 0
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    @property
    def set_up_link(self) -> str:
        return (self.folder / "data" / "setup-link").read_text().strip()

    def start(self) -> ServerProcess:
        folders = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
        paths = {name: str(self.folder / folder) for name, folder in folders.items()}
        environ = os.environ | paths | {"SOUNDWAVE_AUTH_BCRYPT_COST": "4"} | self.environ
        command = [sys.executable, "-u", "-m", "soundwave_core", "serve", "--port", str(self.port)]
        with open(self.folder / "server.log", "a") as log:
            self.process = subprocess.Popen(
                command, env=environ, stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if "listens on" in line:
                self.port = int(line.rstrip().rstrip("/").rpartition(":")[2])
                return self
        raise AssertionError((self.folder / "server.log").read_text())

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and wait; its exit code. One that ended by itself gives the code of that."""
        assert self.process is not None
        with self.process as process:
            self.process = None
            process.send_signal(number)
            return process.wait(timeout=20)

    def end(self) -> None:
        """The last stop, if nobody stopped it before: it was still there, and went as it should."""
        if self.process is not None:
            code = self.stop()
            assert code == 0, f"it ended with {code}:\n{(self.folder / 'server.log').read_text()[-4000:]}"

    def wait_in_no_time(self, *statements: str) -> None:
        """What time would do to the database, while the server is down."""
        assert self.stop() == 0
        database = sqlite3.connect(self.folder / "data" / "db.sqlite3")
        for statement in statements:
            database.execute(statement)
        database.commit()
        database.close()
        self.start()


@pytest.fixture
def server_process(tmp_path: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path, {"SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS": "127.0.0.1/32"}).start()
    yield server
    server.end()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=LIMIT)
        yield playwright


def executable() -> str | None:
    """The browser on PATH; None leaves it to Playwright's own."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
    yield browser
    browser.close()


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A browser as if newly installed, in English; its pages wait as long as ``expect`` does."""
    context = browser.new_context(locale="en-GB", **options)
    context.set_default_timeout(LIMIT)
    return context


@dataclass
class Complaints:
    """What a page complained of: console errors, exceptions, refused policies. There must be none."""

    said: list[str] = field(default_factory=list)
    allowed: tuple[str, ...] = ()

    def watch(self, page: Page) -> Page:
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        return page

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(known in text for known in self.allowed):
            self.said.append(f"{kind}: {text}")


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
