"""How many there are: asked every few seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave


class Counts:
    """Of the whole server, without names."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def users(self) -> dict[str, int]:
        """Accounts by state: active and disabled; those that were removed are none."""
        rows = self._db.rows("SELECT state, count(*) AS n FROM users WHERE state <> 'removed' GROUP BY state")
        return {"active": 0, "disabled": 0} | {row["state"]: row["n"] for row in rows}

    def sessions(self, now: str) -> int:
        """Those that have not expired."""
        return int(self._db.value("SELECT count(*) FROM sessions WHERE expires_at > :now", now=now))

    def tokens(self, now: str) -> int:
        """Those that have not expired."""
        return int(self._db.value("SELECT count(*) FROM tokens WHERE expires_at > :now", now=now))
