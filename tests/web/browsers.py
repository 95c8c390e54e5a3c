"""Real browsers: fresh ones, that of a device, which can be killed and started again; what their pages complain of."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright
from playwright.sync_api import Error as PlaywrightError

from .waiting import LIMIT

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No traffic of the browser's own, and sound without a click (the app asks for one anyway).
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP soundwave.lan 127.0.0.1",  # a name in the house: plain http that is not localhost
]  # fmt: skip
# What a browser says by itself of a server that does not answer.
UNANSWERED = ("Failed to load resource", "net::ERR", "Failed to fetch", "FetchEvent", "NetworkError")


def executable() -> str | None:
    """The browser on PATH; None leaves it to Playwright's own."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


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


@dataclass
class Device:
    """``open`` starts a browser on ``profile``, as often as one likes; ``kill`` ends it as a crash does."""

    playwright: Playwright
    profile: Path
    complaints: Complaints = field(default_factory=lambda: Complaints(allowed=UNANSWERED))
    context: BrowserContext | None = None

    def open(self) -> Page:
        """A new browser process, and its first tab."""
        self.context = self.playwright.chromium.launch_persistent_context(
            self.profile, executable_path=executable(), args=FLAGS, locale="en-GB",
            viewport={"width": 1280, "height": 800},
        )  # fmt: skip
        self.context.set_default_timeout(LIMIT)
        return self.complaints.watch(self.context.pages[0])

    def tab(self) -> Page:
        """Another tab of the same browser."""
        assert self.context is not None
        return self.complaints.watch(self.context.new_page())

    def close(self) -> None:
        """As a person closes it: what it has in memory goes to the disk."""
        if self.context is not None:
            with contextlib.suppress(PlaywrightError):
                self.context.close()
        self.context = None

    def kill(self) -> None:
        """SIGKILL to the browser and all that it started; returns when none of them is there any more."""
        family = _family(self.profile)
        assert family, "the browser does not run"
        for process in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.close()
        assert not _family(self.profile)


def _family(profile: Path) -> list[int]:
    """The browser's main process, then all below it. Only ours name this profile."""
    parents: dict[int, int] = {}
    roots: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # it may end while we look
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state == "Z":
                continue
            parents[int(entry.name)] = int(parent)
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if f"--user-data-dir={profile}".encode() in words and not any(w.startswith(b"--type=") for w in words):
                roots.append(int(entry.name))
    found = [*roots]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one and child not in found]
    return found
