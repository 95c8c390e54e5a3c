"""Signing out leaves nothing: whatever was going on, and wherever it was. Each cell is a place after a situation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .browsers import UNANSWERED, Complaints, new_context
from .counting_proxy import Asked, CountingProxy
from .offline import Rest, wait_for_state
from .servers import ServerProcess
from .shelf import Shelf, fill
from .steps import sign_in, wait_for_worker, wait_until_playing
from .stores import STORE, add_op
from .waiting import wait_until

TRACKS = 6
NAMES = ("Track 0", "Road to nowhere", "Evening at home")
BRAND_NEW = "A list made on the road"

DATABASES = "async user => (await indexedDB.databases()).map(one => one.name).filter(name => name.includes(user))"
CACHED = """async user => {
    const left = [];
    for (const name of (await caches.keys()).filter(one => one.includes(user)))
        left.push(name, ...(await (await caches.open(name)).keys()).map(request => request.url));
    return left;
}"""
# In the app's own files there is nothing of anybody.
ANY_CACHED_API = """async () => {
    const found = [];
    for (const name of (await caches.keys()).filter(one => !one.startsWith('soundwave-kept:')))
        found.push(...(await (await caches.open(name)).keys()).map(request => new URL(request.url).pathname));
    return found.filter(path => path.startsWith('/api/'));
}"""
REMEMBERED = """([user, ...names]) => [...Object.entries(localStorage), ...Object.entries(sessionStorage)]
    .map(entry => entry.join('=')).filter(entry => [user, 'alice', ...names].some(name => entry.includes(name)))"""
DEVICE_STATE = """async user => {
    const db = await new Promise((yes, no) => {
        const asked = indexedDB.open('soundwave:/');
        asked.onsuccess = () => yes(asked.result);
        asked.onerror = () => no(asked.error);
    });
    const store = db.transaction('state').objectStore('state');
    const all = way => new Promise(yes => { const asked = store[way](); asked.onsuccess = () => yes(asked.result); });
    const [keys, values] = await Promise.all([all('getAllKeys'), all('getAll')]);
    db.close();
    return keys.filter((key, n) => values[n] === user);
}"""
SOUNDS = """() => [document.querySelector('audio[src]') && 'audio', navigator.mediaSession.metadata?.title,
    'a player bar'.slice(document.querySelector('app-shell')?.shadowRoot?.querySelector('player-bar') ? 0 : 99)]
    .filter(Boolean)"""
STATUS = "async address => fetch(address).then(answer => answer.status, () => 0)"


@dataclass
class House:
    """A server with a library of alice's, behind a proxy that can hold answers back."""

    server: ServerProcess
    proxy: CountingProxy
    shelf: Shelf
    alice: str
    held: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    gate: threading.Event = field(default_factory=threading.Event)

    def before(self, asked: Asked) -> None:
        if asked.path.endswith(self.held) and self.held:
            self.gate.wait(30)
        if asked.path.endswith(self.lost) and self.lost:
            raise ConnectionAbortedError

    def let_go(self) -> None:
        """As it is when nothing is the matter."""
        self.held = self.lost = ()
        self.gate.set()
        if self.proxy.is_closed:
            self.proxy.open()
        self.gate = threading.Event()


@dataclass
class Visit:
    """One browser of alice's in one situation, with a second tab."""

    house: House
    context: BrowserContext
    page: Page
    second: Page

    def keep(self, *titles: str, state: str = "ready") -> None:
        for title in titles:
            self.page.goto(f"{self.house.proxy.url}playlist/?id={self.house.shelf.playlists[title]}")
            self.page.get_by_role("main").get_by_role("button", name="Keep offline").click()
            wait_for_state(self.page, self.house.shelf.playlists[title], state)

    def play(self, page: Page, title: str) -> None:
        page.goto(f"{self.house.proxy.url}playlist/?id={self.house.shelf.playlists[title]}")
        page.get_by_role("button", name="Play all").click()
        wait_until_playing(page)

    def do(self, **op: Any) -> None:
        """Something that waits in the outbox, as if it had been done here."""
        add_op(self.page, len(op), **op)


def nothing_kept(visit: Visit) -> None:
    """Only what every user has here."""


def ready(visit: Visit) -> None:
    visit.keep("Road to nowhere")


def shared(visit: Visit) -> None:
    visit.keep("Road to nowhere", "Evening at home")


def fetching(visit: Visit) -> None:
    visit.house.held = ("/stream/",)
    visit.keep("Road to nowhere", state="fetching")
    wait_until(visit.page, "async () => (await caches.keys()).some(name => name.startsWith('soundwave-kept:'))")


def playing(visit: Visit) -> None:
    visit.keep("Road to nowhere")
    visit.play(visit.page, "Road to nowhere")


def playing_in_the_other_tab(visit: Visit) -> None:
    visit.keep("Road to nowhere")
    visit.play(visit.second, "Road to nowhere")


def outbox_full(visit: Visit) -> None:
    visit.house.lost = ("/api/offline/sync/",)
    visit.do(kind="playlist-create", playlist="f" * 31 + "1", title=BRAND_NEW, description="", items=[])


def parked(visit: Visit) -> None:
    visit.do(kind="playlist-patch", playlist="f" * 31 + "2", title=BRAND_NEW, was={"title": "Before"})
    wait_until(visit.page, f"async () => (await ({STORE})(['parked', null])).length > 0")


def syncing(visit: Visit) -> None:
    visit.house.held = ("/api/offline/sync/",)
    visit.do(kind="playlist-create", playlist="f" * 31 + "3", title=BRAND_NEW, description="", items=[])


def server_away(visit: Visit) -> None:
    visit.keep("Road to nowhere")
    visit.page.goto(f"{visit.house.proxy.url}account/")
    visit.house.proxy.close()
    visit.page.evaluate(STATUS, "api/ping/")


def opened_without_a_server(visit: Visit) -> None:
    """It is there again, but nothing has told the app, which has no more than it remembers of the session."""
    visit.keep("Road to nowhere")
    visit.house.proxy.close()
    visit.page.goto(f"{visit.house.proxy.url}account/")
    expect(visit.page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    visit.house.lost = ("/api/ping/", "/api/offline/sync/")
    visit.house.proxy.open()


def syncing_in_the_other_tab(visit: Visit) -> None:
    """Which comes to no end, and lets nobody else at it."""
    hold = """name => new Promise(done => {
        navigator.locks.request(name, () => new Promise(() => done()));
    })"""
    visit.second.evaluate(hold, f"soundwave:/:{visit.house.alice}:sync")


def session_expired(visit: Visit) -> None:
    visit.keep("Road to nowhere")
    visit.second.goto("about:blank")
    visit.page.goto(f"{visit.house.proxy.url}account/")
    visit.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(
        visit.page.get_by_role("dialog")
    ).to_be_visible()  # from now on the page goes by nobody's word but its user's
    visit.context.clear_cookies()


def worker_waiting(visit: Visit) -> None:
    """A newer release stands by, as after an update: a script under another address is another worker."""
    visit.keep("Road to nowhere")
    visit.page.evaluate("() => navigator.serviceWorker.register('service-worker.js?newer').then(() => undefined)")
    waiting = "async () => (await navigator.serviceWorker.getRegistration()).waiting !== null"
    wait_until(visit.page, waiting)


SITUATIONS: tuple[Callable[[Visit], None], ...] = (
    nothing_kept, ready, shared, fetching, playing, playing_in_the_other_tab, outbox_full, parked, syncing, server_away,
    opened_without_a_server, syncing_in_the_other_tab, session_expired, worker_waiting,
)  # fmt: skip
PLACES = (
    "database", "cache", "app's cache", "localStorage", "device state", "page", "other tab", "worker", "session",
)  # fmt: skip


def sign_out(page: Page, url: str) -> None:
    """By hand, and sure of it; with the server there or not."""
    dialog = page.get_by_role("dialog")
    if not dialog.is_visible():
        if page.url != f"{url}account/":
            page.get_by_role("link", name="Account").first.click()
        page.get_by_role("button", name="Sign out", exact=True).click()
    gone = page.get_by_role("heading", name="Sign in").or_(
        page.get_by_role("heading", name="The server does not answer")
    )
    expect(dialog.or_(gone).first).to_be_visible()
    if dialog.is_visible():
        dialog.get_by_role("button", name="Sign out").click()
    expect(gone.first).to_be_visible()


def look(visit: Visit) -> dict[str, list[object]]:
    """What is left, place by place."""
    house, page, second = visit.house, visit.page, visit.second
    left: dict[str, list[object]] = {}
    left["database"] = page.evaluate(DATABASES, house.alice)
    left["cache"] = page.evaluate(CACHED, house.alice)
    left["app's cache"] = page.evaluate(ANY_CACHED_API)
    left["localStorage"] = page.evaluate(REMEMBERED, [house.alice, *NAMES, BRAND_NEW])
    status = page.evaluate(STATUS, house.shelf.address(0))
    left["worker"] = [] if status in (0, 401) else [status]
    house.let_go()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    left["device state"] = page.evaluate(DEVICE_STATE, house.alice)
    left["session"] = [page.evaluate("async () => (await (await fetch('api/session/')).json()).user")]
    left["session"] = [user for user in left["session"] if user is not None]
    for place, tab in (("page", page), ("other tab", second)):
        left[place] = tab.evaluate(SOUNDS) + [name for name in (*NAMES, BRAND_NEW) if tab.get_by_text(name).count()]
    return left


# One after the other in one process: every cell of a situation looks at what the same browser left.
pytestmark = pytest.mark.xdist_group("signing-out")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[House]:
    server = ServerProcess(tmp_path_factory.mktemp("house"))
    lists = {"Road to nowhere": range(4), "Evening at home": range(2, TRACKS)}
    shelf = fill(server, tracks=TRACKS, seconds=4, playlists=lists)
    alice = Rest(server)("GET", "api/user/account/")["user"]["id"]
    with CountingProxy(server.url) as proxy:
        house = House(server, proxy, shelf, alice)
        proxy.before = house.before
        yield house
    server.end()


@pytest.fixture(scope="module", params=SITUATIONS, ids=lambda situation: situation.__name__)
def left(request: pytest.FixtureRequest, house: House, browser: Browser) -> Iterator[dict[str, list[object]]]:
    """What is left after a browser in this situation was signed out."""
    complaints = Complaints(allowed=(*UNANSWERED, "401", "404"))
    house.let_go()
    context = new_context(browser, bypass_csp=request.param is worker_waiting)
    page = complaints.watch(context.new_page())
    sign_in(page, house.proxy.url)
    wait_for_worker(page)
    second = complaints.watch(context.new_page())
    second.goto(house.proxy.url)
    expect(second.get_by_text("Track 001").first).to_be_visible()
    visit = Visit(house, context, page, second)
    request.param(visit)
    assert page.evaluate(DATABASES, house.alice)  # there was something
    sign_out(page, house.proxy.url)
    yield look(visit)
    context.close()
    assert complaints.said == []


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_left(left: dict[str, list[object]], place: str) -> None:
    assert left[place] == []
