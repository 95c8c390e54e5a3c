"""Which account here each account of an old deployment has become."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soundwave_core import SoundWave


class LegacyAccounts:
    """By the id that an old account gets here, whether it was made then or was here before."""

    def __init__(self, core: SoundWave) -> None:
        self._db = core.db

    def all(self) -> dict[str, str]:
        """User ids by the ids of old accounts; removed users too."""
        return {row["uid"]: row["user_id"] for row in self._db.rows("SELECT uid, user_id FROM legacy_accounts")}

    def claim(self, uid: str, user_id: str) -> None:
        """Inside ``transaction()``: remember it. The first claim stays."""
        self._db.execute(
            "INSERT INTO legacy_accounts (uid, user_id) VALUES (:uid, :user) ON CONFLICT DO NOTHING",
            uid=uid, user=user_id,
        )  # fmt: skip
