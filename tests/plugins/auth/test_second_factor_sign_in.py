"""The second factor wherever a password is accepted: nobody gets past it, and no code counts twice."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from house.tree import ensure_none

from soundwave_auth import accounts, one_time_codes, proving
from soundwave_auth.passwords import SCHEME, PasswordHasher
from soundwave_auth.state import AuthState
from soundwave_auth.store import RecoveryCodes, SecondFactors
from soundwave_core import SoundWave, transaction
from soundwave_core.testing import PASSWORD, Cast, Client, ClientAnswer, VirtualClock
from tests.plugins.auth.conftest import give_second_factor, people_of
from tests.plugins.auth.phone import FACTOR, STEP, Phone, set_up

LOGIN = "/api/user/login/"
NEW = "another good password"
# What proves a password, by route: a body with the right one, and what it answers then.
PROVING: dict[str, tuple[dict[str, object], int]] = {
    "POST /api/user/login/": ({"username": "bob", "password": PASSWORD}, 200),
    "POST /api/user/confirm/": ({"password": PASSWORD}, 204),
    "POST /api/user/change-password/": ({"old_password": PASSWORD, "new_password": NEW}, 200),
}
# What takes a password for a new one, of an account that is not the actor's: nothing is proven by it.
GIVING = {
    "POST /api/user/register/",
    "POST /api/user/admin/users/",
    "POST /api/user/admin/users/<user:id>/reset-password/",
}


def told(answer: ClientAnswer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def login(client: Client, totp: str | None = None, **more: object) -> ClientAnswer:
    return client.post(LOGIN, {"username": "bob", "password": PASSWORD, "totp": totp, **more})


def pbkdf2(text: str) -> str:
    made = hashlib.pbkdf2_hmac("sha256", text.encode(), b"salt", 1000)
    return f"pbkdf2_sha256$1000$salt${base64.b64encode(made).decode()}"


def credentials_of(core: SoundWave) -> dict[str, Any]:
    """All but what counts wrong tries."""
    return {table: rows for table, rows in people_of(core).items() if table != "audit"}


def test_every_route_that_takes_a_password_is_known(core: SoundWave) -> None:
    taking = {
        f"{entry.route.method} {entry.rule.text}"
        for entry in core.routes.routes()
        if entry.route.body is not None
        for field in msgspec.structs.fields(entry.route.body)
        if "password" in field.name and not field.name.startswith("remove")
    }
    ensure_none(f"{label}: does a password prove something here?" for label in taking ^ {*PROVING, *GIVING})
    bodies = {f"{e.route.method} {e.rule.text}": e.route.body for e in core.routes.routes()}
    ensure_none(label for label in PROVING if "totp" not in bodies[label].__struct_fields__)


@pytest.mark.parametrize("label", PROVING)
def test_it_is_asked_for_wherever_a_password_is(core: SoundWave, cast: Cast, clock: VirtualClock, label: str) -> None:
    phone, recovery = set_up(cast.bob, clock)
    client = cast.nobody if label.endswith("login/") else cast.bob
    refused = 401 if label.endswith("login/") else 403
    method, path = label.split()
    body, status = PROVING[label]
    before = credentials_of(core)

    def ask(**more: object) -> ClientAnswer:
        return client.request(method, path, json={**body, **more})

    wrong = {name: "not the password" for name in body if name in ("password", "old_password")}
    for code in (phone.code(), recovery[0], None):
        assert told(ask(**wrong, totp=code))[1] in ("wrong_credentials", "wrong_password")
        clock.advance(STEP)
    for code in (None, ""):
        assert told(ask(totp=code)) == (refused, "totp_required")
    for wrong_code in (phone.wrong, lambda: phone.code(-2), lambda: phone.code(2), lambda: recovery[0][:-1]):
        answer = ask(totp=wrong_code())
        assert (told(answer), answer.headers.get("Set-Cookie")) == ((refused, "totp_wrong"), None)
        clock.advance(STEP)
    assert credentials_of(core) == before
    assert cast.bob.get(FACTOR).status == 200
    assert ask(totp=phone.code()).status == status


def test_no_token_without_it(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    phone, _ = set_up(cast.bob, clock)
    assert told(login(cast.nobody, return_token=True)) == (401, "totp_required")
    assert core.db.value("SELECT count(*) FROM tokens") == 0
    assert login(cast.nobody, phone.code(), return_token=True).json.token.startswith("swt_")


def test_a_code_never_helps_a_wrong_password(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    """The answer is the one to a name that is none, and the code is still good."""
    phone, _ = set_up(cast.bob, clock)
    unknown = cast.nobody.post(LOGIN, {"username": "nobody at all", "password": PASSWORD, "totp": phone.code()})
    wrong = cast.nobody.post(LOGIN, {"username": "bob", "password": "not the password", "totp": phone.code()})
    assert (told(wrong), wrong.body) == ((401, "wrong_credentials"), unknown.body)
    clock.advance(1)
    assert login(cast.nobody, phone.code()).status == 200


def test_without_a_second_factor_a_code_is_not_looked_at(cast: Cast) -> None:
    assert login(cast.nobody, "000000").status == 200


def test_a_sign_in_that_fails_ends_no_session(cast: Cast, clock: VirtualClock) -> None:
    phone, _ = set_up(cast.bob, clock)
    kept = dict(cast.bob.cookies)
    assert login(cast.bob).status == 401
    assert cast.bob.cookies == kept
    answer = login(cast.bob, phone.code())
    assert (answer.status, cast.bob.cookies["soundwave_session"] != kept["soundwave_session"]) == (200, True)
    assert Client(cast.bob.core, cookies=kept).get("/api/user/account/").status == 401


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_a_phone_may_be_one_step_off(cast: Cast, clock: VirtualClock, steps: int, status: int) -> None:
    phone, _ = set_up(cast.bob, clock)
    clock.advance(5 * STEP)
    assert login(cast.nobody, phone.code(steps)).status == status


def test_each_code_counts_once_and_none_before_it(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    phone, _ = set_up(cast.bob, clock)
    clock.advance(STEP)
    late, now, early = (phone.code(steps) for steps in (-1, 0, 1))
    assert login(Client(core), now).status == 200
    for code in (now, late):
        assert told(login(Client(core), code)) == (401, "totp_wrong")
        clock.advance(1)
    assert login(Client(core), early).status == 200
    clock.advance(STEP - 2)
    assert told(login(Client(core), early)) == (401, "totp_wrong")


@pytest.mark.parametrize("spelling", ["{0} {1}", " {0}{1}\n", "{0}-{1}"])
def test_a_code_as_it_is_typed(cast: Cast, clock: VirtualClock, spelling: str) -> None:
    phone, _ = set_up(cast.bob, clock)
    code = phone.code()
    assert login(cast.nobody, spelling.format(code[:3], code[3:])).status == 200


@pytest.mark.parametrize("digits", ["\uff10", "\u0660"])
def test_digits_of_other_scripts_are_none(cast: Cast, clock: VirtualClock, digits: str) -> None:
    phone, _ = set_up(cast.bob, clock)
    code = "".join(chr(ord(digits) + int(digit)) for digit in phone.code())
    assert login(cast.nobody, code).status == 401


def test_each_recovery_code_counts_once(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    _, recovery = set_up(cast.bob, clock)
    typed = [recovery[0], recovery[1].lower(), recovery[2].replace("-", ""), f" {recovery[3].replace('-', ' ')} "]
    for left, code in zip((9, 8, 7, 6), typed, strict=True):
        assert login(Client(core), code).status == 200, code
        assert cast.bob.get(FACTOR).json.recovery_codes_left == left
    for code in typed:
        assert told(login(Client(core), code)) == (401, "totp_wrong")
        clock.advance(STEP)
    assert login(Client(core), recovery[4]).status == 200


def test_recovery_codes_are_ones_own(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    _, recovery = set_up(cast.carol, clock)
    phone, _ = set_up(cast.bob, clock)
    assert told(login(cast.nobody, recovery[0])) == (401, "totp_wrong")
    assert cast.carol.get(FACTOR).json.recovery_codes_left == 10
    clock.advance(1)
    assert login(cast.nobody, phone.code()).status == 200


def both(core: SoundWave, monkeypatch: pytest.MonkeyPatch, ask: Callable[[], int], count: int = 4) -> list[int]:
    """All at once: each has proven its code before any of them uses it up."""
    barrier, prove, found = threading.Barrier(count, timeout=60), proving.prove, list[int]()
    one_by_one = threading.Lock()

    def then_wait(*args: Any) -> proving.Proof:
        with one_by_one:
            proof = prove(*args)
        barrier.wait()
        return proof

    def run() -> None:
        found.append(ask())
        core.db.release()

    monkeypatch.setattr(accounts, "prove", then_wait)
    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(found)


@pytest.mark.parametrize("is_recovery", [False, True])
@pytest.mark.parametrize("wants_token", [False, True])
def test_of_four_with_one_code_one_gets_in(
    core: SoundWave, cast: Cast, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch,
    is_recovery: bool, wants_token: bool,
) -> None:  # fmt: skip
    phone, recovery = set_up(cast.bob, clock)
    code = recovery[0] if is_recovery else phone.code()
    before = {name: len(rows) for name, rows in credentials_of(core).items()}
    statuses = both(core, monkeypatch, lambda: login(Client(core), code, return_token=wants_token).status)
    after = {name: len(rows) for name, rows in credentials_of(core).items()}
    assert statuses == [200, 401, 401, 401]
    table = "tokens" if wants_token else "sessions"
    assert after[table] == before[table] + 1


def test_of_four_confirmations_with_one_code_one_counts(
    core: SoundWave, cast: Cast, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, _ = set_up(cast.bob, clock)
    body = {"password": PASSWORD, "totp": phone.code()}
    assert both(core, monkeypatch, lambda: cast.bob.post("/api/user/confirm/", body).status) == [204, 403, 403, 403]


def test_one_that_comes_on_meanwhile_is_asked_for(core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the password and the session."""
    prove = proving.prove

    def then_turn_on(*args: Any) -> proving.Proof:
        proof = prove(*args)
        give_second_factor(core, cast.bob.user_id)
        return proof

    monkeypatch.setattr(accounts, "prove", then_turn_on)
    before = core.db.rows("SELECT * FROM sessions")
    assert told(login(cast.nobody)) == (401, "totp_required")
    assert core.db.rows("SELECT * FROM sessions") == before


def test_wrong_codes_are_counted_like_wrong_passwords(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    phone, recovery = set_up(cast.bob, clock)
    assert told(login(cast.nobody)) == (401, "totp_required")
    assert told(login(cast.nobody, phone.wrong())) == (401, "totp_wrong")
    for code in (phone.code(), recovery[0], None):
        assert told(login(cast.nobody, code)) == (429, "too_many_sign_ins")
    clock.advance(1)
    assert told(login(cast.nobody, phone.wrong())) == (401, "totp_wrong")
    answer = login(cast.nobody, phone.wrong())
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    lines = cast.alice.get("/api/user/admin/audit/?kind=sign_in_failed").json.results
    assert [(line.username, line.detail) for line in lines] == [("bob", {"wrong": "code"})] * 2


def test_a_used_code_is_a_wrong_one(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    phone, recovery = set_up(cast.bob, clock)
    for code in (phone.code(), recovery[0]):
        assert [login(Client(core), code).status for _ in range(3)] == [200, 401, 429]
        clock.advance(1)


def test_a_million_guesses_take_forever(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    """From a new address each time: in an hour fewer than two hundred guesses at three codes in a million."""
    phone, _ = set_up(cast.bob, clock)
    tried, end = 0, clock.monotonic() + 3600
    while clock.monotonic() < end:
        answer = login(Client(core, address=f"198.51.{tried // 250}.{tried % 250 + 1}"), phone.wrong())
        tried += answer.status == 401
        clock.advance(float(answer.headers.get("Retry-After", 0)))
    assert tried < 200


# Accounts that were imported


def give_imported(core: SoundWave, user_id: str, hashes: Sequence[str]) -> Phone:
    give_second_factor(core, user_id)
    with transaction(core.db):
        RecoveryCodes(core).replace(user_id, hashes)
    factor = SecondFactors(core).find(user_id)
    assert factor is not None
    return Phone(core.clock, factor.secret)


def test_imported_recovery_codes(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    codes = ["3F9A-0C1D-77B2", "81E4-5A60-9D3C"]
    phone = give_imported(core, cast.bob.user_id, [pbkdf2(code) for code in codes])
    assert login(Client(core), codes[1].lower()).status == 200
    assert told(login(Client(core), codes[1])) == (401, "totp_wrong")
    clock.advance(STEP)
    assert login(Client(core), codes[0]).status == 200
    assert login(Client(core), phone.code()).status == 200


@pytest.mark.parametrize("stored", ["3F9A-0C1D-77B2", "", "md5$3F9A-0C1D-77B2", "sha256$3F9A-0C1D-77B2", "!", "$"])
def test_a_recovery_code_is_never_compared_as_it_is(core: SoundWave, cast: Cast, stored: str) -> None:
    give_imported(core, cast.bob.user_id, [stored])
    assert told(login(cast.nobody, "3F9A-0C1D-77B2")) == (401, "totp_wrong")


def test_slow_codes_are_looked_at_in_the_hashers_turn_and_only_if_they_can_be_some(
    core: SoundWave, cast: Cast, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, turns = one_time_codes.SCHEMES["pbkdf2_sha256"], list[bool]()
    hasher = core.part(AuthState).hasher

    def slow(code: str, rest: str) -> bool:
        turns.append(hasher._one.locked())
        return check(code, rest)

    monkeypatch.setitem(one_time_codes.SCHEMES, "pbkdf2_sha256", slow)
    phone = give_imported(core, cast.bob.user_id, [pbkdf2("3F9A-0C1D-77B2")] * 1)
    for code in (phone.wrong(), "12345678", "x" * 64, "3F9A-0C1D"):
        assert login(cast.nobody, code).status == 401
        clock.advance(STEP)
    assert turns == []
    assert login(cast.nobody, "3F9A-0C1D-77B2").status == 200
    assert turns == [True]


def test_an_imported_account_with_both(core: SoundWave, cast: Cast) -> None:
    """Its password is hashed anew when the code was right as well, and not before."""
    with transaction(core.db) as tx:
        tx.execute("UPDATE users SET password_hash = :hash WHERE name = 'bob'", hash=pbkdf2(PASSWORD))
    phone = give_imported(core, cast.bob.user_id, [])

    def stored() -> str:
        return str(core.db.value("SELECT password_hash FROM users WHERE name = 'bob'"))

    assert told(login(cast.nobody)) == (401, "totp_required")
    assert stored() == pbkdf2(PASSWORD)
    assert login(cast.nobody, phone.code()).status == 200
    assert stored().startswith(f"{SCHEME}$")


@pytest.mark.parametrize("stored", ["!", "!unusable", "", "!" + pbkdf2(PASSWORD), "!{ours}"])
def test_an_unusable_password_never_matches_and_costs_the_same(
    core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch, stored: str
) -> None:
    ours = core.db.value("SELECT password_hash FROM users WHERE name = 'bob'")
    with transaction(core.db) as tx:
        tx.execute("UPDATE users SET password_hash = :hash WHERE name = 'bob'", hash=stored.format(ours=ours))
    hashed, hash = list[str](), PasswordHasher.hash

    def count(self: PasswordHasher, password: str) -> str:
        hashed.append(password)
        return hash(self, password)

    monkeypatch.setattr(PasswordHasher, "hash", count)
    assert told(login(cast.nobody)) == (401, "wrong_credentials")
    assert hashed == [PASSWORD]
    assert told(cast.bob.post("/api/user/confirm/", {"password": PASSWORD})) == (403, "wrong_password")
