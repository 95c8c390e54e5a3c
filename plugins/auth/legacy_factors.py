"""Second factors of an old deployment. Later versions of it lock the secrets with their server's own key.

A locked one is a Fernet token (https://github.com/fernet/spec), its key the SHA-256 of the Django secret key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from soundwave_core import Invalid, printable

from . import one_time_codes

if TYPE_CHECKING:
    from soundwave_core import Section

VARIABLE = "SOUNDWAVE_LEGACY_SECRET_KEY"
LEAVE_OUT = "none"
_LOCKED = "gAAAA"  # version 0x80, and a moment before the year 2106
_VERSION, _HEAD, _IV, _BLOCK, _SEAL = 0x80, 9, 16, 16, 32  # bytes


@dataclass(frozen=True, slots=True)
class Factor:
    """An authenticator app's secret in base32, and the hashes of the backup codes that were not used."""

    secret: str
    code_hashes: Sequence[str]


def read(key: str, section: Section, rows: Sequence[dict[str, Any]]) -> dict[int, Factor]:
    """By account, those that were in force. Raises Invalid ``legacy_factors_locked``, ``legacy_key_wrong``."""
    on = [row for row in rows if row["two_factor_enabled"]]
    section.found = len(on)
    secrets = _unlocked(key, section, on)
    found = dict[int, Factor]()
    for row in on:
        secret = secrets.get(row["id"])
        if secret is not None and one_time_codes.is_secret(secret):
            found[row["id"]] = Factor(secret, _code_hashes(row, section))
        elif secret is not None:
            section.notes.append(f"{_who(row)} has none any more: its secret cannot be read.")
    section.imported = len(found)
    begun = [_who(row) for row in rows if row["two_factor_secret"] and not row["two_factor_enabled"]]
    if begun:
        section.notes.append(f"Begun and never confirmed, so not taken over: {', '.join(begun)}.")
    return found


def _unlocked(key: str, section: Section, rows: Sequence[dict[str, Any]]) -> dict[int, str]:
    """The secrets as they are; without those that are to be left out."""
    locked = [row for row in rows if (row["two_factor_secret"] or "").startswith(_LOCKED)]
    secrets = {row["id"]: row["two_factor_secret"] or "" for row in rows}
    if not locked:
        return secrets
    out = f"{VARIABLE}={LEAVE_OUT} leaves {'it' if len(locked) == 1 else 'them'} out"
    if not key:
        count = "1 second factor is" if len(locked) == 1 else f"{len(locked)} second factors are"
        sentence = f"{count} locked: set {VARIABLE} to the old server's DJANGO_SECRET_KEY; {out}."
        raise Invalid(sentence, code="legacy_factors_locked")
    if key == LEAVE_OUT:
        section.notes.append(f"Left out, so that the password alone lets in: {', '.join(map(_who, locked))}.")
        return {id: secret for id, secret in secrets.items() if id not in {row["id"] for row in locked}}
    digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
    for row in locked:
        opened = unlock(secrets[row["id"]], digest)
        if opened is None:
            raise Invalid(f"{VARIABLE} does not open the second factor of {_who(row)}; {out}.", code="legacy_key_wrong")
        secrets[row["id"]] = opened
    return secrets


def unlock(token: str, key: bytes) -> str | None:
    """What a Fernet token holds, or None where this is not its key, of 32 bytes."""
    seal_key, text_key = key[:16], key[16:]
    try:
        raw = base64.urlsafe_b64decode(token)
    except (binascii.Error, ValueError):
        return None
    sealed, seal = raw[:-_SEAL], raw[-_SEAL:]
    iv, text = sealed[_HEAD : _HEAD + _IV], sealed[_HEAD + _IV :]
    is_ours = hmac.compare_digest(hmac.digest(seal_key, sealed, "sha256"), seal)
    if not is_ours or sealed[0] != _VERSION or not text or len(text) % _BLOCK:
        return None
    padded = _decrypt(text_key, iv, text)
    return padded[: -padded[-1]].decode("utf-8", "replace")


def _decrypt(key: bytes, iv: bytes, text: bytes) -> bytes:
    """AES-128-CBC. The standard library has none; ours comes with yt-dlp, which decrypts streams by it."""
    try:
        from Cryptodome.Cipher import AES
    except ImportError as error:
        sentence = f"Second factors can only be unlocked with the package pycryptodomex; {VARIABLE}={LEAVE_OUT} leaves"
        raise Invalid(f"{sentence} them out.", code="legacy_factors_locked") from error
    return AES.new(key, AES.MODE_CBC, iv).decrypt(text)


def _code_hashes(row: dict[str, Any], section: Section) -> list[str]:
    try:
        codes = msgspec.json.decode(row["backup_codes"] or "[]", type=list[str])
    except (msgspec.MsgspecError, UnicodeError):
        codes = []
        section.notes.append(f"The backup codes of {_who(row)} cannot be read.")
    hashes = [one_time_codes.imported_hash(code) for code in dict.fromkeys(codes)]
    if None in hashes:
        section.notes.append(f"{hashes.count(None)} backup codes of {_who(row)} cannot be read.")
    return [made for made in hashes if made is not None]


def _who(row: dict[str, Any]) -> str:
    return printable(row["username"] or "")
