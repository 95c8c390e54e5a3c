"""What this room counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Metric

from .store.counts import Counts

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def count(core: SoundWave) -> list[Metric]:
    """How much there is in the library, as it is now."""
    counts = Counts(core.db)
    return [
        Metric("tracks", "gauge", "Tracks in the library.", counts.tracks()),
        Metric("playlists", "gauge", "Playlists of all users.", counts.playlists()),
        Metric("channels", "gauge", "Channels of the household.", counts.channels()),
    ]
