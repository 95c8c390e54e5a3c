"""Hashing by itself: schemes, stale hashes, turns."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from soundwave_auth import names
from soundwave_auth.passwords import PasswordHasher, ensure_acceptable
from soundwave_auth.sessions import device_label
from soundwave_core import Invalid, TooMany
from soundwave_core.testing import Client, MakeCore, make_cast

HASHER = PasswordHasher(4)
PASSWORD = "correct horse battery"
# As imported accounts have it: PBKDF2-HMAC-SHA256, rounds, salt, base64.
OLD = "pbkdf2_sha256$1000$salt$hHq2CwjSpsUCltVF/ZDe25M5jA5hBHN9+inXRaOGbjU="


def test_a_hash_fits_its_password_only() -> None:
    stored = HASHER.hash(PASSWORD)
    assert stored.startswith("bcrypt-sha256$$2b$04$")
    assert HASHER.verify(PASSWORD, stored)
    assert not HASHER.verify(PASSWORD + " ", stored)
    assert HASHER.hash(PASSWORD) != stored


def test_an_imported_hash() -> None:
    assert HASHER.verify(PASSWORD, OLD)
    assert not HASHER.verify(PASSWORD + " ", OLD)
    assert HASHER.is_stale(OLD)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "!",
        "!abc",
        "md5$x$y",
        PASSWORD,
        "bcrypt-sha256$",
        "bcrypt-sha256$rubbish",
        "pbkdf2_sha256$",
        "pbkdf2_sha256$0$salt$x",
        "pbkdf2_sha256$99999999999$salt$x",
        "pbkdf2_sha256$-1$salt$x",
        "pbkdf2_sha256$x$salt$é",
        "pbkdf2_sha256$1$salt$",
    ],
)
def test_what_no_password_fits(stored: str | None) -> None:
    assert not HASHER.verify(PASSWORD, stored)
    assert not HASHER.verify("", stored)


def test_another_cost_is_stale() -> None:
    assert not HASHER.is_stale(HASHER.hash(PASSWORD))
    assert PasswordHasher(5).is_stale(HASHER.hash(PASSWORD))


def test_another_cost_is_taken_up_at_the_next_sign_in(make_core: MakeCore) -> None:
    core = make_core()
    make_cast(core)
    core.stop()
    core = make_core(SOUNDWAVE_AUTH_BCRYPT_COST="5")
    for _ in range(2):
        assert Client(core).sign_in("bob").status == 200
    stored = {row["name"]: row["password_hash"][:21] for row in core.db.rows("SELECT * FROM users")}
    assert stored == {
        "alice": "bcrypt-sha256$$2b$04$", "bob": "bcrypt-sha256$$2b$05$", "carol": "bcrypt-sha256$$2b$04$"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_too_short"),
        ("12345678X", "password_too_short"),
        ("e\u0301" * 9, "password_too_short"),
        ("x" * 1025, "password_too_long"),
        ("é" * 513, "password_too_long"),
    ],
)
def test_what_is_no_password(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        ensure_acceptable(password, "bob")
    assert refused.value.code == code


COMMON = ["1234567890", "qwertyuiop", "password123", "PASSWORD123", "Password123", "mAnChEsTeR", "iloveyou123"]
LIKE_THE_NAME = ["margarethe", "MARGARETHE", "margarethemargarethe", "Margarethe2026!", "\uff4dargarethe 1"]


@pytest.mark.parametrize("password", COMMON + LIKE_THE_NAME)
def test_what_is_guessed_first(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        ensure_acceptable(password, "Margarethe")
    assert refused.value.code == "password_too_common"
    assert password not in refused.value.sentence


GOOD = [PASSWORD, "83920-17465", "margarethe likes radio plays", "      4 blanks"]
ODD = ["é" * 512, "\0" * 9 + "x", "👩‍🚀👩‍🚀👩‍🚀👩‍🚀", "\ud800" * 10]


@pytest.mark.parametrize("password", [*GOOD, *ODD])
def test_what_is_one(password: str) -> None:
    ensure_acceptable(password, "Margarethe")
    assert HASHER.verify(password, HASHER.hash(password))


def test_an_imported_hash_with_its_own_rounds_and_salt() -> None:
    """Django's form, as the old program stored it with 600,000 rounds; fewer do here."""
    for rounds, salt, password in ((1, "s", "kurz"), (2600, "Zq8f1TtY2LmN", "pässwörd Nr. 1"), (1000, "x", "a" * 200)):
        made = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), rounds)
        stored = f"pbkdf2_sha256${rounds}${salt}${base64.b64encode(made).decode()}"
        assert HASHER.verify(password, stored)
        assert not HASHER.verify(password + "x", stored)
        assert not HASHER.verify(password, stored.replace(f"${salt}$", "$other$"))


def test_a_turn_that_is_not_free_is_refused_and_given_back() -> None:
    hasher = PasswordHasher(4, places=1)
    with hasher.turn(), pytest.raises(TooMany), hasher.turn():
        pass
    with pytest.raises(KeyError), hasher.turn():
        raise KeyError
    with hasher.turn():
        pass


def test_one_account_never_takes_every_place() -> None:
    """Right passwords are not throttled: who signs in again and again keeps nobody else out."""
    hasher = PasswordHasher(4)

    def hash_for(account: str) -> str:
        with hasher.turn(account):
            return account

    with ThreadPoolExecutor(2) as pool, hasher.turn("bob"):
        with pytest.raises(TooMany):
            hash_for("bob")
        waiting = pool.submit(hash_for, "alice")
        with pytest.raises(TooMany):
            pool.submit(hash_for, "bob").result()
    assert [waiting.result(), hash_for("bob")] == ["alice", "bob"]


@pytest.mark.parametrize(
    ("one", "other"), [("Alice", "ALICE"), ("Straße", "STRASSE"), ("\ufb01x", "fix"), ("Zoe\u0308", "zoë")]
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Symfonium/9.1 (Pixel)", "Symfonium"),
        ("<script>", "Unknown device"),
        (None, "Unknown device"),
    ],
)
def test_what_a_device_is_called(user_agent: str | None, label: str) -> None:
    assert device_label(user_agent) == label
