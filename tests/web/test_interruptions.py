"""Saving a playlist is broken off at random points, in every way that one is: it goes on where it was."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Tell

from .browsers import Device
from .counting_proxy import BLOCK_BYTES, Asked, CountingProxy
from .offline import wait_for_state, wait_until_kept
from .servers import ServerProcess
from .shelf import Shelf, fill
from .steps import sign_in, wait_for_worker
from .stores import kept, rows

POINTS = 20
TRACKS = 8
SECONDS = 20  # 320 kB, five blocks
AT_ONCE = 2  # files that are fetched beside each other

KEEP = """async id => {
    const { usePWA } = await import(new URL('static/sdk.js', document.baseURI));
    void usePWA().cachePlaylist(id);
}"""
LET_GO = """async id => {
    const { usePWA } = await import(new URL('static/sdk.js', document.baseURI));
    await usePWA().removePlaylistCache(id);
}"""


@dataclass
class Point:
    """The n-th block of sound: whoever is about to send it waits until it was broken off."""

    block: int
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    _passed: int = 0

    def pass_by(self, asked: Asked) -> None:
        if not asked.is_kept:
            return
        self._passed += 1
        if self._passed == self.block:
            self.reached.set()
            assert self.released.wait(60)


@dataclass
class Saving:
    """One device, one server, one playlist."""

    server: ServerProcess
    proxy: CountingProxy
    device: Device
    shelf: Shelf
    page: Page

    @property
    def playlist(self) -> str:
        return self.shelf.playlists["Road"]

    # Ways to break it off; each ends with a page that is open, and a server that is there

    def kill_the_browser(self, release: Callable[[], None]) -> None:
        self.device.kill()
        release()
        self.page = self.device.open()
        self.page.goto(self.proxy.url)

    def close_the_tab(self, release: Callable[[], None]) -> None:
        other = self.device.tab()
        self.page.close()
        release()
        self.page = other
        self.page.goto(self.proxy.url)

    def reload(self, release: Callable[[], None]) -> None:
        self.page.reload()
        release()

    def kill_the_server(self, release: Callable[[], None]) -> None:
        assert self.server.stop(signal.SIGKILL) == -signal.SIGKILL
        release()
        self.server.start()

    def restart_the_server(self, release: Callable[[], None]) -> None:
        self.proxy.cut()
        release()
        assert self.server.stop() == 0
        self.server.start()

    def cut_the_network(self, release: Callable[[], None]) -> None:
        self.page.context.set_offline(True)
        self.proxy.cut()
        release()
        self.page.wait_for_function("() => !navigator.onLine")
        self.page.context.set_offline(False)

    @property
    def ways(self) -> list[Callable[[Callable[[], None]], None]]:
        return [
            self.kill_the_browser, self.close_the_tab, self.reload,
            self.kill_the_server, self.restart_the_server, self.cut_the_network,
        ]  # fmt: skip


@pytest.fixture
def saving(server_process: ServerProcess, device: Device) -> Iterator[Saving]:
    shelf = fill(server_process, tracks=TRACKS, seconds=SECONDS, playlists={"Road": range(TRACKS)})
    page = device.open()
    with CountingProxy(server_process.url) as proxy:
        sign_in(page, proxy.url)
        wait_for_worker(page)
        device.close()  # so that the browser has written down who is signed in
        page = device.open()
        page.goto(proxy.url)
        yield Saving(server_process, proxy, device, shelf, page)
        device.close()
    assert device.complaints.said == []


def sizes(shelf: Shelf) -> dict[str, int]:
    return {f"/api/audio/{uid}/stream/": file.stat().st_size for uid, file in shelf.files.items()}


def ensure_nothing_twice(saving: Saving, broken_at: str, where: str) -> None:
    """What was on the device when it was broken off was asked once; of what was under way each may come once more."""
    asked = saving.proxy.sounds()
    sent = {path: sum(one.sent_bytes for one in asked if one.path == path) for path in sizes(saving.shelf)}
    whole = {path: sum(one.is_whole for one in asked if one.path == path) for path in sent}
    stored = {entry["url"] for entry in rows(saving.page, "entries") if entry["stored_at"] < broken_at}
    twice = {path for path, size in sizes(saving.shelf).items() if sent[path] > size}
    assert not twice & stored, where
    assert len(twice) <= AT_ONCE, where
    assert all(whole[path] <= 1 + (path in twice) for path in whole), where


def test_it_goes_on_where_it_was(saving: Saving, tell: Tell) -> None:
    seed = int(os.environ.get("SOUNDWAVE_SEED") or random.randrange(10**6))
    chance = random.Random(seed)
    blocks = TRACKS * -(-(SECONDS * 16_000 + 44) // BLOCK_BYTES)
    names, again = [], 0
    for number in range(POINTS):
        point = Point(chance.randrange(1, blocks))
        interrupt = saving.ways[number % len(saving.ways)]
        names.append(interrupt.__name__)
        where = f"seed {seed}, number {number}: {interrupt.__name__} at block {point.block}"
        print(where)
        saving.proxy.asked.clear()
        saving.proxy.before = point.pass_by
        expect(saving.page.get_by_role("navigation", name="Main navigation")).to_be_visible()
        saving.page.evaluate(KEEP, saving.playlist)
        assert point.reached.wait(60), where
        broken_at = datetime.now(UTC).isoformat()
        interrupt(point.released.set)
        wait_for_state(saving.page, saving.playlist, "ready")
        there = {path: size for path, size in kept(saving.page).items() if path.endswith("/stream/")}
        assert there == sizes(saving.shelf), where
        ensure_nothing_twice(saving, broken_at, where)
        again += len(saving.proxy.sounds()) - TRACKS
        saving.page.evaluate(LET_GO, saving.playlist)
        wait_until_kept(saving.page, set())
        assert rows(saving.page, "entries") == [], where
    tell(f"savings broken off and gone on with: {POINTS}, {len(set(names))} ways, {again} requests more (seed {seed})")
