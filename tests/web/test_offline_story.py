"""The heart of it, as a person lives it: keep a playlist, lose the server, listen, tidy up; it all arrives."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Playwright, expect

from .browsers import Device
from .offline import Rest, stop, wait_for_state, wait_until_kept, wait_until_sent
from .servers import ServerProcess
from .shelf import Shelf, fill
from .steps import position, sign_in, wait_for_worker, wait_until_playing
from .stores import STORE, kept, rows
from .waiting import wait_until

SECONDS = 12  # half of it must be heard to count
HEARD = (2, 6, 11)  # of the list, by number
LOVED = 4


def title(number: int) -> str:
    return f"Track {number + 1:03}"


def line(page: Page, number: int) -> Locator:
    """A track's line in the list that is shown."""
    return page.get_by_role("main").get_by_role("listitem").filter(has_text=title(number))


def plays(page: Page) -> list[str]:
    """Which tracks' plays wait to be told."""
    return [one["op"]["track"] for one in rows(page, "outbox") if one["op"]["kind"] == "play"]


def ensure_order(page: Page, *numbers: int) -> None:
    """The playlist that is shown begins so."""
    found = page.get_by_role("main").get_by_role("listitem")
    for place, number in enumerate(numbers):
        expect(found.nth(place)).to_contain_text(title(number))


def hear(page: Page, shelf: Shelf, number: int) -> float:
    """Play a track, seek in it, hear it to where it counts; where it was then stopped."""
    before = len(plays(page))
    page.get_by_role("main").get_by_role("button", name=re.compile(f"^Play: {title(number)}")).click()
    wait_until_playing(page)
    page.get_by_role("slider", name="Position").fill("3")
    page.wait_for_function("() => document.querySelector('audio').currentTime >= 3")
    page.wait_for_function("() => document.querySelector('audio').currentTime > 3.5")
    heard = page.evaluate(
        "() => { const { played } = document.querySelector('audio'); return [played.length, played.start(1)] }"
    )
    assert heard == [2, pytest.approx(3, abs=0.01)]
    look = f"async n => (await ({STORE})(['outbox', null])).filter(one => one.op.kind === 'play').length > n"
    wait_until(page, look, before)
    page.get_by_role("region", name="Player").get_by_role("button", name="Pause", exact=True).click()
    assert page.evaluate("() => document.querySelector('audio').src").endswith(shelf.address(number))
    return position(page)


def test_the_whole_story(server_process: ServerProcess, device: Device, playwright: Playwright) -> None:
    server, rest = server_process, Rest(server_process)
    shelf = fill(server, tracks=22, seconds=SECONDS, playlists={"Road": range(20)})
    page = device.open()
    road = shelf.playlists["Road"]
    address = f"{server.url}playlist/?id={road}"
    sign_in(page, server.url)
    wait_for_worker(page)
    # What a browser learnt a moment ago it has not written yet; a person signs in on other days than they lose power.
    device.close()

    page = device.open()
    page.goto(address)
    page.get_by_role("main").get_by_role("button", name=re.compile("^Keep offline · ")).click()
    wait_for_state(page, road, "ready")
    expect(page.get_by_role("main").get_by_text("On this device").first).to_be_visible()

    stop(server)
    device.kill()
    page = device.open()
    page.goto(address)
    expect(page.get_by_role("heading", name="Road", level=1)).to_be_visible()
    ensure_order(page, 0, 1, 2)

    stopped_at = {shelf.tracks[number]: hear(page, shelf, number) for number in HEARD}
    assert plays(page) == [shelf.tracks[number] for number in HEARD]
    line(page, LOVED).get_by_role("button", name=f"Favourite: {title(LOVED)}").click()
    line(page, 0).get_by_role("button", name=f"Move {title(0)} down").click()
    expect(line(page, 0)).to_have_attribute("aria-posinset", "2")
    page.get_by_role("main").get_by_role("button", name="More for Road").click()
    page.get_by_role("menuitem", name="Rename playlist").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Long road")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Long road", level=1)).to_be_visible()

    page.reload()
    expect(page.get_by_role("heading", name="Long road", level=1)).to_be_visible()
    ensure_order(page, 1, 0, 2)
    heart = line(page, LOVED).get_by_role("button", name=f"Favourite: {title(LOVED)}")
    expect(heart).to_have_attribute("aria-pressed", "true")
    assert plays(page) == [shelf.tracks[number] for number in HEARD]

    server.start()
    wait_until_sent(page)
    ensure_arrived(rest, shelf, stopped_at)

    stop(server)
    device.kill()
    server.start()
    page = device.open()
    page.goto(address)
    expect(page.get_by_role("heading", name="Long road", level=1)).to_be_visible()
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    ensure_followed_after(page, rest, shelf)
    ensure_arrived_only_once(rest, shelf)


def ensure_arrived(rest: Rest, shelf: Shelf, stopped_at: dict[str, float]) -> None:
    """Everything that was done while the server was away, as it says itself."""
    road = rest("GET", f"api/playlist/{shelf.playlists['Road']}/")
    assert road["title"] == "Long road"
    expected = [shelf.tracks[number] for number in (1, 0, *range(2, 20))]
    assert [item["track"]["id"] for item in road["items"]] == expected
    favorites = [item["track"]["id"] for item in road["items"] if item["track"]["is_favorite"]]
    assert favorites == [shelf.tracks[LOVED]]
    for track, seconds in stopped_at.items():
        # It may have been told within the second before, on the beat: what is nearer is not told again.
        assert rest("GET", f"api/audio/{track}/")["position_seconds"] == pytest.approx(seconds, abs=1.2)
    ensure_arrived_only_once(rest, shelf)


def ensure_arrived_only_once(rest: Rest, shelf: Shelf) -> None:
    told = rest("GET", "api/play/")["results"]
    assert sorted(play["track_id"] for play in told) == sorted(shelf.tracks[number] for number in HEARD)


def ensure_followed_after(page: Page, rest: Rest, shelf: Shelf) -> None:
    """Changed from elsewhere: a new track, one less, one moved, another name. The device follows, bytes too."""
    road = shelf.playlists["Road"]
    assert shelf.address(5) in kept(page)
    items = {item["track"]["id"]: item["id"] for item in rest("GET", f"api/playlist/{road}/")["items"]}
    rest("POST", f"api/playlist/{road}/items/", {"tracks": [shelf.tracks[20]]})
    rest("DELETE", f"api/playlist/{road}/items/{items[shelf.tracks[5]]}/")
    rest("PATCH", f"api/playlist/{road}/items/{items[shelf.tracks[19]]}/", {"after": None})
    rest("PATCH", f"api/playlist/{road}/", {"title": "Longer road"})
    page.get_by_role("link", name="Playlists").first.click()  # whoever looks again sees what is new
    page.get_by_role("main").get_by_role("link", name=re.compile("Longer road")).click()
    expect(page.get_by_role("heading", name="Longer road", level=1)).to_be_visible()
    expect(line(page, 19)).to_have_attribute("aria-posinset", "1")
    expect(line(page, 5)).to_have_count(0)
    wanted = {shelf.address(number) for number in (*range(5), *range(6, 21))}
    wait_until_kept(page, wanted, but=("/artwork/",))
    wait_for_state(page, road, "ready")
