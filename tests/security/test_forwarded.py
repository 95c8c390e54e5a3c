"""What a client says of itself on a proxy's behalf counts only where the proxy is named as trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from core.toys import routes
from security.lines import Received, answer_of, talk

from soundwave_core import Public, Raw, Route, SoundWave
from soundwave_core.testing import PASSWORD, Listening, MakeCore, listening, setup_code_of

PROXY, STRANGER = "127.0.0.3", "127.0.0.4"


def seen(core: Any, request: Any) -> Raw:
    """What the request looks like from inside."""
    parts = (request.method, request.scheme, request.host, request.prefix, request.path, request.remote_address)
    return Raw(" ".join(parts).encode(), "text/plain")


PLAIN = f"GET http localhost  /api/seen/ {STRANGER}"


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    both = [Route(method, "/api/seen/", seen, Public, answer=Raw) for method in ("GET", "POST")]
    core = make_core(plugins={"toy": routes(*both)}, SOUNDWAVE_TRUSTED_PROXIES=f"{PROXY},10.0.0.0/8")
    core.mark_installed("music.example")
    return core


def ask(server: Listening, address: str, *lines: str, target: str = "/api/seen/", method: str = "GET") -> Received:
    head = [f"{method} {target} HTTP/1.1", *([] if any(x.startswith("Host:") for x in lines) else ["Host: localhost"])]
    return answer_of(talk(server, "\r\n".join([*head, *lines, "", ""]).encode(), address=address))


def look(server: Listening, address: str, *lines: str) -> str:
    answer = ask(server, address, *lines)
    return answer.body.decode()


@pytest.mark.parametrize(
    "line",
    [
        "X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 6.6.6.6, 127.0.0.3", "X-Forwarded-Proto: https",
        "X-Forwarded-Host: music.example", "X-Forwarded-Prefix: /evil", "X-Forwarded-Port: 443",
        "X-Forwarded-Server: evil.example", "X-Forwarded-Ssl: on", "X-Forwarded-Scheme: https", "X-Scheme: https",
        "Forwarded: for=127.0.0.1;proto=https;host=music.example", "X-Real-IP: 127.0.0.1", "X-Client-IP: 127.0.0.1",
        "True-Client-IP: 127.0.0.1", "CF-Connecting-IP: 127.0.0.1", "X-Cluster-Client-IP: 127.0.0.1",
        "Client-IP: 127.0.0.1",
        "X_Forwarded_For: 127.0.0.1", "X-Forwarded_For: 127.0.0.1", "X_Forwarded_Proto: https", "X_Forwarded_Host: nas",
        "X_Forwarded_Prefix: /evil", "REMOTE_ADDR: 127.0.0.1", "Remote-Addr: 127.0.0.1", "SCRIPT_NAME: /evil",
        "X-Script-Name: /evil", "wsgi.url_scheme: https", "Front-End-Https: on", "X-Url-Scheme: https",
        "X-Original-URL: /api/task/", "X-Rewrite-URL: /api/task/", "X-Host: music.example", "X-Http-Host-Override: nas",
        "X-HTTP-Method-Override: POST", "X-HTTP-Method: POST", "X-Method-Override: POST",
    ],
)  # fmt: skip
def test_a_strangers_word_has_no_effect(server: Listening, line: str) -> None:
    assert look(server, STRANGER, line) == PLAIN


@pytest.mark.parametrize("query", ["?_method=POST", "?method=POST", "?X-HTTP-Method-Override=POST"])
def test_no_query_changes_the_method(server: Listening, query: str) -> None:
    assert ask(server, STRANGER, target=f"/api/seen/{query}").body.decode() == PLAIN


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        (["X-Forwarded-For: 203.0.113.9"], "203.0.113.9"),
        (["X-Forwarded-For: 127.0.0.1, 203.0.113.9"], "203.0.113.9"),
        (["X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 203.0.113.9"], "203.0.113.9"),  # a proxy that adds a line
        (["X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.0.0.8"], "203.0.113.9"),
        (["X-Forwarded-For: 10.0.0.7, 10.0.0.8"], "10.0.0.7"),
        (["X-Forwarded-For: 6.6.6.6, unknown"], PROXY),
        (["X-Forwarded-For: 6.6.6.6, , 10.0.0.8"], "10.0.0.8"),
        (["X-Forwarded-For: 2001:db8::1"], "2001:db8::1"),
        (["X_Forwarded_For: 6.6.6.6"], PROXY),
        (["X-Real-IP: 6.6.6.6", "Forwarded: for=6.6.6.6"], PROXY),
        ([], PROXY),
    ],
)
def test_the_client_is_the_last_hop_that_is_no_trusted_proxy(server: Listening, lines: list[str], address: str) -> None:
    assert look(server, PROXY, *lines) == f"GET http localhost  /api/seen/ {address}"


def test_a_trusted_proxy_says_how_it_is_reached(server: Listening) -> None:
    lines = ("X-Forwarded-Proto: https", "X-Forwarded-Host: music.example", "X-Forwarded-Prefix: /audio")
    assert look(server, PROXY, *lines) == f"GET https music.example /audio /api/seen/ {PROXY}"
    odd = ("X-Forwarded-Proto: gopher", "X-Forwarded-Prefix: //evil.example")
    assert look(server, PROXY, *odd) == f"GET http localhost  /api/seen/ {PROXY}"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "evil.example:8889"])
def test_a_name_that_a_stranger_points_at_us_is_not_answered(server: Listening, host: str) -> None:
    """DNS rebinding: the browser takes evil.example for its own site, and sends it as Host."""
    for target in ("/api/ping/", "/", "/static/icons/icon.svg", "/service-worker.js", "/nothing/"):
        answer = ask(server, STRANGER, f"Host: {host}", target=target)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, "host_not_allowed")
    answer = ask(server, PROXY, f"X-Forwarded-Host: {host}")
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "host_not_allowed")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:8889", "[::1]", "nas", "nas.local", "nas.lan", "MUSIC.example"]
)
def test_our_own_names_are(server: Listening, host: str) -> None:
    assert ask(server, STRANGER, f"Host: {host}").status == 200


@pytest.fixture
def prefixed(make_core: MakeCore) -> Iterator[Listening]:
    with listening(make_core(SOUNDWAVE_TRUSTED_PROXIES=PROXY)) as it:
        yield it


@pytest.mark.parametrize(
    ("scheme", "name", "attributes"),
    [("http", "soundwave_session", {"HttpOnly", "SameSite=Lax", "Path=/audio/"}),
     ("https", "__Secure-soundwave_session", {"HttpOnly", "SameSite=Lax", "Path=/audio/", "Secure"})],
)  # fmt: skip
def test_below_a_prefix_everything_stays_below_it(
    prefixed: Listening, scheme: str, name: str, attributes: set[str]
) -> None:
    said = ("X-Forwarded-Prefix: /audio", f"X-Forwarded-Proto: {scheme}")
    code = setup_code_of(prefixed.core)
    body = json.dumps({"username": "alice", "password": PASSWORD, "setup_code": code})
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    head = "\r\n".join(["POST /api/user/register/ HTTP/1.1", "Host: localhost", *said, *lines, "", body])
    made = answer_of(talk(prefixed, head.encode(), address=PROXY))
    assert made.status == 201, made.body
    cookie = next(value for value in made.cookies if value.startswith(f"{name}="))
    assert attributes <= set(cookie.split("; ")[1:])
    for path, location in (("/api/ping", "/audio/api/ping/"), ("/account", "/audio/account/")):
        answer = ask(prefixed, PROXY, *said, target=path)
        assert (answer.status, answer.headers["location"]) == (308, location)
    page = ask(prefixed, PROXY, *said, "Accept: text/html", "Sec-Fetch-Mode: navigate", target="/admin/")
    assert (page.status, page.headers["location"]) == (303, "/audio/login/?next=/admin/")
    assert b'<base href="/audio/">' in ask(prefixed, PROXY, *said, target="/login/").body
    worker = ask(prefixed, PROXY, *said, target="/service-worker.js")
    assert worker.status == 200
    assert "service-worker-allowed" not in worker.headers  # so its scope is the folder that it came from
