"""Other sites in the same browser: what they may ask, what they may read, and in whose name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from security.household import Household, open_house

from soundwave_core.errors import StartError
from soundwave_core.testing import PASSWORD, Client, ClientAnswer, MakeCore

LISTED = "https://player.example"
OTHER_LISTED = "http://nas.lan:5000"
SHARED = ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers")
HOSTILE = [
    "https://evil.example", "null", "*", "", "https://player.example.evil.example", "https://evilplayer.example",
    "https://xplayer.example", "https://player.example:444", "https://player.example:443", "https://player.example/",
    "http://player.example", "https://PLAYER.example", "https://sub.player.example", "https://player.exampl",
    "https://player.example, https://evil.example", "https://player.example https://evil.example",
    "https://user@player.example", "https://playerxexample", "https://player.example.", "http://nas.lan:50001",
    "http://nas.lan", "file://", "https://player%2eexample", "https://рlayer.example",
]  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    folder = tmp_path_factory.mktemp("origins")
    with open_house(
        folder, SOUNDWAVE_CORS_ORIGINS=f"{LISTED},{OTHER_LISTED}", SOUNDWAVE_AUTH_REGISTRATION="open"
    ) as it:
        yield it


@pytest.fixture(scope="module")
def alice(house: Household) -> Client:
    return house.sign_in("alice", is_admin=True)


def wire(text: str) -> str:
    return text.encode().decode("latin-1")


def preflight(house: Household, origin: str, path: str = "/api/playlist/") -> ClientAnswer:
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    return Client(house.core).request("OPTIONS", path, headers={"Origin": wire(origin), **wanted})


# Reading answers


@pytest.mark.parametrize("origin", HOSTILE)
def test_a_site_that_is_not_listed_learns_nothing(house: Household, alice: Client, origin: str) -> None:
    token = house.token("bob", "read", "write")
    answers = [
        preflight(house, origin),
        preflight(house, origin, "/api/nothing/"),
        Client(house.core).get("/api/ping/", Origin=wire(origin)),
        token.get("/api/playlist/", Origin=wire(origin)),
        token.get("/api/nothing/", Origin=wire(origin)),
        alice.get("/api/playlist/", Origin=wire(origin)),
    ]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answers[-1].json["code"] == "cross_origin"


@pytest.mark.parametrize("origin", [LISTED, OTHER_LISTED])
def test_a_listed_site_reads_with_a_token(house: Household, origin: str) -> None:
    asked = preflight(house, origin)
    assert (asked.status, asked.body) == (204, b"")
    assert asked.headers["Access-Control-Allow-Origin"] == origin
    assert "PATCH" in asked.headers["Access-Control-Allow-Methods"]
    assert {"Authorization", "Content-Type"} <= set(asked.headers["Access-Control-Allow-Headers"].split(", "))
    token = house.token("bob", "read", "write")
    etag = token.get("/api/playlist/").headers["ETag"]
    for path, headers, status in (
        ("/api/playlist/", {}, 200), ("/api/playlist/", {"If-None-Match": etag}, 304), ("/api/task/", {}, 403),
        ("/api/nothing/", {}, 404), ("/api/playlist/?limit=0", {}, 422),
    ):  # fmt: skip
        answer = token.request("GET", path, headers={"Origin": origin, "Sec-Fetch-Site": "cross-site", **headers})
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        assert answer.headers.get("Access-Control-Allow-Credentials") is None


def headers_of(
    client: Client, method: str, path: str, body: bytes = b"", **headers: str | None
) -> list[tuple[str, str]]:
    """The status, as ``:status``, and the headers of an answer, each as often as it was sent."""
    named = {name: value for name, value in headers.items() if value is not None}
    environ = client._environ(method, path, body, named)
    for name in headers.keys() - named.keys():
        environ.pop(f"HTTP_{name.upper()}", None)
    found: list[tuple[str, str]] = []
    list(client.core.wsgi()(environ, lambda status, sent, *rest: found.extend([(":status", status[:3]), *sent])))
    return found


def varies_by(client: Client, **headers: str) -> set[str]:
    sent = headers_of(client, "GET", "/api/ping/", **headers)
    return {word for name, value in sent if name == "Vary" for word in value.split(", ")}


def test_a_cache_keeps_the_answers_to_origins_apart(house: Household, make_core: MakeCore) -> None:
    assert {"Origin", "Cookie"} <= varies_by(Client(house.core))
    assert {"Origin", "Cookie"} <= varies_by(Client(house.core), Origin=LISTED)
    assert "Origin" not in varies_by(Client(make_core()), Origin=LISTED)


def test_by_default_nobody_is_listed(make_core: MakeCore) -> None:
    answer = Client(make_core()).get("/api/ping/", Origin=LISTED)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "wrong", ["*", "null", "player.example", "https://player.example/", "https://*.example", "https://A.example"]
)
def test_only_an_exact_origin_can_be_listed(make_core: MakeCore, wrong: str) -> None:
    with pytest.raises(StartError, match=r"SOUNDWAVE_CORS_ORIGINS must be a list .* an origin such as"):
        make_core(SOUNDWAVE_CORS_ORIGINS=wrong)


# Writing


def test_a_listed_site_writes_with_a_token_and_never_with_a_cookie(house: Household, alice: Client) -> None:
    token = house.token("bob", "read", "write")
    there = {"Origin": LISTED, "Sec-Fetch-Site": "cross-site"}
    wish = {"title": "Mornings"}
    assert token.request("POST", "/api/playlist/", json=wish, headers=there).status == 201
    assert alice.request("POST", "/api/playlist/", json=wish, headers=there).json["code"] == "cross_origin"
    with_a_cookie = there | {"Cookie": "a=b"}
    assert token.request("POST", "/api/playlist/", json=wish, headers=with_a_cookie).json["code"] == "cross_origin"
    elsewhere = there | {"Origin": "https://evil.example"}
    assert token.request("POST", "/api/playlist/", json=wish, headers=elsewhere).json["code"] == "cross_origin"


FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:9000"},
    {"Origin": "http://localhost:8889", "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost:8889", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example", "Content-Type": "text/plain"},
    {"Origin": "https://evil.example", "Content-Type": "application/x-www-form-urlencoded"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_nobody_is_signed_in_by_another_site(house: Household, alice: Client, headers: dict[str, str]) -> None:
    """Login CSRF: what the victim then adds would be the attacker's."""
    before = alice.get("/api/user/admin/users/").json.count
    entry = {"username": "alice", "password": PASSWORD}
    for path, body in (("/api/user/login/", entry), ("/api/user/register/", entry | {"username": "planted"})):
        answer = Client(house.core).request("POST", path, json=body, headers=headers)
        assert (answer.status, answer.json["code"]) == (403, "cross_origin")
        assert answer.headers.get("Set-Cookie") is None
    assert alice.get("/api/user/admin/users/").json.count == before


def test_a_form_of_another_site_is_no_json(house: Household) -> None:
    """A browser that sends no Origin with a form: none does today, and it would not get further either."""
    body = b'{"username":"alice","password":"' + PASSWORD.encode() + b'","x":"="}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        sent = headers_of(Client(house.core), "POST", "/api/user/login/", body, Origin=None, Content_Type=kind)
        assert (":status", "415") in sent


# Reading in a user's name


SAMPLES = {
    "id": "a" * 32, "name": "auth.remove-expired", "file": "icons/icon.svg", "int": "0",
    "re": "backup-20260101-000000-000-manual",
}  # fmt: skip


def readable(house: Household) -> list[str]:
    """A path to each GET route; whether the thing is there is asked later."""
    paths = []
    for entry in house.core.routes.routes():
        path = entry.rule.text
        for wildcard in entry.rule.wildcards:
            sample = SAMPLES[wildcard.filter]
            path = re.sub(f"<{wildcard.name}:[^>]+>", sample, path)
        if entry.route.method == "GET":
            paths.append(path)
    return paths


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "odd"},
     {"Origin": "http://localhost:5000"}, {"Origin": LISTED}, {"Origin": "null"},
     {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "audio", "Range": "bytes=0-"},
     {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "application/json"}],
)  # fmt: skip
def test_another_site_reads_nothing_with_the_cookie(house: Household, alice: Client, headers: dict[str, str]) -> None:
    """An <audio>, <img> or fetch, of another port of this very host too, to which SameSite=Lax sends the cookie."""
    paths = readable(house)
    assert len(paths) > 40
    for path in paths:
        for method in ("GET", "HEAD"):
            answer = alice.request(method, path, headers=headers)
            assert answer.status == 403, (method, path)
            assert method == "HEAD" or answer.json["code"] == "cross_origin"


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}])
def test_our_own_pages_do(alice: Client, headers: dict[str, str]) -> None:
    assert alice.request("GET", "/api/playlist/", headers=headers).status == 200


def test_a_token_is_nobodys_cookie(house: Household) -> None:
    """A program in a browser, an extension say, brings the token itself; what it may read, CORS decides."""
    token = house.token("bob", "read")
    assert token.request("GET", "/api/playlist/", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


def test_a_link_from_another_site_opens_a_page(alice: Client) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "text/html,*/*;q=0.8"}
    for path in ("/", "/playlist/?id=1", "/admin/", "/api/docs/"):
        assert alice.request("GET", path, headers=followed).status in (200, 503)  # 503: the app is not built
    for path in ("/api/playlist/", "/api/session/"):
        assert alice.request("GET", path, headers=followed).json["code"] == "cross_origin"
