"""Random secrets, and the only form in which they are stored."""

from __future__ import annotations

import hashlib
import secrets

CODE_BYTES = 16
"""128 bits: for codes that live an hour or some days and work once."""
SECRET_BYTES = 32
"""256 bits: for sessions and tokens."""
LONGEST = 256


def new_code(size: int = CODE_BYTES) -> str:
    """A random code that may stand in a URL, a header or a cookie."""
    return secrets.token_urlsafe(size)


def digest(code: str) -> str:
    """SHA-256 in hex. A fast hash is enough: what goes in is random, so there is nothing to guess."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
