"""User names: how they are shown, and the key by which two are the same."""

from __future__ import annotations

import unicodedata

from soundwave_core import Invalid

LONGEST = 64


def clean(name: str) -> str:
    """The form that is shown. Raises Invalid for what cannot be told apart by eye or typed."""
    shown = unicodedata.normalize("NFC", name).strip()
    if not 0 < len(shown) <= LONGEST or not key(shown):
        raise Invalid(f"A user name has 1 to {LONGEST} characters.", code="username_invalid")
    if any(unicodedata.category(char) in _REFUSED for char in shown):
        raise Invalid("A user name has no control or invisible characters.", code="username_invalid")
    return shown


def printable(text: str) -> str:
    """What somebody typed, for a line of the log: no control or invisible characters, and not too long."""
    return "".join(char for char in text if char.isprintable())[:LONGEST]


def key(name: str) -> str:
    """NFKC and casefold (Unicode 3.13, D147): ``ALICE``, ``alice`` and full-width forms are one name."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
