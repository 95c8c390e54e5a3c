"""The Offline page: what is kept and what can be done about it, what waits, what was counted, and who else was here."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, Page, expect

from .browsers import UNANSWERED, Complaints, new_context
from .offline import wait_for_state, wait_until_sent
from .servers import ServerProcess
from .shelf import Shelf, fill
from .steps import PASSWORD, call, sign_in
from .stores import STORE, add_op, kept, row, rows, set_device_state
from .test_signing_out import DATABASES
from .waiting import wait_until


def keep(page: Page, server: ServerProcess, shelf: Shelf, title: str, state: str = "ready") -> None:
    page.goto(f"{server.url}playlist/?id={shelf.playlists[title]}")
    page.get_by_role("main").get_by_role("button", name="Keep offline").click()
    wait_for_state(page, shelf.playlists[title], state)


def open_offline(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}offline/")
    expect(page.get_by_role("heading", name="Offline", level=1)).to_be_visible()


def line_of(page: Page, title: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=title, exact=True))


def choose(page: Page, title: str, action: str) -> None:
    page.get_by_role("main").get_by_role("button", name=re.compile(f"Keeping “{title}”")).click()
    page.get_by_role("menuitem", name=action).click()


def test_what_is_kept_is_listed_pinned_and_removed(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    open_offline(page, server_process)
    expect(page.get_by_role("heading", name="Nothing is kept yet")).to_be_visible()
    page.goto(f"{server_process.url}playlist/?id={shelf.playlists['Road']}")
    expect(page.get_by_role("button", name=re.compile(r"Keep offline · \d+ kB"))).to_be_visible()
    keep(page, server_process, shelf, "Road")
    expect(page.get_by_role("button", name="Keeping “Road” on this device: On this device")).to_be_visible()
    keep(page, server_process, shelf, "Evening")
    open_offline(page, server_process)
    expect(line_of(page, "Road")).to_contain_text("4 tracks")
    expect(line_of(page, "Evening")).to_contain_text("On this device")
    choose(page, "Road", "Never free it by itself")
    expect(line_of(page, "Road")).to_contain_text("Pinned")
    assert row(page, "offline", shelf.playlists["Road"])["is_pinned"] is True
    expect(page.locator("storage-card")).to_contain_text(re.compile(r"\d+ kB kept"))

    before = kept(page)
    choose(page, "Evening", "Remove from this device")
    page.get_by_role("dialog").get_by_role("button", name="Remove from this device").click()
    expect(line_of(page, "Evening")).to_have_count(0)
    wait_until(
        page, f"async () => (await ({STORE})(['entries', null])).every(one => !one.url.includes('{shelf.tracks[5]}'))"
    )
    after = kept(page)
    assert shelf.address(5) in before and shelf.address(5) not in after
    assert shelf.address(2) in after  # Road has it too

    page.get_by_role("button", name="Clear everything kept").click()
    page.get_by_role("dialog").get_by_role("button", name="Clear everything kept").click()
    expect(page.get_by_role("heading", name="Nothing is kept yet")).to_be_visible()
    expect(page.get_by_text("Nothing is kept on this device any more.")).to_be_visible()
    assert kept(page) == {}
    assert rows(page, "offline") == []


def test_damage_is_found_and_what_nobody_wants_goes(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    keep(page, server_process, shelf, "Road")
    size = kept(page)[shelf.address(0)]
    page.evaluate(
        """async ([damaged, orphan]) => {
            const cache = await caches.open((await caches.keys()).find(name => name.startsWith('soundwave-kept:')));
            const found = await cache.match(damaged);
            const bytes = new Uint8Array(await found.arrayBuffer());
            bytes[100] ^= 1;
            await cache.put(damaged, new Response(bytes, {headers: found.headers}));
            await cache.put(orphan, new Response(new Uint8Array(5000), {headers: {'Content-Length': '5000'}}));
        }""",
        [shelf.address(0), "/api/audio/ffffffffffffffffffffffffffffffff/stream/"],
    )
    open_offline(page, server_process)
    storage = page.locator("storage-card")
    storage.get_by_role("button", name="Check the files").click()
    expect(storage.get_by_role("status")).to_contain_text("1 file was damaged and is fetched anew.")
    wait_for_state(page, shelf.playlists["Road"], "ready")
    wait_until(page, "async path => (await caches.match(path)) !== undefined", shelf.address(0))
    storage.get_by_role("button", name="Check the files").click()
    expect(storage.get_by_role("status")).to_contain_text(re.compile("files were checked; all are right"))
    assert kept(page)[shelf.address(0)] == size

    page.evaluate(
        """async orphan => {
            const cache = await caches.open((await caches.keys()).find(name => name.startsWith('soundwave-kept:')));
            await cache.put(orphan, new Response(new Uint8Array(5000), {headers: {'Content-Length': '5000'}}));
        }""",
        "/api/audio/ffffffffffffffffffffffffffffffff/stream/",
    )
    storage.get_by_role("button", name="Tidy up").click()
    expect(storage.get_by_role("status")).to_contain_text("1 file that nobody wants was removed: 5 kB.")
    storage.get_by_role("button", name="Repair the app").click()
    expect(storage.get_by_role("status")).to_contain_text("The app was fetched anew.")
    assert kept(page)[shelf.address(0)] == size


def test_what_does_not_fit_is_refused_politely(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    """64 kB a track: with a limit of 150 kB the first two of four fit."""
    open_offline(page, server_process)
    set_device_state(page, "limitBytes", 150_000)
    page.goto(f"{server_process.url}playlist/?id={shelf.playlists['Road']}")
    page.get_by_role("main").get_by_role("button", name="Keep offline").click()
    dialog = page.get_by_role("dialog", name="“Road” does not fit")
    expect(dialog).to_contain_text("It would be more than you allow on this device.")
    expect(dialog).to_contain_text("There is room for")
    assert rows(page, "offline") == []
    dialog.get_by_role("button", name="Keep the first 2 tracks").click()
    wait_for_state(page, shelf.playlists["Road"], "ready")
    sounds = [path for path in kept(page) if path.endswith("/stream/")]
    assert sorted(sounds) == sorted([shelf.address(0), shelf.address(1)])

    page.goto(f"{server_process.url}playlist/?id={shelf.playlists['Evening']}")
    page.get_by_role("main").get_by_role("button", name="Keep offline").click()
    dialog = page.get_by_role("dialog", name="“Evening” does not fit")
    expect(dialog).to_contain_text("Or make room")
    expect(dialog.get_by_role("button", name="Remove from this device: Road")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("main").get_by_role("button", name="Keep offline")).to_be_focused()


def test_what_the_server_would_not_do_waits_for_its_user(
    page: Page, server_process: ServerProcess, shelf: Shelf
) -> None:
    """What is gone, what somebody else renamed, and what needs to be tried again."""
    add_op(page, 1, kind="playlist-patch", playlist="e" * 32, title="After", was={"title": "Before"})
    notice = page.get_by_role("status").filter(has_text="Rename “Before” to “After”")
    expect(notice.or_(page.get_by_role("alert").filter(has_text="Rename “Before” to “After”")).first).to_be_visible()
    expect(page.get_by_role("link", name="1 change needs you").first).to_be_visible()
    open_offline(page, server_process)
    parked = page.locator("parked-list")
    expect(parked).to_contain_text("Rename “Before” to “After”")
    expect(parked).to_contain_text("What it was about is no longer there.")
    parked.get_by_role("button", name="Try again: Rename “Before” to “After”").click()
    again = f"async () => (await ({STORE})(['parked', null])).map(one => one.id.endsWith('01')).join() === 'false'"
    wait_until(page, again)
    parked.get_by_role("button", name="Forget it: Rename “Before” to “After”").click()
    expect(parked.get_by_role("listitem")).to_have_count(0)
    assert rows(page, "parked") == []

    road = shelf.playlists["Road"]
    call(page, "PATCH", f"api/playlist/{road}/", {"title": "Theirs"})
    add_op(page, 2, kind="playlist-patch", playlist=road, title="Mine", was={"title": "Road"})
    expect(parked).to_contain_text("Also changed to “Theirs” elsewhere; yours was kept.")
    assert call(page, "GET", f"api/playlist/{road}/")["title"] == "Mine"
    parked.get_by_role("button", name=re.compile("^Use theirs")).click()
    wait_until_sent(page)
    assert call(page, "GET", f"api/playlist/{road}/")["title"] == "Theirs"
    expect(page.get_by_role("navigation").get_by_role("link", name="Theirs")).to_be_visible()


def test_changes_wait_while_the_server_is_away(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    open_offline(page, server_process)
    waiting = page.locator("offline-waiting")
    expect(waiting).to_contain_text("Everything has been sent.")
    server_process.stop()
    track = shelf.tracks[0]
    add_op(page, 1, kind="favorite", track=track, is_favorite=True)
    waiting.get_by_role("button", name="Synchronise now").click()
    expect(waiting).to_contain_text("1 change waiting")
    expect(waiting).to_contain_text("“Track 001” to the favourites")
    expect(page.get_by_role("link", name="Offline · 1 change waiting").first).to_be_visible()
    server_process.start()
    waiting.get_by_role("button", name="Synchronise now").click()
    expect(waiting).to_contain_text("Everything has been sent.")
    assert call(page, "GET", f"api/audio/{track}/")["is_favorite"] is True


def test_figures_are_shown_and_can_be_turned_off(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    today = page.evaluate("() => new Date().toLocaleDateString('sv')")
    add_op(page, 1, kind="stats", day=today, counts={"plays": 7, "offline_plays": 5, "offline_seconds": 3720})
    wait_until_sent(page)
    open_offline(page, server_process)
    figures = page.locator("offline-counts")
    expect(figures).to_contain_text("1 hr 2 min")
    expect(figures.get_by_role("img", name=re.compile("^Plays, by day. The most was 7"))).to_be_visible()
    figures.get_by_role("group").filter(has_text="As a table").first.locator("summary").click()
    expect(figures.get_by_role("row").nth(1)).to_contain_text(re.compile("5.*2"))
    figures.get_by_role("button", name="Listened to offline").click()
    expect(figures.get_by_role("img", name=re.compile("1 hr 2 min"))).to_be_visible()

    page.goto(f"{server_process.url}admin/?tab=offline")
    expect(page.get_by_role("row").filter(has_text="alice")).to_contain_text("1 hr 2 min")
    open_offline(page, server_process)
    figures.get_by_role("checkbox", name="Count on this device").uncheck()
    page.goto(server_process.url)
    page.goto(f"{server_process.url}offline/")
    expect(figures.get_by_role("checkbox", name="Count on this device")).not_to_be_checked()
    assert rows(page, "stats") == []
    figures.get_by_role("button", name="Delete the figures").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the figures").click()
    expect(figures).to_contain_text("There was none.")


def test_devices_are_listed_and_forgotten(
    page: Page, server_process: ServerProcess, shelf: Shelf, browser: Browser, complaints: Complaints
) -> None:
    context = new_context(browser)
    other = complaints.watch(context.new_page())
    sign_in(other, server_process.url)
    wait_until(other, f"async () => (await ({STORE})(['tracks', null])).length > 0")
    context.close()
    keep(page, server_process, shelf, "Road")
    open_offline(page, server_process)
    devices = page.locator("offline-devices")
    expect(devices.get_by_role("listitem")).to_have_count(2)
    expect(devices.get_by_role("listitem").filter(has_text="This device")).to_contain_text("keeps 1 playlist")
    devices.get_by_role("button", name=re.compile("^Forget this device")).click()
    page.get_by_role("dialog").get_by_role("button", name="Forget this device").click()
    expect(devices.get_by_role("listitem")).to_have_count(1)
    assert call(page, "GET", "api/offline/device/")["count"] == 1


def test_a_session_that_ended_leaves_all_to_its_user_alone(
    page: Page, server_process: ServerProcess, shelf: Shelf, complaints: Complaints
) -> None:
    complaints.allowed = (*UNANSWERED, "401")
    call(page, "POST", "api/user/admin/users/", {"username": "bob", "password": PASSWORD})
    alice = call(page, "GET", "api/user/account/")["user"]["id"]
    keep(page, server_process, shelf, "Road")
    before = kept(page)
    page.context.clear_cookies()
    add_op(page, 1, kind="favorite", track=shelf.tracks[0], is_favorite=True)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    nobody = f"async () => (await fetch('{shelf.address(0)}')).status === 401"
    wait_until(page, nobody)  # once the worker knows
    assert kept(page) == before
    assert len(rows(page, "outbox")) == 1

    sign_in(page, server_process.url, "bob")
    open_offline(page, server_process)
    others = page.locator("offline-others")
    size = sum(size for path, size in before.items())
    expect(others).to_contain_text(f"Data of another user is on this device ({round(size / 1000)} kB)")
    assert page.evaluate("async address => (await fetch(address)).status", shelf.address(0)) == 404
    page.goto(f"{server_process.url}account/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate(DATABASES, alice)  # bob's leaving took bob's alone

    sign_in(page, server_process.url)
    wait_until_sent(page)
    assert call(page, "GET", f"api/audio/{shelf.tracks[0]}/")["is_favorite"] is True
    assert kept(page) == before
    page.context.clear_cookies()
    page.goto(server_process.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page, server_process.url, "bob")
    open_offline(page, server_process)
    others.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(others.get_by_role("listitem")).to_have_count(0)
    assert page.evaluate(DATABASES, alice) == []
    assert kept(page) == {}


def test_what_waits_is_sent_before_signing_out(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    """With nothing to lose nobody is asked."""
    page.goto(f"{server_process.url}account/")
    expect(page.get_by_text("This device", exact=True)).to_be_visible()
    add_op(page, 1, kind="favorite", track=shelf.tracks[1], is_favorite=True)
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page, server_process.url)
    assert call(page, "GET", f"api/audio/{shelf.tracks[1]}/")["is_favorite"] is True


def test_whoever_thinks_better_of_it_loses_nothing(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    keep(page, server_process, shelf, "Road")
    before = kept(page)
    page.goto(f"{server_process.url}account/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile(r"1 playlist that is kept here \(\d+ kB\)"))
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_focused()
    assert kept(page) == before
    assert call(page, "GET", "api/session/")["user"]["username"] == "alice"


def test_a_wipe_that_was_broken_off_is_finished_at_the_next_start(
    page: Page, server_process: ServerProcess, shelf: Shelf
) -> None:
    """As a browser leaves it that was killed in the middle: named, and not all gone."""
    keep(page, server_process, shelf, "Road")
    alice = call(page, "GET", "api/user/account/")["user"]["id"]
    call(page, "POST", "api/user/logout/")
    set_device_state(page, "wiping", [alice])
    page.goto(server_process.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate(DATABASES, alice) == []
    assert kept(page) == {}


def test_plain_http_explains_why_nothing_is_kept(page: Page, server_process: ServerProcess) -> None:
    shelf = fill(server_process, tracks=2, seconds=1, playlists={"Road": range(2)})
    url = server_process.url.replace("localhost", "soundwave.lan")
    sign_in(page, url)
    page.goto(f"{url}playlist/?id={shelf.playlists['Road']}")
    page.get_by_role("main").get_by_role("button", name="Keep offline").click()
    dialog = page.get_by_role("dialog", name="Over plain http nothing can be kept")
    expect(dialog).to_contain_text("docker/README.md")
    dialog.get_by_role("button", name="Close").click()
    page.goto(f"{url}offline/")
    expect(page.locator("connection-card")).to_contain_text("the app does not open without a network")
