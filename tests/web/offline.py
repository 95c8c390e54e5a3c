"""A device of its own: a browser with a profile that outlives it, which can be killed, and looked into."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright, expect
from playwright.sync_api import Error as PlaywrightError

from .conftest import FLAGS, Complaints, ServerProcess, executable
from .counting_proxy import CountingProxy
from .test_story import PASSWORD
from .waiting import LIMIT, wait_until

# What a browser says by itself of a server that does not answer.
UNANSWERED = ("Failed to load resource", "net::ERR", "Failed to fetch", "FetchEvent", "NetworkError")

# Reads a whole store of the user's database, without making one that is not there.
STORE = """async ([name, key]) => {
    const found = (await indexedDB.databases()).find(one => /^soundwave:.*:[0-9a-f]{32}$/.test(one.name));
    if (!found) return [];
    const db = await new Promise((yes, no) => {
        const asked = indexedDB.open(found.name);
        asked.onsuccess = () => yes(asked.result);
        asked.onerror = () => no(asked.error);
    });
    try {
        return await new Promise((yes, no) => {
            const store = db.transaction(name).objectStore(name);
            const asked = key === null ? store.getAll() : store.get(key);
            asked.onsuccess = () => yes(asked.result);
            asked.onerror = () => no(asked.error);
        });
    } finally {
        db.close();
    }
}"""

# Addresses and true lengths of everything that is kept, whoever's it is.
KEPT = """async () => {
    const kept = {};
    for (const name of (await caches.keys()).filter(one => one.startsWith('soundwave-kept:'))) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
            const answer = await cache.match(request);  // none, where it goes at this moment
            if (answer) kept[new URL(request.url).pathname] = (await answer.blob()).size;
        }
    }
    return kept;
}"""


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


@dataclass
class Rest:
    """A program of alice's, somewhere else: asks the API with a token of its own."""

    server: ServerProcess
    token: str = ""

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        """The answer, which must be a good one."""
        if not self.token:
            self.token = "none"
            wish = {"username": "alice", "password": PASSWORD, "return_token": True}
            self.token = self("POST", "api/user/login/", wish)["token"]
        headers = {"Content-Type": "application/json"}
        if self.token != "none":
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def sign_in(page: Page, url: str, name: str = "alice") -> None:
    """By the form, to stay signed in when the browser ends."""
    page.goto(f"{url}login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Main navigation")).to_be_visible()


def wait_for_worker(page: Page) -> None:
    """Until the service worker has everything and this page is its."""
    page.evaluate("() => navigator.serviceWorker.ready.then(() => undefined)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def rows(page: Page, store: str) -> list[dict[str, Any]]:
    """Everything in a store of the user's database."""
    return list(page.evaluate(STORE, [store, None]))


def row(page: Page, store: str, key: str) -> Any:
    """One thing of it; None where there is none."""
    return page.evaluate(STORE, [store, key])


def kept(page: Page) -> dict[str, int]:
    """What this device has in its cache: path and bytes."""
    return dict(page.evaluate(KEPT))


def wait_until_kept(page: Page, paths: set[str], but: tuple[str, ...] = ()) -> None:
    """Until these are in the cache and no others; ``but``: others may be, whose path has that in it."""
    look = f"""async ([paths, but]) => {{
        const there = Object.keys(await ({KEPT})()).filter(path => !but.some(part => path.includes(part)));
        return there.length === paths.length && paths.every(path => there.includes(path));
    }}"""
    wait_until(page, look, [sorted(paths), list(but)])


def wait_for_state(page: Page, playlist: str, state: str) -> dict[str, Any]:
    """Until a kept playlist is so; what the device says of it."""
    look = f"async ([playlist, state]) => (await ({STORE})(['offline', playlist]))?.state === state"
    wait_until(page, look, [playlist, state])
    return dict(row(page, "offline", playlist))


def wait_until_sent(page: Page) -> None:
    """Until nothing waits in the outbox; and nothing was put aside either."""
    wait_until(page, f"async () => (await ({STORE})(['outbox', null])).length === 0")
    assert rows(page, "parked") == []


def stop(server: ServerProcess, proxy: CountingProxy | None = None, number: int = signal.SIGTERM) -> None:
    """The server ends, and nobody listens where it was."""
    if proxy is not None:
        proxy.close()
    code = server.stop(number)
    assert code == (0 if number == signal.SIGTERM else -number)
