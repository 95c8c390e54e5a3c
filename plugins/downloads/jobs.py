"""The timers of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Job

from . import sources
from .queue import Engine

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def run_queue(core: SoundWave) -> None:
    """Wake the workers: a wait may be over."""
    core.part(Engine).wake()


def check_sources(core: SoundWave) -> None:
    """Begin the checks that are due."""
    if sources.check_due(core):
        core.part(Engine).wake()


JOBS = (
    Job("downloads.run-queue", run_queue, "Goes on with downloads whose waiting time is over.", every_seconds=15),
    Job("downloads.check-sources", check_sources, "Checks channels and mirrored playlists when they are due.",
        every_seconds=60),
)  # fmt: skip
