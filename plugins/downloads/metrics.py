"""What this room counts: the queue as its rows are now, and what ended since the start."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

from soundwave_core import Metric

from .health import waiting_seconds
from .health_store import QueueSigns
from .store import DownloadItems

if TYPE_CHECKING:
    from soundwave_core import SoundWave


class Ended:
    """The items that came to their end on this server since it started."""

    def __init__(self, core: SoundWave) -> None:
        self._db = core.db
        self._lock = threading.Lock()
        self.failed: Counter[str] = Counter()
        self.done = self.fetched_bytes = 0

    def note_done(self, download: dict[str, Any]) -> None:
        """One became a track; what was there already brought no bytes."""
        row = DownloadItems(self._db).find(download["id"])
        with self._lock:
            self.done += 1
            self.fetched_bytes += row["bytes_done"] if row is not None else 0

    def note_failed(self, code: str) -> None:
        """One was given up."""
        with self._lock:
            self.failed[code] += 1


def count(core: SoundWave) -> list[Metric]:
    """Codes and states are the only labels."""
    ended, signs = core.part(Ended), QueueSigns(core.db)
    states = {(state,): number for state, number in DownloadItems(core.db).counts().items()}
    failed = {(code,): number for code, number in ended.failed.copy().items()}
    return [
        Metric("items", "gauge", "Items by state.", states, ["state"]),
        Metric("links", "gauge", "Links that are being resolved, or wait for it.", signs.links()),
        Metric("waiting_seconds", "gauge", "How long the first of those that are ready waits.", waiting_seconds(core)),
        Metric("running_bytes", "gauge", "What has come of the items under way.", signs.running_bytes()),
        Metric("done", "counter", "Items that became tracks.", ended.done),
        Metric("failed", "counter", "Items that were given up, by code.", failed, ["code"]),
        Metric("fetched_bytes", "counter", "Bytes of the items that became tracks.", ended.fetched_bytes),
    ]
