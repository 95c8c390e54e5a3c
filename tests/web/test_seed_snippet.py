"""The usage example of the order, word for word, in the page of a stranger's plugin."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .browsers import UNANSWERED, Complaints
from .counting_proxy import Asked, CountingProxy
from .offline import wait_until_kept
from .servers import ServerProcess
from .shelf import Shelf, fill
from .steps import enter, wait_for_worker
from .stores import kept, row, rows

HERE = Path(__file__).resolve().parent
WEBROOT = HERE.parent.parent / "webroot"
SNIPPET = HERE / "seed_snippet.ts"
ELSEWHERE = ("../context/PWAContext", "../utils/offlineStorage")  # what it imports; both are the sdk's

HOOKS = """
from soundwave_core import IsAuthenticated, Page, hookimpl

REQUIRES = ("auth", "library", "offline")


@hookimpl
def register_ui(core):
    return [Page("/seed/", "Seed", "seed-page", IsAuthenticated, module="seed-page.js", icon="library", order=60)]
"""

# What the example leaves open: who calls its functions, and with which playlist.
PAGE = """
import { LitElement, client, html, usePWA } from "../../sdk.js";
import { PlaylistComponent } from "./snippet.js";

const { downloadPlaylist, removeOfflinePlaylist, loadOfflinePlaylists, isOnline } = PlaylistComponent();

class SeedPage extends LitElement {
  static properties = { said: { state: true } };

  constructor() {
    super();
    this.said = "";
  }

  async do(what) {
    this.said = "…";
    const id = new URL(location.href).searchParams.get("id");
    const said = await what(await client.get(`api/playlist/${id}/`));
    this.said = JSON.stringify(said ?? "done");
  }

  /** What it resolves to, and how far the playlist is at that moment. */
  async watch(playlist) {
    const steps = [];
    const { cachePlaylist, getProgress } = usePWA();
    const urls = playlist.items.map((item) => item.audio_url);
    const resolved = await cachePlaylist(playlist.id, urls, (progress) => steps.push(progress));
    return { resolved, now: await getProgress(playlist.id), steps };
  }

  render() {
    const button = (name, what) => html`<button @click=${() => this.do(what)}>${name}</button>`;
    return html`<div class="page">
      ${button("Download", downloadPlaylist)} ${button("Remove", removeOfflinePlaylist)}
      ${button("Load", loadOfflinePlaylists)} ${button("Watch", (playlist) => this.watch(playlist))}
      <output aria-label="Said">${this.said}</output>
      <p>${isOnline ? "The server was there." : "The server was away."}</p>
    </div>`;
  }
}

customElements.define("seed-page", SeedPage);
"""


def compiled(folder: Path) -> str:
    """The example as a module: its functions handed out, nothing else changed, both imports from the sdk."""
    text = SNIPPET.read_text().rstrip()
    assert text.endswith("\n}")
    names = "downloadPlaylist, removeOfflinePlaylist, loadOfflinePlaylists, isOnline"
    source = folder / "snippet.ts"
    source.write_text(f"{text[:-1]}return {{ {names} }};\n}}\nexport {{ PlaylistComponent }};\n")
    esbuild = WEBROOT / "node_modules/.bin/esbuild"
    done = subprocess.run([esbuild, source, "--format=esm"], capture_output=True, text=True, check=True)
    for path in ELSEWHERE:
        assert f'"{path}"' in done.stdout
        done.stdout = done.stdout.replace(f'"{path}"', '"../../sdk.js"')
    return done.stdout


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A folder with an installed plugin, as PYTHONPATH takes it."""
    target = tmp_path / "installed"
    static = target / "soundwave_seed/static"
    static.mkdir(parents=True)
    (static.parent / "__init__.py").write_text(HOOKS)
    (static / "seed-page.js").write_text(PAGE)
    (static / "snippet.js").write_text(compiled(tmp_path))
    facts = target / "soundwave_seed-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: soundwave-seed\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[soundwave.plugins]\nseed = soundwave_seed\n")
    return target


def open_page(page: Page, server: ServerProcess, plugin: Path) -> Shelf:
    """A server with the plugin, alice signed in, and a playlist of hers."""
    server.environ["PYTHONPATH"] = os.pathsep.join([str(plugin), *(entry for entry in sys.path if entry)])
    shelf = fill(server, tracks=4, seconds=1, playlists={"Road": range(3)})
    enter(page, server.url)
    return shelf


def show(page: Page, url: str, playlist: str) -> None:
    page.goto(f"{url}seed/?id={playlist}")
    wait_for_worker(page)
    expect(page.get_by_text("The server was there.")).to_be_visible()


def press(page: Page, name: str) -> Any:
    """What the page says at the end of it."""
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_label("Said")).to_have_text(re.compile(r"^[\[{\"]"))
    return json.loads(page.get_by_label("Said").inner_text())


def test_the_example_of_the_order(page: Page, server_process: ServerProcess, plugin: Path) -> None:
    shelf = open_page(page, server_process, plugin)
    road = shelf.playlists["Road"]
    show(page, server_process.url, road)
    assert press(page, "Load") == []

    assert press(page, "Download") == "done"
    assert row(page, "offline", road)["state"] == "ready"
    sizes = {f"/api/audio/{uid}/stream/": shelf.files[uid].stat().st_size for uid in shelf.tracks[:3]}
    assert kept(page).items() >= sizes.items()

    (found,) = press(page, "Load")
    assert (found["id"], found["title"], found["offline"]) == (road, "Road", True)
    assert [item["track"]["id"] for item in found["items"]] == shelf.tracks[:3]
    assert [item["audio_url"] for item in found["items"]] == [*sizes]
    assert len(rows(page, "offline")) == 1  # told by both, and one wish

    assert press(page, "Remove") == "done"
    assert press(page, "Load") == []
    wait_until_kept(page, set())
    for store in ("offline", "entries", "documents"):
        assert rows(page, store) == []


def test_true_exactly_when_ready(
    page: Page, server_process: ServerProcess, plugin: Path, complaints: Complaints
) -> None:
    complaints.allowed = UNANSWERED  # the proxy goes at the end
    shelf = open_page(page, server_process, plugin)
    road, last = shelf.playlists["Road"], shelf.address(2)
    held, release = threading.Event(), threading.Event()

    def hold(asked: Asked) -> None:
        if asked.path == last:
            held.set()
            assert release.wait(60)

    with CountingProxy(server_process.url, before=hold) as proxy:
        show(page, proxy.url, road)
        page.get_by_role("main").get_by_role("button", name="Watch").click()
        assert held.wait(60)
        wait_until_kept(page, {shelf.address(0), shelf.address(1)}, but=("/artwork/",))
        assert row(page, "offline", road)["state"] == "fetching"
        expect(page.get_by_label("Said")).to_have_text("…")
        release.set()
        expect(page.get_by_label("Said")).to_contain_text("resolved")
        said = json.loads(page.get_by_label("Said").inner_text())
    assert said["resolved"] is True
    assert said["now"]["state"] == "ready"
    assert (
        said["now"]["storedBytes"] == said["now"]["sizeBytes"] == row(page, "offline", road)["manifest"]["size_bytes"]
    )
    assert said["now"]["storedItems"] == said["now"]["items"] == 3
    assert all(step["state"] != "ready" for step in said["steps"] if step["storedBytes"] < step["sizeBytes"])
    assert row(page, "offline", road)["urls"] is None  # all of its audio is the playlist with what comes later
