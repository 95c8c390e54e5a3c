"""The second factor of one's own account: set up, turned on and off, and never taken away without a code."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from soundwave_auth import one_time_codes, second_factor
from soundwave_auth.store import SecondFactors
from soundwave_core import SoundWave, transaction
from soundwave_core.testing import PASSWORD, Cast, Client, ClientAnswer, VirtualClock
from tests.plugins.auth.conftest import Bearer, give_second_factor
from tests.plugins.auth.phone import FACTOR, STEP, begin, set_up

RENEW = f"{FACTOR}recovery-codes/"
AUDIT = "/api/user/admin/audit/"
# What needs a code of the second factor that is on, and does something to it.
WITH_A_CODE = (("POST", FACTOR), ("DELETE", FACTOR), ("POST", RENEW))


def told(answer: ClientAnswer) -> tuple[int, str]:
    return answer.status, answer.json["code"] if answer.json else ""


def sign_in(core: SoundWave, totp: str | None = None, name: str = "bob") -> int:
    body = {"username": name, "password": PASSWORD, "totp": totp}
    return Client(core).post("/api/user/login/", body).status


def factors(core: SoundWave) -> list[dict[str, object]]:
    return core.db.rows("SELECT * FROM second_factors ORDER BY id")


def test_it_is_in_force_when_a_code_has_come_back(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    state = cast.bob.get(FACTOR).json
    assert (state.is_on, state.recovery_codes_left, state.created_at) == (False, 0, None)
    phone = begin(cast.bob, clock)
    assert told(cast.bob.put(FACTOR, {"code": phone.wrong()})) == (403, "totp_wrong")
    assert not cast.bob.get(FACTOR).json.is_on
    assert sign_in(core) == 200
    clock.advance(STEP)
    codes = cast.bob.put(FACTOR, {"code": phone.code()}).json.recovery_codes
    state = cast.bob.get(FACTOR).json
    assert (state.is_on, state.recovery_codes_left, state.created_at) == (True, 10, clock.stamp())
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", code) for code in codes)
    assert cast.bob.get("/api/session/").json.user.has_second_factor
    assert not cast.carol.get("/api/user/account/").json.user.has_second_factor
    assert sign_in(core) == 401
    assert sign_in(core, name="carol") == 200


def test_the_code_that_turned_it_on_is_used_up(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    phone = begin(cast.bob, clock)
    code = phone.code()
    assert cast.bob.put(FACTOR, {"code": code}).status == 200
    assert sign_in(core, code) == 401


def test_sessions_and_tokens_stay(core: SoundWave, cast: Cast, bearer: Bearer, clock: VirtualClock) -> None:
    other, token = Client(core), bearer("read")
    other.sign_in("bob")
    set_up(cast.bob, clock)
    assert other.get(FACTOR).json.is_on
    assert cast.nobody.get("/api/user/account/", **token).status == 200


@pytest.mark.parametrize("name", ["dora", "a b", "Zoë & co: 100%?#+=\"'", "a/b:c", "夜更かし🔥"])
def test_an_app_reads_the_address(core: SoundWave, cast: Cast, name: str) -> None:
    client = Client(core)
    cast.alice.post("/api/user/admin/users/", {"username": name, "password": PASSWORD})
    client.sign_in(name)
    made = client.post(FACTOR, {}).json
    parts = urlsplit(made.uri)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", "")
    assert [unquote(part) for part in parts.path[1:].split(":")] == ["SoundWave", name]
    assert parse_qs(parts.query, strict_parsing=True) == {"secret": [made.secret], "issuer": ["SoundWave"]}
    read = pyotp.parse_uri(made.uri)
    assert (read.name, read.issuer, read.secret) == (name, "SoundWave", made.secret)
    assert len(read.byte_secret()) == 20
    assert made.uri.isascii()


def test_what_waits_is_replaced_by_what_waits(cast: Cast, clock: VirtualClock) -> None:
    first = begin(cast.bob, clock)
    second = begin(cast.bob, clock)
    assert first.secret != second.secret
    assert told(cast.bob.put(FACTOR, {"code": first.code()})) == (403, "totp_wrong")
    clock.advance(STEP)
    assert cast.bob.put(FACTOR, {"code": second.code()}).status == 200


def test_what_waits_too_long_or_not_at_all(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    assert told(cast.bob.put(FACTOR, {"code": "123456"})) == (409, "second_factor_not_begun")
    phone = begin(cast.bob, clock)
    clock.advance(3601)
    cast.bob.post("/api/user/confirm/", {"password": PASSWORD})
    assert told(cast.bob.put(FACTOR, {"code": phone.code()})) == (409, "second_factor_not_begun")


def test_what_waits_is_ones_own(cast: Cast, clock: VirtualClock) -> None:
    phone = begin(cast.bob, clock)
    assert told(cast.carol.put(FACTOR, {"code": phone.code()})) == (409, "second_factor_not_begun")
    assert cast.bob.put(FACTOR, {"code": phone.code()}).status == 200


@pytest.mark.parametrize(("method", "path"), WITH_A_CODE)
def test_nothing_changes_it_without_a_code(
    core: SoundWave, cast: Cast, clock: VirtualClock, method: str, path: str
) -> None:
    """Hole W1 3 of the original: a set-up replaced the secret of an account that had one on."""
    phone, _ = set_up(cast.bob, clock)
    before = factors(core), core.db.rows("SELECT * FROM recovery_codes")
    bodies = [{"code": ""}, *([{}] if (method, path) == ("POST", FACTOR) else [])]
    for body in bodies:
        assert told(cast.bob.request(method, path, json=body)) == (403, "totp_required")
    used = phone.code(-1)
    for code in (phone.wrong(), used, PASSWORD, "x" * 64):
        assert told(cast.bob.request(method, path, json={"code": code})) == (403, "totp_wrong"), code
        clock.advance(STEP)
    assert (factors(core), core.db.rows("SELECT * FROM recovery_codes")) == before
    assert sign_in(core, phone.code()) == 200


@pytest.mark.parametrize(("method", "path"), WITH_A_CODE)
@pytest.mark.parametrize("is_recovery", [False, True])
def test_each_code_changes_it_once(
    core: SoundWave, cast: Cast, clock: VirtualClock, method: str, path: str, is_recovery: bool
) -> None:
    phone, recovery = set_up(cast.bob, clock)
    code = recovery[3] if is_recovery else phone.code()
    assert cast.bob.request(method, path, json={"code": code}).status < 300
    if method != "DELETE":
        assert told(cast.bob.request(method, path, json={"code": code})) == (403, "totp_wrong")


def test_another_phone(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    old, recovery = set_up(cast.bob, clock)
    new = begin(cast.bob, clock, code=old.code())
    clock.advance(STEP)
    assert sign_in(core, old.code()) == 200
    clock.advance(STEP)
    for code in (old.code(), recovery[0]):
        assert told(cast.bob.put(FACTOR, {"code": code})) == (403, "totp_wrong")
        clock.advance(STEP)
    assert cast.bob.put(FACTOR, {"code": new.code()}).status == 200
    clock.advance(STEP)
    for code in (old.code(), recovery[0]):
        assert sign_in(core, code) == 401
        clock.advance(STEP)
    assert sign_in(core, new.code()) == 200
    assert [row["state"] for row in factors(core)] == ["on"]


def test_a_set_up_from_before_does_not_replace_what_was_turned_on_meanwhile(
    core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the question whether one is on and the write somebody else's comes into force."""
    new_secret: Callable[[], str] = one_time_codes.new_secret

    def slow() -> str:
        give_second_factor(core, cast.bob.user_id)
        return new_secret()

    monkeypatch.setattr(one_time_codes, "new_secret", slow)
    assert told(cast.bob.post(FACTOR, {})) == (403, "totp_required")
    assert [(row["state"], row["secret"]) for row in factors(core)] == [("on", "B" * 32)]


def test_two_at_once_turn_one_on(
    core: SoundWave, cast: Cast, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another takes the place of the one that waits, between its code and the write."""
    phone, _ = set_up(cast.bob, clock)
    other = begin(cast.bob, clock, code=phone.code())
    clock.advance(STEP)
    prove_code: Callable[..., object] = second_factor.prove_code

    def slow(*args: Any) -> object:
        code = prove_code(*args)
        with transaction(core.db):
            SecondFactors(core).begin(cast.bob.user_id, "C" * 32, clock.stamp())
        return code

    monkeypatch.setattr(second_factor, "prove_code", slow)
    assert told(cast.bob.put(FACTOR, {"code": other.code()})) == (409, "second_factor_not_begun")
    assert [row["secret"] for row in factors(core) if row["state"] == "on"] == [phone.secret]


def test_off_again(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    for method, path in WITH_A_CODE[1:]:
        assert told(cast.bob.request(method, path, json={"code": "123456"})) == (409, "second_factor_off")
    phone, _ = set_up(cast.bob, clock)
    begin(cast.bob, clock, code=phone.code())
    clock.advance(STEP)
    assert cast.bob.request("DELETE", FACTOR, json={"code": phone.code()}).status == 204
    assert not cast.bob.get(FACTOR).json.is_on
    assert sign_in(core) == 200
    assert factors(core) == core.db.rows("SELECT * FROM recovery_codes") == []


def test_new_recovery_codes_void_the_old(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    phone, old = set_up(cast.bob, clock)
    assert sign_in(core, old[0]) == 200
    assert cast.bob.get(FACTOR).json.recovery_codes_left == 9
    new = cast.bob.post(RENEW, {"code": phone.code()}).json.recovery_codes
    assert cast.bob.get(FACTOR).json.recovery_codes_left == 10
    assert not set(old) & set(new)
    assert (sign_in(core, old[1]), cast.bob.get(FACTOR).json.recovery_codes_left) == (401, 10)
    clock.advance(1)
    assert sign_in(core, new[1]) == 200


def test_it_takes_a_session_and_the_password_anew(cast: Cast, bearer: Bearer, clock: VirtualClock) -> None:
    token = bearer("read", "play", "write", "download", "admin", who=cast.alice)
    body = {"code": "123456"}
    asked = [("GET", FACTOR), ("PUT", FACTOR), *WITH_A_CODE]
    for method, path in asked:
        answer = cast.nobody.request(method, path, json=None if method == "GET" else body, headers=token)
        assert told(answer) == (403, "session_required"), method
    clock.advance(600)
    for method, path in asked[1:]:
        assert told(cast.bob.request(method, path, json=body)) == (403, "confirmation_needed"), method
    assert cast.bob.get(FACTOR).status == 200


def test_wrong_codes_cost_time(cast: Cast, clock: VirtualClock) -> None:
    phone, _ = set_up(cast.bob, clock)
    assert told(cast.bob.post(RENEW, {"code": phone.wrong()})) == (403, "totp_wrong")
    for method, path in WITH_A_CODE:
        answer = cast.bob.request(method, path, json={"code": phone.code()})
        assert (*told(answer), answer.headers["Retry-After"]) == (429, "too_many_sign_ins", "1")
    clock.advance(1)
    assert cast.bob.post(RENEW, {"code": phone.code()}).status == 200


def test_the_trail(cast: Cast, clock: VirtualClock) -> None:
    phone, recovery = set_up(cast.bob, clock)
    cast.bob.post(RENEW, {"code": recovery[0]})
    cast.bob.request("DELETE", FACTOR, json={"code": phone.code()})
    lines = [line for line in cast.alice.get(AUDIT).json.results if line.kind.startswith(("second", "recovery"))]
    assert [(line.kind, line.username, line.address, line.detail) for line in reversed(lines)] == [
        ("second_factor_on", "bob", "127.0.0.1", {}),
        ("recovery_code_used", "bob", "127.0.0.1", {"left": "9"}),
        ("recovery_codes_made", "bob", "127.0.0.1", {}),
        ("second_factor_off", "bob", "127.0.0.1", {}),
    ]


def test_codes_are_shown_once_and_stand_nowhere(
    core: SoundWave, cast: Cast, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    phone = begin(cast.bob, clock)
    answer = cast.bob.put(FACTOR, {"code": phone.code()}, Idempotency_Key="one")
    assert answer.headers["Cache-Control"] == "no-store"
    recovery: list[str] = answer.json.recovery_codes
    clock.advance(STEP)
    used, wrong = phone.code(), phone.wrong()
    assert sign_in(core, used) == sign_in(core, recovery[0]) == 200
    assert cast.bob.post(RENEW, {"code": wrong}, Idempotency_Key="two").status == 403
    tables = core.db.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'second_factors'")
    stored = str([core.db.rows(f'SELECT * FROM "{row["name"]}"') for row in tables])
    for secret in (phone.secret, *recovery, *(code.replace("-", "") for code in recovery)):
        assert secret not in stored + caplog.text
    for code in (used, wrong):
        assert not re.search(rf"\b{code}\b", caplog.text)
    assert "bob turned the second factor on" in caplog.messages
    assert "wrong code for 'bob' from 127.0.0.1" in caplog.messages


def test_a_wish_that_cannot_be(cast: Cast) -> None:
    for body in (
        {"code": 123456},
        {"code": None},
        {"code": ["1"]},
        {"code": "x" * 65},
        {"code": "1", "secret": "A" * 32},
    ):
        assert cast.bob.put(FACTOR, body).status == 422, body
    assert cast.bob.post(FACTOR, {"secret": "A" * 32}).status == 422
