"""The service worker's script: what it keeps is there, and a change of any of it reaches the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from core.toys import package, small_build, toy

from soundwave_core import Page, PrecacheEntry, Public, SoundWave, web
from soundwave_core.testing import Cast, Client, ClientAnswer, MakeCore

WORKER = "/service-worker.js"
SCRIPT = b'"use strict";\n'
SHELL = '<!doctype html><base href="/"><app-shell></app-shell>'


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small build, for what must not wait for the real one."""
    files = {"index.html": SHELL.encode(), "app-1A2B.js": b"//", "sdk.js": b"//", "service-worker.js": SCRIPT}
    folder = small_build(tmp_path / "dist", files)
    monkeypatch.setattr(web, "find_dist", lambda: folder)
    return folder


@pytest.fixture
def lyrics(tmp_path: Path) -> Iterator[ModuleType]:
    """A plugin that is a package with a module for the browser."""
    folder = tmp_path / "site" / "soundwave_lyrics"
    (folder / "static").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "static" / "page.js").write_text("// one")
    with package(folder) as module:
        yield module


def worker(core: SoundWave) -> ClientAnswer:
    return Client(core).get(WORKER)


def statement(core: SoundWave, number: int, name: str) -> Any:
    """What the script is told before it begins, read as JSON."""
    line, start = worker(core).body.split(b"\n")[number], f"self.__SOUNDWAVE_{name}=".encode()
    assert line.startswith(start)
    assert line.endswith(b";")
    return msgspec.json.decode(line[len(start) : -1])


def entries_of(core: SoundWave) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = statement(core, 0, "PRECACHE")
    return entries


def pages_of(core: SoundWave) -> list[str]:
    pages: list[str] = statement(core, 1, "PAGES")
    return pages


def ensure_served(core: SoundWave, entries: list[dict[str, Any]]) -> None:
    """One 404 among them and no browser installs the worker."""
    client = Client(core)
    answers = {entry["url"]: client.get(f"/{entry['url'].removeprefix('./')}") for entry in entries}
    assert {url: answer.status for url, answer in answers.items() if answer.status != 200} == {}
    for entry in entries:
        is_immutable = "immutable" in answers[entry["url"]].headers["Cache-Control"]
        assert (entry["revision"] is None) == is_immutable, entry


def test_the_lists_stand_before_the_built_script(small: Path, core: SoundWave) -> None:
    answer = worker(core)
    assert answer.status == 200
    assert entries_of(core)
    assert pages_of(core)
    assert answer.body.endswith(b"];\n" + SCRIPT)
    assert answer.body.count(b"\n") == 3


def test_every_page_of_the_app_is_listed_and_no_address_of_the_servers_own(core: SoundWave, cast: Cast) -> None:
    pages = pages_of(core)
    assert {"/", "/login/", "/setup/", "/playlist/", "/offline/", "/account/", "/admin/"} <= set(pages)
    assert [path for path in pages if path.startswith("/api/")] == []
    for path in pages:
        answer = cast.alice.get(path)
        assert (answer.status, answer.body) == (200, core.web.shell("")), path


def test_a_plugins_page_is_listed_while_the_plugin_is_there(small: Path, make_core: MakeCore) -> None:
    page = Page("/mood/", "Mood", "mood-page", Public)
    core = make_core(plugins={"toy": toy(register_ui=lambda core: [page])})
    assert "/mood/" in pages_of(core)
    core.plugins.withdraw("toy", "no reason")
    assert "/mood/" not in pages_of(core)


def test_every_entry_is_served_and_only_hashed_names_lack_a_revision(small: Path, core: SoundWave) -> None:
    entries = entries_of(core)
    revisions = {entry["url"]: entry["revision"] for entry in entries}
    assert len(revisions) == len(entries)
    assert revisions["static/app-1A2B.js"] is None
    assert revisions["static/sdk.js"] == "rev-sdk.js"
    assert revisions["./"]
    assert not {"static/index.html", "static/service-worker.js", "static/build.json"} & set(revisions)
    ensure_served(core, entries)


def test_the_real_app_is_kept_whole(core: SoundWave) -> None:
    entries = entries_of(core)
    assert len(entries) > 20
    ensure_served(core, entries)


def test_a_plugins_file_is_kept_and_its_change_is_noticed(
    small: Path, make_core: MakeCore, lyrics: ModuleType, tmp_path: Path
) -> None:
    file = tmp_path / "site" / "soundwave_lyrics" / "static" / "page.js"
    bodies = []
    for text in ("// one", "// one", "// two"):
        file.write_text(text)
        core = make_core(plugins={"lyrics": lyrics})
        assert "static/plugins/lyrics/page.js" in {entry["url"] for entry in entries_of(core)}
        ensure_served(core, entries_of(core))
        bodies.append(worker(core).body)
        core.stop()
    assert bodies[0] == bodies[1] != bodies[2]


def test_a_change_of_the_shell_is_noticed(small: Path, make_core: MakeCore) -> None:
    core = make_core()
    before = worker(core).body
    core.stop()
    (small / "index.html").write_text(SHELL + "<!-- new -->")
    assert worker(make_core()).body != before


def test_a_change_of_a_built_file_is_noticed(small: Path, make_core: MakeCore) -> None:
    core = make_core()
    before = worker(core).body
    core.stop()
    build = (small / "build.json").read_bytes()
    (small / "build.json").write_bytes(build.replace(b"rev-sdk.js", b"rev-of-another"))
    assert worker(make_core()).body != before


def test_what_a_plugin_adds_by_its_hook_is_in_the_list(small: Path, make_core: MakeCore) -> None:
    words = PrecacheEntry("api/ping/", "words-1")
    core = make_core(plugins={"toy": toy(register_precache=lambda core: [words])})
    assert {"url": "api/ping/", "revision": "words-1"} in entries_of(core)


def test_a_withdrawn_plugin_is_no_longer_in_it(small: Path, make_core: MakeCore, lyrics: ModuleType) -> None:
    core = make_core(plugins={"lyrics": lyrics})
    core.plugins.withdraw("lyrics", "no reason")
    assert b"lyrics" not in worker(core).body


def test_its_headers(small: Path, core: SoundWave) -> None:
    """Its own policy governs what it fetches; a browser asks for it anew each time."""
    headers = worker(core).headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'"
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_without_a_build_there_is_none(monkeypatch: pytest.MonkeyPatch, make_core: MakeCore) -> None:
    monkeypatch.setattr(web, "find_dist", lambda: None)
    answer = worker(make_core())
    assert (answer.status, answer.json["code"]) == (404, "not_built")
