"""Whole playlists on a device: saved, healed, shared, refused, replaced, stopped. Requests are counted by a proxy."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .browsers import UNANSWERED, Complaints
from .counting_proxy import Asked, CountingProxy
from .offline import ProxiedHome, wait_until_sent
from .servers import ServerProcess
from .shelf import fill, write_tone
from .steps import call, enter, wait_for_worker
from .stores import STORE, kept, row, rows
from .waiting import wait_until

TRACKS = 6
PLAYLISTS = {"Road": range(TRACKS), "Night": range(3, TRACKS + 2)}
CALL = """async ([name, ...given]) => {
    const { usePWA } = await import(new URL('static/sdk.js', document.baseURI));
    return usePWA()[name](...given);
}"""
# Begins, and does not wait; what came of it is in window.saved, how far it was in window.progress.
BEGIN = """async (id) => {
    const { usePWA } = await import(new URL('static/sdk.js', document.baseURI));
    window.saved = null;
    window.progress = [];
    usePWA().cachePlaylist(id, undefined, (now) => window.progress.push(now)).then((is) => (window.saved = is));
}"""
SOUNDS = """async () => {
    const names = (await caches.keys()).filter(one => one.startsWith('soundwave-kept:'));
    const keys = (await Promise.all(names.map(async one => (await caches.open(one)).keys()))).flat();
    return keys.map(one => new URL(one.url).pathname).filter(one => one.endsWith('/stream/')).sort();
}"""
DROP = """async (paths) => {
    for (const name of (await caches.keys()).filter(one => one.startsWith('soundwave-kept:'))) {
        const cache = await caches.open(name);
        for (const path of paths) await cache.delete(path);
    }
}"""

# Other bytes, as many, under the same headers: what a disk does.
ROT = """async (path) => {
    for (const name of (await caches.keys()).filter(one => one.startsWith('soundwave-kept:'))) {
        const cache = await caches.open(name);
        const found = await cache.match(path);
        if (!found) continue;
        const size = (await found.arrayBuffer()).byteLength;
        await cache.put(path, new Response(new Uint8Array(size).fill(7), { headers: found.headers }));
    }
}"""
# A page whose app has yet to learn who is here.
UNKNOWN = """localStorage.removeItem('soundwave:/.session');
const {fetch} = window;
const held = new Promise(done => { window.letGo = done; });
window.fetch = async (asked, init) => {
    if (asked.url?.endsWith('/api/session/')) await held;
    return fetch(asked, init);
};"""
FIRST_BYTE = """async (path) => {
    const found = await caches.match(path);
    return found ? new Uint8Array(await found.arrayBuffer())[0] : null;
}"""


class Keeping(ProxiedHome):
    """Her page keeps playlists by what the app gives to components."""

    def call(self, name: str, *given: object) -> Any:
        return self.page.evaluate(CALL, [name, *given])

    def save(self, title: str = "Road", *given: object) -> bool:
        return bool(self.call("cachePlaylist", self.playlist(title), *given))

    def begin(self, title: str = "Road") -> None:
        self.page.evaluate(BEGIN, self.playlist(title))

    def sounds(self) -> list[str]:
        return [one.path for one in self.proxy.sounds()]

    def manifest(self, title: str = "Road") -> list[dict[str, Any]]:
        return list(call(self.page, "GET", f"api/offline/playlist/{self.playlist(title)}/manifest/")["entries"])

    def wait_for_state(self, state: str, title: str = "Road") -> None:
        script = f"async ([id, state]) => (await ({STORE})(['offline', id]))?.state === state"
        wait_until(self.page, script, [self.playlist(title), state])

    def wait_until_told(self, title: str = "Road") -> None:
        """Until the server knows that this device keeps it."""
        script = f"""async id => (await ({STORE})(['offline', id]))?.told?.includes('"state":"ready"')"""
        wait_until(self.page, script, self.playlist(title))

    def wait_until_kept(self, numbers: Iterable[int]) -> None:
        """Until the sound of these tracks is kept, and of no other."""
        paths = sorted(self.shelf.address(number) for number in numbers)
        wait_until(self.page, f"async paths => String((await ({SOUNDS})())) === String(paths)", paths)

    def wait_until_some(self, number: int) -> None:
        """Until the sound of so many tracks is kept."""
        wait_until(self.page, f"async number => (await ({SOUNDS})()).length === number", number)

    def wait_until_gone(self) -> None:
        """Until nothing is kept."""
        for store in ("offline", "entries", "documents"):
            wait_until(self.page, f"async store => (await ({STORE})([store, null])).length === 0", store)
        self.wait_until_some(0)
        assert kept(self.page) == {}


@pytest.fixture
def home(page: Page, server_process: ServerProcess, complaints: Complaints) -> Iterator[Keeping]:
    shelf = fill(server_process, tracks=TRACKS + 2, seconds=20, playlists=PLAYLISTS)
    complaints.allowed = UNANSWERED
    with CountingProxy(server_process.url) as proxy:
        enter(page, proxy.url)
        yield Keeping(page, server_process, shelf, proxy)


@dataclass
class Gate:
    """Lets so many files of sound through, and holds the next ones until it is opened."""

    through: int
    seen: list[Asked]
    opened: threading.Event
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, asked: Asked) -> None:
        if not asked.is_kept or not asked.path.endswith("/stream/"):
            return
        with self.changed:
            if asked not in self.seen:
                self.seen.append(asked)
            self.changed.notify_all()
        if self.seen.index(asked) >= self.through and not self.opened.wait(30):
            raise ConnectionError("nobody opened the gate")

    def wait_until_seen(self, number: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.seen) >= number, 60)


def gate(home: Keeping, through: int) -> Gate:
    made = Gate(through, [], threading.Event())
    home.proxy.before = made
    return made


def test_ready_means_every_byte(home: Keeping) -> None:
    assert home.save() is True
    entries = home.manifest()
    record, files = row(home.page, "offline", home.playlist()), kept(home.page)
    assert (record["state"], record["items"], record["stored_items"]) == ("ready", TRACKS, TRACKS)
    assert record["size_bytes"] == record["stored_bytes"] == sum(entry["size_bytes"] for entry in entries)
    in_cache = {
        entry["url"].split("?")[0]: entry["size_bytes"] for entry in entries if entry["kind"] in ("audio", "artwork")
    }
    assert files == in_cache
    documents = {document["url"]: document["revision"] for document in rows(home.page, "documents")}
    assert documents == {
        entry["url"]: entry["revision"] for entry in entries if entry["kind"] in ("lyrics", "metadata")
    }
    assert len(home.sounds()) == TRACKS
    home.wait_until_told()
    told = call(home.page, "GET", f"api/offline/playlist/{home.playlist()}/")["results"]
    assert [(one["state"], one["stored_items"]) for one in told] == [("ready", TRACKS)]


def test_who_asks_while_the_app_opens_is_answered_once_it_is_open(home: Keeping) -> None:
    home.page.add_init_script(UNKNOWN)
    home.page.reload()
    home.begin()
    home.page.evaluate("() => letGo()")
    wait_until(home.page, "() => window.saved !== null")
    assert home.page.evaluate("() => window.saved") is True
    assert row(home.page, "offline", home.playlist())["state"] == "ready"


def test_unchanged_costs_one_request(home: Keeping) -> None:
    assert home.save() is True
    home.wait_until_told()
    home.page.goto("about:blank")
    home.proxy.asked.clear()
    home.page.goto(home.proxy.url)
    home.page.wait_for_load_state("networkidle")
    about = [(one.method, one.status) for one in home.proxy.asked if "/api/offline/playlist/" in one.path]
    assert about == [("GET", 304)]
    assert home.sounds() == []


def test_what_was_evicted_alone_is_fetched_again(home: Keeping) -> None:
    assert home.save() is True
    gone = [home.shelf.address(number) for number in (0, 2, 4)]
    home.proxy.asked.clear()
    home.page.evaluate(DROP, gone)
    home.page.reload()
    home.wait_until_kept(range(TRACKS))
    home.wait_for_state("ready")
    assert sorted(home.sounds()) == sorted(gone)


def rot(home: Keeping, number: int) -> str:
    """A playlist is kept, and the sound of one track is not what it was; its address."""
    assert home.save() is True
    path = home.shelf.address(number)
    home.page.evaluate(ROT, path)
    assert home.page.evaluate(FIRST_BYTE, path) == 7
    home.proxy.asked.clear()
    return path


def ensure_healed(home: Keeping, path: str) -> None:
    """It was dropped, and it alone fetched again; then all is there."""
    wait_until(home.page, f"async path => (await ({FIRST_BYTE})(path)) === {ord('R')}", path)
    home.wait_for_state("ready")
    assert [one.path for one in home.proxy.asked if one.is_kept] == [path]
    record = row(home.page, "offline", home.playlist())
    assert record["stored_bytes"] == record["size_bytes"]


def test_a_damaged_file_is_found_by_looking(home: Keeping) -> None:
    path = rot(home, 2)
    home.page.goto(f"{home.proxy.url}offline/")
    home.page.get_by_role("button", name="Check the files").click()
    expect(home.page.get_by_text(re.compile("^1 file was damaged"))).to_be_visible()
    ensure_healed(home, path)


def test_a_damaged_file_is_found_by_playing(home: Keeping) -> None:
    wait_for_worker(home.page)
    path = rot(home, 2)
    home.page.goto(f"{home.proxy.url}playlist/?id={home.playlist()}")
    home.page.get_by_role("button", name="Play: Track 003").click()
    expect(home.page.get_by_text("The copy on this device is damaged")).to_be_visible()
    ensure_healed(home, path)


def test_a_track_of_two_playlists_is_one(home: Keeping) -> None:
    assert home.save() is True
    home.proxy.asked.clear()
    assert home.save("Night") is True
    new = {home.shelf.address(number) for number in (TRACKS, TRACKS + 1)}
    assert set(home.sounds()) == new
    home.call("removePlaylistCache", home.playlist(), [home.shelf.address(number) for number in range(TRACKS)])
    home.wait_until_kept(range(3, TRACKS + 2))
    home.call("removePlaylistCache", home.playlist("Night"))
    home.wait_until_gone()


def test_some_tracks_alone(home: Keeping) -> None:
    some = [home.shelf.address(number) for number in (1, 3)]
    assert home.save("Road", some) is True
    assert {path for path in kept(home.page) if path.endswith("/stream/")} == set(some)
    everything = [home.shelf.address(number) for number in range(TRACKS)]
    assert home.save("Road", everything) is True
    assert row(home.page, "offline", home.playlist())["urls"] is None
    assert len(home.sounds()) == TRACKS


def test_a_full_device_says_so_before_anything_is_fetched(home: Keeping) -> None:
    home.page.add_init_script("navigator.storage.estimate = async () => ({ usage: 0, quota: window.quota ?? 1e6 })")
    home.page.reload()
    assert home.save() is False
    record = row(home.page, "offline", home.playlist())
    assert (record["state"], record["reason"]) == ("short", "room")
    assert home.sounds() == []
    home.page.evaluate("() => (window.quota = 1e9)")
    home.call("resumePlaylist", home.playlist())
    home.wait_for_state("ready")
    assert len(home.sounds()) == TRACKS


def test_a_quota_that_ends_in_the_middle(home: Keeping) -> None:
    """This browser always estimates ten gigabytes more than there are: it says no only when it is asked to store."""
    used = home.page.evaluate("async () => (await navigator.storage.estimate()).usage")
    cdp = home.page.context.new_cdp_session(home.page)
    origin = {"origin": home.proxy.url.rstrip("/")}
    cdp.send("Storage.overrideQuotaForOrigin", origin | {"quotaSize": used + 1_200_000})
    assert home.save() is False
    record = row(home.page, "offline", home.playlist())
    assert (record["state"], record["reason"]) == ("short", "quota")
    assert 0 < record["stored_items"] < TRACKS
    files = kept(home.page)
    sizes = {entry["url"].split("?")[0]: entry["size_bytes"] for entry in home.manifest()}
    assert all(sizes[path] == size for path, size in files.items())
    cdp.send("Storage.overrideQuotaForOrigin", origin)
    home.proxy.asked.clear()
    home.call("resumePlaylist", home.playlist())
    home.wait_for_state("ready")
    assert set(files).isdisjoint(home.sounds())


def test_a_file_that_is_replaced_meanwhile(home: Keeping) -> None:
    """Its manifest is a minute old when its bytes come: it is asked for again, and then it is the new file."""
    held = gate(home, 2)
    home.begin()
    home.wait_until_some(2)
    track = home.shelf.tracks[TRACKS - 1]
    write_tone(home.shelf.files[track], 500, 30)
    call(home.page, "POST", "api/task/library.check-files/run/")
    wait_until_read(home, TRACKS - 1)
    held.opened.set()
    home.page.wait_for_function("() => window.saved === true")
    size = home.shelf.files[track].stat().st_size
    assert kept(home.page)[home.shelf.address(TRACKS - 1)] == size
    print([(one.path[-14:], one.status, one.sent_bytes, one.is_whole) for one in home.proxy.sounds()])
    others = [path for path in home.sounds() if path != home.shelf.address(TRACKS - 1)]
    assert len(others) == len(set(others)) == TRACKS - 1


def wait_until_read(home: Keeping, number: int) -> None:
    """Until the manifest names the file that is there now."""
    size = home.shelf.files[home.shelf.tracks[number]].stat().st_size
    wait_until(
        home.page,
        """async ([path, url, size]) => {
            const { entries } = await (await fetch(path, { cache: 'no-store' })).json();
            return entries.find(one => one.url === url)?.size_bytes === size;
        }""",
        [f"api/offline/playlist/{home.playlist()}/manifest/", home.shelf.address(number), size],
    )


def test_paused_resumed_and_cancelled(home: Keeping) -> None:
    held = gate(home, 2)
    home.begin()
    home.wait_until_some(2)
    home.call("pausePlaylist", home.playlist())
    home.wait_for_state("paused")
    held.opened.set()
    there = kept(home.page)
    home.proxy.asked.clear()
    home.call("resumePlaylist", home.playlist())
    home.page.wait_for_function("() => window.saved === true")
    assert set(home.sounds()).isdisjoint(there)
    assert len(home.sounds()) == TRACKS - 2
    progress = home.page.evaluate("() => window.progress")
    assert progress[-1]["storedBytes"] == progress[-1]["sizeBytes"] == max(one["storedBytes"] for one in progress)
    assert any(0 < one["storedBytes"] < one["sizeBytes"] for one in progress)

    held = gate(home, 1)
    home.begin("Night")
    home.page.wait_for_function("() => window.progress.some(one => one.state === 'fetching')")
    home.call("cancelPlaylist", home.playlist("Night"))
    home.page.wait_for_function("() => window.saved === false")
    held.opened.set()
    home.wait_until_kept(range(TRACKS))
    assert [record["id"] for record in rows(home.page, "offline")] == [home.playlist()]


def test_it_goes_on_when_the_server_is_back(home: Keeping) -> None:
    held = gate(home, 2)
    home.begin()
    home.wait_until_some(2)
    there = set(kept(home.page))
    assert home.server.stop() == 0
    held.opened.set()
    home.proxy.cut()
    home.wait_for_state("offline")
    home.server.start()
    home.proxy.asked.clear()
    home.page.evaluate("() => dispatchEvent(new Event('online'))")
    home.page.wait_for_function("() => window.saved === true")
    assert there.isdisjoint(home.sounds())


def test_two_tabs_fetch_once(home: Keeping) -> None:
    other = home.page.context.new_page()
    other.goto(home.proxy.url)
    held = gate(home, 1)
    home.begin()
    other.evaluate(BEGIN, home.playlist("Night"))
    home.wait_until_some(1)
    held.opened.set()
    home.page.wait_for_function("() => window.saved === true")
    other.wait_for_function("() => window.saved === true")
    assert len(home.sounds()) == len(set(home.sounds())) == TRACKS + 2


def test_it_follows_its_playlist(home: Keeping) -> None:
    assert home.save() is True
    path = f"api/playlist/{home.playlist()}/"
    items = call(home.page, "GET", path)["items"]
    call(home.page, "DELETE", f"{path}items/{items[0]['id']}/")
    call(home.page, "POST", f"{path}items/", {"tracks": [home.shelf.tracks[TRACKS]]})
    home.page.reload()
    home.wait_until_kept(range(1, TRACKS + 1))
    home.wait_for_state("ready")


def test_a_removed_playlist_is_let_go_of(home: Keeping) -> None:
    assert home.save() is True
    call(home.page, "DELETE", f"api/playlist/{home.playlist()}/")
    home.page.reload()
    home.wait_until_gone()


def test_a_server_without_the_plugin_takes_nothing_away(home: Keeping, complaints: Complaints) -> None:
    """As while an admin looks for what is wrong: kept playlists stay, and what was done arrives once it is back."""
    complaints.allowed = (*UNANSWERED, "404")
    page, server = home.page, home.server
    wait_for_worker(page)
    assert home.save() is True
    home.wait_until_told()
    before = kept(page)
    assert server.stop() == 0
    server.environ["SOUNDWAVE_DISABLED_PLUGINS"] = "offline"
    server.start()
    with page.expect_response(lambda answer: answer.url.endswith("/manifest/")) as asked:
        page.goto(f"{home.proxy.url}playlist/?id={home.playlist()}")
    assert asked.value.status == 404
    page.get_by_role("main").get_by_role("button", name="Favourite: Track 002").click()
    line = "This server takes no changes from devices now · 1 change waiting"
    expect(page.get_by_text(line).filter(visible=True)).to_be_visible()
    assert kept(page) == before
    assert row(page, "offline", home.playlist())["state"] == "ready"

    assert server.stop() == 0
    del server.environ["SOUNDWAVE_DISABLED_PLUGINS"]
    server.start()
    page.reload()
    wait_until_sent(page)
    tracks = call(page, "GET", "api/audio/?is_favorite=true")["results"]
    assert [track["id"] for track in tracks] == [home.shelf.tracks[1]]
    assert kept(page) == before


SEEN = """isSeen => {
    Object.defineProperty(document, 'hidden', { value: !isSeen, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_what_is_left_goes_on_without_the_page(home: Keeping) -> None:
    """The browser fetches by itself what the page had not begun, and the worker puts it away."""
    wait_for_worker(home.page)
    held = gate(home, 2)
    home.begin()
    home.wait_until_some(2)
    held.wait_until_seen(4)  # the page is at two of them
    home.page.evaluate(SEEN, False)
    ids = "async () => (await (await navigator.serviceWorker.ready).backgroundFetch.getIds()).length"
    home.page.evaluate("() => navigator.serviceWorker.ready")
    home.wait_until_some(TRACKS - 2)
    assert len([one for one in home.proxy.of("/stream/") if not one.is_kept]) == TRACKS - 4
    held.opened.set()
    home.page.wait_for_function("() => window.saved === true")
    assert home.page.evaluate(ids) == 0
    assert len(home.proxy.of("/stream/")) == TRACKS


SNIPPET = """async (playlist) => {
    const { usePWA, offlineStorage } = await import(new URL('static/sdk.js', document.baseURI));
    const { cachePlaylist, removePlaylistCache, isOnline } = usePWA();
    const seen = { isOnline };
    const audioUrls = playlist.items.map(item => item.audio_url);
    const cached = await cachePlaylist(playlist.id, audioUrls);
    const { id, title, items } = playlist;
    if (cached) await offlineStorage.savePlaylist({ id, title, items, offline: true });
    await offlineStorage.savePlaylist({ id, title, items, offline: true });
    await offlineStorage.updatePlaylistSyncStatus(playlist.id, 'synced');
    seen.saved = await offlineStorage.getOfflinePlaylists();
    await removePlaylistCache(playlist.id, audioUrls);
    await offlineStorage.removePlaylist(playlist.id);
    seen.left = await offlineStorage.getOfflinePlaylists();
    return seen;
}"""


def test_a_component_saves_lists_and_removes(home: Keeping) -> None:
    playlist = call(home.page, "GET", f"api/playlist/{home.playlist()}/")
    seen = home.page.evaluate(SNIPPET, playlist)
    (saved,) = seen["saved"]
    assert seen["isOnline"] is True
    assert (saved["id"], saved["title"], saved["offline"], saved["state"]) == (playlist["id"], "Road", True, "ready")
    assert saved["syncStatus"] == "synced"
    assert [item["track"]["id"] for item in saved["items"]] == home.shelf.tracks[:TRACKS]
    assert [item["audio_url"] for item in saved["items"]] == [item["audio_url"] for item in playlist["items"]]
    assert seen["left"] == []
    home.wait_until_gone()
