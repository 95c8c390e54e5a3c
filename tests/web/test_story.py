"""The main job as a user does it: set up, paste a link, watch it arrive, play, seek, reload, restart the server."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.site.server import Site

from .browsers import Complaints
from .servers import ServerProcess
from .steps import PASSWORD, download, enter, position, set_up, wait_until_playing


def test_the_main_job(page: Page, new_server: ServerProcess, site: Site, complaints: Complaints) -> None:
    set_up(page, new_server.set_up_link)
    assert not (new_server.folder / "data" / "setup-link").exists()

    download(page, f"{site.url}/slow/tone.mp3")
    card = page.get_by_role("tabpanel", name="Active")
    expect(card.get_by_role("progressbar").first).to_be_visible()
    site.gate.set()
    download(page, f"{site.url}/feed.xml", follow=True)
    page.get_by_role("tab", name="Completed").click()
    expect(page.get_by_role("tabpanel", name="Completed")).to_contain_text("The Test Podcast")

    page.get_by_role("link", name="Library").first.click()
    expect(page.get_by_role("status").filter(has_text="6 tracks")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Play: Episode 3")).click()
    wait_until_playing(page)
    page.get_by_role("slider", name="Position").fill("3")
    page.wait_for_function("() => document.querySelector('audio').currentTime >= 3")
    page.get_by_role("button", name="Pause", exact=True).click()
    where = position(page)

    page.reload()
    expect(page.get_by_role("region", name="Player")).to_contain_text("Episode 3")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("at => document.querySelector('audio').currentTime >= at - 1", arg=where)

    assert new_server.stop() == 0
    complaints.allowed = ("Failed to load resource", "net::ERR")  # the browser says so itself while nobody answers
    new_server.start()
    page.goto(new_server.url)
    expect(page.get_by_role("status").filter(has_text="6 tracks")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Play: Episode 1")).click()
    wait_until_playing(page)


def test_a_followed_feed_is_a_playlist_to_play_and_edit(page: Page, server_process: ServerProcess, site: Site) -> None:
    enter(page, server_process.url)
    download(page, f"{site.url}/feed.xml", follow=True)
    link = page.get_by_role("navigation").get_by_role("link", name="The Test Podcast")
    expect(link).to_be_visible()
    page.get_by_role("tab", name="Completed").click()
    expect(page.get_by_role("tabpanel", name="Completed")).to_contain_text("The Test Podcast")
    link.click()
    expect(page.get_by_role("heading", name="The Test Podcast", level=1)).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name=re.compile("^Play: Episode"))).to_have_count(5)
    page.get_by_role("button", name="Play all").click()
    wait_until_playing(page)
    page.get_by_role("button", name="Next track").click()
    wait_until_playing(page)


def test_what_fails_says_why(page: Page, server_process: ServerProcess, site: Site, complaints: Complaints) -> None:
    enter(page, server_process.url)
    download(page, f"{site.url}/empty.html")
    page.get_by_role("tab", name="Failed").click()
    failed = page.get_by_role("tabpanel", name="Failed")
    expect(failed).to_contain_text("There is no audio behind this link")
    site.serve("/empty.html", site.file("tone.mp3"))
    failed.get_by_role("button", name=re.compile("again|Retry", re.IGNORECASE)).first.click()
    page.get_by_role("tab", name="Completed").click()
    expect(page.get_by_role("tabpanel", name="Completed").get_by_role("article")).to_have_count(1)
    complaints.allowed = ("422",)
    download(page, "http://10.1.2.3/private", is_refused=True)
    expect(page.get_by_role("alert")).to_contain_text("private")


def test_wrong_password_and_sign_out(page: Page, server_process: ServerProcess, complaints: Complaints) -> None:
    enter(page, server_process.url)
    page.get_by_role("link", name="Account").first.click()
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    complaints.allowed = ("401", "429")  # right after a wrong one the server wants a moment, which the app waits
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Main navigation")).to_be_visible()
