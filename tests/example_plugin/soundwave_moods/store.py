"""The only SQL. Writing methods run in the caller's transaction."""

from __future__ import annotations

from typing import Any

from soundwave_core import Database


class Moods:
    """Who felt what."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def tracks(self) -> list[str]:
        """Every track that anybody has a mood for."""
        return [row["track_id"] for row in self.db.rows("SELECT DISTINCT track_id FROM moods")]

    def list(self, user_id: str) -> list[dict[str, Any]]:
        """A user's moods, newest first."""
        return self.db.rows(
            "SELECT uid AS id, track_id, title, word, added_at FROM moods WHERE user_id = :user ORDER BY moods.id DESC",
            user=user_id,
        )

    def owner_of(self, uid: str) -> str | None:
        owner: str | None = self.db.value("SELECT user_id FROM moods WHERE uid = :uid", uid=uid)
        return owner

    def add(self, **columns: str) -> None:
        """IntegrityError (answered 409) where the user has said so already."""
        self.db["moods"].insert(columns)

    def remove(self, uid: str) -> None:
        self.db.execute("DELETE FROM moods WHERE uid = :uid", uid=uid)

    def remove_track(self, track_id: str) -> int:
        return self.db.execute("DELETE FROM moods WHERE track_id = :track", track=track_id)
