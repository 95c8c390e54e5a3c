"""What this room counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Metric

from .store import Devices, KeptPlaylists

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def count(core: SoundWave) -> list[Metric]:
    """Devices, and what they keep, as they told it."""
    kept = {(state,): number for state, number in KeptPlaylists(core.db).counts().items()}
    return [
        Metric("devices", "gauge", "Devices that are in touch, of all users.", Devices(core.db).count()),
        Metric("playlists", "gauge", "Playlists that devices keep, by state.", kept, ["state"]),
    ]
