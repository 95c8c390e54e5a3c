"""What users keep for themselves, by name: anything that is JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave


class UserConfig:
    """One user's values."""

    def __init__(self, core: SoundWave, user_id: str) -> None:
        self._db: Database = core.db
        self._user_id = user_id

    def all(self) -> dict[str, Any]:
        """Every value by its name, in the order of the names."""
        sql = "SELECT name, value FROM user_config WHERE user_id = :user ORDER BY name"
        return {row["name"]: msgspec.json.decode(row["value"]) for row in self._db.rows(sql, user=self._user_id)}

    def count(self) -> int:
        """How many there are."""
        return int(self._db.value("SELECT count(*) FROM user_config WHERE user_id = :user", user=self._user_id))

    def put(self, name: str, value: str) -> None:
        """Store a value, which is JSON in text, in the place of the one before."""
        self._db.execute(
            """INSERT INTO user_config (user_id, name, value) VALUES (:user, :name, :value)
            ON CONFLICT (user_id, name) DO UPDATE SET value = :value""",
            user=self._user_id,
            name=name,
            value=value,
        )

    def remove(self, name: str) -> None:
        """Forget one; nothing happens where it is not there."""
        self._db.execute(
            "DELETE FROM user_config WHERE user_id = :user AND name = :name", user=self._user_id, name=name
        )

    def clear(self) -> None:
        """Forget them all."""
        self._db.execute("DELETE FROM user_config WHERE user_id = :user", user=self._user_id)
