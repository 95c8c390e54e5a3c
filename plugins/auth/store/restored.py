"""What must not come back with an old database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soundwave_core import SoundWave


class Restored:
    """Inside ``transaction()``, on a database that was just taken out of a backup."""

    def __init__(self, core: SoundWave) -> None:
        self._db = core.db

    def end_sessions(self) -> int:
        """How many there were."""
        return self._db.execute("DELETE FROM sessions")

    def void_codes(self) -> int:
        """Set-up codes, and the invites that were open then: since, they may have been used or taken back."""
        self._db.execute("DELETE FROM setup_codes")
        return self._db.execute("DELETE FROM invites WHERE used_at IS NULL")

    def count_tokens(self, now: str) -> int:
        """How many are good again."""
        return int(self._db.value("SELECT count(*) FROM tokens WHERE expires_at > :now", now=now))
