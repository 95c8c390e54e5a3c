"""The door: proxies, prefix, hosts."""

from __future__ import annotations

from typing import Any

import pytest
from core.toys import toy

from soundwave_core import Public, Raw, Route
from soundwave_core.testing import Client, MakeCore


def seen(core: Any, request: Any) -> Raw:
    """What the request looks like from inside."""
    parts = (request.scheme, request.host, request.prefix, request.path, request.remote_address)
    return Raw(" ".join(parts).encode(), "text/plain")


SEEN = toy(register_routes=lambda core: [Route("GET", "/api/seen/", seen, Public, answer=Raw)])


def look(make_core: MakeCore, path: str = "/api/seen/", headers: dict[str, str] | None = None, **env: str) -> str:
    core = make_core(plugins={"toy": SEEN}, **env)
    return Client(core, address="10.0.0.7").request("GET", path, headers=headers or {}).body.decode()


FORWARDED = {
    "X-Forwarded-Proto": "https", "X-Forwarded-Host": "music.lan", "X-Forwarded-Prefix": "/audio",
    "X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.0.0.8",
}  # fmt: skip


def test_nobody_is_believed_unless_named(make_core: MakeCore) -> None:
    assert look(make_core, headers=FORWARDED) == "http localhost:8889  /api/seen/ 10.0.0.7"


def test_a_trusted_proxy_is_believed_up_to_the_first_stranger(make_core: MakeCore) -> None:
    said = look(make_core, headers=FORWARDED, SOUNDWAVE_TRUSTED_PROXIES="10.0.0.0/8")
    assert said == "https music.lan /audio /api/seen/ 203.0.113.9"


@pytest.mark.parametrize("path", ["/audio/api/seen/", "/api/seen/"])
def test_base_path_with_and_without_the_prefix(make_core: MakeCore, path: str) -> None:
    assert look(make_core, path, SOUNDWAVE_BASE_PATH="/audio") == "http localhost:8889 /audio /api/seen/ 10.0.0.7"


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:1", 200), ("192.168.1.4:8889", 200), ("[::1]:80", 200), ("nas", 200), ("nas.local", 200),
     ("nas.lan:80", 200), ("music.example.org", 200), ("evil.example.com", 400), ("nas.lan.evil.com", 400)],
)  # fmt: skip
def test_hosts(make_core: MakeCore, host: str, status: int) -> None:
    core = make_core(SOUNDWAVE_ALLOWED_HOSTS="music.example.org")
    core.mark_installed()
    answer = Client(core).get("/api/ping/", Host=host)
    assert answer.status == status
    if status == 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert b"host_not_allowed" in answer.body


def test_the_host_of_set_up_is_remembered(make_core: MakeCore) -> None:
    core = make_core()
    assert Client(core).get("/api/ping/", Host="my.example.net").status == 200
    core.mark_installed("my.example.net:443")
    assert Client(core).get("/api/ping/", Host="my.example.net").status == 200
    assert Client(core).get("/api/ping/", Host="other.example.net").status == 400


def test_a_missing_slash_is_put_right_under_the_prefix(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_BASE_PATH="/audio")
    answer = Client(core).get("/audio/api/ping?x=1")
    assert (answer.status, answer.headers["Location"]) == (308, "/audio/api/ping/?x=1")


PREFIXES = ["//evil.example", "/\\evil.example", '/a"><script>', "/a b", "/..", "/a//b", "a", "/ă"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_that_is_no_plain_path_is_not_believed(make_core: MakeCore, prefix: str) -> None:
    """nginx hands a client's X-Forwarded-Prefix on; it would end up in <base> and Location."""
    core = make_core(SOUNDWAVE_TRUSTED_PROXIES="127.0.0.1")
    answer = Client(core).get("/api/ping?x=1", X_Forwarded_Prefix=prefix.encode().decode("latin-1"))
    assert (answer.status, answer.headers["Location"]) == (308, "/api/ping/?x=1")


def test_the_prefix_of_the_settings_wins(make_core: MakeCore) -> None:
    env = {"SOUNDWAVE_TRUSTED_PROXIES": "10.0.0.0/8", "SOUNDWAVE_BASE_PATH": "/music"}
    assert "/music /api/seen/" in look(make_core, headers=FORWARDED, **env)


def test_a_proxy_behind_a_dual_stack_socket_is_the_same_proxy(make_core: MakeCore) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9, ::ffff:10.0.0.8"}
    said = look(make_core, headers=headers, SOUNDWAVE_TRUSTED_PROXIES="10.0.0.0/8")
    assert said.endswith(" 203.0.113.9")


@pytest.mark.parametrize(
    "host",
    [
        "[::1].evil.example",
        "evil.example, x.local",
        "localhost@evil.example",
        "localhost/x",
        "nas:80x",
        "a b.local",
        'x"y',
    ],
)
def test_a_host_header_that_names_no_host(client: Client, host: str) -> None:
    answer = client.get("/api/ping/", Host=host)
    assert (answer.status, answer.json["code"]) == (400, "host_invalid")
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.head("/api/ping/", Host=host).body == b""


def test_hosts_in_the_settings_are_read_as_people_write_them(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_ALLOWED_HOSTS="Music.Example.org:443")
    core.mark_installed()
    assert Client(core).get("/api/ping/", Host="music.example.ORG").status == 200


@pytest.mark.parametrize(
    "path",
    ["/api/pi%ffng/", "/api/ping%0a", "/api/ping/%0A", "/api/ping/%00", "/api/./ping/", "/api/x/../ping/",
     "/api/ping;a=b/", "/API/PING/", "/api//ping/", "/%5cevil.example", "/static/..%2f..%2fetc/passwd",
     "/static/%2e%2e/x", "/static//x",
     "/api/ping/%E2%80%A8", "/audio/audio/api/ping/", "/audioapi/ping/"],
)  # fmt: skip
def test_tricks_with_paths_lead_nowhere(make_core: MakeCore, path: str) -> None:
    answer = Client(make_core(SOUNDWAVE_BASE_PATH="/audio")).get(path)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["ANY", "PROXY", "TRACE", "PUT"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    answer = client.request(method, "/api/ping/", headers={"X-HTTP-Method-Override": "GET"})
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_server_that_stops_says_so(make_core: MakeCore) -> None:
    core = make_core()
    core.stop()
    answer = Client(core).get("/api/playlist/")
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "stopping", "5")
