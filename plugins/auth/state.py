"""What one running server keeps in memory for this plugin."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING

from .passwords import PasswordHasher

if TYPE_CHECKING:
    from soundwave_core import SoundWave


class LastSeen:
    """Moments of last use, noted in the request and written later in one go: no write per request."""

    def __init__(self) -> None:
        self._moments: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def note(self, id: str, now: datetime) -> None:
        """Remember that it was used now."""
        with self._lock:
            self._moments[id] = now

    def at(self, id: str) -> datetime | None:
        """The last use that is noted and not yet written, or None."""
        return self._moments.get(id)

    def all(self) -> dict[str, datetime]:
        """Everything that waits to be written, by id: a copy."""
        with self._lock:
            return dict(self._moments)

    def forget(self, written: dict[str, datetime]) -> None:
        """Those that are written, unless they were seen again meanwhile."""
        with self._lock:
            for id, moment in written.items():
                if self._moments.get(id) == moment:
                    del self._moments[id]


class AuthState:
    """``core.part(AuthState)``."""

    def __init__(self, core: SoundWave) -> None:
        self.hasher = PasswordHasher(core.config["auth.bcrypt_cost"])
        self.sessions_seen = LastSeen()
        self.tokens_seen = LastSeen()
