"""The only SQL of sources. Writing methods run in the caller's transaction."""

from __future__ import annotations

from typing import Any

from soundwave_core import Database, NotFound


class Sources:
    """The stored subscriptions behind channels and mirrored playlists."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def get(self, rowid: int) -> dict[str, Any]:
        found = self.db.row("SELECT * FROM sources WHERE id = :rowid", rowid=rowid)
        if found is None:
            raise NotFound("There is no such source.", code="source_not_found")
        return found

    def find(self, kind: str, target_id: str) -> dict[str, Any] | None:
        return self.db.row(
            "SELECT * FROM sources WHERE kind = :kind AND target_id = :target", kind=kind, target=target_id
        )

    def list_due(self, now: str, limit: int = 20) -> list[dict[str, Any]]:
        return self.db.rows(
            "SELECT * FROM sources WHERE is_enabled AND next_check_at <= :now ORDER BY next_check_at LIMIT :limit",
            now=now, limit=limit,
        )  # fmt: skip

    def find_followed(self, user_id: str, url: str) -> dict[str, Any] | None:
        """A user's mirrored playlist of the same link."""
        return self.db.row(
            "SELECT * FROM sources WHERE kind = 'playlist' AND user_id = :user AND url = :url LIMIT 1",
            user=user_id, url=url,
        )  # fmt: skip

    def add(self, **columns: Any) -> int:
        return int(self.db["sources"].insert(columns))

    def change(self, rowid: int, **columns: Any) -> None:
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        self.db.execute(f"UPDATE sources SET {assignments} WHERE id = :rowid", rowid=rowid, **columns)

    def remove(self, kind: str, target_id: str) -> None:
        self.db.execute("DELETE FROM sources WHERE kind = :kind AND target_id = :target", kind=kind, target=target_id)

    def by_target(self, kind: str) -> dict[str, dict[str, Any]]:
        """All sources of a kind, by what they feed."""
        rows = self.db.rows("SELECT * FROM sources WHERE kind = :kind", kind=kind)
        return {row["target_id"]: row for row in rows}
