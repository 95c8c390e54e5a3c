"""Guessing takes time, for those who guess."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import bcrypt
import pytest

from soundwave_auth import throttle
from soundwave_auth.jobs import remove_expired
from soundwave_auth.sessions import Device
from soundwave_auth.state import AuthState
from soundwave_auth.store import throttles
from soundwave_core import SoundWave, TooMany, transaction
from soundwave_core.testing import PASSWORD, Cast, Client, ClientAnswer, MakeCore, VirtualClock, make_cast

LOGIN = "/api/user/login/"
MINUTE = 60
GOOD, WRONG = PASSWORD, "not the password"


class Hashes:
    """How often bcrypt was asked for anything."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        for name in ("hashpw", "checkpw"):
            monkeypatch.setattr(bcrypt, name, self._counted(getattr(bcrypt, name)))

    def _counted(self, function: Any) -> Any:
        def call(*given: bytes) -> Any:
            self.count += 1
            return function(*given)

        return call


@pytest.fixture
def hashes(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Hashes:
    return Hashes(monkeypatch)


def login(client: Client, name: str, password: str = WRONG, **headers: str) -> ClientAnswer:
    return client.request("POST", LOGIN, json={"username": name, "password": password}, headers=headers)


def stranger(core: SoundWave, number: int = 1) -> Client:
    """Each at an address of their own."""
    return Client(core, address=f"10.0.{number // 256}.{number % 256}")


def is_told_to_wait(answer: ClientAnswer) -> bool:
    if answer.status != 429:
        return False
    assert answer.json["code"] == "too_many_sign_ins"
    assert int(answer.headers["Retry-After"]) >= 1
    return True


# By address


def test_a_hundred_wrong_passwords_from_one_address(core: SoundWave, clock: VirtualClock, hashes: Hashes) -> None:
    answers = []
    for number in range(100):
        answers.append(login(stranger(core), f"user {number}"))
        clock.advance(0.6)
    assert sum(answer.status == 401 for answer in answers) == hashes.count == 15
    assert all(answer.status == 401 or is_told_to_wait(answer) for answer in answers)


def test_retry_after_is_when_the_next_try_counts(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    refused = next(answer for n in itertools.count() if is_told_to_wait(answer := login(stranger(core), f"user {n}")))
    seconds = int(refused.headers["Retry-After"])
    clock.advance(seconds - 0.1)
    assert is_told_to_wait(login(stranger(core), "another"))
    clock.advance(0.1)
    assert login(stranger(core), "another").status == 401
    assert is_told_to_wait(login(stranger(core), "yet another"))


def test_a_refused_try_is_not_counted(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    for number in range(200):
        login(stranger(core), f"user {number}")
    clock.advance(10)
    assert login(stranger(core), "bob", GOOD).status == 200


def test_a_household_signs_in_as_often_as_it_likes(core: SoundWave, cast: Cast) -> None:
    for name in ("alice", "bob", "carol") * 10:
        assert login(stranger(core), name, GOOD).status == 200


def test_a_right_one_does_not_fill_the_bucket(core: SoundWave, cast: Cast) -> None:
    for number in range(10):
        assert login(stranger(core), f"user {number}").status == 401
        if number < 9:
            assert login(stranger(core), "carol", GOOD).status == 200
    assert is_told_to_wait(login(stranger(core), "carol", GOOD))


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:2::1"),
        ("fe80::1%eth0", "fe80::2%eth1", "fe80:0:0:1::1"),
    ],
)
def test_what_one_address_is(core: SoundWave, cast: Cast, address: str, same: str, other: str) -> None:
    for number in range(10):
        assert login(Client(core, address=address), f"user {number}").status == 401
    assert is_told_to_wait(login(Client(core, address=same), "somebody"))
    assert login(Client(core, address=other), "somebody").status == 401


def test_forwarded_headers_of_strangers_change_nothing(core: SoundWave, cast: Cast, hashes: Hashes) -> None:
    for number in range(40):
        login(stranger(core), f"user {number}", X_Forwarded_For=f"198.51.100.{number}", Forwarded="for=192.0.2.9")
    assert hashes.count == 10


def test_a_trusted_proxy_is_believed_but_not_what_it_was_told(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_TRUSTED_PROXIES="10.0.0.1")
    make_cast(core)
    for number in range(10):
        login(stranger(core), f"user {number}", X_Forwarded_For=f"203.0.113.{number}, 198.51.100.7")
    assert is_told_to_wait(login(stranger(core), "somebody", X_Forwarded_For="198.51.100.7"))
    assert login(stranger(core), "somebody", X_Forwarded_For="198.51.100.8").status == 401


# By account


@pytest.mark.parametrize("name", ["bob", "nobody of that name"])
def test_an_account_waits_twice_as_long_each_time(core: SoundWave, cast: Cast, clock: VirtualClock, name: str) -> None:
    visitors = map(stranger, itertools.repeat(core), itertools.count())
    for delay in (0.5, 1, 2, 4, 8, 16, 30, 30, 30):
        assert login(next(visitors), name).status == 401
        clock.advance(delay - 0.01)
        assert is_told_to_wait(login(next(visitors), name.upper()))
        clock.advance(0.01)


def test_the_wait_of_a_name_that_is_none_looks_the_same(core: SoundWave, cast: Cast) -> None:
    answers = [[login(stranger(core, n), name) for n in (0, 1)] for name in ("bob", "nobody of that name")]
    (bob, nobody) = [[(a.status, a.body, dict(a.headers)) for a in both] for both in answers]
    assert bob == nobody


def test_a_right_password_ends_the_wait(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    for number in range(6):
        login(stranger(core, number), "bob")
        clock.advance(30)
    assert login(stranger(core), "bob", GOOD).status == 200
    assert login(stranger(core), "bob").status == 401
    clock.advance(0.5)
    assert login(stranger(core), "bob").status == 401


def test_after_fifteen_quiet_minutes_all_is_forgotten(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    for number in range(6):
        login(stranger(core, number), "bob")
        clock.advance(30)
    clock.advance(15 * MINUTE - 30)
    assert login(stranger(core), "bob").status == 401
    clock.advance(0.5)
    assert login(stranger(core), "bob").status == 401


def test_a_hundred_addresses_on_one_account(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    cast.bob.address = "192.0.2.77"  # at home yesterday, elsewhere today
    hashed = 0
    for number in range(100):
        hashed += login(stranger(core, number), "bob").status == 401
        assert cast.bob.sign_in("bob").status == 200
        clock.advance(0.6)
    assert hashed <= 7
    waiting = login(Client(core, address="192.0.2.78"), "bob", GOOD)
    assert is_told_to_wait(waiting)
    clock.advance(int(waiting.headers["Retry-After"]))
    assert login(Client(core, address="192.0.2.78"), "bob", GOOD).status == 200


# Known devices


def test_a_known_device_gets_in_from_an_address_that_is_shut(core: SoundWave, cast: Cast) -> None:
    cast.bob.address = stranger(core).address
    for number in range(20):
        login(stranger(core), f"user {number}")
    assert is_told_to_wait(login(stranger(core), "bob", GOOD))
    assert cast.bob.sign_in("bob").status == 200


def test_a_known_device_has_a_wait_of_its_own(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    for delay in (0.5, 1, 2, 4, 8, 16, 30):
        assert login(cast.bob, "bob").status == 401
        assert is_told_to_wait(login(cast.bob, "bob", GOOD))
        clock.advance(delay)
    assert is_told_to_wait(login(cast.bob, "bob")) is False
    assert login(stranger(core), "bob", GOOD).status == 200


def test_a_device_is_known_for_its_users_only(core: SoundWave, cast: Cast) -> None:
    login(stranger(core), "alice")
    assert is_told_to_wait(login(cast.bob, "alice", GOOD))
    made_up = Client(core, cookies={"soundwave_device": "a" * 43})
    assert is_told_to_wait(login(made_up, "alice", GOOD))
    assert login(cast.alice, "alice", GOOD).status == 200


def test_a_browser_keeps_its_secret_whoever_signs_in(core: SoundWave, cast: Cast) -> None:
    assert cast.bob.sign_in("carol").status == 200
    secret = cast.bob.cookies["soundwave_device"]
    assert cast.bob.post("/api/user/logout/").status == 204
    assert cast.bob.cookies == {"soundwave_device": secret}
    for name in ("bob", "carol"):
        login(stranger(core), name)
        assert cast.bob.sign_in(name).status == 200


def test_no_stranger_chooses_the_secret(core: SoundWave, cast: Cast) -> None:
    planted = Client(core, cookies={"soundwave_device": "a" * 43})
    planted.sign_in("bob")
    assert planted.cookies["soundwave_device"] != "a" * 43


def test_no_user_plants_the_secret_of_another(core: SoundWave, cast: Cast) -> None:
    """carol's cookie in bob's browser: who guesses with it afterwards is a stranger, and keeps bob out of nothing."""
    secret = cast.carol.cookies["soundwave_device"]
    browser = Client(core, cookies={"soundwave_device": secret})
    assert browser.sign_in("bob").status == 200
    assert browser.cookies["soundwave_device"] != secret
    address = stranger(core).address
    for name in ("bob", "carol"):
        guessing = Client(core, address=address, cookies={"soundwave_device": secret})
        assert login(guessing, name).status == 401
        assert is_told_to_wait(login(guessing, name, GOOD))
        assert browser.sign_in(name).status == 200


def test_the_cookie_of_a_device(core: SoundWave, cast: Cast) -> None:
    client = Client(core, base="https://localhost")
    client.sign_in("bob")
    assert set(client.cookies) == {"__Host-soundwave_session", "__Host-soundwave_device"}
    stored = core.db.rows("SELECT * FROM known_devices")
    assert not any(client.cookies["__Host-soundwave_device"] in map(str, row.values()) for row in stored)


def test_a_device_is_known_for_a_year_and_twenty_of_a_user(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    for _ in range(30):
        assert Client(core).sign_in("carol").status == 200
    assert core.db.value("SELECT count(*) FROM known_devices WHERE user_id = :id", id=cast.carol.user_id) == 20
    clock.advance(365 * 24 * 3600)
    login(stranger(core), "bob")
    assert is_told_to_wait(login(cast.bob, "bob", GOOD))
    remove_expired(core)
    assert core.db.value("SELECT count(*) FROM known_devices") == 0


def test_a_new_password_makes_other_devices_strangers(core: SoundWave, cast: Cast) -> None:
    other = Client(core)
    other.sign_in("bob")
    changed = cast.bob.post("/api/user/change-password/", {"old_password": GOOD, "new_password": "a new one, and long"})
    assert changed.status == 200
    login(stranger(core), "bob")
    assert is_told_to_wait(login(other, "bob", "a new one, and long"))
    cast.bob.csrf_token = changed.json.csrf_token
    assert cast.bob.sign_in("bob", "a new one, and long").status == 200


# What counts


def test_old_sessions_and_tokens_never_count(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    for _ in range(50):
        assert Client(core, cookies={"soundwave_session": "over"}).get("/api/user/account/").status == 401
        assert Client(core).get("/api/user/account/", Authorization="Bearer swt_over").status == 401
    assert login(Client(core), "bob").status == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/user/confirm/", {"password": WRONG}),
        ("/api/user/change-password/", {"old_password": WRONG, "new_password": "a new one, and long"}),
    ],
)
def test_it_counts_wherever_a_password_is_given(
    cast: Cast, clock: VirtualClock, hashes: Hashes, path: str, body: dict[str, str]
) -> None:
    assert cast.bob.post(path, body).status == 403
    spent = hashes.count
    assert is_told_to_wait(cast.bob.post(path, body))
    assert is_told_to_wait(login(cast.bob, "bob", GOOD))
    assert hashes.count == spent
    clock.advance(1)
    assert login(cast.bob, "bob", GOOD).status == 200


def test_codes_are_not_guessed_either(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="invite")
    make_cast(core)
    for number in range(10):
        assert stranger(core).register(f"user {number}", invite_code="a guess").status == 403
    assert is_told_to_wait(stranger(core).register("somebody", invite_code="a guess"))
    assert stranger(core, 2).register("somebody", invite_code="a guess").status == 403


def test_nor_is_the_set_up_code(core: SoundWave) -> None:
    for number in range(10):
        assert stranger(core).register(f"user {number}", setup_code="a guess").status == 403
    assert is_told_to_wait(stranger(core).register("somebody", setup_code="a guess"))
    assert make_cast(core).alice.user_id


def test_nobody_asks_an_open_door_for_all_names(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="open")
    make_cast(core)
    for _ in range(10):
        assert stranger(core).register("bob").status == 409
    assert is_told_to_wait(stranger(core).register("carol"))


def test_an_open_door_is_no_flood_gate(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="open")
    make_cast(core)
    for number in range(10):
        assert stranger(core).register(f"user {number}").status == 201
    assert is_told_to_wait(stranger(core).register("one more"))
    assert stranger(core, 2).register("somebody else").status == 201


# Where it is kept


def test_a_restart_forgets_nothing(make_core: MakeCore, clock: VirtualClock) -> None:
    core = make_core()
    cast = make_cast(core)
    for number in range(10):
        login(stranger(core), "bob" if number == 0 else f"user {number}")
    core.stop()
    core = make_core()
    assert is_told_to_wait(login(stranger(core), "somebody"))
    assert is_told_to_wait(login(stranger(core, 2), "bob", GOOD))
    cast.bob.core = core
    assert cast.bob.sign_in("bob").status == 200


def test_a_clock_that_was_set_back_locks_nobody_out(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    clock.advance(24 * 3600)
    for number in range(10):
        login(stranger(core), "bob" if number == 0 else f"user {number}")
    clock.advance(-24 * 3600)
    assert login(stranger(core), "bob").status == 401
    assert is_told_to_wait(login(stranger(core), "another"))
    assert is_told_to_wait(login(stranger(core, 2), "bob"))
    clock.advance(30)
    assert login(stranger(core), "bob", GOOD).status == 200


def test_the_table_stays_small(
    core: SoundWave, cast: Cast, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttles, "MOST_ROWS", 30)
    for number in range(100):
        with transaction(core.db):
            throttle.note_wrong(core, f"user {number}", Device("", f"10.0.0.{number}"))
    assert core.db.value("SELECT count(*) FROM throttles") <= 32
    with pytest.raises(TooMany):
        throttle.ensure_may_try(core, "user 99", Device("", "10.1.0.1"))
    clock.advance(15 * MINUTE)
    remove_expired(core)
    assert core.db.value("SELECT count(*) FROM throttles") == 0


def test_names_are_not_kept_as_they_were_typed(core: SoundWave, cast: Cast) -> None:
    login(stranger(core), "what belongs in the other field")
    for table in ("throttles", "audit"):
        assert "belongs" not in str(core.db.rows(f"SELECT * FROM {table}"))


def test_many_at_once_get_no_more_than_one_after_the_other(core: SoundWave, hashes: Hashes) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: login(stranger(core), f"user {n}"), range(400)))
    assert {answer.status for answer in answers} == {401, 429}
    while login(stranger(core), f"another {hashes.count}").status == 401:  # what is left of the bucket
        pass
    assert hashes.count == 10


def test_who_waited_for_the_hasher_is_asked_again(core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    device, is_waiting, hasher = Device("", "10.0.0.1"), Event(), core.part(AuthState).hasher
    turn = hasher.turn

    @contextmanager
    def seen(account: str) -> Iterator[None]:
        is_waiting.set()
        with turn(account):
            yield

    def second() -> None:
        with throttle.turn(core, "two", device):
            raise AssertionError("the bucket is empty")

    with ThreadPoolExecutor(1) as pool, throttle.turn(core, "one", device):
        monkeypatch.setattr(hasher, "turn", seen)
        waiting = pool.submit(second)
        assert is_waiting.wait(10)
        for _ in range(10):
            with transaction(core.db):
                throttle.note_wrong(core, None, device)
    with pytest.raises(TooMany) as refused:
        waiting.result()
    assert refused.value.code == "too_many_sign_ins"
