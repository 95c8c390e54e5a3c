"""Ways around the door that were found open elsewhere, each tried here: by path, method, credential and plugin."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import pytest
from security.crooked import Crooked, variants
from security.household import Household, Program
from security.lines import answer_of, talk

from soundwave_core import SoundWave, hookimpl
from soundwave_core.control import Control, new_token
from soundwave_core.routing import RouteEntry
from soundwave_core.testing import PASSWORD, Client, MakeCore, listening, make_cast

LOGIN = "/api/user/login/"
ACCOUNT = "/api/user/account/"
METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method")
REWRITES = ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Original-Uri", "X-Forwarded-Prefix")
CLAIMS = ("Remote-User", "X-Remote-User", "X-Forwarded-User", "X-Forwarded-Email", "X-Auth-Request-User", "X-Real-IP")
TRACEABLE = re.compile(rb"A track|A playlist|opus")


@pytest.fixture(scope="module")
def carol(house: Household) -> Client:
    return house.sign_in("carol")


@pytest.fixture(scope="module")
def paths(house: Household, carol: Client) -> dict[str, list[RouteEntry]]:
    """Every path that is not for everybody, of carol's things, with its routes."""
    found: dict[str, list[RouteEntry]] = {}
    for entry in house.core.routes.routes():
        if entry.route.permission.name != "Public":
            found.setdefault(entry.rule.text, []).append(entry)
    return {house.path_to(entries[0].rule, carol): entries for entries in found.values()}


def is_refused(status: int, headers: Mapping[str, str], body: bytes, variant: str) -> bool:
    """No better than the plain answer to nobody: not theirs, not there, not so; or the same with its slash."""
    if TRACEABLE.search(body):
        return False
    if status == 308:
        return headers.get("location", "").partition("?")[0] == f"{unquote(variant.partition('?')[0])}/"
    return status in (400, 401, 404, 405, 501) or (status == 204 and body == b"")


# Paths


@pytest.mark.parametrize("method", METHODS)
def test_no_other_way_to_write_a_path_is_answered_better(
    house: Household, paths: dict[str, list[RouteEntry]], method: str
) -> None:
    client, open_doors, tried = Crooked(house.core), [], 0
    for path in paths:
        for variant in variants(path):
            answer, tried = client.request(method, variant), tried + 1
            if (
                not is_refused(answer.status, answer.headers, answer.body, variant)
                or "soundwave-user" in answer.headers
            ):
                open_doors.append(f"{method} {variant} {answer.status} {answer.body[:80]!r}")
    print(f"{tried} by {method}")
    assert open_doors == []


def test_nor_on_a_raw_socket(house: Household, paths: dict[str, list[RouteEntry]]) -> None:
    """One path of each area; what the server itself makes of a target comes before the door."""
    areas = {path.split("/")[2] if path.startswith("/api/") else path: path for path in paths}
    open_doors = []
    with listening(house.core) as it:
        for path in areas.values():
            for variant in variants(path):
                for method in METHODS:
                    request = f"{method} {variant} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                    answer = answer_of(talk(it, request.encode("latin-1")))
                    if not is_refused(answer.status, answer.headers, answer.body, variant):
                        open_doors.append(f"{method} {variant} {answer.status} {answer.body[:80]!r}")
    assert open_doors == []


def test_a_public_path_in_a_header_opens_nothing(house: Household, paths: dict[str, list[RouteEntry]]) -> None:
    client = Client(house.core)
    for path in paths:
        for header in REWRITES:
            assert client.request("GET", path, headers={header: "/api/ping/"}).status in (401, 405), (path, header)
            assert client.request("GET", "/api/ping/", headers={header: path}).json is not None


def test_a_name_in_a_header_is_nobody(house: Household) -> None:
    for header in CLAIMS:
        for value in ("alice", house.alice.user_id, "127.0.0.1"):
            assert Client(house.core).request("GET", ACCOUNT, headers={header: value}).status == 401


# Methods


def test_a_method_is_what_the_request_line_says(house: Household, carol: Client) -> None:
    """Neither a header, nor the query, nor a form makes a DELETE of anything else."""
    playlist = house.make("playlist", carol)
    path = f"/api/playlist/{playlist}/"
    for override in OVERRIDES:
        for method in ("GET", "POST", "PATCH"):
            carol.request(method, path, headers={override: "DELETE"})
    for query in ("_method=DELETE", "method=DELETE", "X-HTTP-Method-Override=DELETE"):
        assert carol.post(f"{path}?{query}").status == 405
        assert carol.get(f"{path}?{query}").status == 200
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert carol.request("POST", path, body=b"_method=DELETE", headers=form).status == 405
    assert carol.get(path).status == 200


def test_a_read_by_override_is_no_way_around_the_csrf_header(house: Household) -> None:
    bob = house.sign_in("bob")
    bob.csrf_token = None
    for override in OVERRIDES:
        answer = bob.post("/api/playlist/", {"title": "forged"}, **{override: "GET"})
        assert (answer.status, answer.json["code"]) == (403, "csrf_failed")


def test_other_methods_are_no_methods(house: Household, paths: dict[str, list[RouteEntry]]) -> None:
    for path in paths:
        for method in ("TRACE", "CONNECT", "PROPFIND", "ANY", "PROXY", "QUERY", "get ", "*"):
            assert Crooked(house.core).request(method, path).status in (400, 405), (method, path)


def test_head_and_options_tell_strangers_nothing_of_a_file(house: Household, carol: Client) -> None:
    track = house.make("track", carol)
    for who, status in ((Client(house.core), 401), (house.sign_in("bob"), 404)):
        for part in ("stream", "download", "artwork"):
            path = f"/api/audio/{track}/{part}/"
            head, options = who.head(path, Range="bytes=0-3"), who.request("OPTIONS", path)
            assert (head.status, head.body) == (status, b"")
            assert not {"etag", "accept-ranges", "content-range", "last-modified"} & set(head.headers)
            assert (options.status, options.body, options.headers["Allow"]) == (204, b"", "GET, HEAD, OPTIONS")


# Bodies


DEEP = b"[" * 100_000
ODD: tuple[bytes, ...] = (
    b"null", b"true", b"1", b"-1.5e300", b'"text"', b"[]", b"[1]", b"{}", b"NaN", b"", b"\x00", b"\xff\xfe", DEEP,
    b'{"a":' * 50_000, b'"' + b"x" * 200_000 + b'"', b"9" * 5_000, b'{"username":', b"{} {}", b"\xef\xbb\xbf{}",
)  # fmt: skip
IN_PLACE_OF_TEXT: tuple[bytes, ...] = (
    b"null", b"true", b"1", b"1e999", b"[]", b'["bob"]', b"{}", b'{"$ne":""}', b'{"!=":""}', b'[["like","%"]]',
    b'"\\u0000"', b'"bob\\u0000"', b'"\\ud800"', b'""', b'"%"', b'"*"', b"\"' OR 1=1 --\"", b'"' + b"x" * 70_000 + b'"',
    DEEP, b'{"a":' * 50_000,
)  # fmt: skip


@pytest.mark.parametrize("name", ["username", "password", "totp"])
def test_what_is_no_text_signs_nobody_in(house: Household, name: str) -> None:
    user = house.new_name()
    house.add(user)
    for number, odd in enumerate(IN_PLACE_OF_TEXT):
        if (name, odd) in (("totp", b"null"), ("totp", b'""')):
            continue  # that is to have no code, which this user needs none of
        fields = {
            "username": f'"{user}"'.encode(),
            "password": f'"{PASSWORD}"'.encode(),
            "totp": b'"123456"',
            name: odd,
        }
        body = b"{%s}" % b",".join(b'"%s":%s' % (field.encode(), value) for field, value in fields.items())
        client = Client(house.core, address=f"10.1.{len(name)}.{number}")
        answer = client.request("POST", LOGIN, body=body)
        is_in = name == "totp" and answer.status == 200  # a code too many is not looked at
        assert is_in or (400 <= answer.status < 500 and "set-cookie" not in answer.headers), (odd[:40], answer.body)


def test_a_body_of_any_kind_is_refused_and_breaks_nothing(house: Household) -> None:
    """Every route that takes one, by an admin who has just signed in."""
    alice, wrong = house.alice, []
    for entry in house.core.routes.routes():
        if entry.route.body is None:
            continue
        path = house.path_to(entry.rule, alice)
        for odd in ODD:
            answer = alice.request(entry.route.method, path, body=odd)
            # Where nothing is a must, nothing may be given; and one route is the command line's alone.
            is_empty = odd == b"{}" and (answer.status < 300 or answer.json["code"] == "command_line_only")
            if not is_empty and answer.status not in (400, 413, 415, 422):
                wrong.append(f"{entry.label} {odd[:20]!r} {answer.status} {answer.body[:80]!r}")
    assert wrong == []


def test_a_form_is_not_json(house: Household, carol: Client) -> None:
    """What a page elsewhere can send without asking: the three types of a plain form."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jsonx"):
        answer = carol.request("POST", "/api/playlist/", body=b'{"title":"x"}', headers={"Content-Type": kind})
        assert (answer.status, answer.json["code"]) == (415, "content_type_unsupported")


# Two credentials, and the wrong one


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "TOKEN"])
def test_a_cookie_and_a_token_are_one_too_many(house: Household, carol: Client, scheme: str) -> None:
    token = house.token("bob", "read").always["Authorization"].split()[1]
    for secret in (token, "", "x"):
        answer = carol.get(ACCOUNT, Authorization=f"{scheme} {secret}".strip() + " " * (not secret))
        assert (answer.status, answer.json["code"]) == (400, "credentials_mixed")


def wrong_kinds(house: Household) -> dict[str, str]:
    """Secrets of every kind but a token."""
    bob = house.sign_in("bob")
    invite = house.alice.post("/api/user/admin/invites/", {}).json.code
    codes = house.turn_on_second_factor(house.sign_in(house.new_name()))
    return {
        "a session": bob.cookies["soundwave_session"], "a CSRF token": bob.csrf_token or "", "an invite": invite,
        "a recovery code": codes[0], "a password": PASSWORD, "a user's id": bob.user_id, "a control token": new_token(),
        "a made-up token": "swt_" + "x" * 43, "nothing": "", "the word null": "null", "the prefix": "swt_",
    }  # fmt: skip


def test_a_secret_of_another_kind_is_no_token(house: Household) -> None:
    for kind, secret in wrong_kinds(house).items():
        for scheme in ("Bearer", "Token"):
            answer = Program(house.core, always={"Authorization": f"{scheme} {secret}"}).get(ACCOUNT)
            assert answer.status == 401, kind


def test_a_secret_of_another_kind_is_no_session(house: Household) -> None:
    token = house.token("bob", "read").always["Authorization"].split()[1]
    for kind, secret in (wrong_kinds(house) | {"a token": token}).items():
        if kind == "a session":
            continue
        for name in ("soundwave_session", "__Host-soundwave_session", "soundwave_device"):
            assert Client(house.core, cookies={name: secret}).get(ACCOUNT).status == 401, (kind, name)


def test_a_secret_of_another_kind_is_no_password(house: Household) -> None:
    for number, (kind, secret) in enumerate(wrong_kinds(house).items()):
        user = house.new_name()
        house.add(user)
        if kind != "a password":
            assert Client(house.core, address=f"10.2.0.{number}").sign_in(user, secret).status == 401, kind


def test_a_secret_of_another_kind_lets_nobody_register(house: Household) -> None:
    for number, (kind, secret) in enumerate(wrong_kinds(house).items()):
        for code in ("setup_code", "invite_code"):
            answer = Client(house.core, address=f"10.4.0.{number}").register(house.new_name(), **{code: secret})
            assert answer.status == 403, (kind, code)  # the invite too: registration is closed


def test_a_control_token_is_this_servers_and_this_machines(make_core: MakeCore) -> None:
    core = make_core()
    make_cast(core)

    def status(token: str, address: str = "127.0.0.1") -> int:
        client = Program(core, address=address, always={"Authorization": f"Bearer {token}"})
        return client.get("/api/user/admin/users/").status

    token = new_token()
    assert status(token) == 401  # nothing listens: there is none
    core.control = Control("127.0.0.1", 8889, token)
    assert status(token) == 200
    assert [status(token, "192.168.1.9"), status(token[:-1]), status(token + "x"), status(new_token())] == [401] * 4


def test_a_planted_cookie_is_never_taken_over(house: Household) -> None:
    """Whatever stood in the browser before: who signs in gets an id that nobody could know."""
    house.add("bob")
    attacker = house.sign_in("mallory")
    for planted in ("", "x", "x" * 43, "bob", house.clock.new_id(), attacker.cookies["soundwave_session"]):
        victim = Client(house.core, cookies={"soundwave_session": planted})
        victim.csrf_token = victim.get("/api/session/").json.csrf_token
        assert victim.sign_in("bob").status == 200
        assert victim.cookies["soundwave_session"] != planted
        assert Client(house.core, cookies={"soundwave_session": planted}).get(ACCOUNT).status == 401
        assert victim.get(ACCOUNT).json.user.username == "bob"
    assert attacker.get(ACCOUNT).status == 401  # the planted session ended with the sign-in


def test_a_session_in_the_address_is_none(house: Household, carol: Client) -> None:
    secret = carol.cookies["soundwave_session"]
    for query in (f"soundwave_session={secret}", f"session={secret}", f"token={secret}"):
        assert Client(house.core).get(f"{ACCOUNT}?{query}").status == 401
    token = house.token("bob", *("read", "play")).always["Authorization"].split()[1]
    track = house.make("track", house.sign_in("bob"))
    for name in ("key", "token", "access_token", "api_key", "t", "apikey", "auth"):
        assert Client(house.core).get(f"{ACCOUNT}?{name}={token}").status == 401
        assert Client(house.core).get(f"/api/audio/{track}/stream/?{name}={token}").status == 401


# Other sites


FOREIGN = {
    "another site": {"Origin": "https://evil.example"},
    "null": {"Origin": "null"},
    "nothing": {"Origin": ""},
    "a longer name": {"Origin": "http://localhost:8889.evil.example"},
    "a name before it": {"Origin": "http://evil.localhost:8889"},
    "in the user's place": {"Origin": "http://localhost:8889@evil.example"},
    "another port": {"Origin": "http://localhost:9000"},
    "no port": {"Origin": "http://localhost"},
    "another scheme": {"Origin": "file://localhost:8889"},
    "two": {"Origin": "http://localhost:8889, https://evil.example"},
    "by its path": {"Origin": "https://evil.example/http://localhost:8889"},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "unknown": {"Sec-Fetch-Site": "x"},
}  # fmt: skip


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_write_from_elsewhere_is_refused_on_every_route(house: Household, headers: dict[str, str]) -> None:
    bob = house.sign_in("bob")
    for entry in unsafe(house.core):
        for client in (bob, Client(house.core)):  # the second: nobody is signed in by another site either
            answer = client.request(entry.route.method, nowhere(entry), json={}, headers=headers)
            assert (answer.status, answer.json["code"]) == (403, "cross_origin"), entry.label


def test_a_cookie_without_any_origin_writes_nothing(house: Household) -> None:
    """Old browsers and odd proxies send neither header; a program has no cookie."""
    bob = NoOrigin(house.core, cookies=house.sign_in("bob").cookies)
    for entry in unsafe(house.core):
        answer = bob.request(entry.route.method, nowhere(entry), json={})
        assert (answer.status, answer.json["code"]) == (403, "cross_origin"), entry.label


@pytest.mark.parametrize("wrong", [None, "", "x", "x" * 43, "carol's"])
def test_a_write_without_the_sessions_own_token_is_refused(house: Household, carol: Client, wrong: str | None) -> None:
    bob = house.sign_in("bob")
    bob.csrf_token = carol.csrf_token if wrong == "carol's" else wrong
    for entry in unsafe(house.core):
        answer = bob.request(entry.route.method, nowhere(entry), json={})
        assert (answer.status, answer.json["code"]) == (403, "csrf_failed"), entry.label


def test_a_token_needs_no_origin(house: Household) -> None:
    program = NoOrigin(house.core)
    token = house.token("bob", "write").always
    assert program.request("POST", "/api/playlist/", json={"title": "x"}, headers=token).status == 201


class NoOrigin(Client):
    """A client that does not say where it comes from."""

    def _environ(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> dict[str, Any]:
        environ = Client._environ(self, method, path, content, headers)
        environ.pop("HTTP_ORIGIN", None)
        return environ


def unsafe(core: SoundWave) -> list[RouteEntry]:
    return [entry for entry in core.routes.routes() if not entry.route.is_safe]


def nowhere(entry: RouteEntry) -> str:
    """The rule's path to a thing that is not there: what is refused here does not get as far."""
    backup = "backup-20260101-000000-000-manual"
    examples = {"id": "0" * 31 + "1", "name": "system.nothing", "int": "1", "re": backup}
    return re.sub(r"<\w+:(\w+)(?::[^>]+)?>", lambda match: examples[match[1]], entry.rule.text)


# Plugins


class Odd:
    """No text, and no answer to any question either."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")


def failing() -> str:
    raise RuntimeError("a plugin's fault")


@pytest.mark.parametrize(
    "said",
    [lambda: True, lambda: 1, lambda: "allowed", Odd, lambda: ["x"], failing, lambda: SystemExit, dict],
    ids=["True", "1", "a text", "an odd thing", "a list", "a raise", "a class", "an empty dict"],
)  # fmt: skip
def test_whatever_a_plugin_says_it_only_takes_away(make_core: MakeCore, said: Callable[[], Any]) -> None:
    class Generous:
        @staticmethod
        @hookimpl
        def restrict(core: Any, actor: Any, request: Any) -> Any:
            return said()

    core = make_core()
    cast = make_cast(core)
    secret = cast.carol.post("/api/playlist/", {"title": "secret"}).json.id
    before = [statuses(client, secret) for client in (cast.nobody, cast.bob, cast.carol)]
    core.stop()
    core = make_core(plugins={"generous": Generous})
    for client, plain in zip((cast.nobody, cast.bob, cast.carol), before, strict=True):
        client.core = core
        now = statuses(client, secret)
        assert all(new >= 400 for new in now)
        assert [new for new, old in zip(now, plain, strict=True) if old >= 400] == [old for old in plain if old >= 400]


def statuses(client: Client, playlist: str) -> list[int]:
    paths = ("/api/playlist/", f"/api/playlist/{playlist}/", "/api/task/", "/api/appsettings/", ACCOUNT, "/api/ping/")
    return [client.get(path).status for path in paths]
