"""The keyboard's place is never lost where something goes away, or changes its place."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from .offline import wait_for_state
from .servers import ServerProcess
from .shelf import Shelf
from .steps import wait_until_playing
from .test_offline_page import open_offline


def menu_of(page: Page, title: str) -> Locator:
    return page.get_by_role("main").get_by_role("button", name=re.compile(f"Keeping “{title}”"))


def open_list(page: Page, server: ServerProcess, shelf: Shelf, title: str) -> None:
    page.goto(f"{server.url}playlist/?id={shelf.playlists[title]}")
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def keep(page: Page, server: ServerProcess, shelf: Shelf, title: str) -> None:
    open_list(page, server, shelf, title)
    page.get_by_role("main").get_by_role("button", name="Keep offline").press("Enter")
    wait_for_state(page, shelf.playlists[title], "ready")


def test_where_keeping_begins_and_ends(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    keep(page, server_process, shelf, "Road")
    expect(menu_of(page, "Road")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Remove from this device").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Remove from this device").press("Enter")
    expect(page.get_by_role("main").get_by_role("button", name="Keep offline")).to_be_focused()


def test_in_the_list_of_what_is_kept(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    """On to what stands there instead: the next line, the line before, the way on where there is none."""
    for title in ("Evening", "Road"):
        keep(page, server_process, shelf, title)
    open_offline(page, server_process)
    for title, after in (
        ("Road", menu_of(page, "Evening")),
        ("Evening", page.get_by_role("link", name="To the playlists")),
    ):
        menu_of(page, title).press("Enter")
        page.get_by_role("menuitem", name="Remove from this device").press("Enter")
        page.get_by_role("dialog").get_by_role("button", name="Remove from this device").press("Enter")
        expect(after).to_be_focused()


def test_where_a_button_has_nothing_more_to_do(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    keep(page, server_process, shelf, "Road")
    open_offline(page, server_process)
    page.get_by_role("button", name="Clear everything kept").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Clear everything kept").press("Enter")
    expect(page.get_by_role("button", name="Clear everything kept")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Keep at most")).to_be_focused()


def test_in_a_playlist(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    open_list(page, server_process, shelf, "Road")
    titles = page.get_by_role("main").locator("track-row .title")
    down = page.get_by_role("button", name="Move Track 001 down")
    down.focus()
    for place in (1, 2, 3):
        page.keyboard.press("Enter")
        expect(titles.nth(place)).to_have_text("Track 001")
        expect(down).to_be_focused()
    page.keyboard.press("Enter")  # it is at the end
    expect(titles.nth(3)).to_have_text("Track 001")


def test_in_the_queue(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    open_list(page, server_process, shelf, "Road")
    page.get_by_role("button", name="Play all").click()
    wait_until_playing(page)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Queue", exact=True).press("Enter")
    panel = page.get_by_role("region", name="Queue")
    panel.get_by_role("button", name=re.compile("^Move Track 002 down")).press("Enter")
    expect(panel.get_by_role("button", name=re.compile("^Move Track 002 down"))).to_be_focused()
    panel.get_by_role("button", name=re.compile("^Remove Track 003")).press("Enter")
    expect(panel.get_by_role("button", name=re.compile("^Remove Track 002"))).to_be_focused()
