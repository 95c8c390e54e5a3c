"""The headers that every answer carries, whoever gives it: the application, the files, or the server before both."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from core.toys import CRASH, ECHO, small_build, toy
from security.household import Household
from security.lines import Received, answer_of, ping, talk
from security.smuggled import HOST, REFUSED, WORD, get, post

from soundwave_core import FileAnswer, Page, Public, Raw, Route, SoundWave, web
from soundwave_core.front import CLOSED_POLICY, PAGE_POLICY
from soundwave_core.testing import Client, Listening, listening

PROXY = "127.0.0.3"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
OVER_TLS = {"strict-transport-security": "max-age=31536000", "cross-origin-opener-policy": "same-origin"}
NEVER = {"server", "x-powered-by", "via", "access-control-allow-origin"}
PRIVATE, NONE, OWN = "private, no-cache", "no-store", "no-cache"
FOREVER = "public, max-age=31536000, immutable"
BUILT = {"index.html": b'<base href="/">', "service-worker.js": b"// worker", "app-1.js": b"export {}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    folder = tmp_path_factory.mktemp("headers")
    dist = small_build(folder / "dist", BUILT)
    path = folder / "file.bin"
    path.write_bytes(b"0123456789")
    file = Route(
        "GET", "/api/file/", lambda core, request: FileAnswer(path, "r", "audio/mpeg"), Public, answer=FileAnswer
    )
    raw = Route("GET", "/api/raw/", lambda core, request: Raw(b"x", "text/plain"), Public, answer=Raw)
    page = Page("/toy/", "Toy", "toy-page", Public)
    plugin = toy(register_routes=lambda core: [file, raw, ECHO, CRASH], register_ui=lambda core: [page])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web, "find_dist", lambda: dist)
        environ = {"DATA_DIR": str(folder / "data"), "SOUNDWAVE_TRUSTED_PROXIES": PROXY}
        core = SoundWave(
            environ, directory=folder, plugins={"toy": plugin}, is_manual=True, notice=lambda line: None
        ).start()
    core.mark_installed()
    with listening(core) as it:
        yield it
    core.stop()


def to(path: str, *lines: bytes, method: str = "GET") -> bytes:
    return get(*lines, first=f"{method} {path} HTTP/1.1\r\n".encode())


TAGGED = b'If-None-Match: "r"'
ANSWERS = {
    # request, status, content policy, who may keep it
    "json": (to("/api/ping/"), 200, CLOSED_POLICY, PRIVATE),
    "json without a body": (to("/api/ping/", method="HEAD"), 200, CLOSED_POLICY, PRIVATE),
    "json, unchanged": (to("/api/ping/", b"If-None-Match: *"), 304, CLOSED_POLICY, PRIVATE),
    "a page": (to("/toy/"), 200, PAGE_POLICY, OWN),
    "a page without its body": (to("/toy/", method="HEAD"), 200, PAGE_POLICY, OWN),
    "raw bytes": (to("/api/raw/"), 200, CLOSED_POLICY, NONE),
    "a write": (post(b"Content-Length: 12", body=WORD), 200, CLOSED_POLICY, PRIVATE),
    "what one may do": (to("/api/ping/", method="OPTIONS"), 204, CLOSED_POLICY, NONE),
    "a file": (to("/api/file/"), 200, CLOSED_POLICY, PRIVATE),
    "a file without its body": (to("/api/file/", method="HEAD"), 200, CLOSED_POLICY, PRIVATE),
    "a part of a file": (to("/api/file/", b"Range: bytes=2-4"), 206, CLOSED_POLICY, PRIVATE),
    "no part of a file": (to("/api/file/", b"Range: bytes=99-"), 416, CLOSED_POLICY, NONE),
    "a file, unchanged": (to("/api/file/", TAGGED), 304, CLOSED_POLICY, PRIVATE),
    "a static file": (to("/static/app-1.js"), 200, CLOSED_POLICY, FOREVER),
    "a static file, in part": (to("/static/app-1.js", b"Range: bytes=0-1"), 206, CLOSED_POLICY, FOREVER),
    "a static file, unchanged": (to("/static/app-1.js", b"If-None-Match: *"), 304, CLOSED_POLICY, FOREVER),
    "a static file without a hash": (to("/static/index.html"), 200, CLOSED_POLICY, OWN),
    "no static file": (to("/static/nothing.js"), 404, CLOSED_POLICY, NONE),
    "the manifest": (to("/manifest.webmanifest"), 200, CLOSED_POLICY, OWN),
    "the worker": (to("/service-worker.js"), 200, None, OWN),
    "another path": (to("/api/ping"), 308, CLOSED_POLICY, NONE),
    "the way to the login": (to("/admin/", b"Accept: text/html"), 303, CLOSED_POLICY, NONE),
    "unreadable json": (post(b"Content-Length: 12", body=b"x" * 12), 400, CLOSED_POLICY, NONE),
    "nobody": (to("/api/playlist/"), 401, CLOSED_POLICY, NONE),
    "another site": (post(b"Content-Length: 12", b"Origin: null"), 403, CLOSED_POLICY, NONE),
    "nothing": (to("/api/nothing/"), 404, CLOSED_POLICY, NONE),
    "nothing, doubled": (to("//api/ping/"), 404, CLOSED_POLICY, NONE),
    "another method": (to("/api/ping/", method="PUT"), 405, CLOSED_POLICY, NONE),
    "a trace": (to("/api/ping/", method="TRACE"), 405, CLOSED_POLICY, NONE),
    "no json": (post(b"Content-Length: 12").replace(b"application/json", b"text/plain"), 415, CLOSED_POLICY, NONE),
    "wrong json": (post(b"Content-Length: 2", body=b"{}"), 422, CLOSED_POLICY, NONE),
    "a crash": (to("/api/crash/"), 500, CLOSED_POLICY, NONE),
    "another host": (get().replace(HOST, b"Host: evil.example\r\n"), 400, CLOSED_POLICY, NONE),
    **{name: (content, status, CLOSED_POLICY, NONE) for name, (content, status, _) in REFUSED.items()},
}  # fmt: skip


def check(answer: Received, status: int, policy: str | None, cache: str) -> None:
    names = [name.lower() for name, _ in answer.sent]
    assert answer.status == status, answer
    assert ALWAYS.items() <= answer.headers.items()
    assert answer.headers["cache-control"] == cache
    assert policy in (None, answer.headers["content-security-policy"])
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"] or policy is None
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not NEVER.intersection(names)
    assert len(names) - len(set(names)) == names.count("set-cookie") - min(1, names.count("set-cookie")), "sent twice"
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_carries_the_headers(server: Listening, name: str) -> None:
    content, status, policy, cache = ANSWERS[name]
    answer = answer_of(talk(server, content))
    check(answer, status, policy, cache)
    assert not OVER_TLS.keys() & answer.headers.keys()


@pytest.mark.parametrize("name", [name for name in ANSWERS if name not in REFUSED])
def test_over_tls_there_are_two_more(server: Listening, name: str) -> None:
    """But not where the server cannot read the request: it does not know then how it came."""
    content, status, policy, cache = ANSWERS[name]
    first, rest = content.split(b"\r\n", 1)
    answer = answer_of(talk(server, first + b"\r\nX-Forwarded-Proto: https\r\n" + rest, address=PROXY))
    check(answer, status, policy, cache)
    assert OVER_TLS.items() <= answer.headers.items()


def test_what_breaks_outside_the_application_is_a_problem_too(
    server: Listening, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("a secret path /etc/shadow")

    with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL):
        patch.setattr(server.core.wsgi(), "app", broken)
        answer = answer_of(talk(server, get()))
    check(answer, 500, CLOSED_POLICY, NONE)
    assert b"shadow" not in answer.body
    assert ping(server)


def test_no_answer_of_the_api_is_kept_by_others(house: Household) -> None:
    """Neither what somebody may see nor what is refused to them."""
    members = house.sign_in("alice", is_admin=True), house.sign_in("bob"), Client(house.core)
    reads = [entry for entry in house.core.routes.routes() if entry.route.method == "GET"]
    for entry in reads:
        if not entry.rule.text.startswith("/api/") or entry.route.handler is web.get_shell:
            continue
        path = house.path_to(entry.rule, members[0])
        for member in members:
            for method in ("GET", "HEAD"):
                answer = member.request(method, path)
                assert answer.headers["Cache-Control"] in (PRIVATE, NONE), path
                assert answer.status < 400 or answer.headers["Cache-Control"] == NONE, path
                if answer.status == 200 and answer.headers["Content-Type"] == "application/json":
                    assert {"Cookie", "Authorization"} <= set(answer.headers["Vary"].split(", ")), path
