"""Holding every writer back for a moment, so that a snapshot of the volume finds nothing half-way."""

from __future__ import annotations

import math
import threading

from .clock import Clock
from .errors import Unavailable

PATIENCE_SECONDS = 2.0  # how long a request waits for the end before it is told to come again
LONGEST_SECONDS = 600
_LOOK_SECONDS = 0.2


class Hold:
    """Off, or on until a moment: it ends by itself, so that a script that dies stops nobody for good."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = -math.inf
        self._changed = threading.Condition()

    @property
    def seconds_left(self) -> float:
        """0 when it is off."""
        return max(0.0, self._until - self._clock.monotonic())

    def begin(self, seconds: float) -> None:
        """On from now, or prolonged, for at most ``LONGEST_SECONDS``."""
        self._set(self._clock.monotonic() + min(seconds, LONGEST_SECONDS))

    def begin_or_end(self, seconds: float, *, is_busy: bool) -> None:
        """On from now, unless a reader kept the log from being emptied: then off, and Unavailable ``readers_busy``."""
        if is_busy:
            self.end()
            sentence = "Somebody reads the database for long, a backup say: nothing is held back; try again later."
            raise Unavailable(sentence, code="readers_busy")
        self.begin(seconds)

    def end(self) -> None:
        """Off; those who wait go on."""
        self._set(-math.inf)

    def wait(self, patience: float = math.inf) -> None:
        """Return when it is off; after ``patience`` seconds Unavailable ``writes_held``."""
        with self._changed:
            while self.seconds_left:
                if patience <= 0:
                    again = [("Retry-After", str(math.ceil(self.seconds_left)))]
                    sentence = "A snapshot is being taken, and nothing can be changed for a moment."
                    raise Unavailable(sentence, code="writes_held", headers=again)
                self._changed.wait(_LOOK_SECONDS)
                patience -= _LOOK_SECONDS

    def _set(self, until: float) -> None:
        with self._changed:
            self._until = until
            self._changed.notify_all()
