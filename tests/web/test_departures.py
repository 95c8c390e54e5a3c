"""Two people at one browser: who comes next sees nothing of who was there before."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.site.server import Site

from .browsers import UNANSWERED, Complaints
from .offline import Home, Rest, wait_for_state, wait_until_sent
from .servers import ServerProcess
from .shelf import fill
from .steps import PASSWORD, call, download, enter, position, sign_in, wait_for_worker, wait_until_playing
from .waiting import wait_until

PLAYS = "() => { const a = document.querySelector('audio'); return a !== null && (!a.paused || a.hasAttribute('src')) }"
SHOWN_OUTSIDE = "() => navigator.mediaSession.metadata?.title ?? null"
REMEMBERED = "() => Object.entries(localStorage).map(entry => entry.join('='))"
OPENED = "async user => (await indexedDB.databases()).some(one => one.name.endsWith(user))"
HOLD = """name => new Promise(done => {
    const asked = indexedDB.open(name);
    asked.onsuccess = () => { window.held = asked.result; done(); };
})"""
FIRST_STEPS = """window.steps = [];
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (value, key) {
    const request = put.call(this, value, key);
    if (key !== 'user') return request;
    let left = 50;  // a slow disk: so many more questions until it is written
    const look = () => {
        if (left-- > 0) this.get('any').onsuccess = look;
        else window.steps.push('named');
    };
    request.addEventListener('success', look);
    return request;
};
const { get, set } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'src');
Object.defineProperty(HTMLMediaElement.prototype, 'src', {
    get, set(value) { window.steps.push('sound'); set.call(this, value); },
});"""
SCREENS = ("", "playlists/", "downloads/", "channels/", "account/")


def sign_out(page: Page, server: ServerProcess) -> None:
    page.get_by_role("link", name="Account").first.click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.url == f"{server.url}login/"


def test_the_next_user_sees_nothing_of_the_first(
    page: Page, context: BrowserContext, server_process: ServerProcess, site: Site, complaints: Complaints
) -> None:
    complaints.allowed = ("401",)  # what sounds when its user goes may be asking for more
    enter(page, server_process.url)
    alice = call(page, "GET", "api/user/account/")["user"]["id"]
    call(page, "POST", "api/user/admin/users/", {"username": "bob", "password": PASSWORD})
    call(page, "POST", "api/playlist/", {"title": "Secret songs"})
    download(page, f"{site.url}/media/tone.mp3")
    page.get_by_role("tab", name="Completed").click()
    expect(page.get_by_role("tabpanel", name="Completed").get_by_role("article")).to_have_count(1)
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

    sign_in(page, server_process.url, "bob")
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


def test_the_worker_knows_who_is_here_before_anything_is_asked_of_it(
    page: Page, server_process: ServerProcess, complaints: Complaints
) -> None:
    """Or for some moments it would serve what is kept of whoever was here before."""
    shelf = fill(server_process, tracks=2, seconds=2, playlists={"Road": range(2)})
    enter(page, server_process.url)
    page.goto(f"{server_process.url}playlist/?id={shelf.playlists['Road']}")
    page.get_by_role("button", name="Play all").click()
    wait_until_playing(page)
    page.add_init_script(FIRST_STEPS)
    page.reload()
    expect(page.get_by_role("region", name="Player")).to_be_visible()
    page.wait_for_function("() => window.steps.includes('sound') && window.steps.includes('named')")
    assert page.evaluate("() => window.steps")[0] == "named"


def test_what_another_page_does_not_let_go_of_is_told_and_goes_later(
    page: Page, context: BrowserContext, server_process: ServerProcess, complaints: Complaints
) -> None:
    complaints.allowed = ("not all is gone", "nothing is kept here")
    enter(page, server_process.url)
    alice = call(page, "GET", "api/user/account/")["user"]["id"]
    wait_until(page, OPENED, alice)
    frozen = context.new_page()
    frozen.goto(f"{server_process.url}api/ping/")
    frozen.evaluate(HOLD, f"soundwave:/:{alice}")
    page.get_by_role("link", name="Account").first.click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    told = page.get_by_text(re.compile("^Something of who signed out here is still in this browser"))
    expect(told).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page, server_process.url)
    expect(page.get_by_role("heading", name="Your library is empty")).to_be_visible()
    frozen.close()
    page.reload()
    expect(page.get_by_role("heading", name="Your library is empty")).to_be_visible()
    expect(told).to_have_count(0)
    wait_until(page, OPENED, alice)  # she is back: what she does now is not taken away


class Sounding(Home):
    """A page that plays what it keeps, and whose session ends in the middle of it."""

    def outlive_the_session(self) -> None:
        """It has changed something meanwhile, and says that it may not send it."""
        assert self.server.stop() == 0
        self.page.get_by_role("main").get_by_role("button", name="Favourite: Track 002").click()
        self.server.wait_in_no_time("DELETE FROM sessions")
        self.page.evaluate("() => dispatchEvent(new Event('online'))")
        expect(self.way_in).to_be_visible()

    @property
    def way_in(self) -> Locator:
        return self.page.get_by_role("link", name=re.compile("^Your session ended")).first

    def assert_it_sounds(self) -> None:
        heard = position(self.page)
        self.page.wait_for_function("heard => document.querySelector('audio').currentTime > heard + 2", arg=heard)

    def pause(self) -> None:
        self.page.get_by_role("button", name="Pause", exact=True).click()

    def assert_the_change_arrives(self) -> None:
        wait_until_sent(self.page)
        assert Rest(self.server)("GET", f"api/audio/{self.shelf.tracks[1]}/")["is_favorite"] is True


@pytest.fixture
def sounding(page: Page, server_process: ServerProcess, complaints: Complaints) -> Sounding:
    complaints.allowed = (*UNANSWERED, "401")
    shelf = fill(server_process, tracks=2, seconds=90, playlists={"Road": range(2)})
    enter(page, server_process.url)
    wait_for_worker(page)
    page.goto(f"{server_process.url}playlist/?id={shelf.playlists['Road']}")
    page.get_by_role("main").get_by_role("button", name="Keep offline").click()
    wait_for_state(page, shelf.playlists["Road"], "ready")
    page.get_by_role("button", name="Play all").click()
    wait_until_playing(page)
    return Sounding(page, server_process, shelf)


@pytest.mark.parametrize("way", ["Pause", "the way in"])
def test_a_session_that_ended_meanwhile_does_not_end_the_sound(sounding: Sounding, way: str) -> None:
    """Its user is asked in once it stops, or when they look for it; what they did waits for them."""
    sounding.outlive_the_session()
    sounding.assert_it_sounds()
    if way == "Pause":
        sounding.pause()
    else:
        sounding.way_in.click()
    expect(sounding.page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(sounding.page, sounding.server.url)
    sounding.assert_the_change_arrives()


def test_a_silent_tab_that_asks_its_user_in_leaves_the_other_one_sounding(
    sounding: Sounding, context: BrowserContext, complaints: Complaints
) -> None:
    silent = complaints.watch(context.new_page())
    silent.goto(sounding.server.url)
    expect(silent.get_by_role("heading", name="Library", level=1)).to_be_visible()
    sounding.outlive_the_session()
    silent.evaluate("() => dispatchEvent(new Event('online'))")
    expect(silent.get_by_role("heading", name="Sign in")).to_be_visible()
    sounding.assert_it_sounds()
    sign_in(silent, sounding.server.url)
    sounding.assert_the_change_arrives()
    sounding.assert_it_sounds()


def test_who_signed_in_again_in_another_tab_is_not_asked_in(
    sounding: Sounding, context: BrowserContext, complaints: Complaints
) -> None:
    sounding.outlive_the_session()
    sign_in(complaints.watch(context.new_page()), sounding.server.url)
    sounding.pause()
    sounding.assert_the_change_arrives()
    expect(sounding.way_in).to_have_count(0)
    expect(sounding.page.get_by_role("heading", name="Road", level=1)).to_be_visible()
    sounding.page.get_by_role("button", name="Play", exact=True).click()
    sounding.assert_it_sounds()


def test_who_thought_better_of_signing_out_goes_all_the_same_where_another_tab_has_signed_out(
    page: Page, context: BrowserContext, server_process: ServerProcess, complaints: Complaints
) -> None:
    complaints.allowed = UNANSWERED
    shelf = fill(server_process, tracks=2, seconds=1, playlists={"Road": range(2)})
    enter(page, server_process.url)
    page.goto(f"{server_process.url}playlist/?id={shelf.playlists['Road']}")
    wait_for_worker(page)
    page.get_by_role("main").get_by_role("button", name="Keep offline").click()
    wait_for_state(page, shelf.playlists["Road"], "ready")
    second = complaints.watch(context.new_page())
    for tab in (page, second):
        tab.goto(f"{server_process.url}account/")
        tab.get_by_role("button", name="Sign out", exact=True).click()
        expect(tab.get_by_role("dialog")).to_contain_text("1 playlist")
    second.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(second.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_theme_and_language_go_with_the_account(page: Page, server_process: ServerProcess) -> None:
    enter(page, server_process.url)
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
    sign_in(page, server_process.url.replace("localhost", "soundwave.lan"))
    page.get_by_role("link", name="Account").first.click()
    card = page.locator("connection-card")
    for lack in ("does not open without a network", "cannot be installed", "may be cleared", "read along"):
        expect(card).to_contain_text(lack)
    expect(card).to_contain_text("docker/README.md")
    page.goto(page.url.replace("soundwave.lan", "localhost"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
