"""The offline part of ``make bench``: a device keeps a playlist, looks whether it has it still, starts with no server.

``python -m tests.bench.offline FOLDER ROUNDS TRACKS ITEMS`` prints as JSON what each round gave: ours, and the limit
that was measured right beside it. TRACKS of 5 MB are saved; a playlist of ITEMS small ones is reconciled.

The limits: for saving, curl fetching the same bytes from the same server, and the same browser putting them into a
cache unseen; for a look at what did not change, one conditional request by the same page; for the start, a page of one
word and one button in the same browser, fresh too.
"""

from __future__ import annotations

import http.server
import io
import json
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.web.browsers import Device
from tests.web.offline import Rest, wait_for_state, wait_until_kept
from tests.web.servers import ServerProcess
from tests.web.shelf import Shelf, fill
from tests.web.steps import sign_in, wait_for_worker
from tests.web.stores import kept

SECONDS_OF_5_MB = 312.5  # at 16 kB a second
Rounds = dict[str, dict[str, list[float]]]

SAVE = """async id => {
    const { usePWA } = await import(new URL('static/sdk.js', document.baseURI));
    const began = performance.now();
    const isReady = await usePWA().cachePlaylist(id);
    return [isReady, (performance.now() - began) / 1000];
}"""
# The least that a browser does for it: nothing is compared, nothing is written down.
PUT = """async urls => {
    const cache = await caches.open('bench');
    const began = performance.now();
    const put = async () => {
        for (let url = urls.pop(); url; url = urls.pop())
            await cache.put(url, await fetch(url, { cache: 'no-store', headers: { 'SoundWave-Keep': '1' } }));
    };
    await Promise.all([put(), put()]);
    const took = (performance.now() - began) / 1000;
    await caches.delete('bench');
    return took;
}"""
LET_GO = """async id => {
    const { usePWA } = await import(new URL('static/sdk.js', document.baseURI));
    await usePWA().removePlaylistCache(id);
}"""
# Whoever asks for its lock has it when the look is over.
LOOK = """async id => {
    const { usePWA } = await import(new URL('static/sdk.js', document.baseURI));
    const names = (await indexedDB.databases()).map(({ name }) => name);
    const user = names.map(name => /^soundwave:.*:([0-9a-f]{32})$/.exec(name)).find(Boolean)[1];
    const over = () => navigator.locks.request(`soundwave:/:${user}:reconcile`, () => performance.now());
    await over();
    const began = performance.now();
    await usePWA().resumePlaylist(id);
    return await over() - began;
}"""
ASK = """async id => {
    const address = new URL(`api/offline/playlist/${id}/manifest/`, document.baseURI);
    const etag = (await fetch(address)).headers.get('ETag');
    const began = performance.now();
    const { status } = await fetch(address, { headers: { 'If-None-Match': etag }, cache: 'no-store' });
    if (status !== 304) throw new Error(`answered ${status}`);
    return performance.now() - began;
}"""
LISTEN = """{
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function () {
        this.addEventListener('playing', () => (globalThis.soundedAt ??= performance.now()), { once: true });
        return play.call(this);
    };
}"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
BARE = b"""<!doctype html><title>Bare</title><link rel="icon" href="data:,"><audio src="tone.wav"></audio>
<main><button onclick="document.querySelector('audio').play()">Play all</button></main>"""


class Rounded:
    """What the rounds gave, by figure and side."""

    def __init__(self) -> None:
        self.rounds: Rounds = {}

    def add(self, key: str, ours: float, limit: float) -> None:
        sides = self.rounds.setdefault(key, {"soundwave": [], "limit": []})
        sides["soundwave"].append(ours)
        sides["limit"].append(limit)


def measure(folder: Path, rounds: int, tracks: int, items: int) -> Rounds:
    """Each part on a server of its own, all in one profile."""
    found = Rounded()
    with ExitStack() as ends, sync_playwright() as playwright:
        device = Device(playwright, folder / "profile")
        ends.callback(device.close)
        large, shelf = _served(ends, device, folder / "large", tracks, SECONDS_OF_5_MB)
        _measure_saving(found, device, large, shelf, rounds)
        device.close()
        small, shelf = _served(ends, device, folder / "small", items, 0.25)
        _measure_looks(found, device, small, shelf.playlists["Kept"], rounds)
        device.close()
        small.stop()
        _measure_starts(found, device, f"{small.url}playlist/?id={shelf.playlists['Kept']}", rounds)
    return found.rounds


def _served(ends: ExitStack, device: Device, folder: Path, tracks: int, seconds: float) -> tuple[ServerProcess, Shelf]:
    """A server with a playlist of all its tracks; its user is signed in to stay, in a page that is open."""
    folder.mkdir(parents=True)
    server = ServerProcess(folder)
    ends.callback(server.end)
    shelf = fill(
        server, tracks=tracks, seconds=seconds, playlists={"Kept": range(tracks)}, with_lyrics=0, with_artwork=0
    )
    page = device.open()
    sign_in(page, server.url)
    wait_for_worker(page)
    return server, shelf


def _measure_saving(found: Rounded, device: Device, server: ServerProcess, shelf: Shelf, rounds: int) -> None:
    page, playlist, rest = _page(device), shelf.playlists["Kept"], Rest(server)
    rest("GET", "api/session/")
    for _ in range(rounds):
        limit = _curl(server, rest.token, shelf)
        bare = page.evaluate(PUT, [shelf.address(number) for number in range(len(shelf.tracks))])
        is_ready, seconds = page.evaluate(SAVE, playlist)
        sizes = sum(file.stat().st_size for file in shelf.files.values())
        if not is_ready or sum(kept(page).values()) != sizes:
            raise SystemExit("saving: not all of it was kept")
        found.add("offline_save", seconds, limit)
        found.add("offline_save_bare", seconds, bare)
        page.evaluate(LET_GO, playlist)
        wait_until_kept(page, set())


def _curl(server: ServerProcess, token: str, shelf: Shelf) -> float:
    """Seconds for one curl to fetch all of it, over one connection."""
    lines = [
        f'url = "{server.url.rstrip("/")}{shelf.address(n)}"\noutput = "/dev/null"' for n in range(len(shelf.tracks))
    ]
    config = "\n".join([f'header = "Authorization: Bearer {token}"', *lines])
    began = time.perf_counter()
    subprocess.run(["curl", "--silent", "--show-error", "--fail", "--config", "-"], input=config, text=True, check=True)
    return time.perf_counter() - began


def _measure_looks(found: Rounded, device: Device, server: ServerProcess, playlist: str, rounds: int) -> None:
    page = _page(device)
    if not page.evaluate(SAVE, playlist)[0]:
        raise SystemExit("reconciling: nothing was kept")
    wait_for_state(page, playlist, "ready")
    asked: list[str] = []
    page.evaluate(LOOK, playlist)  # the first one tells the server how far it is
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(rounds):
        asked.clear()
        ours = page.evaluate(LOOK, playlist)
        found.add("offline_look_requests", sum("/api/" in url for url in asked), 1)
        found.add("offline_look", ours, page.evaluate(ASK, playlist))


def _measure_starts(found: Rounded, device: Device, address: str, rounds: int) -> None:
    with _bare_page() as bare:
        for _ in range(rounds):
            ours, limit = _start(device, address), _start(device, bare)
            found.add("offline_paint", ours[0], limit[0])
            found.add("offline_sound", ours[1], limit[1])


def _start(device: Device, address: str) -> tuple[float, float]:
    """Seconds from asking for the page to its first paint and to its sound, in a fresh browser."""
    page = device.open()
    page.add_init_script(LISTEN)
    page.goto(address, wait_until="commit")
    page.get_by_role("main").get_by_role("button", name="Play all").click()
    page.wait_for_function("() => globalThis.soundedAt !== undefined", polling=10)
    painted, sounded = page.evaluate(PAINTED), page.evaluate("() => globalThis.soundedAt")
    device.close()
    return painted / 1000, sounded / 1000


@contextmanager
def _bare_page() -> Iterator[str]:
    tone = io.BytesIO()
    with wave.open(tone, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes(16_000))
    files = {"/": (BARE, "text/html"), "/tone.wav": (tone.getvalue(), "audio/wav")}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content, kind = files[self.path]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def _page(device: Device) -> Page:
    assert device.context is not None
    return device.context.pages[0]


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), *map(int, sys.argv[2:5]))))
