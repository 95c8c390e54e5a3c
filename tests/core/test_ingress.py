"""Home Assistant's ingress: a prefix that is each request's own, a frame, and a site that is not only ours."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from core.toys import routes, toy

from soundwave_core import Answer, IsAuthenticated, Page, Public, Raw, Request, Route, SoundWave, transaction
from soundwave_core.front import PAGE_POLICY
from soundwave_core.testing import Client, MakeCore, make_cast

SUPERVISOR = "172.30.32.2"
TOKEN = "/api/hassio_ingress/-Zq_0bq2V5oJkz0v7r3uBq"
SENT = {
    "X-Ingress-Path": TOKEN, "X-Forwarded-Host": "homeassistant.local:8123", "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "192.168.1.20, 172.30.32.1",
}  # fmt: skip


def seen(core: Any, request: Any) -> Raw:
    """What the request looks like from inside."""
    parts = (request.scheme, request.host, request.prefix, request.path, request.remote_address)
    return Raw(" ".join(parts).encode(), "text/plain")


TOY = toy(
    register_routes=lambda core: [Route("GET", "/api/seen/", seen, Public, answer=Raw)],
    register_ui=lambda core: [Page("/toy/", "Toy", "toy-page", Public)],
)


@pytest.fixture
def client(make_core: MakeCore) -> Client:
    core = make_core(plugins={"toy": TOY}, SOUNDWAVE_INGRESS_PROXIES=SUPERVISOR, SOUNDWAVE_TRUSTED_PROXIES="10.0.0.7")
    core.mark_installed()
    return Client(core, address=SUPERVISOR)


def look(client: Client, **changed: str | None) -> str:
    headers = SENT | {name.replace("_", "-"): value for name, value in changed.items()}
    sent = {name: value for name, value in headers.items() if value is not None}
    return client.request("GET", "/api/seen/", headers=sent).body.decode()


def test_the_request_is_as_home_assistant_got_it(client: Client) -> None:
    assert look(client) == f"https homeassistant.local:8123 {TOKEN} /api/seen/ 192.168.1.20"


@pytest.mark.parametrize(
    ("hops", "address"),
    [
        ("192.168.1.20, 172.30.32.1", "192.168.1.20"),
        ("192.168.1.20, 10.0.0.7, 172.30.32.1", "192.168.1.20"),  # a proxy of the house in front of Home Assistant
        ("6.6.6.6, 192.168.1.20, 172.30.32.1", "192.168.1.20"),
        ("172.30.32.1", SUPERVISOR),
        (None, SUPERVISOR),
    ],
)
def test_the_client_is_whom_core_took_it_from(client: Client, hops: str | None, address: str) -> None:
    assert look(client, X_Forwarded_For=hops).endswith(f" {address}")


@pytest.mark.parametrize("address", ["10.0.0.7", "172.30.32.1", "172.30.33.5", "192.168.1.20"])
def test_nobody_else_is_believed(client: Client, address: str) -> None:
    """A proxy that is trusted with the other headers hands on what a client wrote in this one."""
    stranger = Client(client.core, address=address)
    headers = {"X-Ingress-Path": TOKEN, "Accept": "text/html"}
    page = stranger.request("GET", "/toy/", headers=headers)
    assert b'<base href="/">' in page.body
    assert page.headers["Content-Security-Policy"] == PAGE_POLICY
    assert stranger.request("GET", "/api/ping/", headers=headers | {"Host": "evil.example"}).status == 400


def test_what_a_browser_says_of_a_prefix_goes_through_ingress_unheard(client: Client) -> None:
    assert f" {TOKEN} /api/seen/ " in look(client, X_Forwarded_Prefix="/evil")
    assert " homeassistant.local:8123  /api/seen/ " in look(client, X_Forwarded_Prefix="/evil", X_Ingress_Path=None)


@pytest.mark.parametrize("prefix", ["//evil.example", '/a"><script>', "/a b", "/..", "a", ""])
def test_a_prefix_that_is_no_plain_path_is_none(client: Client, prefix: str) -> None:
    page = client.request("GET", "/toy/", headers=SENT | {"X-Ingress-Path": prefix})
    assert b'<base href="/">' in page.body
    assert page.headers["Content-Security-Policy"] == PAGE_POLICY


def test_its_pages_stand_in_a_frame_of_the_same_site_only(client: Client) -> None:
    page = client.request("GET", "/toy/", headers=SENT)
    assert f'<base href="{TOKEN}/">'.encode() in page.body
    assert "X-Ingress-Path" in page.headers["Vary"]
    policy = page.headers["Content-Security-Policy"]
    assert policy == PAGE_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    assert "frame-ancestors 'self'" in policy
    answer = client.request("GET", "/api/nothing/", headers=SENT)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'self'"


def test_it_decides_nothing_for_home_assistants_own_site(client: Client) -> None:
    """Its HSTS would close plain http to Home Assistant itself, and to whatever else is on that host."""
    assert "strict-transport-security" not in client.request("GET", "/toy/", headers=SENT).headers
    direct = {name: value for name, value in SENT.items() if name != "X-Ingress-Path"}
    assert "strict-transport-security" in client.request("GET", "/toy/", headers=direct).headers


def test_every_name_of_home_assistant_is_right(client: Client) -> None:
    """Core has signed its user in under that name; nobody else gets through. The Host is still read strictly."""
    assert " my.home.example " in look(client, X_Forwarded_Host="my.home.example")
    odd = client.request("GET", "/api/seen/", headers=SENT | {"X-Forwarded-Host": "a@b"})
    assert (odd.status, odd.json["code"]) == (400, "host_invalid")


def test_two_prefixes_one_after_the_other(client: Client) -> None:
    """It changes with each installation of the add-on: what one request was told is not kept for the next."""
    for token in (TOKEN, "/api/hassio_ingress/another", TOKEN):
        answer = client.request("GET", "/api/ping?x=1", headers=SENT | {"X-Ingress-Path": token})
        assert answer.headers["Location"] == f"{token}/api/ping/?x=1"
    assert client.request("GET", "/api/ping?x=1").headers["Location"] == "/api/ping/?x=1"


class Song(msgspec.Struct):
    audio_url: str
    title: str


def add_song(core: SoundWave, request: Request) -> Answer:
    with transaction(core.db) as tx:
        tx.next_rev()
    address = f"{request.prefix}/api/audio/1/"
    return Answer(Song(f"{address}stream/", "/api/ is how it begins"), 201, [("Location", address)])


@pytest.mark.parametrize("first", ["", TOKEN])
@pytest.mark.parametrize("then", ["", TOKEN, "/api/hassio_ingress/another"])
def test_what_is_sent_twice_is_answered_under_the_prefix_of_the_second_time(
    make_core: MakeCore, first: str, then: str
) -> None:
    """A device sends its outbox again after the add-on was installed anew: the kept answer knew no prefix."""
    plugins = {"toy": routes(Route("POST", "/api/song/", add_song, IsAuthenticated, answer=Song))}
    core = make_core(plugins=plugins, SOUNDWAVE_INGRESS_PROXIES="127.0.0.1")
    bob = make_cast(core).bob
    for prefix in (first, then):
        answer = bob.post("/api/song/", Idempotency_Key="k", X_Ingress_Path=prefix)
        assert (answer.status, answer.headers["Location"]) == (201, f"{prefix}/api/audio/1/")
        assert answer.json.audio_url == f"{prefix}/api/audio/1/stream/"
        assert answer.json.title == "/api/ is how it begins"
    assert TOKEN not in str(core.db.rows("SELECT CAST(answer AS TEXT) AS text FROM operations"))


def test_the_base_path_of_the_settings_is_for_other_proxies(make_core: MakeCore) -> None:
    core = make_core(plugins={"toy": TOY}, SOUNDWAVE_INGRESS_PROXIES=SUPERVISOR, SOUNDWAVE_BASE_PATH="/music")
    client = Client(core, address=SUPERVISOR)
    assert f" {TOKEN} /api/seen/ " in look(client)
    assert " /music /api/seen/ " in client.request("GET", "/music/api/seen/").body.decode()
