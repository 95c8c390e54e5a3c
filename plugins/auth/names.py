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
    if any(unicodedata.category(char) in _REFUSED or ord(char) in _UNSEEN for char in shown):
        raise Invalid("A user name has no control or invisible characters.", code="username_invalid")
    return shown


def key(name: str) -> str:
    """NFKC and casefold (Unicode 3.13, D147): ``ALICE``, ``alice`` and full-width forms are one name."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that show nothing (Unicode's Default_Ignorable_Code_Point, as far as it is in none of these).
_UNSEEN = frozenset({0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}).union(
    range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)
)
