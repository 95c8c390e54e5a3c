"""Releases: the shell and plugins' files open in a fresh browser with no server, a new version waits, music stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .browsers import UNANSWERED, Complaints, Device
from .offline import Rest, wait_until_kept, wait_until_sent
from .servers import ServerProcess
from .shelf import Shelf
from .steps import call, position, wait_for_worker, wait_until_playing
from .stores import add_op, kept, rows
from .test_worker import ask, kept_playlist, user_id

HOOKS = '''"""Notes: a page of its own."""

from soundwave_core import IsAuthenticated, Page, hookimpl


@hookimpl
def register_ui(core):
    return [Page("/notes/", "Notes", "notes-page", IsAuthenticated, module="note.js", icon="library", order=60)]
'''
NOTE = """import {{ LitElement, html }} from "../../sdk.js";
customElements.define("notes-page", class extends LitElement {{ render() {{ return html`<h1>{text}</h1>`; }} }});
"""
PLAY = """async track => {
    const { player } = await import(new URL('static/sdk.js', document.baseURI).href);
    player.playList([track]);
    window.untouched = true;
}"""
# Every version of the plugin's file that is stored, and how many files of the app are.
PRECACHED = """async () => {
    const cache = await caches.open((await caches.keys()).find(name => name.includes('precache')));
    const urls = (await cache.keys()).map(request => request.url);
    return [urls.filter(url => url.includes('note.js')).length, urls.length];
}"""


def write_note(folder: Path, text: str) -> None:
    """A plugin as pip would have installed it."""
    package, facts = folder / "soundwave_notes", folder / "soundwave_notes-1.0.dist-info"
    (package / "static").mkdir(parents=True, exist_ok=True)
    facts.mkdir(exist_ok=True)
    (package / "__init__.py").write_text(HOOKS)
    (package / "static/note.js").write_text(NOTE.format(text=text))
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: soundwave-notes\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[soundwave.plugins]\nnotes = soundwave_notes\n")


@pytest.fixture
def site(server_process: ServerProcess, tmp_path: Path) -> Path:
    """Where the plugin is; the server runs with it."""
    folder = tmp_path / "site"
    write_note(folder, "First note")
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    server_process.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return folder


def renew(server: ServerProcess, site: Path, text: str) -> None:
    assert server.stop() == 0
    write_note(site, text)
    server.start()


def look_for_update(page: Page) -> None:
    page.evaluate("async () => { await (await navigator.serviceWorker.ready).update(); }")


def play(page: Page, shelf: Shelf, number: int) -> None:
    page.evaluate(PLAY, call(page, "GET", f"api/audio/{shelf.tracks[number]}/"))
    wait_until_playing(page)


def test_an_update_waits_and_music_outlives_it(
    page: Page, server_process: ServerProcess, complaints: Complaints, site: Path
) -> None:
    complaints.allowed = UNANSWERED
    shelf = kept_playlist(page, server_process, seconds=120)
    files = kept(page)
    assert shelf.address(0) in files
    other = complaints.watch(page.context.new_page())
    other.goto(f"{server_process.url}notes/")
    expect(other.get_by_role("heading", name="First note")).to_be_visible()
    other.evaluate("() => { window.untouched = true; }")
    play(page, shelf, 0)

    renew(server_process, site, "Second note")
    look_for_update(page)
    warning = page.get_by_text("Reloading interrupts what is playing.")
    expect(warning).to_be_visible()
    before = position(page)
    page.wait_for_function("before => document.querySelector('audio').currentTime > before + 0.5", arg=before)
    assert page.evaluate("async () => (await navigator.serviceWorker.ready).waiting !== null")
    page.get_by_role("button", name="Pause", exact=True).first.click()
    expect(warning).to_have_count(0)
    offer = page.get_by_text("A new version is ready.", exact=True)
    expect(offer).to_be_visible()
    assert page.evaluate("() => window.untouched")

    page.get_by_role("button", name="Reload", exact=True).click()
    page.wait_for_function("() => window.untouched === undefined")
    wait_for_worker(page)
    expect(other.get_by_text("A new version is ready.", exact=True)).to_be_visible()
    assert other.evaluate("() => window.untouched")  # nobody agreed there
    page.goto(f"{server_process.url}notes/")
    expect(page.get_by_role("heading", name="Second note")).to_be_visible()
    assert page.evaluate(PRECACHED)[0] == 1
    assert kept(page) == files
    assert server_process.stop() == 0
    assert ask(page, shelf.address(0), Range="bytes=-9")["status"] == 206
    page.reload()
    expect(page.get_by_role("heading", name="Second note")).to_be_visible()


def test_a_fresh_browser_opens_it_with_no_server(device: Device, server_process: ServerProcess, site: Path) -> None:
    page = device.open()
    shelf = kept_playlist(page, server_process)
    device.close()  # what a browser learnt a moment ago it has not written yet
    device.open().goto(server_process.url)
    device.kill()
    assert server_process.stop() == 0
    page = device.open()
    page.goto(f"{server_process.url}notes/")
    expect(page.get_by_role("heading", name="First note")).to_be_visible()
    assert ask(page, shelf.address(2), Range="bytes=0-9")["status"] == 206
    page.goto(f"{server_process.url}playlists/")
    expect(page.get_by_role("heading", level=1, name="Playlists")).to_be_visible()
    expect(page.get_by_text("Road").first).to_be_visible()


def test_a_lost_worker_and_a_torn_shell_are_put_right(
    page: Page, server_process: ServerProcess, complaints: Complaints, site: Path
) -> None:
    complaints.allowed = UNANSWERED
    kept_playlist(page, server_process)
    files, (_, whole) = kept(page), page.evaluate(PRECACHED)
    torn = """async () => {
        const cache = await caches.open((await caches.keys()).find(name => name.includes('precache')));
        for (const request of (await cache.keys()).slice(0, 10)) await cache.delete(request);
    }"""
    page.evaluate(torn)
    assert page.evaluate(PRECACHED)[1] == whole - 10
    page.goto(f"{server_process.url}offline/")
    page.get_by_role("button", name="Repair the app").click()
    expect(page.get_by_text("The app was fetched anew.")).to_be_visible()
    assert page.evaluate(PRECACHED)[1] == whole
    page.evaluate("async () => { await (await navigator.serviceWorker.ready).unregister(); }")
    page.goto("about:blank")
    page.goto(server_process.url)
    wait_for_worker(page)
    assert page.evaluate(PRECACHED)[1] == whole
    assert kept(page) == files


def aside(device: Device, server: ServerProcess) -> Page:
    """A tab of the same origin in which no app runs."""
    tab = device.tab()
    tab.goto(f"{server.url}static/icons/icon.svg")
    return tab


def test_changes_go_out_with_the_app_closed(device: Device, server_process: ServerProcess) -> None:
    """Background Sync, by the word of the browser's developer tools: the browser itself chooses its own moment."""
    page = device.open()
    shelf = kept_playlist(page, server_process)
    tab = aside(device, server_process)
    protocol = tab.context.new_cdp_session(tab)
    registrations: list[str] = []
    protocol.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: registrations.extend(one["registrationId"] for one in said["registrations"]),
    )
    protocol.send("ServiceWorker.enable")
    page.close()
    add_op(tab, 10, kind="favorite", track=shelf.tracks[1], is_favorite=True)
    assert len(rows(tab, "outbox")) == 1
    said = {"origin": server_process.url.rstrip("/"), "registrationId": registrations[-1], "tag": "soundwave-outbox"}
    protocol.send("ServiceWorker.dispatchSyncEvent", said | {"lastChance": True})
    wait_until_sent(tab)
    assert [row["is_favorite"] for row in rows(tab, "tracks") if row["id"] == shelf.tracks[1]] == [True]
    assert Rest(server_process)("GET", f"api/audio/{shelf.tracks[1]}/")["is_favorite"] is True


def test_files_arrive_with_the_app_closed(device: Device, server_process: ServerProcess) -> None:
    """Background Fetch: the browser fetches, the worker verifies and puts away."""
    page = device.open()
    shelf = kept_playlist(page, server_process)
    me, tab, before = user_id(page), aside(device, server_process), kept(page)
    right, wrong = shelf.address(0), shelf.address(1)
    shelf.files[shelf.tracks[1]].write_bytes(b"other bytes")
    page.evaluate(
        """async ([me, paths]) => {
            const cache = await caches.open(`soundwave-kept:/:${me}`);
            const { backgroundFetch } = await navigator.serviceWorker.ready;
            for (const path of paths) await cache.delete(path);
            await Promise.all(paths.map(path => backgroundFetch.fetch(`${me} ${path}`, [path], {title: path})));
        }""",
        [me, [right, wrong, shelf.address(3)]],  # the last of them no playlist wants
    )
    page.close()
    wait_until_kept(tab, set(before) - {wrong})
    assert kept(tab)[right] == before[right]
