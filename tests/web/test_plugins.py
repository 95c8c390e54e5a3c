"""A stranger's plugin in the real app: its page, its line in a menu, and one that is broken."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.house.example import install, python_path
from tests.site.server import Site

from .browsers import UNANSWERED, Complaints
from .servers import ServerProcess
from .steps import download, enter, wait_for_worker

ALL_PLACES = ("playlist-actions", "track-actions", "settings")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("source") / "moods", tmp_path_factory.mktemp("target"))


def open_menu_of_a_track(page: Page, site: Site) -> None:
    download(page, f"{site.url}/media/tone.mp3")
    page.get_by_role("tab", name="Completed").click()
    expect(page.get_by_role("tabpanel", name="Completed").get_by_role("article")).to_have_count(1)
    page.get_by_role("link", name="Library").first.click()
    page.get_by_role("main").get_by_role("button", name=re.compile("^More for ")).click()
    expect(page.get_by_role("menuitem", name="Play next")).to_be_visible()


def test_its_page_and_its_line_in_the_menu(
    page: Page, server_process: ServerProcess, site: Site, installed: Path
) -> None:
    server_process.environ["PYTHONPATH"] = python_path(installed)
    enter(page, server_process.url)
    navigation = page.get_by_role("navigation", name="Main navigation")
    navigation.get_by_role("link", name="Moods").click()
    expect(page.get_by_role("heading", name="Moods", level=1)).to_be_visible()
    expect(page.get_by_text("Nothing has a mood yet.")).to_be_visible()

    open_menu_of_a_track(page, site)
    line = page.get_by_role("menuitem", name="Say what it feels like")
    expect(line).to_be_visible()
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    expect(line).to_be_focused()
    line.press("Enter")
    expect(page.get_by_role("menu")).to_have_count(0)
    page.get_by_role("dialog").get_by_label("Mood").fill("rainy")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile("is rainy"))).to_be_visible()
    navigation.get_by_role("link", name="Moods").click()
    expect(page.get_by_role("main").get_by_role("listitem")).to_contain_text("rainy")
    assert page.evaluate("() => globalThis.litElementVersions.length") == 1


def test_its_page_opens_without_a_server(
    page: Page, server_process: ServerProcess, complaints: Complaints, installed: Path
) -> None:
    complaints.allowed = UNANSWERED
    server_process.environ["PYTHONPATH"] = python_path(installed)
    enter(page, server_process.url)
    wait_for_worker(page)
    assert server_process.stop() == 0
    page.goto(f"{server_process.url}moods/")
    expect(page.get_by_role("heading", name="Moods", level=1)).to_be_visible()


PLACES = """
class PlaceName extends LitElement {
  static properties = { playlistId: {}, track: {} };

  render() {
    const name = this.track?.title ?? this.playlistId ?? "none";
    return html`<button role=${this.track ? "menuitem" : "button"}>${name}</button>`;
  }
}

customElements.define("place-name", PlaceName);
"""


def test_every_place_says_what_it_is_about(
    page: Page, server_process: ServerProcess, site: Site, installed: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(installed, tmp_path / "copy", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "soundwave_moods/static/places.js").write_text(
        f'import {{ LitElement, html }} from "../../sdk.js";{PLACES}'
    )
    hooks = copy / "soundwave_moods/__init__.py"
    first, last = 'Slot("track-actions", "mood-action", ', 'module="mood-action.js"),'
    slots = (f'Slot("{place}", "place-name", IsAuthenticated, module="places.js"),' for place in ALL_PLACES)
    assert first in hooks.read_text()
    hooks.write_text(hooks.read_text().replace(f"{first}IsAuthenticated, {last}", "".join(slots)))
    server_process.environ["PYTHONPATH"] = python_path(copy)
    enter(page, server_process.url)
    page.get_by_role("link", name="Account").first.click()
    expect(page.get_by_role("main").get_by_role("button", name="none")).to_be_visible()
    open_menu_of_a_track(page, site)
    page.get_by_role("menuitem", name="Tone of the file").click()
    expect(page.get_by_role("menu")).to_have_count(0)
    page.get_by_role("link", name="Playlists").first.click()
    page.get_by_role("button", name="New playlist").first.click()
    page.get_by_role("dialog").get_by_role("textbox").fill("Mine")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Mine", level=1)).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name=re.compile("^[0-9a-f]{32}$"))).to_be_visible()


def test_a_broken_one_shows_nothing_and_warns_once(
    page: Page, server_process: ServerProcess, site: Site, installed: Path, tmp_path: Path, complaints: Complaints
) -> None:
    broken = shutil.copytree(installed, tmp_path / "broken")
    (broken / "soundwave_moods/static/mood-action.js").write_text("throw new Error('broken');\n")
    server_process.environ["PYTHONPATH"] = python_path(broken)
    enter(page, server_process.url)
    open_menu_of_a_track(page, site)
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(e => e.name.endsWith('mood-action.js'))"
    )
    page.keyboard.press("Escape")
    page.get_by_role("main").get_by_role("button", name=re.compile("^More for ")).click()
    expect(page.get_by_role("menuitem", name="Play next")).to_be_visible()
    expect(page.get_by_role("menuitem", name="feels like")).to_have_count(0)
    assert [said for said in complaints.said if "moods: mood-action cannot be shown." in said] == complaints.said
    assert len(complaints.said) == 1
    complaints.said.clear()
