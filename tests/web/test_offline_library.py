"""The screens on this device's own library: what is changed is seen at once, without a server too, and arrives once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .browsers import UNANSWERED, Complaints
from .offline import Home, wait_until_sent
from .servers import ServerProcess
from .shelf import fill
from .steps import call, enter, wait_until_playing
from .stores import STORE, rows
from .waiting import wait_until

# A disk that takes its time to open what a user has here.
HELD = """const open = IDBFactory.prototype.open;
const held = new Promise(done => { window.letGo = done; });
IDBFactory.prototype.open = function (name, ...rest) {
    const request = open.call(this, name, ...rest);
    if (!/^soundwave:.*:[0-9a-f]{32}$/.test(name) || window.isOpen) return request;
    window.isOpen = true;
    const listen = request.addEventListener.bind(request);
    request.addEventListener = (type, listener, ...options) => listen(
        type, type === 'success' ? event => void held.then(() => listener(event)) : listener, ...options);
    return request;
};"""
# A browser that takes a page's database away, and refuses it so many times.
TAKEN = """const open = IDBFactory.prototype.open;
let failures = 0;
let opened;
IDBFactory.prototype.open = function (name, ...rest) {
    if (!/^soundwave:.*:[0-9a-f]{32}$/.test(name)) return open.call(this, name, ...rest);
    if (failures-- > 0) throw new DOMException('', 'UnknownError');
    const request = open.call(this, name, ...rest);
    request.addEventListener('success', () => {
        window.isBack = opened !== undefined;
        opened ??= request.result;
    });
    return request;
};
window.take = times => {
    failures = times;
    opened.close();
    opened.dispatchEvent(new Event('close'));
};"""
TRACKS = 8
SECONDS = 6
SAVE = """async (id) => {
    const { usePWA } = await import(new URL('static/sdk.js', document.baseURI));
    return usePWA().cachePlaylist(id);
}"""


class Screens(Home):
    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def go(self, path: str) -> None:
        """By a link of the app, as the worker serves it without a server too."""
        self.page.goto(f"{self.server.url}{path}")

    def open_playlist(self, title: str = "Road") -> None:
        self.go(f"playlist/?id={self.shelf.playlists[title]}")
        expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    def save(self, title: str = "Road") -> None:
        assert self.page.evaluate(SAVE, self.shelf.playlists[title])

    def stop(self) -> None:
        assert self.server.stop() == 0
        self.page.evaluate("() => dispatchEvent(new Event('offline'))")
        expect(self.page.get_by_role("status").filter(has_text="does not answer").first).to_be_visible()

    def titles(self) -> list[str]:
        return self.main.locator("track-row .title").all_inner_texts()

    def plays(self) -> list[str]:
        return [play["title"] for play in call(self.page, "GET", "api/play/")["results"]]


@pytest.fixture
def home(page: Page, server_process: ServerProcess, complaints: Complaints) -> Screens:
    complaints.allowed = UNANSWERED
    shelf = fill(server_process, tracks=TRACKS, seconds=SECONDS, playlists={"Road": range(4)})
    enter(page, server_process.url)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => undefined)")
    page.reload()
    expect(page.get_by_role("status").filter(has_text=f"{TRACKS} tracks")).to_be_visible()
    return Screens(page, server_process, shelf)


def title(number: int) -> str:
    return f"Track {number:03}"


def test_a_playlist_is_edited_without_a_server(home: Screens) -> None:
    page = home.page
    home.open_playlist()
    home.stop()
    home.open_playlist()
    row = home.main.get_by_role("listitem").filter(has_text=title(1))
    row.get_by_role("button", name=f"Move {title(1)} down").click()
    expect(home.main.locator("track-row .title").first).to_have_text(title(2))
    page.get_by_role("button", name="More for Road").click()
    page.get_by_role("menuitem", name="Rename playlist").click()
    page.get_by_role("textbox", name="Name").fill("Highway")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Highway", level=1)).to_be_visible()
    page.get_by_role("button", name=f"More for {title(3)}").click()
    page.get_by_role("menuitem", name="Remove from this playlist").click()
    expect(home.main.locator("track-row")).to_have_count(3)
    home.go("playlists/")
    page.get_by_role("button", name="New playlist").click()
    page.get_by_role("textbox", name="Name").fill("Made on the way")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Made on the way", level=1)).to_be_visible()
    home.server.start()
    wait_until_sent(page)
    found = call(page, "GET", f"api/playlist/{home.shelf.playlists['Road']}/")
    assert found["title"] == "Highway"
    assert [item["track"]["title"] for item in found["items"]] == [title(2), title(1), title(4)]
    lists = call(page, "GET", "api/playlist/")["results"]
    assert sorted(one["title"] for one in lists) == ["Highway", "Made on the way"]


def test_favourites_and_search_without_a_server(home: Screens) -> None:
    page = home.page
    home.stop()
    home.go("")
    expect(page.get_by_role("status").filter(has_text=f"{TRACKS} tracks · as this device knows it")).to_be_visible()
    page.get_by_role("button", name=f"Favourite: {title(5)}").click()
    page.get_by_role("button", name="Favourites", exact=True).click()
    expect(home.main.locator("track-row")).to_have_count(1)
    expect(home.main).to_contain_text("Not on this device")
    page.get_by_role("button", name="Favourites", exact=True).click()
    page.get_by_role("searchbox").fill("trâck 007")
    expect(home.main.locator("track-row")).to_have_count(1)
    home.server.start()
    wait_until_sent(page)
    found = call(page, "GET", "api/audio/?is_favorite=true")["results"]
    assert [track["title"] for track in found] == [title(5)]


def test_what_is_heard_without_a_server_is_told_once(home: Screens) -> None:
    page = home.page
    home.save()
    home.stop()
    home.open_playlist()
    page.get_by_role("button", name="Play all").click()
    wait_until_playing(page)
    page.evaluate("() => { document.querySelector('audio').playbackRate = 4 }")
    expect(page.get_by_role("region", name="Player")).to_contain_text(title(2))
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.5")
    page.get_by_role("button", name="Pause", exact=True).click()
    home.go("history/")
    expect(home.main.get_by_role("button").filter(has_text=title(1))).to_have_count(1)
    home.server.start()
    wait_until_sent(page)
    assert home.plays().count(title(1)) == 1


def test_a_reload_in_the_middle_of_a_track_loses_nothing_of_what_was_heard(home: Screens) -> None:
    """Half of six seconds, in two parts that are less."""
    page = home.page
    home.open_playlist()
    page.get_by_role("button", name="Play all").click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 2")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.reload()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 4")
    page.get_by_role("button", name="Pause", exact=True).click()
    home.go("history/")
    expect(home.main.get_by_role("button").filter(has_text=title(1))).to_have_count(1)


def test_the_queue_goes_on_with_what_is_here(home: Screens) -> None:
    page = home.page
    home.save()
    home.stop()
    home.go("")
    page.get_by_role("combobox", name="Order").select_option("title")
    expect(home.main.locator("track-row .kept")).to_have_count(4)
    row = home.main.locator("track-row").filter(has_text=title(6))
    row.get_by_role("button", name=title(6)).first.click(force=True)  # it says by itself that it cannot
    expect(page.get_by_role("status").filter(has_text="It is not on this device")).to_be_visible()
    page.get_by_role("button", name=f"Play: {title(4)}").click()
    wait_until_playing(page)
    page.get_by_role("button", name="Next track").first.click()
    expect(page.get_by_role("status").filter(has_text="Nothing of this is on this device")).to_be_visible()
    page.get_by_role("button", name="On this device", exact=True).click()
    expect(home.main.locator("track-row")).to_have_count(4)


def test_what_cannot_be_heard_now_stops_nothing(home: Screens) -> None:
    page = home.page
    other = call(page, "POST", "api/playlist/", {"title": "Elsewhere"})["id"]
    call(page, "POST", f"api/playlist/{other}/items/", {"tracks": home.shelf.tracks[5:7]})
    home.save()
    home.open_playlist()
    link = page.get_by_role("navigation").get_by_role("link", name="Elsewhere")
    expect(link).to_be_visible()
    page.get_by_role("button", name="Play all").click()
    wait_until_playing(page)
    page.evaluate("() => { document.querySelector('audio').playbackRate = 0.1 }")
    home.stop()
    link.click()
    expect(page.get_by_role("heading", name="Elsewhere", level=1)).to_be_visible()
    page.get_by_role("button", name="Play all").click()
    expect(page.get_by_role("status").filter(has_text="Nothing of this is on this device")).to_be_visible()
    player = page.get_by_role("region", name="Player")
    expect(player).to_contain_text(title(1))
    expect(player.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    assert page.evaluate("() => document.querySelector('audio').paused") is False


def test_a_list_without_any_file_says_why_it_is_not_played(home: Screens) -> None:
    page = home.page
    for track in home.shelf.tracks[:4]:
        home.shelf.files[track].unlink()
    call(page, "POST", "api/task/library.check-files/run/")
    missing = "async id => (await (await fetch(`api/playlist/${id}/`)).json()).items.every(one => one.track.is_missing)"
    wait_until(page, missing, home.shelf.playlists["Road"])
    home.open_playlist()
    expect(home.main.get_by_text("File missing")).to_have_count(4)
    page.get_by_role("button", name="Play all").click()
    told = page.get_by_role("status").filter(has_text="the files are missing on the server")
    expect(told).to_be_visible()


def test_words_are_shown_and_lead_to_their_place(home: Screens) -> None:
    page = home.page
    home.save()
    home.stop()
    home.open_playlist()
    page.get_by_role("button", name=re.compile(f"^Play: {title(1)}")).click()
    wait_until_playing(page)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Lyrics").click()
    line = page.get_by_role("button", name="The third line")
    box = line.bounding_box()
    assert box is not None and box["height"] >= 44  # a finger's
    line.click()
    page.wait_for_function("() => document.querySelector('audio').currentTime >= 2.4")
    expect(page.get_by_role("button", name="The third line")).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("failures", [0, 1])
def test_a_database_that_the_browser_closed_is_opened_anew(home: Screens, failures: int) -> None:
    """As phones do it to a page that was put away for long; and sometimes they are not done with it at once."""
    page = home.page
    page.add_init_script(TAKEN)
    page.reload()
    expect(page.get_by_role("status").filter(has_text=f"{TRACKS} tracks")).to_be_visible()
    page.evaluate("failures => take(failures)", failures)
    wait_until(page, "() => window.isBack")
    page.get_by_role("button", name=f"Favourite: {title(5)}").click()
    wait_until(page, f"async track => (await ({STORE})(['tracks', track])).is_favorite", home.shelf.tracks[4])
    found = call(page, "GET", "api/audio/?is_favorite=true")["results"]
    assert [track["title"] for track in found] == [title(5)]


def test_what_is_done_while_the_app_opens_goes_through_the_outbox(home: Screens) -> None:
    page = home.page
    home.open_playlist()
    page.get_by_role("button", name="Play all").click()
    wait_until_playing(page)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.wait_for_function("() => Object.keys(localStorage).some(name => name.includes('.queue.'))")
    wait_until_sent(page)
    page.add_init_script(HELD)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url.removeprefix(home.server.url)}"))
    page.reload()
    player = page.get_by_role("region", name="Player")
    player.get_by_role("button", name=f"Favourite: {title(1)}").click()
    expect(player.get_by_role("button", name=f"Favourite: {title(1)}")).to_have_attribute("aria-pressed", "true")
    page.evaluate("() => fetch('api/ping/').then(() => letGo())")
    wait_until(page, f"async track => (await ({STORE})(['tracks', track])).is_favorite", home.shelf.tracks[0])
    assert [line for line in asked if line.endswith("/favorite/")] == []
    assert "POST api/offline/sync/" in asked


def test_a_device_without_a_database_works_by_the_server(
    page: Page, server_process: ServerProcess, complaints: Complaints
) -> None:
    complaints.allowed = ("nothing is kept here", "not all is gone")
    page.add_init_script("Object.defineProperty(window, 'indexedDB', {value: {open() { throw new Error('denied') }}})")
    shelf = fill(server_process, tracks=2, seconds=2, playlists={"Road": range(2)})
    enter(page, server_process.url)
    page.goto(f"{server_process.url}playlist/?id={shelf.playlists['Road']}")
    expect(page.get_by_role("status").filter(has_text="keeps nothing for offline")).to_be_visible()
    page.get_by_role("button", name=f"Move {title(1)} down").click()
    page.get_by_role("button", name=f"Favourite: {title(2)}").click()
    expect(page.get_by_role("button", name=f"Favourite: {title(2)}")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("track-row .title").first).to_have_text(title(2))
    expect(page.get_by_role("button", name=f"Favourite: {title(2)}")).to_have_attribute("aria-pressed", "true")


def test_another_device_is_followed(home: Screens) -> None:
    page = home.page
    home.open_playlist()
    call(page, "PATCH", f"api/playlist/{home.shelf.playlists['Road']}/", {"title": "Renamed elsewhere"})
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", name="Renamed elsewhere", level=1)).to_be_visible()
    assert rows(page, "outbox") == []
