"""The timers of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Job

from . import sources
from .queue import Engine

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def check_sources(core: SoundWave) -> None:
    """Begin the checks that are due."""
    if sources.check_due(core):
        core.part(Engine).wake()


JOBS = (
    Job("downloads.check-sources", check_sources, "Checks channels and mirrored playlists when they are due.",
        every_seconds=60),
)  # fmt: skip
