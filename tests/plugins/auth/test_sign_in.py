"""Signing in and out, and what the cookie says."""

from __future__ import annotations

import pytest

from soundwave_auth.passwords import PLACES
from soundwave_auth.state import AuthState
from soundwave_auth.store import Users
from soundwave_core import SoundWave, transaction
from soundwave_core.testing import PASSWORD, Cast, Client, ClientAnswer, MakeCore, VirtualClock, make_cast

LOGIN = "/api/user/login/"


def login(client: Client, **more: object) -> ClientAnswer:
    return client.post(LOGIN, {"username": "bob", "password": PASSWORD, **more})


def test_in_and_out(cast: Cast) -> None:
    user = cast.bob.get("/api/user/account/").json.user
    assert (user.username, user.is_admin) == ("bob", False)
    kept = dict(cast.bob.cookies)
    answer = cast.bob.post("/api/user/logout/")
    assert answer.status == 204
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert list(cast.bob.cookies) == ["soundwave_device"]
    cast.bob.cookies = kept
    assert cast.bob.get("/api/user/account/").status == 401
    assert cast.bob.get("/api/session/").json.user is None


def test_wrong_password_unknown_name_and_disabled_user_are_one_answer(cast: Cast) -> None:
    cast.alice.patch(f"/api/user/admin/users/{cast.carol.user_id}/", {"state": "disabled"})
    answers = [
        cast.nobody.post(LOGIN, {"username": "bob", "password": "not the password"}),
        cast.nobody.post(LOGIN, {"username": "nobody at all", "password": PASSWORD}),
        cast.nobody.post(LOGIN, {"username": "carol", "password": PASSWORD}),
        cast.nobody.post(LOGIN, {"username": "", "password": ""}),
    ]
    assert {answer.body for answer in answers} == {answers[0].body}
    assert (answers[0].status, answers[0].json["code"]) == (401, "wrong_credentials")
    assert not cast.nobody.cookies


def test_the_plain_cookie(cast: Cast) -> None:
    cookie = login(cast.nobody).headers["Set-Cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith("soundwave_session=")
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Lax"]


def test_the_https_cookie(core: SoundWave, cast: Cast) -> None:
    client = Client(core, base="https://localhost")
    name, *attributes = login(client).headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-soundwave_session=")
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"]
    assert client.get("/api/user/account/").status == 200


@pytest.mark.parametrize(
    ("base", "name"),
    [("https://localhost", "__Secure-soundwave_session"), ("http://localhost", "soundwave_session")],
)
def test_the_cookie_under_a_prefix(make_core: MakeCore, base: str, name: str) -> None:
    core = make_core(SOUNDWAVE_BASE_PATH="/audio")
    make_cast(core)
    client = Client(core, base=base)
    answer = client.post("/audio" + LOGIN, {"username": "bob", "password": PASSWORD})
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert cookie.startswith(f"{name}=")
    assert "Path=/audio/" in attributes
    assert client.get("/audio/api/user/account/").status == 200


def test_only_the_schemes_own_cookie_is_read(core: SoundWave, cast: Cast) -> None:
    secret = cast.bob.cookies["soundwave_session"]
    client = Client(core, base="https://localhost", cookies={"soundwave_session": secret})
    assert client.get("/api/user/account/").status == 401
    client.cookies = {"__Host-soundwave_session": secret}
    assert client.get("/api/user/account/").status == 200
    plain = Client(core, cookies={"__Host-soundwave_session": secret})
    assert plain.get("/api/user/account/").status == 401


def test_the_cookie_outlives_the_browser_only_when_remembered(cast: Cast) -> None:
    cookie = login(cast.nobody, remember=True).headers["Set-Cookie"]
    assert cookie.endswith("; Max-Age=15552000")


def test_cookie_and_token_together_are_refused(cast: Cast) -> None:
    for scheme in ("Bearer", "Token", "bearer"):
        answer = cast.bob.get("/api/user/account/", Authorization=f"{scheme} swt_x")
        assert (answer.status, answer.json["code"]) == (400, "credentials_mixed")


@pytest.mark.parametrize("scheme", ["Bearer", "Token"])
def test_a_token_instead_of_a_session(cast: Cast, scheme: str) -> None:
    answer = login(cast.nobody, return_token=True)
    assert answer.json.token.startswith("swt_")
    assert answer.json.csrf_token is None
    assert "Set-Cookie" not in answer.headers
    mine = cast.nobody.get("/api/user/account/", Authorization=f"{scheme} {answer.json.token}")
    assert mine.json.user.username == "bob"


def test_a_new_sign_in_is_a_new_session_and_ends_the_old(cast: Cast) -> None:
    old = dict(cast.bob.cookies)
    assert cast.bob.sign_in("bob").status == 200
    assert cast.bob.cookies != old
    assert cast.bob.get("/api/user/sessions/").json.count == 1
    cast.bob.cookies = old
    assert cast.bob.get("/api/user/account/").status == 401


def test_a_planted_cookie_is_never_adopted(core: SoundWave, cast: Cast) -> None:
    client = Client(core, cookies={"soundwave_session": "planted"})
    login(client)
    assert client.cookies["soundwave_session"] != "planted"
    assert Client(core, cookies={"soundwave_session": "planted"}).get("/api/user/account/").status == 401


def test_a_storm_of_sign_ins_is_refused_at_once(core: SoundWave, cast: Cast) -> None:
    places = core.part(AuthState).hasher._places
    for _ in range(PLACES):
        assert places.acquire(blocking=False)
    answer = login(cast.nobody)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    assert cast.bob.get("/api/user/account/").status == 200
    places.release(PLACES)
    assert login(cast.nobody).status == 200


def test_an_unknown_name_is_hashed_too(core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    hasher, made = core.part(AuthState).hasher, list[str]()
    monkeypatch.setattr(hasher, "hash", made.append)
    cast.nobody.post(LOGIN, {"username": "nobody at all", "password": PASSWORD})
    assert made == [PASSWORD]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("a" * 80 + "x", "a" * 80 + "y"),
        ("correct\0horse battery", "correct\0another one"),
        ("correct horse\0", "correct horse"),
    ],
)
def test_every_byte_counts(cast: Cast, clock: VirtualClock, right: str, wrong: str) -> None:
    cast.alice.post("/api/user/admin/users/", {"username": "dora", "password": right})
    assert cast.nobody.post(LOGIN, {"username": "dora", "password": wrong}).status == 401
    clock.advance(1)
    assert cast.nobody.post(LOGIN, {"username": "dora", "password": right}).status == 200


def test_however_it_is_typed(cast: Cast) -> None:
    cast.alice.post("/api/user/admin/users/", {"username": "Zoe\u0308", "password": "cafe\u0301 au lait"})
    wish = {"username": " ZOË ", "password": "café au lait"}
    assert cast.nobody.post(LOGIN, wish).json.user.username == "Zoë"


def test_an_old_hash_is_replaced_at_sign_in(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    old = "pbkdf2_sha256$1000$salt$hHq2CwjSpsUCltVF/ZDe25M5jA5hBHN9+inXRaOGbjU="
    with transaction(core.db) as tx:
        tx.execute("UPDATE users SET password_hash = :hash WHERE name = 'bob'", hash=old)
    assert cast.nobody.post(LOGIN, {"username": "bob", "password": "wrong password"}).status == 401
    clock.advance(1)
    assert login(cast.nobody).status == 200
    credentials = Users(core).find_credentials("bob")
    assert credentials is not None
    assert credentials[1].startswith("bcrypt-sha256$$2b$04$")
    assert login(Client(core)).status == 200


@pytest.mark.parametrize("password", [{"$gt": ""}, ["x"], 1, None, True])
def test_a_password_is_text(cast: Cast, password: object) -> None:
    assert cast.nobody.post(LOGIN, {"username": "bob", "password": password}).status == 422


@pytest.mark.parametrize(
    ("base", "is_secure"),
    [
        ("http://localhost:8889", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:8889", True),
        ("http://nas.local", False),
        ("https://nas.local", True),
    ],
)
def test_the_session_says_whether_it_is_secure(core: SoundWave, base: str, is_secure: bool) -> None:
    assert Client(core, base=base).get("/api/session/").json.is_secure is is_secure


def test_the_session_of_nobody(cast: Cast) -> None:
    session = cast.nobody.get("/api/session/").json
    assert (session.user, session.csrf_token, session.registration) == (None, None, "closed")
    assert "/account/" not in [page.path for page in session.pages]
    assert "/account/" in [page.path for page in cast.bob.get("/api/session/").json.pages]
