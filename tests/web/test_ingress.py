"""The app in a frame of Home Assistant's page, under a prefix that is another one the next time."""

from __future__ import annotations

import json
import math
import re
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from tests.site.server import Site

from .browsers import Complaints
from .ingress import SESSION, WHOLE_BYTES, Ingress
from .servers import ServerProcess

PASSWORD = "correct horse battery"
LONG_SECONDS = 60


@pytest.fixture
def addon(tmp_path: Path) -> Iterator[ServerProcess]:
    """Started as the add-on starts it: by variables, and by what was chosen under Configuration."""
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"downloads_allowed_networks": ["127.0.0.1/32"], "log_level": "debug"}))
    environ = {"SOUNDWAVE_OPTIONS_FILE": str(options), "SOUNDWAVE_INGRESS_PROXIES": "127.0.0.1"}
    server = ServerProcess(tmp_path, environ).start()
    yield server
    server.end()


@pytest.fixture
def long_tone(site: Site) -> str:
    """The address of a track that is so large that ingress streams it without a length."""
    path = site.media.folder / "tone-long.wav"
    rate = 44_100
    second = array("h", (round(8000 * math.sin(2 * math.pi * 440 * i / rate)) for i in range(rate)))
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(second.tobytes() * LONG_SECONDS)
    assert path.stat().st_size > WHOLE_BYTES
    return f"{site.url}/media/{path.name}"


def open_home(page: Page, ingress: Ingress) -> Frame:
    """Home Assistant's page; the app in its frame."""
    page.goto(ingress.home)
    frame = page.wait_for_selector("iframe").content_frame()
    assert frame is not None
    assert frame.url.startswith(ingress.home.rstrip("/") + ingress.prefix)
    return frame


def sign_in(frame: Frame) -> None:
    frame.get_by_label("User name").fill("alice")
    frame.get_by_label("Password").fill(PASSWORD)
    frame.get_by_role("button", name="Sign in").click()
    expect(frame.get_by_role("heading", name="Library", level=1)).to_be_visible()


def play_and_seek(frame: Frame, ingress: Ingress, to_seconds: int) -> None:
    """Until it sounds from there: the part that the player asked for by Range came from the middle of the file."""
    frame.get_by_role("button", name=re.compile("^Play: ")).first.click()
    frame.wait_for_function(
        "() => { const a = document.querySelector('audio'); return !a.paused && a.currentTime > 0.2 }"
    )
    frame.get_by_role("slider", name="Position").fill(str(to_seconds))
    frame.wait_for_function(
        "to => { const a = document.querySelector('audio'); return !a.paused && !a.seeking && a.currentTime > to }",
        arg=to_seconds,
    )
    assert frame.evaluate("() => document.querySelector('audio').duration") == pytest.approx(LONG_SECONDS, abs=0.5)
    parts = [line for line in ingress.asked if line.startswith("206 ") and "/stream/" in line]
    assert parts


def test_the_add_on_in_home_assistant(
    context: BrowserContext, complaints: Complaints, addon: ServerProcess, long_tone: str
) -> None:
    code = addon.set_up_link.partition("code=")[2]
    page = complaints.watch(context.new_page())
    with Ingress(addon.url, "-Zq_0bq2V5oJkz0v7r3uBq") as ingress:
        frame = open_home(page, ingress)
        page.evaluate("() => localStorage.setItem('hassTokens', 'not ours')")
        frame.get_by_label("Set-up code").fill(code)  # its link is in the log, where nobody can click it
        frame.get_by_label("User name").fill("alice")
        frame.get_by_label("Password").fill(PASSWORD)
        frame.get_by_role("button", name="Create administrator").click()
        expect(frame.get_by_role("heading", name="Library", level=1)).to_be_visible()
        ours = [cookie for cookie in context.cookies() if cookie["name"] != SESSION.partition("=")[0]]
        assert {cookie["name"] for cookie in ours} == {"soundwave_session", "soundwave_device"}
        assert {cookie["path"].rstrip("/") for cookie in ours} == {ingress.prefix}

        frame.get_by_role("link", name="Downloads").first.click()
        frame.get_by_role("textbox", name="Link").fill(long_tone)
        frame.get_by_role("button", name="Download", exact=True).click()
        expect(frame.get_by_role("textbox", name="Link")).to_have_value("")
        frame.get_by_role("tab", name="Completed").click()
        expect(frame.get_by_role("tabpanel", name="Completed").get_by_role("article")).to_have_count(1)
        frame.get_by_role("link", name="Library").first.click()
        play_and_seek(frame, ingress, 40)

        frame = open_home(page, ingress)  # loaded anew: still signed in
        expect(frame.get_by_role("heading", name="Library", level=1)).to_be_visible()
        frame.evaluate("() => navigator.serviceWorker.ready.then(() => undefined)")
        scope = frame.evaluate("async () => (await navigator.serviceWorker.ready).scope")
        assert scope == f"{ingress.home.rstrip('/')}{ingress.prefix}/"

        assert ingress.refused == []  # nothing was ever asked past the prefix
        page.goto("about:blank")
        old, ingress.token, before = ingress.prefix, "another-one-after-a-reinstall", len(ingress.asked)
        frame = open_home(page, ingress)
        sign_in(frame)  # the session belonged to the old prefix
        play_and_seek(frame, ingress, 20)
        assert len(ingress.asked) > before
        # Of the old one only: the browser itself looks for a newer worker, and that worker for its server.
        assert [path for path in ingress.refused if not path.startswith(f"{old}/")] == []

        frame.goto(f"{ingress.home.rstrip('/')}{ingress.prefix}/account/")
        frame.get_by_role("button", name="Sign out", exact=True).click()
        expect(frame.get_by_role("button", name="Sign in")).to_be_visible()
        assert page.evaluate("() => localStorage.getItem('hassTokens')") == "not ours"
        assert SESSION in {f"{cookie['name']}={cookie['value']}" for cookie in context.cookies()}
    assert "hassio_ingress" not in "".join(dump(addon.folder / "data"))


def dump(folder: Path) -> Iterator[str]:
    """Every byte that the server keeps, as text."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes().decode("latin-1")


def test_no_other_site_can_put_it_into_a_frame(context: BrowserContext, addon: ServerProcess) -> None:
    """As Home Assistant's own page may: the browser must see the difference."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    with Ingress(addon.url, "of-the-house") as ingress, Ingress(addon.url, "of-a-stranger") as stranger:
        open_home(page, ingress)
        page.goto(stranger.home.replace("localhost", "127.0.0.1"))
        page.evaluate("address => { document.querySelector('iframe').src = address }", addon.url)
        page.wait_for_event("console", lambda message: "frame-ancestors" in message.text)
    assert any("frame-ancestors 'none'" in text for text in said)
