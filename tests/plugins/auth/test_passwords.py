"""Hashing by itself: schemes, stale hashes, turns."""

from __future__ import annotations

import pytest

from soundwave_auth import names
from soundwave_auth.passwords import PasswordHasher, ensure_acceptable
from soundwave_auth.sessions import device_label
from soundwave_core import Invalid, TooMany

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


@pytest.mark.parametrize("password", ["", "123456789", "e\u0301" * 9, "x" * 1025, "é" * 513])
def test_what_is_no_password(password: str) -> None:
    with pytest.raises(Invalid):
        ensure_acceptable(password)


@pytest.mark.parametrize("password", ["1234567890", "é" * 512, "\0" * 10, "👩‍🚀👩‍🚀👩‍🚀👩‍🚀"])
def test_what_is_one(password: str) -> None:
    ensure_acceptable(password)
    assert HASHER.verify(password, HASHER.hash(password))


def test_a_turn_that_is_not_free_is_refused_and_given_back() -> None:
    hasher = PasswordHasher(4, places=1)
    with hasher.turn(), pytest.raises(TooMany), hasher.turn():
        pass
    with pytest.raises(KeyError), hasher.turn():
        raise KeyError
    with hasher.turn():
        pass


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
