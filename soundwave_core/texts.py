"""Forms of text in bodies and queries, and how a wrong one is said to people."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from .clock import ID_PATTERN

# `$` alone would let a trailing newline through.
Id = Annotated[str, Meta(pattern=rf"^{ID_PATTERN}$(?!\n)", description="An id: 32 hexadecimal characters.")]
LINE_FORM = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$(?!\n)"  # one visible line

_PLACE = re.compile(r"(?P<what>.*) - at `\$\.?(?P<place>.*)`", re.DOTALL)
_FORM = re.compile(r"Expected `str` matching regex .*", re.DOTALL)


def shown(text: str, longest: int = 300) -> str:
    """A sentence as it goes out: what it repeats of a request is printable, and no longer than a sentence."""
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def wrong(whole: str, error: msgspec.ValidationError) -> str:
    """One sentence that names the field: "The body is wrong: `title` has the wrong form."."""
    found = _PLACE.fullmatch(str(error))
    what, place = (found["what"], found["place"]) if found else (str(error), "")
    if not place:
        return f"{whole} is wrong: {what}."
    is_form = _FORM.fullmatch(what) is not None
    said = "has the wrong form" if is_form else f"is refused: {what[:1].lower()}{what[1:]}"
    return f"{whole} is wrong: `{place}` {said}."
