"""The service worker in a real browser: what is kept is played from the device, and nothing else is touched."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from playwright.sync_api import Page

from .browsers import UNANSWERED, Complaints
from .servers import ServerProcess
from .shelf import Shelf, fill
from .steps import PASSWORD, call, enter, wait_for_worker
from .stores import rows

# What is answered: status, the headers that a player goes by, and a digest of the bytes.
ASK = """async ([path, asked, method]) => {
    const response = await fetch(path, {headers: asked, method, cache: 'no-store'}).catch(error => error);
    if (response instanceof Error) return {error: response.name};
    const names = ['content-type', 'content-length', 'content-range', 'accept-ranges', 'etag'];
    const headers = Object.fromEntries(names.map(name => [name, response.headers.get(name)]));
    const bytes = await response.arrayBuffer();
    const digest = Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))).join();
    const offline = response.headers.get('SoundWave-Offline');
    return {status: response.status, headers, length: bytes.byteLength, digest, offline};
}"""
KEEP = {"SoundWave-Keep": "1"}
RANGES = (
    "bytes=0-", "bytes=0-0", "bytes=0-1", "bytes=1-1", "bytes=100-199", "bytes=-1", "bytes=-500", "bytes=40000-",
    "bytes=0-99999999", "bytes=-99999999", "bytes=99999999-", "bytes=-0", "bytes=5-2", "bytes=0-1,5-9", "bytes=x",
    "bytes=-", "nonsense",
)  # fmt: skip
KEEP_PLAYLIST = """async id => {
    const { usePWA } = await import(new URL('static/sdk.js', document.baseURI).href);
    return usePWA().cachePlaylist(id);
}"""
SET_USER = """async user => {
    const db = await new Promise(yes => {
        const asked = indexedDB.open(`soundwave:${new URL(document.baseURI).pathname}`);
        asked.onsuccess = () => yes(asked.result);
    });
    const tx = db.transaction('state', 'readwrite');
    tx.objectStore('state').put(user, 'user');
    await new Promise(yes => { tx.oncomplete = yes; });
    db.close();
}"""
PUT = """async ([user, path, text, headers]) => {
    const cache = await caches.open(`soundwave-kept:/:${user}`);
    const known = {'Content-Type': 'audio/wav', 'Content-Length': `${text.length}`, ETag: '"x"'};
    await cache.put(path, new Response(text, {headers: headers ?? known}));
}"""


def ask(page: Page, path: str, method: str = "GET", **asked: str) -> dict[str, Any]:
    headers = {name.replace("_", "-"): value for name, value in asked.items()}
    return dict(page.evaluate(ASK, [path, headers, method]))


def body(page: Page, path: str) -> str:
    """What a fetch gives; the error's name where it fails."""
    return str(page.evaluate("path => fetch(path).then(answer => answer.text(), error => error.name)", path))


def kept_playlist(page: Page, server: ServerProcess, seconds: float = 8) -> Shelf:
    """Three tracks that this device keeps, and one that it does not."""
    shelf = fill(server, tracks=4, seconds=seconds, playlists={"Road": range(3)}, with_artwork=1, with_lyrics=1)
    enter(page, server.url)
    wait_for_worker(page)
    assert page.evaluate(KEEP_PLAYLIST, shelf.playlists["Road"]) is True
    return shelf


def lyrics(shelf: Shelf, number: int) -> str:
    return f"/api/audio/{shelf.tracks[number]}/lyrics/"


def artwork(shelf: Shelf, number: int) -> str:
    return f"/api/audio/{shelf.tracks[number]}/artwork/"


def user_id(page: Page) -> str:
    return str(page.evaluate("async () => (await (await fetch('api/session/')).json()).user.id"))


@pytest.fixture
def shelf(page: Page, server_process: ServerProcess, complaints: Complaints) -> Shelf:
    complaints.allowed = UNANSWERED
    return kept_playlist(page, server_process)


def test_a_kept_file_answers_as_the_server_does(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    path = shelf.address(0)
    etag = ask(page, path)["headers"]["etag"]
    questions: list[tuple[str, dict[str, str]]] = [("GET", {"Range": text}) for text in RANGES]
    questions += [("GET", {"Range": "bytes=5-9", "If-Range": tag}) for tag in (etag, '"other"', f"W/{etag}")]
    questions += [("HEAD", {}), ("HEAD", {"Range": "bytes=5-9"}), ("GET", {}), ("GET", {"If-None-Match": etag})]
    answers = []
    for method, asked in questions:
        server = ask(page, path, method, **asked, **KEEP)
        device = ask(page, path, method, **asked)
        if device["status"] == 416:  # a refusal has no file's headers
            server["headers"] = {"content-range": server["headers"]["content-range"]}
            device["headers"] = {"content-range": device["headers"]["content-range"]}
        assert device == server, (method, asked)
        answers.append(device["status"])
    assert set(answers) == {200, 206, 304, 416}
    assert server_process.stop() == 0
    assert ask(page, path, **KEEP) == {"error": "TypeError"}
    assert [ask(page, path, method, **asked)["status"] for method, asked in questions] == answers


def test_seeking_with_the_server_gone(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    assert server_process.stop() == 0
    heard = page.evaluate(
        """async paths => {
            const heard = [];
            for (const path of paths) {
                const audio = new Audio(path);
                const when = name => new Promise((yes, no) => {
                    audio.addEventListener(name, yes, {once: true});
                    audio.addEventListener('error', () => no(audio.error), {once: true});
                });
                await Promise.all([when('canplay'), audio.load()]);
                await Promise.all([when('playing'), audio.play()]);
                for (const where of [6, 1, 4.5, 7.5]) {
                    await Promise.all([when('seeked'), audio.currentTime = where]);
                    await when('timeupdate');
                    heard.push(audio.currentTime >= where && audio.currentTime < where + 0.5);
                }
                await when('ended');
                heard.push(audio.duration);
            }
            return heard;
        }""",
        [shelf.address(0), shelf.address(2)],
    )
    assert heard == [True, True, True, True, 8] * 2


def test_pictures_and_texts_with_the_server_gone(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    texts = [lyrics(shelf, 0), f"/api/playlist/{shelf.playlists['Road']}/"]
    online = [ask(page, path) for path in texts]
    assert [answer["offline"] for answer in online] == [None, None]
    pictures = [artwork(shelf, 1) + query for query in ("", "?size=96", "?v=0123456789ab&size=512")]
    assert len({ask(page, picture)["digest"] for picture in pictures}) == 1
    assert server_process.stop() == 0
    for path, known in zip(texts, online, strict=True):
        answer = ask(page, path)
        assert (answer["status"], answer["offline"], answer["digest"]) == (200, "1", known["digest"])
        assert answer["headers"]["content-type"].startswith("application/json")
        assert ask(page, path + "?another=answer") == {"error": "TypeError"}
    assert {ask(page, picture)["status"] for picture in pictures} == {200}
    for path in (lyrics(shelf, 3), artwork(shelf, 3), shelf.address(3), "/api/audio/"):
        assert ask(page, path) == {"error": "TypeError"}


def test_a_server_that_says_nothing(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    """As for a phone that has left the house: no refusal, silence."""
    assert server_process.process is not None
    server_process.process.send_signal(signal.SIGSTOP)
    try:
        assert ask(page, lyrics(shelf, 0))["offline"] == "1"
        assert ask(page, shelf.address(0), Range="bytes=0-9")["status"] == 206
    finally:
        server_process.process.send_signal(signal.SIGCONT)


def test_what_is_not_kept_passes_untouched(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    path = shelf.address(3)
    before = page.evaluate("async () => (await caches.keys()).length")
    part = ask(page, path, Range="bytes=10-19")
    assert (part["status"], part["length"], part["headers"]["content-range"]) == (206, 10, "bytes 10-19/128044")
    assert part == ask(page, path, Range="bytes=10-19", **KEEP)
    assert ask(page, path)["status"] == 200
    assert page.evaluate("async path => (await caches.match(path)) === undefined", path)
    assert page.evaluate("async () => (await caches.keys()).length") == before


def test_a_damaged_copy_is_no_answer(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    me, path = user_id(page), shelf.address(0)
    whole = ask(page, path)
    full = {"Content-Type": "audio/wav", "Content-Length": str(whole["length"]), "ETag": whole["headers"]["etag"]}
    for headers in (full, full | {"Content-Length": "x"}, {"Content-Type": "audio/wav"}):
        page.evaluate(PUT, [me, path, "short", headers])
        assert ask(page, path) == whole
        assert ask(page, path, Range="bytes=0-9") == ask(page, path, Range="bytes=0-9", **KEEP)


def test_nothing_of_one_user_is_served_to_another(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    alice, path = user_id(page), shelf.address(0)
    call(page, "POST", "api/user/admin/users/", {"username": "bob", "password": PASSWORD})
    bob = next(user["id"] for user in call(page, "GET", "api/user/admin/users/")["results"] if user["id"] != alice)
    assert server_process.stop() == 0
    page.evaluate(PUT, [alice, path, "alice's", None])
    for nobodys in (bob, None):
        page.evaluate(SET_USER, nobodys)
        for theirs in (path, artwork(shelf, 0), lyrics(shelf, 0), f"/api/playlist/{shelf.playlists['Road']}/"):
            assert body(page, theirs) == "TypeError"
    assert page.evaluate("async () => (await caches.keys()).filter(name => name.includes('kept')).length") == 1
    page.evaluate(PUT, [bob, path, "bob's", None])
    wrong = page.evaluate(
        f"""async ([alice, bob, path]) => {{
            const setUser = {SET_USER};
            const wrong = [];
            for (let turn = 0; turn < 60; turn++) {{
                const [user, expected] = turn % 2 ? [alice, "alice's"] : [bob, "bob's"];
                await setUser(user);
                const texts = await Promise.all([1, 2, 3].map(() => fetch(path).then(answer => answer.text())));
                wrong.push(...texts.filter(text => text !== expected));
            }}
            return wrong;
        }}""",
        [alice, bob, path],
    )
    assert wrong == []
    page.evaluate(SET_USER, alice)
    assert ask(page, lyrics(shelf, 0))["offline"] == "1"


COUNTED = """async least => {
    const found = (await indexedDB.databases()).find(one => /^soundwave:.*:[0-9a-f]{32}$/.test(one.name));
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await new Promise(yes => setTimeout(yes, 100))) {
        const db = await new Promise(yes => {
            const asked = indexedDB.open(found.name);
            asked.onsuccess = () => yes(asked.result);
        });
        const days = await new Promise(yes => {
            const asked = db.transaction('stats').objectStore('stats').getAll();
            asked.onsuccess = () => yes(asked.result);
        });
        db.close();
        const total = {};
        for (const {counts} of days)
            for (const [name, value] of Object.entries(counts)) total[name] = (total[name] ?? 0) + value;
        if (Object.entries(least).every(([name, value]) => (total[name] ?? 0) >= value)) return total;
    }
    return null;
}"""


def counted(page: Page, **least: int) -> dict[str, int]:
    """What was counted, once it is written and is this much."""
    total = page.evaluate(COUNTED, least)
    assert total is not None, f"never {least}: {rows(page, 'stats')}"
    return dict(total)


def test_what_came_from_where_is_counted(page: Page, server_process: ServerProcess, shelf: Shelf) -> None:
    assert ask(page, shelf.address(0))["status"] == 200
    for asked in ("bytes=0-", "bytes=0-1", "bytes=500-", "bytes=-5"):  # of these only the first is a start
        assert ask(page, shelf.address(0), Range=asked)["status"] == 206
    assert ask(page, shelf.address(3), Range="bytes=0-")["status"] == 206
    counts = counted(page, audio_hits=2, audio_misses=1)
    assert (counts["audio_hits"], counts["audio_misses"]) == (2, 1)
    assert counts["cache_bytes"] >= 2 * 128_044
    assert counts["network_bytes"] >= 128_044
    page.reload()
    assert counted(page, shell_hits=counts.get("shell_hits", 0) + 10)["shell_hits"] >= 10
    assert server_process.stop() == 0
    assert ask(page, shelf.address(3)) == {"error": "TypeError"}
    assert counted(page, errors=counts.get("errors", 0) + 1)
