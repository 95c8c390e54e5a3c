"""Something else answers in the server's place: a proxy of a server that is away, a hotel's network. It is silence."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .browsers import Complaints
from .counting_proxy import CountingProxy, Instead
from .offline import ProxiedHome, Rest, wait_for_state, wait_until_sent
from .servers import ServerProcess
from .shelf import fill
from .steps import enter, wait_for_worker, wait_until_playing
from .stores import kept, rows
from .test_signing_out import CACHED, DATABASES, sign_out
from .waiting import wait_until

# What is read of them, and what the browser says of them by itself.
SAID = ("Failed to load", "net::ERR", "Failed to fetch", "MIME type", "service worker", "401", "404", "502")
PLACES = {
    "gateway": Instead(502),
    "problem of its own": Instead(503, b"{}", "application/json"),
    "closed door": Instead(401),
    "nothing there": Instead(404),
    "hotel": Instead(200),
}


class Replaced(ProxiedHome):
    """What the proxy says is not always the server's."""

    def open_list(self) -> None:
        self.page.goto(f"{self.proxy.url}playlist/?id={self.playlist()}")
        expect(self.page.get_by_role("heading", name="Road", level=1)).to_be_visible()

    def begin_to_keep(self) -> None:
        self.open_list()
        self.page.get_by_role("main").get_by_role("button", name=re.compile("^Keep offline · ")).click()

    def be_back(self) -> None:
        """The server itself answers again, and the browser says that there is a network."""
        self.proxy.instead = None
        self.page.evaluate("() => dispatchEvent(new Event('online'))")


@pytest.fixture
def home(page: Page, server_process: ServerProcess, complaints: Complaints) -> Iterator[Replaced]:
    complaints.allowed = SAID
    shelf = fill(server_process, tracks=4, seconds=8, playlists={"Road": range(4)})
    with CountingProxy(server_process.url) as proxy:
        enter(page, proxy.url)
        wait_for_worker(page)
        yield Replaced(page, server_process, shelf, proxy)


@pytest.mark.parametrize("place", PLACES)
def test_the_app_opens_plays_and_takes_changes(home: Replaced, place: str) -> None:
    page, road = home.page, home.playlist()
    home.begin_to_keep()
    wait_for_state(page, road, "ready")
    home.proxy.instead = lambda path: PLACES[place]
    home.open_list()
    page.get_by_role("button", name="Play all").click()
    wait_until_playing(page)
    page.get_by_role("main").get_by_role("button", name="Favourite: Track 002").click()
    page.goto(home.proxy.url)
    expect(page.get_by_role("main").locator("track-row")).to_have_count(4)
    assert [one["op"]["kind"] for one in rows(page, "outbox") if one["op"]["kind"] == "favorite"] == ["favorite"]
    home.be_back()
    wait_until_sent(page)
    assert Rest(home.server)("GET", f"api/audio/{home.shelf.tracks[1]}/")["is_favorite"] is True
    assert len(kept(page)) > 4


@pytest.mark.parametrize("place", PLACES)
def test_who_signs_out_leaves_nothing_behind(home: Replaced, place: str) -> None:
    page = home.page
    home.begin_to_keep()
    wait_for_state(page, home.playlist(), "ready")
    alice = Rest(home.server)("GET", "api/user/account/")["user"]["id"]
    home.proxy.instead = lambda path: PLACES[place]
    sign_out(page, home.proxy.url)
    assert page.evaluate(DATABASES, alice) == []
    assert page.evaluate(CACHED, alice) == []
    home.proxy.instead = None
    page.goto(home.proxy.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate("async () => (await (await fetch('api/session/')).json()).user") is None


@pytest.mark.parametrize("place", PLACES)
def test_what_is_being_kept_goes_on_by_itself(home: Replaced, place: str) -> None:
    """Nothing that came meanwhile was put away, and nothing is given up for it."""
    streams = [home.shelf.address(number) for number in range(1, 4)]
    home.proxy.instead = lambda path: PLACES[place] if path in streams else None
    home.begin_to_keep()
    while not {one.path for one in home.proxy.asked if one.status == PLACES[place].status} & set(streams):
        home.page.evaluate("() => new Promise(requestAnimationFrame)")
    home.be_back()
    wait_for_state(home.page, home.playlist(), "ready")


def test_a_worker_never_takes_another_answer_for_a_file_of_the_app(
    context: BrowserContext, server_process: ServerProcess, complaints: Complaints
) -> None:
    complaints.allowed = SAID
    page = complaints.watch(context.new_page())
    with CountingProxy(server_process.url) as proxy:
        seen: list[str] = []

        def after_the_worker(path: str) -> Instead | None:
            seen.append(path)
            return PLACES["hotel"] if "/service-worker.js" in seen and path != "/service-worker.js" else None

        proxy.instead = after_the_worker
        page.goto(proxy.url)
        wait_until(page, "async () => Boolean(await navigator.serviceWorker.getRegistration())")
        page.evaluate(
            """async () => {
                const {installing} = await navigator.serviceWorker.getRegistration();
                while (installing?.state === 'installing') await new Promise(requestAnimationFrame);
            }"""
        )
        proxy.instead = None
        page.goto(proxy.url)
        wait_for_worker(page)
        texts = page.evaluate(
            """async () => {
                const texts = [];
                for (const name of await caches.keys())
                    for (const answer of await (await caches.open(name)).matchAll()) texts.push(await answer.text());
                return texts;
            }"""
        )
        assert len(texts) > 50
        assert not [text for text in texts if "Please accept our terms" in text]


def test_another_app_below_it_on_the_same_host_answers_for_itself(home: Replaced) -> None:
    """Only pages of ours are the worker's: a second installation there would be no more than the first one's shell."""
    home.proxy.instead = lambda path: PLACES["hotel"] if path.startswith("/photos/") else None
    for path in ("photos/", "photos/playlist/?id=7"):
        home.page.goto(home.proxy.url + path)
        assert home.page.evaluate("() => navigator.serviceWorker.controller !== null")
        expect(home.page.get_by_text("Please accept our terms.")).to_be_visible()
