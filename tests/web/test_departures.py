"""Two people at one browser: who comes next sees nothing of who was there before."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.site.server import Site

from .conftest import Complaints, ServerProcess
from .test_people import sign_in
from .test_story import ARRIVAL, PASSWORD, call, download, set_up, wait_until_playing

PLAYS = "() => { const a = document.querySelector('audio'); return a !== null && (!a.paused || a.hasAttribute('src')) }"
SHOWN_OUTSIDE = "() => navigator.mediaSession.metadata?.title ?? null"
REMEMBERED = "() => Object.entries(localStorage).map(entry => entry.join('='))"
SCREENS = ("", "playlists/", "downloads/", "channels/", "account/")


def sign_out(page: Page, server: ServerProcess) -> None:
    page.get_by_role("link", name="Account").first.click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.url == f"{server.url}login/"


def test_the_next_user_sees_nothing_of_the_first(
    page: Page, context: BrowserContext, server_process: ServerProcess, site: Site, complaints: Complaints
) -> None:
    set_up(page, server_process)
    alice = call(page, "GET", "api/user/account/")["user"]["id"]
    call(page, "POST", "api/user/admin/users/", {"username": "bob", "password": PASSWORD})
    call(page, "POST", "api/playlist/", {"title": "Secret songs"})
    download(page, f"{site.url}/media/tone.mp3")
    page.get_by_role("tab", name="Completed").click()
    expect(page.get_by_role("tabpanel", name="Completed").get_by_role("article")).to_have_count(1, timeout=ARRIVAL)
    page.get_by_role("link", name="Library").first.click()
    page.get_by_role("button", name=re.compile("^Play: ")).first.click()
    wait_until_playing(page)
    title = page.evaluate(SHOWN_OUTSIDE)
    [track] = call(page, "GET", "api/audio/")["results"]
    assert track["title"] == title
    second = complaints.watch(context.new_page())
    second.goto(server_process.url)
    expect(second.get_by_text(title).first).to_be_visible()

    sign_out(page, server_process)
    expect(second.get_by_role("heading", name="Sign in")).to_be_visible()
    for tab in (page, second):
        assert not tab.evaluate(PLAYS)
        assert tab.evaluate(SHOWN_OUTSIDE) is None
        expect(tab.get_by_text(title)).to_have_count(0)
    remembered = page.evaluate(REMEMBERED)
    assert [entry for entry in remembered if alice in entry or title in entry or "alice" in entry] == []
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text(title)).to_have_count(0)

    sign_in(page, server_process.url, "bob", PASSWORD)
    expect(page.get_by_role("heading", name="Your library is empty")).to_be_visible()
    expect(second.get_by_role("heading", name="Your library is empty")).to_be_visible()
    expect(page.get_by_role("region", name="Player")).to_have_count(0)
    for path in SCREENS:
        page.goto(server_process.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for trace in (title, "alice", "Secret songs", track["id"]):
            expect(page.get_by_text(trace)).to_have_count(0)
    complaints.allowed = ("404",)
    for address in (track["audio_url"], f"api/audio/{track['id']}/"):
        assert page.evaluate("async address => (await fetch(address)).status", address) == 404


def test_theme_and_language_go_with_the_account(page: Page, server_process: ServerProcess) -> None:
    set_up(page, server_process)
    page.get_by_role("link", name="Account").first.click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Română").click()
    expect(page.get_by_role("heading", name="Cont", level=1)).to_be_visible()
    page.get_by_role("button", name="Deconectare", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "system")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Bibliotecă", level=1)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "ro")


def test_plain_http_says_what_it_lacks(page: Page, server_process: ServerProcess) -> None:
    link = server_process.set_up_link.replace("localhost", "soundwave.lan")
    page.goto(link)
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create administrator").click()
    page.get_by_role("link", name="Account").first.click()
    card = page.locator("connection-card")
    for lack in ("does not open without a network", "cannot be installed", "may be cleared", "read along"):
        expect(card).to_contain_text(lack)
    expect(card).to_contain_text("docker/README.md")
    page.goto(page.url.replace("soundwave.lan", "localhost"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
