"""What the steps of an import share: where from, where to, whose, and old errors in our words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from soundwave_core import ImportReport, Legacy

from .faults import fault_of
from .text import clean_line

if TYPE_CHECKING:
    from soundwave_core import SoundWave

Row = dict[str, Any]
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")  # ECMA-48, 5.4: what a terminal takes for colours


@dataclass
class Move:
    """One import: where from, where to, and what is told of it. ``owners``: our users' ids by the old ones."""

    core: SoundWave
    legacy: Legacy
    report: ImportReport
    owners: dict[int, str] = field(default_factory=dict)
    inactive: set[int] = field(default_factory=set)

    def stamp(self, *texts: object) -> str:
        """The first of these moments that is one, else now."""
        return self.legacy.stamp(*texts) or self.report.at


def cleaned(text: object) -> str | None:
    """What an old error said, on one line and without a terminal's colours."""
    return clean_line(_TERMINAL.sub("", Legacy.text(text)))


def code_of(text: str | None) -> str | None:
    """Our code for an old error, where its words are known."""
    code = fault_of(Exception(text)).code if text else None
    return None if code == "internal" else code
