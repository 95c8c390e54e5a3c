"""What tests of a device do and wait for: sign in to stay, have something kept, sent, and a server that is away."""

from __future__ import annotations

import json
import signal
import urllib.request
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from .counting_proxy import CountingProxy
from .servers import ServerProcess
from .shelf import Shelf
from .steps import PASSWORD
from .stores import KEPT, STORE, row, rows
from .waiting import wait_until


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


@dataclass
class Home:
    """alice's page, the server where she lives, and her library."""

    page: Page
    server: ServerProcess
    shelf: Shelf

    def playlist(self, title: str = "Road") -> str:
        return self.shelf.playlists[title]


@dataclass
class ProxiedHome(Home):
    """Everything of hers goes through the proxy."""

    proxy: CountingProxy


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
