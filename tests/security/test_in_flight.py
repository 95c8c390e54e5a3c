"""Who loses a right while a request of theirs is under way has lost it for that request too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from security.household import Household

import soundwave_core.config
from soundwave_auth import accounts, people, tokens
from soundwave_auth.state import AuthState
from soundwave_core import SoundWave, transaction
from soundwave_core.testing import PASSWORD, Client, VirtualClock

USERS = "/api/user/admin/users/"
TOKENS = "/api/user/tokens/"
NEW_PASSWORD = "mallory was here"


@pytest.fixture
def house(core: SoundWave, clock: VirtualClock) -> Household:
    return Household(core, clock)


def reset(house: Household) -> None:
    path = f"{USERS}{house.add('mallory')}/reset-password/"
    assert house.alice.post(path, {"password": "another long password"}).status == 204


LOSSES: dict[str, Callable[[Household], object]] = {
    "disabled": lambda house: house.change("mallory", state="disabled"),
    "demoted": lambda house: house.change("mallory", is_admin=False),
    "removed": lambda house: house.alice.delete(f"{USERS}{house.add('mallory')}/?tracks=remove"),
}
losses = pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)


@pytest.fixture
def meanwhile(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """While the next password is hashed, once, this happens."""

    def arrange(call: Callable[[], object]) -> None:
        hasher, left = core.part(AuthState).hasher, [call]
        hash_one = hasher.hash

        def slow(password: str) -> str:
            if left:
                with ThreadPoolExecutor(1) as pool:
                    pool.submit(left.pop()).result()
            return hash_one(password)

        monkeypatch.setattr(hasher, "hash", slow)

    return arrange


@pytest.fixture(params=["session", "token"])
def mallory(house: Household, request: pytest.FixtureRequest) -> Client:
    """An admin who is about to lose that."""
    if request.param == "session":
        return house.sign_in("mallory", is_admin=True)
    return house.token("mallory", "read", "admin", is_admin=True)


@losses
def test_no_admin_leaves_another_behind(
    house: Household, mallory: Client, meanwhile: Any, lose: Callable[[Household], object]
) -> None:
    meanwhile(lambda: lose(house))
    answer = mallory.post(USERS, {"username": "ghost", "password": PASSWORD, "is_admin": True})
    assert answer.status == 401
    assert "ghost" not in [user.username for user in house.alice.get(USERS).json.results]


@losses
def test_no_admin_takes_the_last_ones_password(
    house: Household, mallory: Client, meanwhile: Any, lose: Callable[[Household], object]
) -> None:
    meanwhile(lambda: lose(house))
    assert mallory.post(f"{USERS}{house.alice.user_id}/reset-password/", {"password": NEW_PASSWORD}).status == 401
    assert house.alice.get("/api/user/account/").status == 200
    assert Client(house.core).sign_in("alice", NEW_PASSWORD).status == 401


SESSIONS = "/api/user/sessions/"
WISHES: dict[str, tuple[Any, str, str, Any]] = {
    "a token": (tokens, "POST", TOKENS, {"name": "x", "scopes": ["read"]}),
    "a change": (people, "PATCH", USERS + "{bob}/", {"is_admin": True}),
    "a removal": (people, "DELETE", USERS + "{bob}/?tracks=remove", None),
    "a session's end": (accounts, "DELETE", SESSIONS + "{session}/", None),
    "all sessions' end": (accounts, "DELETE", SESSIONS, None),
    "a token's end": (tokens, "DELETE", TOKENS + "{token}/", None),
    "a setting": (soundwave_core.config, "PATCH", "/api/appsettings/", {"values": {"auth.registration": "open"}}),
}


@pytest.mark.parametrize(("module", "method", "path", "wish"), WISHES.values(), ids=WISHES)
def test_what_waits_for_another_writer_is_asked_again(
    house: Household, mallory: Client, monkeypatch: pytest.MonkeyPatch, module: Any, method: str, path: str, wish: Any
) -> None:
    """It was judged, and then a new password of mallory's was stored before it."""
    bob = house.sign_in("bob")
    token = bob.post(TOKENS, {"name": "x", "scopes": ["read"]}).json.id
    session = bob.get(SESSIONS).json.results[0].id
    path = path.format(bob=bob.user_id, session=session, token=token)

    @contextmanager
    def late(db: Any) -> Iterator[Any]:
        monkeypatch.setattr(module, "transaction", transaction)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(reset, house).result()
        with transaction(db) as tx:
            yield tx

    monkeypatch.setattr(module, "transaction", late)
    assert mallory.request(method, path, json=wish).status == 401
    assert [row["user_id"] for row in house.core.db.rows("SELECT user_id FROM tokens")] == [bob.user_id]
    assert bob.get("/api/user/account/").status == 200
    assert house.core.config["auth.registration"] == "closed"
    assert house.core.db.value("SELECT count(*) FROM audit WHERE by_name = 'mallory'") == 0
    assert [user.is_admin for user in house.alice.get(USERS).json.results if user.username == "bob"] == [False]


def test_a_session_that_ended_changes_no_password(house: Household, meanwhile: Any) -> None:
    """Signed out from another device, because somebody sits at this one."""
    mallory = house.sign_in("mallory")
    owner = house.again(mallory)
    meanwhile(lambda: owner.delete(SESSIONS))
    wish = {"old_password": PASSWORD, "new_password": "another long password"}
    assert mallory.post("/api/user/change-password/", wish).status == 401
    assert owner.get("/api/user/account/").status == 200
    assert Client(house.core).sign_in("mallory").status == 200


def test_nobody_registers_once_that_is_closed(house: Household, meanwhile: Any) -> None:
    def set_policy(policy: str) -> None:
        wish = {"values": {"auth.registration": policy}}
        assert house.alice.patch("/api/appsettings/", wish).status == 200

    set_policy("open")
    meanwhile(lambda: set_policy("closed"))
    answer = Client(house.core).register("ghost")
    assert (answer.status, answer.json["code"]) == (403, "registration_closed")
    assert house.core.db.value("SELECT count(*) FROM users") == 1


def test_who_is_demoted_while_signing_in_gets_no_admins_token(
    house: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add("mallory", is_admin=True)
    hasher = house.core.part(AuthState).hasher
    verify = hasher.verify

    def slow(password: str, stored: str | None) -> bool:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(house.change, "mallory", is_admin=False).result()
        return verify(password, stored)

    monkeypatch.setattr(hasher, "verify", slow)
    wish = {"username": "mallory", "password": PASSWORD, "return_token": True}
    answer = Client(house.core).post("/api/user/login/", wish)
    assert (answer.status, answer.json.user.is_admin) == (200, False)
    house.change("mallory", is_admin=True)
    assert house.program(answer.json.token).get(USERS).status == 403
