"""What the screens about keeping and waiting say is true, and the same everywhere."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from playwright.sync_api import Page, expect

from tests.bundled import WEBROOT

from .counting_proxy import CountingProxy
from .offline import wait_for_state
from .servers import ServerProcess
from .shelf import Shelf
from .steps import call, wait_for_worker
from .stores import add_op, kept, put_row, row, set_device_state
from .test_offline_page import choose, keep, line_of, open_offline

PAUSED = re.compile(r"Paused at [67]\d %")  # three of four, and what is not audio
PLAY = {"kind": "play", "title": "Track 001", "artist": "", "seconds": 3, "is_offline": True}

# As the keeper of another tab tells it, to a page that gets nothing more from its database.
TELL_PROGRESS = """async ([playlist, other, storedBytes]) => {
    for (const name of ['get', 'getAll']) {
        const real = IDBObjectStore.prototype[name];
        IDBObjectStore.prototype[name] = function (...args) {
            return this.name === 'offline' ? new Promise(() => {}) : real.apply(this, args);
        };
    }
    const names = (await indexedDB.databases()).map(one => one.name);
    const user = names.find(name => /:[0-9a-f]{32}$/.test(name)).slice(-32);
    const channel = new BroadcastChannel('soundwave:/');
    const tell = (id, bytes) =>
        channel.postMessage({type: 'progress', user, playlist: id, storedBytes: bytes, storedItems: 1});
    for (let n = 0; n < 20; n++) tell(other, n);
    tell(playlist, storedBytes);
}"""


def pause(page: Page, playlist: str) -> None:
    """As in the middle of an update: one file is an older one."""
    record = row(page, "offline", playlist)
    next(one for one in record["manifest"]["entries"] if one["kind"] == "audio")["revision"] = "0" * 64
    put_row(page, "offline", record | {"state": "paused"})


def words(language: str) -> dict[str, Any]:
    return dict(json.loads((WEBROOT / "locales" / f"{language}.json").read_text()))


def test_every_reason_and_every_refusal_has_words() -> None:
    sources = [path.read_text() for path in (WEBROOT / "src" / "offline").glob("*.ts")]
    reasons = {reason for text in sources for reason in re.findall(r'reason: "(?!http_)(\w+)"', text)}
    assert {"signed_out", "unread"} <= reasons
    refusals = {"id_taken", "op_invalid", "playlist_full", "scope_missing", "too_many_playlists"}
    for language in ("en", "ro"):
        known = words(language)
        assert {f"keep.reason.{one}" for one in reasons | {"busy", "changed", "http", "missing"}} <= known.keys()
        assert {f"op.code.{one}" for one in refusals} <= known.keys()


def test_everywhere_the_same_number_of_changes_waits(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    """Those that somebody made; positions and figures are sent along, and plays are told of by themselves."""
    open_offline(page, server_process)
    server_process.stop()
    track = shelf.tracks[0]
    add_op(page, 1, kind="favorite", track=track, is_favorite=True)
    add_op(page, 2, kind="position", track=track, seconds=3)
    add_op(page, 3, kind="stats", day="2026-11-22", counts={"plays": 1})
    add_op(page, 4, track=track, **PLAY)
    waiting = page.locator("offline-waiting")
    expect(waiting).to_contain_text("1 change waiting")
    expect(waiting).to_contain_text("1 change waiting · 1 play waiting")
    expect(waiting.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("link", name="Offline · 1 change waiting", exact=True).first).to_be_visible()
    page.goto(f"{server_process.url}account/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 change that the server does not have yet")
    expect(dialog).to_contain_text("1 play that was not sent")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    dialog.get_by_role("button", name="Cancel").click()


def test_a_track_without_a_file_is_told_of(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    server_process.stop()
    shelf.files[shelf.tracks[1]].unlink()
    server_process.start()
    page.goto(server_process.url)
    assert page.evaluate("async path => (await fetch(path)).status", shelf.address(1)) == 410
    keep(page, server_process, shelf, "Road")
    pill = page.get_by_role("button", name="Keeping “Road” on this device: 3 of 4 on this device")
    expect(pill).to_be_visible()
    open_offline(page, server_process)
    expect(line_of(page, "Road")).to_contain_text("1 track has no file at the server.")
    expect(line_of(page, "Road")).to_contain_text("3 of 4 on this device")


def test_what_is_kept_in_part_says_so_and_can_be_kept_whole(
    page: Page, server_process: ServerProcess, shelf: Shelf
) -> None:
    set_device_state(page, "limitBytes", 150_000)
    page.goto(f"{server_process.url}playlist/?id={shelf.playlists['Road']}")
    page.get_by_role("main").get_by_role("button", name="Keep offline").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep the first 2 tracks").click()
    wait_for_state(page, shelf.playlists["Road"], "ready")
    expect(page.get_by_role("button", name="Keeping “Road” on this device: 2 of 4 on this device")).to_be_visible()
    set_device_state(page, "limitBytes", None)
    choose(page, "Road", "Keep all of it")
    expect(page.get_by_role("button", name="Keeping “Road” on this device: On this device")).to_be_visible()
    assert len([path for path in kept(page) if path.endswith("/stream/")]) == 4
    page.get_by_role("button", name=re.compile("Keeping “Road”")).click()
    expect(page.get_by_role("menuitem", name="Look for changes")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Keep all of it")).to_have_count(0)


def test_what_was_whole_once_can_be_removed_in_every_state(
    page: Page, server_process: ServerProcess, shelf: Shelf
) -> None:
    keep(page, server_process, shelf, "Road")
    pause(page, shelf.playlists["Road"])
    open_offline(page, server_process)
    expect(line_of(page, "Road")).to_contain_text(PAUSED)
    expect(line_of(page, "Road").locator(".ring circle").first).to_have_css("fill", "none")
    line_of(page, "Road").get_by_role("button", name="Keeping “Road”").click()
    expect(page.get_by_role("menuitem", name="Stop keeping it")).to_have_count(0)
    page.get_by_role("menuitem", name="Remove from this device").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove from this device").click()
    expect(line_of(page, "Road")).to_have_count(0)


def test_more_than_the_limit_is_told_of(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    """What is pinned is not freed."""
    keep(page, server_process, shelf, "Road")
    put_row(page, "offline", row(page, "offline", shelf.playlists["Road"]) | {"is_pinned": True})
    set_device_state(page, "limitBytes", 100_000)
    open_offline(page, server_process)
    expect(page.locator("storage-card")).to_contain_text(re.compile(r"\d+ kB more than that are kept"))


def test_progress_is_drawn_without_reading_anything(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    road = shelf.playlists["Road"]
    keep(page, server_process, shelf, "Road")
    pause(page, road)
    open_offline(page, server_process)
    half = row(page, "offline", road)["size_bytes"] / 2
    expect(line_of(page, "Road")).to_contain_text(PAUSED)
    expect(line_of(page, "Road").get_by_role("progressbar")).to_be_visible()
    page.evaluate(TELL_PROGRESS, [road, shelf.playlists["Evening"], half])
    expect(line_of(page, "Road")).to_contain_text("Paused at 50 %")
    page.goto(f"{server_process.url}playlist/?id={road}")
    pill = page.locator("keep-button")
    expect(pill).to_contain_text(PAUSED)
    page.evaluate(TELL_PROGRESS, [road, shelf.playlists["Evening"], half])
    expect(pill).to_contain_text("Paused at 50 %")


def test_nobody_waits_for_downloads(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    """The buttons of the Offline page answer while files are on their way."""
    gate = threading.Event()
    with CountingProxy(server_process.url, before=lambda asked: asked.is_kept and gate.wait(60)) as proxy:
        page.goto(proxy.url)
        wait_for_worker(page)
        page.goto(f"{proxy.url}playlist/?id={shelf.playlists['Road']}")
        page.get_by_role("main").get_by_role("button", name="Keep offline").click()
        wait_for_state(page, shelf.playlists["Road"], "fetching")
        page.goto(f"{proxy.url}offline/")
        expect(line_of(page, "Road")).to_contain_text("Keeping,")
        page.evaluate(
            """async () => {
                const cache = await caches.open((await caches.keys()).find(name => name.startsWith('soundwave-kept:')));
                const path = '/api/audio/ffffffffffffffffffffffffffffffff/stream/';
                await cache.put(path, new Response(new Uint8Array(5000), {headers: {'Content-Length': '5000'}}));
            }"""
        )
        storage = page.locator("storage-card")
        storage.get_by_role("button", name="Tidy up").click()
        expect(storage.get_by_role("status")).to_contain_text("1 file that nobody wants was removed: 5 kB.")
        page.get_by_role("button", name="Update now").click()
        expect(page.get_by_role("button", name="Update now")).to_have_attribute("aria-disabled", "false")
        gate.set()
        wait_for_state(page, shelf.playlists["Road"], "ready")


def test_what_was_renamed_is_called_so_everywhere(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    keep(page, server_process, shelf, "Road")
    page.get_by_role("button", name="More for Road").click()
    page.get_by_role("menuitem", name="Rename playlist").click()
    page.get_by_role("textbox", name="Name").fill("Highway")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Keeping “Highway” on this device: On this device")).to_be_visible()
    open_offline(page, server_process)
    expect(line_of(page, "Highway")).to_contain_text("On this device")
    expect(line_of(page, "Road")).to_have_count(0)


def test_the_size_follows_what_is_in_it(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    """64 kB a track; at once, and without a server."""
    page.goto(f"{server_process.url}playlist/?id={shelf.playlists['Road']}")
    button = page.get_by_role("main").get_by_role("button", name="Keep offline")
    expect(button).to_contain_text("256 kB")
    server_process.stop()
    page.get_by_role("button", name="More for Track 002").click()
    page.get_by_role("menuitem", name="Remove from this playlist").click()
    expect(button).to_contain_text("192 kB")


def test_looking_for_changes_says_what_came_of_it(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    keep(page, server_process, shelf, "Road")
    choose(page, "Road", "Look for changes")
    told = page.locator("toast-stack")
    expect(told).to_contain_text("Everything that is kept is complete.")
    open_offline(page, server_process)
    server_process.stop()
    page.get_by_role("button", name="Update now").click()
    expect(told).to_contain_text("The server does not answer. What is kept stays as it is.")
    expect(line_of(page, "Road")).to_contain_text("On this device")
    server_process.start()
    pause(page, shelf.playlists["Road"])
    page.get_by_role("button", name="Update now").click()
    expect(told).to_contain_text("What is paused was left out.")


def test_whoever_clicks_twice_is_asked_once(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    set_device_state(page, "limitBytes", 150_000)
    page.goto(f"{server_process.url}playlist/?id={shelf.playlists['Road']}")
    page.get_by_role("main").get_by_role("button", name="Keep offline").dblclick()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It would be more than you allow on this device.")
    dialog.get_by_role("button", name="Keep the first 2 tracks").click()
    wait_for_state(page, shelf.playlists["Road"], "ready")
    expect(dialog).to_have_count(0)
    page.goto(f"{server_process.url}account/")
    page.get_by_role("button", name="Sign out", exact=True).dblclick()
    expect(dialog).to_contain_text("1 playlist that is kept here")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    page.context.clear_cookies()
    page.get_by_role("link", name="Playlists").first.click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_what_only_the_server_knows_comes_when_it_is_back(
    page: Page, server_process: ServerProcess, shelf: Shelf
) -> None:
    """And what this device keeps it knows by itself."""
    keep(page, server_process, shelf, "Road")
    server_process.stop()
    open_offline(page, server_process)
    figures, devices = page.locator("offline-counts"), page.locator("offline-devices")
    expect(figures).to_contain_text("The figures are shown when the server answers.")
    server_process.start()
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(figures).to_contain_text("Played from the device")
    expect(devices).to_contain_text("keeps 1 playlist, ")
    choose(page, "Road", "Remove from this device")
    page.get_by_role("dialog").get_by_role("button", name="Remove from this device").click()
    expect(devices).to_contain_text("keeps 0 playlists, ")


def test_of_what_nobody_knows_no_figures_are_told(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    """As it is wished for while the server is away; and that is no error."""
    keep(page, server_process, shelf, "Road")
    server_process.stop()
    unknown = {"state": "offline", "manifest": None, "etag": None, "items": 0, "stored_items": 0, "size_bytes": 0}
    put_row(page, "offline", row(page, "offline", shelf.playlists["Road"]) | unknown)
    open_offline(page, server_process)
    expect(line_of(page, "Road")).to_contain_text("It goes on by itself when the server answers.")
    expect(line_of(page, "Road")).not_to_contain_text("0 of 0")
    expect(line_of(page, "Road").locator(".error")).to_have_count(0)


def test_titles_from_right_to_left_are_cut_at_their_end(
    page: Page, server_process: ServerProcess, shelf: Shelf
) -> None:
    title = "נסיעה ארוכה"
    call(page, "PATCH", f"api/playlist/{shelf.playlists['Road']}/", {"title": title})
    page.goto(f"{server_process.url}playlists/")
    heading = page.get_by_role("main").get_by_role("heading", name=title)
    expect(heading).to_have_css("direction", "rtl")
