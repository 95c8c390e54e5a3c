"""Two tabs of one browser: what one does the other shows, and never do both do the same work."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from .browsers import UNANSWERED, Complaints
from .counting_proxy import Asked, CountingProxy
from .offline import Rest, stop, wait_for_state, wait_until_sent
from .servers import ServerProcess
from .shelf import Shelf, fill
from .steps import enter, wait_for_worker
from .stores import kept, rows

TRACKS = 6
SECONDS = 20


@dataclass
class Tabs:
    server: ServerProcess
    proxy: CountingProxy
    shelf: Shelf
    one: Page
    other: Page

    @property
    def playlist(self) -> str:
        return self.shelf.playlists["Road"]


@pytest.fixture
def tabs(context: BrowserContext, server_process: ServerProcess, complaints: Complaints) -> Iterator[Tabs]:
    """Both show the same playlist; everything goes through the proxy."""
    one = complaints.watch(context.new_page())
    complaints.allowed = UNANSWERED
    shelf = fill(server_process, tracks=TRACKS, seconds=SECONDS, playlists={"Road": range(TRACKS)})
    with CountingProxy(server_process.url) as proxy:
        enter(one, proxy.url)
        wait_for_worker(one)
        other = complaints.watch(context.new_page())
        for page in (one, other):
            page.goto(f"{proxy.url}playlist/?id={shelf.playlists['Road']}")
            expect(keep_button(page)).to_be_visible()
        yield Tabs(server_process, proxy, shelf, one, other)


def keep_button(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("button", name=re.compile("^Keep offline · "))


def line(page: Page, number: int) -> Locator:
    return page.get_by_role("main").get_by_role("listitem").filter(has_text=f"Track {number + 1:03}")


def rename(page: Page, before: str, after: str) -> None:
    page.get_by_role("main").get_by_role("button", name=f"More for {before}", exact=True).click()
    page.get_by_role("menuitem", name="Rename playlist").click()
    page.get_by_role("dialog").get_by_label("Name").fill(after)
    page.get_by_role("dialog").get_by_role("button", name="Save").click()


def test_one_keeps_and_the_other_shows_and_takes_over(tabs: Tabs) -> None:
    held, release = threading.Event(), threading.Event()
    sound = itertools.count(1)

    def hold(asked: Asked) -> None:
        if asked.is_kept and next(sound) == 12:  # of thirty blocks
            held.set()
            assert release.wait(60)

    tabs.proxy.before = hold
    keep_button(tabs.one).click()
    assert held.wait(60)
    expect(tabs.other.get_by_role("main").get_by_text(re.compile("^Keeping, [1-9]"))).to_be_visible()
    assert rows(tabs.other, "offline")[0]["state"] == "fetching"

    tabs.one.close()
    release.set()
    found = wait_for_state(tabs.other, tabs.playlist, "ready")
    assert found["stored_bytes"] == found["size_bytes"]
    expect(tabs.other.get_by_role("main").get_by_text("On this device").first).to_be_visible()
    there = kept(tabs.other)
    asked = [one.path for one in tabs.proxy.sounds() if one.is_whole]
    for number, file in enumerate(tabs.shelf.files.values()):
        assert there[tabs.shelf.address(number)] == file.stat().st_size
    # Two are fetched beside each other, and both may have been on their way when the first tab went.
    assert len(asked) <= TRACKS + 2
    assert max(asked.count(path) for path in asked) <= 2


def test_both_edit_while_the_server_is_away(tabs: Tabs) -> None:
    one, other = tabs.one, tabs.other
    stop(tabs.server, tabs.proxy)
    rename(one, "Road", "Long road")
    expect(other.get_by_role("heading", name="Long road", level=1)).to_be_visible()
    line(other, 3).get_by_role("button", name="Favourite: Track 004").click()
    expect(line(one, 3).get_by_role("button", name="Favourite: Track 004")).to_have_attribute("aria-pressed", "true")
    line(other, 0).get_by_role("button", name="Move Track 001 down").click()
    expect(line(one, 0)).to_have_attribute("aria-posinset", "2")
    line(one, 0).get_by_role("button", name="Move Track 001 down").click()
    expect(line(other, 0)).to_have_attribute("aria-posinset", "3")
    rename(other, "Long road", "Longer road")
    expect(one.get_by_role("heading", name="Longer road", level=1)).to_be_visible()
    ops = {entry["id"] for entry in rows(one, "outbox")}
    assert len(ops) >= 4

    tabs.server.start()
    tabs.proxy.asked.clear()
    tabs.proxy.open()
    wait_until_sent(one)
    wait_until_sent(other)
    rounds = tabs.proxy.of("/api/offline/sync/", method="POST")
    sent = [op["id"] for asked in rounds if asked.status == 200 for op in json.loads(asked.body)["ops"]]
    assert ops <= set(sent)
    assert len(sent) == len(set(sent))
    for first, second in itertools.pairwise(sorted(rounds, key=lambda asked: asked.began)):
        assert second.began >= first.ended > 0

    road = Rest(tabs.server)("GET", f"api/playlist/{tabs.playlist}/")
    assert road["title"] == "Longer road"
    assert [item["track"]["title"] for item in road["items"]][:3] == ["Track 002", "Track 003", "Track 001"]
    assert [item["track"]["title"] for item in road["items"] if item["track"]["is_favorite"]] == ["Track 004"]
    for page in (one, other):
        expect(page.get_by_role("heading", name="Longer road", level=1)).to_be_visible()
        expect(line(page, 0)).to_have_attribute("aria-posinset", "3")
