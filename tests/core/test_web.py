"""The static side: the shell, files and their compressed variants, what is kept offline, the way to sign in."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from core.toys import package, small_build, toy

from soundwave_core import AdminOnly, IsAuthenticated, Page, Public, SoundWave, web
from soundwave_core.front import PAGE_POLICY
from soundwave_core.testing import Client, MakeCore, make_cast

SHELL = '<!doctype html><base href="/"><app-shell></app-shell>'
SCRIPT = b"export const answer = 42;\n" * 100
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(autouse=True)
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small build."""
    files = {"index.html": SHELL.encode(), "app-1a2b.js": SCRIPT, "service-worker.js": b"//", "notes.md": b"# Notes"}
    folder = small_build(tmp_path / "dist", files, vanished=("vanished.js",))
    (folder / "app-1a2b.js.br").write_bytes(b"br" + SCRIPT[:50])
    (folder / "app-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    monkeypatch.setattr(web, "find_dist", lambda: folder)
    return folder


@pytest.fixture
def lyrics(tmp_path: Path) -> Iterator[ModuleType]:
    """A plugin that is a package with a static/ in it."""
    folder = tmp_path / "site" / "soundwave_lyrics"
    (folder / "static" / "deep").mkdir(parents=True)
    (folder / "__init__.py").write_text("from soundwave_core import *\n")
    (folder / "static" / "a b#1.js").write_text("//")
    (folder / "static" / "deep" / "page.js").write_text("//")
    (folder / "static" / "stolen.txt").symlink_to("/etc/passwd")
    (folder / "static" / "out").symlink_to("/etc")
    with package(folder) as module:
        yield module


def test_the_shell_has_the_base_of_the_request(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_TRUSTED_PROXIES="127.0.0.1")
    for prefix in ("", "/audio"):
        answer = Client(core).get("/downloads/", X_Forwarded_Prefix=prefix)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert f'<base href="{prefix}/">'.encode() in answer.body
        assert answer.headers["Content-Security-Policy"] == PAGE_POLICY
        assert answer.headers["Vary"] == "X-Forwarded-Prefix, X-Ingress-Path"
        assert answer.headers["Cache-Control"] == "no-cache"


def test_the_shell_writes_no_markup_of_a_request(core: SoundWave) -> None:
    assert b'<base href="/&quot;&gt;&lt;b&gt;/">' in core.web.shell('/"><b>')


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None), ("gzip;q=0", None)],
)
def test_static_files_come_as_the_browser_likes(client: Client, accepted: str, coding: str | None) -> None:
    answer = client.get("/static/app-1a2b.js", Accept_Encoding=accepted)
    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["ETag"] == f'"rev-app-1a2b.js{f"-{coding}" if coding else ""}"'
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    again = client.get("/static/app-1a2b.js", Accept_Encoding=accepted, If_None_Match=answer.headers["ETag"])
    assert (again.status, again.body, again.headers["Vary"]) == (304, b"", "Accept-Encoding")


@pytest.mark.parametrize(
    "path",
    ["../build.json", "..%2fbuild.json", "%2e%2e/x", "build.json", "/etc/passwd", "%2fetc%2fpasswd", "app-1a2b.js/", "",
     "app-1a2b.js.gz", "app-1a2b.js%00", "plugins/lyrics/../../index.html", "plugins/lyrics/stolen.txt",
     "plugins/lyrics/out/passwd", "vanished.js"],
)  # fmt: skip
def test_nothing_else_is_served(make_core: MakeCore, lyrics: ModuleType, path: str) -> None:
    answer = Client(make_core(plugins={"lyrics": lyrics})).get(f"/static/{path}")
    assert answer.status == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_kept_offline_is_there(make_core: MakeCore, lyrics: ModuleType) -> None:
    """One 404 among them and no browser installs the service worker."""
    core = make_core(plugins={"lyrics": lyrics})
    urls = [entry.url for entry in core.web.precache()]
    assert urls == [
        "./", "static/app-1a2b.js", "static/notes.md", "static/plugins/lyrics/a%20b%231.js",
        "static/plugins/lyrics/deep/page.js",
    ]  # fmt: skip
    assert {Client(core).get(f"/{url.removeprefix('./')}").status for url in urls} == {200}


def test_a_withdrawn_plugin_has_no_files(make_core: MakeCore, lyrics: ModuleType) -> None:
    core = make_core(plugins={"lyrics": lyrics})
    core.plugins.withdraw("lyrics", "no reason")
    assert Client(core).get("/static/plugins/lyrics/deep/page.js").status == 404
    assert not [entry for entry in core.web.precache() if "lyrics" in entry.url]


def test_a_folder_beside_a_module_is_somebody_elses(make_core: MakeCore, tmp_path: Path) -> None:
    """site-packages/static/ is not the plugin's because its module lies beside it."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "other.js").write_text("//")
    module = toy()
    module.__file__ = str(tmp_path / "lyrics.py")
    assert "plugins/lyrics/other.js" not in make_core(plugins={"lyrics": module}).web.files


def test_a_folder_that_cannot_be_read_withdraws_its_plugin(
    make_core: MakeCore, lyrics: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(self: Path) -> bytes:
        raise PermissionError("not yours")

    monkeypatch.setattr(web.Path, "read_bytes", locked)
    with monkeypatch.context() as unbuilt:
        unbuilt.setattr(web, "find_dist", lambda: None)
        core = make_core(plugins={"lyrics": lyrics})
    assert core.plugins.records["lyrics"].reason == "PermissionError: not yours"


def pages() -> Any:
    made = [
        Page("/door/", "Door", "door-page", AdminOnly),
        Page("/api/map/", "Map", "map-page", IsAuthenticated),
        Page("/open/", "Open", "open-page", Public),
    ]
    return toy(register_ui=lambda core: made)


@pytest.mark.parametrize(
    ("path", "headers", "location"),
    [
        ("/door/", BROWSER, "/login/?next=/door/"),
        ("/api/map/", BROWSER, "/login/?next=/api/map/"),
        ("/api/docs/", BROWSER, "/login/?next=/api/docs/"),
        ("/door/", BROWSER | {"Sec-Fetch-Mode": "navigate"}, "/login/?next=/door/"),
        ("/door/?a=//evil.example&next=%0d%0aX", BROWSER,
         "/login/?next=/door/%3Fa%3D//evil.example%26next%3D%250d%250aX"),
        ("/door/", BROWSER | {"Sec-Fetch-Mode": "cors"}, None),
        ("/door/", {"Accept": "application/json"}, None),
        ("/door/", {}, None),
        ("/api/playlist/", BROWSER, None),
    ],
)  # fmt: skip
def test_a_browser_is_sent_to_sign_in(
    make_core: MakeCore, path: str, headers: dict[str, str], location: str | None
) -> None:
    core = make_core(plugins={"toy": pages()})
    answer = Client(core).request("GET", path, headers=headers)
    if location is None:
        assert (answer.status, answer.json["code"]) == (401, "unauthorized")
    else:
        assert (answer.status, answer.headers["Location"], answer.body) == (303, location, b"")
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_way_to_sign_in_has_the_prefix(make_core: MakeCore) -> None:
    client = Client(make_core(SOUNDWAVE_BASE_PATH="/audio", plugins={"toy": pages()}))
    assert client.request("GET", "/audio/door/", headers=BROWSER).headers["Location"] == "/audio/login/?next=/door/"


def test_whoever_is_signed_in_is_not_sent_away(make_core: MakeCore) -> None:
    cast = make_cast(make_core(plugins={"toy": pages()}))
    assert cast.alice.request("GET", "/door/", headers=BROWSER).status == 200
    assert cast.bob.request("GET", "/door/", headers=BROWSER).json["code"] == "admin_only"
    assert cast.nobody.request("HEAD", "/door/", headers=BROWSER).status == 401
    unknown = cast.nobody.request("GET", "/nothing/", headers=BROWSER)
    assert (unknown.status, unknown.headers["Content-Type"]) == (404, "application/problem+json")
