"""What this room counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Metric

from .store.counts import Counts

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def count(core: SoundWave) -> list[Metric]:
    """How many may come in, and by how many doors, as it is now."""
    counts, now = Counts(core), core.clock.stamp()
    users = {(state,): number for state, number in counts.users().items()}
    return [
        Metric("users", "gauge", "Accounts by state.", users, ["state"]),
        Metric("sessions", "gauge", "Sessions that have not expired.", counts.sessions(now)),
        Metric("tokens", "gauge", "Tokens that have not expired.", counts.tokens(now)),
    ]
