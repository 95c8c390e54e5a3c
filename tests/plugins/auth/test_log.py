"""What the owner reads in the log of accounts, and what never stands there."""

from __future__ import annotations

import logging

import pytest

from soundwave_core import SoundWave
from soundwave_core.testing import PASSWORD, Cast, Client, VirtualClock, setup_code_of

NEW = "another good password"
USERS, TOKENS = "/api/user/admin/users/", "/api/user/tokens/"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def test_set_up_and_users(core: SoundWave, log: pytest.LogCaptureFixture) -> None:
    code, alice = setup_code_of(core), Client(core)
    assert alice.register("alice", setup_code=code).status == 201
    assert log.messages == ["alice was added as an admin", "set-up is finished"]
    log.clear()
    bob = f"{USERS}{alice.post(USERS, {'username': 'bob', 'password': PASSWORD}).json.id}/"
    patches: list[dict[str, object]] = [
        {"state": "disabled"}, {"state": "disabled"}, {"state": "active"}, {"is_admin": True}, {"is_admin": False}
    ]  # fmt: skip
    for patch in patches:
        assert alice.patch(bob, patch).status == 200
    assert alice.delete(f"{bob}?tracks=remove").status == 204
    assert log.messages == [
        "bob was added", "bob was disabled", "bob was enabled", "bob is an admin now", "bob is no admin any more",
        "bob was removed",
    ]  # fmt: skip
    assert {record.levelname for record in log.records} == {"INFO"}
    assert code not in log.text and PASSWORD not in log.text


def test_what_is_refused_did_not_happen(cast: Cast, log: pytest.LogCaptureFixture) -> None:
    alice = f"{USERS}{cast.alice.user_id}/"
    for answer in (cast.alice.patch(alice, {"is_admin": False}), cast.alice.delete(f"{alice}?tracks=remove")):
        assert answer.json["code"] == "last_admin"
    assert cast.alice.post(USERS, {"username": "bob", "password": PASSWORD}).status == 409
    assert log.messages == []


def test_passwords(cast: Cast, log: pytest.LogCaptureFixture, clock: VirtualClock) -> None:
    cast.nobody.address = "192.0.2.7"
    wrong = "not the password"
    for name in ("bob", "a password in the wrong field"):
        assert cast.nobody.post("/api/user/login/", {"username": name, "password": wrong}).status == 401
    change = {"old_password": wrong, "new_password": NEW}
    assert cast.bob.post("/api/user/change-password/", change).status == 403
    assert [(record.levelname, record.getMessage()) for record in log.records] == [
        ("WARNING", "wrong password for 'bob' from 192.0.2.7"),
        ("WARNING", "wrong password for an unknown name from 192.0.2.7"),
        ("WARNING", f"wrong password for 'bob' from {cast.bob.address}"),
    ]
    log.clear()
    clock.advance(1)
    assert cast.bob.post("/api/user/change-password/", change | {"old_password": PASSWORD}).status == 200
    assert log.messages == ["bob changed the password"]
    assert wrong not in log.text and NEW not in log.text


def test_tokens(core: SoundWave, cast: Cast, log: pytest.LogCaptureFixture) -> None:
    wish = {"name": "my\u202eradio", "scopes": ["read"]}
    first, second, third = (cast.bob.post(TOKENS, wish).json for _ in range(3))
    assert log.messages == ["bob made the token 'my\ufffdradio'"] * 3
    log.clear()
    assert cast.bob.delete(f"{TOKENS}{first.id}/").status == 204
    assert cast.alice.delete(f"{TOKENS}{second.id}/").status == 204
    assert Client(core).post("/api/user/logout/", Authorization=f"Bearer {third.token}").status == 204
    assert log.messages == ["the token 'my\ufffdradio' of bob was revoked"] * 3
    log.clear()
    answer = cast.nobody.post(
        "/api/user/login/", {"username": "bob", "password": PASSWORD, "return_token": True}, User_Agent="player/1"
    )
    assert answer.status == 200
    assert log.messages == ["bob made the token 'player'"]
    assert not any(token in log.text for token in (first.token, second.token, third.token, answer.json.token))
