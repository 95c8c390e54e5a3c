"""What this room does by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Job, transaction

from . import departures, sources
from .queue import Engine
from .staging import sweep_placed, sweep_staging
from .store import Downloads

if TYPE_CHECKING:
    from soundwave_core import SoundWave

QUIET_DAYS = 30
PLACED_DAYS = 1


def check_sources(core: SoundWave) -> None:
    """Begin the checks that are due."""
    core.part(Engine).cancel(departures.look_after_users(core))
    if sources.check_due(core):
        core.part(Engine).wake()


def sweep(core: SoundWave) -> None:
    """Clear up: old checks, what is staged for nobody, files of imports that did not end."""
    with transaction(core.db) as tx:
        Downloads(tx).remove_quiet(core.clock.stamp_before(days=QUIET_DAYS))
    sweep_staging(core)
    sweep_placed(core, core.clock.stamp_before(days=PLACED_DAYS))


JOBS = (
    Job("downloads.check-sources", check_sources, "Checks channels and mirrored playlists when they are due.",
        every_seconds=60),
    Job("downloads.sweep", sweep, "Forgets old checks of sources, and removes what interrupted downloads left behind.",
        cron="35 3 * * *"),
)  # fmt: skip
