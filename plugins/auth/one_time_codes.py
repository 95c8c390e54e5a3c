"""Codes that are good once: those of an authenticator app (TOTP, RFC 6238), and the recovery codes beside it.

A recovery code is stored as ``SCHEME$…``. Ours are ``sha256``, for they are random enough that nobody guesses
at their hashes; those of imported accounts come with a scheme of passwords.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

import pyotp

from . import passwords
from .codes import digest

ISSUER = "SoundWave"
WINDOW = 1  # steps of 30 seconds that a phone's clock may be behind or ahead: RFC 6238 section 5.2 advises one
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 bits: sixteen letters and digits, in groups of four."""
IMPORTED_ITERATIONS = 100_000
"""48 bits are not so many that a plain hash would do; ten of these take half a second."""

_OF_AN_APP = re.compile(r"[0-9]{6}")
_FOR_RECOVERY = re.compile(r"[A-Z0-9]{4}(-[A-Z0-9]{4}){2,3}")  # three groups in imported accounts
_GROUP = re.compile(r".{1,4}")
_SEPARATORS = re.compile(r"[\s-]+")


def new_secret() -> str:
    """160 bits in base32, as RFC 4226 section 4 recommends."""
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Whether an authenticator app has codes of this one."""
    try:
        return bool(pyotp.TOTP(text).byte_secret())
    except (binascii.Error, ValueError):
        return False


def uri_of(secret: str, name: str) -> str:
    """What an authenticator app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The step after ``last_step`` that this is the code of, or None: wrong, too old, too early, or used."""
    typed, totp = _SEPARATORS.sub("", code), pyotp.TOTP(secret)
    if not _OF_AN_APP.fullmatch(typed):
        return None
    step = totp.timecode(now)
    near = range(max(step - WINDOW, last_step + 1), step + WINDOW + 1)
    return next((step for step in near if hmac.compare_digest(totp.generate_otp(step), typed)), None)


def new_recovery_codes() -> list[str]:
    """``ABCD-EFGH-IJKL-MNOP``, ten of them."""
    return [_grouped(base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()) for _ in range(RECOVERY_CODES)]


def recovery_hash(code: str) -> str:
    """What to store of one of ours."""
    return f"sha256${digest(code)}"


def imported_hash(code: str) -> str | None:
    """What to store of an imported account's code, which comes hashed already or in the clear; None for neither."""
    if passwords.can_match(code):
        return code
    typed = _grouped(_SEPARATORS.sub("", code).upper())
    return passwords.hash_as_imported(typed, IMPORTED_ITERATIONS) if _FOR_RECOVERY.fullmatch(typed) else None


def find_recovery_hash(code: str, hashes: Sequence[str]) -> str | None:
    """The one of ``hashes`` that this is the code of, however it is typed, or None.

    Inside a hasher's turn: those of passwords are slow.
    """
    typed = _grouped(_SEPARATORS.sub("", code).upper())
    if not _FOR_RECOVERY.fullmatch(typed):
        return None
    return next((stored for stored in hashes if _is_of(typed, stored)), None)


def _grouped(text: str) -> str:
    return "-".join(_GROUP.findall(text))


def _is_of(code: str, stored: str) -> bool:
    scheme, _, rest = stored.partition("$")
    check = SCHEMES.get(scheme)
    return check is not None and check(code, rest)


def _check_sha256(code: str, rest: str) -> bool:
    return hmac.compare_digest(digest(code), rest)


SCHEMES: dict[str, Callable[[str, str], bool]] = {**passwords.SCHEMES, "sha256": _check_sha256}
