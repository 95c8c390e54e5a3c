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

_PLACE = re.compile(r"(?P<what>.*) - at `(?P<key>key` in `)?\$\.?(?P<place>.*)`", re.DOTALL)
_FORM = re.compile(r"Expected `str` matching regex .*", re.DOTALL)
_FIELD = re.compile(r"Object (?:missing required|(?P<is_extra>contains unknown)) field (?P<name>`.*`)", re.DOTALL)


def printable(text: str, longest: int = 300) -> str:
    """What somebody typed, fit for a sentence or a line of the log: it forges no other line, and is not too long."""
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def wrong(whole: str, error: msgspec.ValidationError) -> str:
    """One sentence that names the field: "The body is wrong: `title` has the wrong form."."""
    found = _PLACE.fullmatch(str(error))
    what, place = (found["what"], f"`{found['place']}`") if found else (str(error), "")
    if found and found["key"]:
        place = f"a name in {place}"
    if field := _FIELD.fullmatch(what):
        said = f"{field['name']} {'is not known' if field['is_extra'] else 'is missing'}{place and f' in {place}'}"
    elif _FORM.fullmatch(what):
        said = f"{place} has the wrong form"
    else:
        said = f"{place and f'{place} is refused: '}{what[:1].lower()}{what[1:]}"
    return f"{whole} is wrong: {said}."
