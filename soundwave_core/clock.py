"""Time and ids: the one seam through which both come in."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta

ID_PATTERN = "[0-9a-f]{32}"


class Clock:
    """The real time. Tests pass ``testing.VirtualClock`` instead."""

    _last_id = 0
    _id_lock = threading.Lock()

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def stamp(self) -> str:
        """The moment as it is stored and sent: RFC 3339, UTC, milliseconds."""
        return to_stamp(self.now())

    def stamp_before(self, **ago: float) -> str:
        """A past moment: ``stamp_before(days=7)``; the names are timedelta's."""
        return to_stamp(self.now() - timedelta(**ago))

    def stamp_after(self, **ahead: float) -> str:
        return to_stamp(self.now() + timedelta(**ahead))

    def new_id(self) -> str:
        """A UUIDv7 (RFC 9562 section 5.7) as 32 lower-case hex: 48 bits of time, the rest random.

        Those of one clock increase, within a millisecond too (section 6.2, method 2).
        """
        milliseconds = int(self.now().timestamp() * 1000)
        value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
        value = value & ~(0xF << 76) | (7 << 76)
        value = value & ~(0x3 << 62) | (2 << 62)
        with self._id_lock:
            self._last_id = value = max(value, self._last_id + 1)
        return f"{value:032x}"


def to_stamp(moment: datetime) -> str:
    """``2026-11-22T07:51:18.000Z``: sorts as text in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_stamp(stamp: str) -> datetime:
    """The moment that a stamp names."""
    return datetime.fromisoformat(stamp)
