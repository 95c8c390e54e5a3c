"""The only SQL of sources and of what they failed to give. Writing methods run in the caller's transaction."""

from __future__ import annotations

from typing import Any

from soundwave_core import Database, NotFound

Pair = tuple[str, str]  # (extractor, the item's id at its source)


class Sources:
    """The stored subscriptions behind channels and mirrored playlists."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def get(self, rowid: int) -> dict[str, Any]:
        """NotFound ``source_not_found``."""
        found = self.db.row("SELECT * FROM sources WHERE id = :rowid", rowid=rowid)
        if found is None:
            raise NotFound("There is no such source.", code="source_not_found")
        return found

    def of(self, download: dict[str, Any]) -> dict[str, Any] | None:
        """The source that a download is a check of."""
        return None if download["source_id"] is None else self.get(download["source_id"])

    def find(self, kind: str, target_id: str) -> dict[str, Any] | None:
        """The source behind a ``channel`` or a ``playlist``; a custom playlist has none."""
        return self.db.row(
            "SELECT * FROM sources WHERE kind = :kind AND target_id = :target", kind=kind, target=target_id
        )

    def list_due(self, now: str, limit: int = 20) -> list[dict[str, Any]]:
        """Those whose time has come, or is so far off that the clock must have been ahead when it was noted."""
        return self.db.rows(
            """SELECT * FROM sources WHERE is_enabled AND (next_check_at <= :now OR next_check_at >
                strftime('%Y-%m-%dT%H:%M:%fZ', :now, '+' || (2 * max(interval_seconds, 86400)) || ' seconds'))
            ORDER BY next_check_at LIMIT :limit""",
            now=now, limit=limit,
        )  # fmt: skip

    def find_followed(self, user_id: str, url: str) -> dict[str, Any] | None:
        """A user's mirrored playlist of the same link."""
        return self.db.row(
            "SELECT * FROM sources WHERE user_id = :user AND url = :url AND kind = 'playlist' LIMIT 1",
            user=user_id, url=url,
        )  # fmt: skip

    def list_playlists(self, user_id: str) -> list[dict[str, Any]]:
        """The sources of a user's mirrored playlists."""
        return self.db.rows("SELECT * FROM sources WHERE user_id = :user AND kind = 'playlist'", user=user_id)

    def by_target(self, kind: str) -> dict[str, dict[str, Any]]:
        """All sources of a kind, by what they feed."""
        rows = self.db.rows("SELECT * FROM sources WHERE kind = :kind", kind=kind)
        return {row["target_id"]: row for row in rows}

    def add(self, **columns: Any) -> int:
        """The rowid of a new one."""
        return int(self.db["sources"].insert(columns))

    def change(self, rowid: int, **columns: Any) -> None:
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        self.db.execute(f"UPDATE sources SET {assignments} WHERE id = :rowid", rowid=rowid, **columns)

    def remove(self, kind: str, target_id: str) -> None:
        """With what it failed at; the downloads that were its checks stay, and are nobody's."""
        self.db.execute("DELETE FROM sources WHERE kind = :kind AND target_id = :target", kind=kind, target=target_id)

    # What is not to be queued a second time

    def under_way(self, rowid: int) -> set[Pair]:
        """What an earlier check queued and is not over."""
        rows = self.db.rows(
            """SELECT i.extractor, i.source_id FROM downloads d JOIN download_items i ON i.download_id = d.id
            WHERE d.source_id = :source AND d.state IN ('queued', 'running', 'paused')
            AND i.state IN ('queued', 'running', 'paused')""",
            source=rowid,
        )
        return {(row["extractor"], row["source_id"]) for row in rows}

    def given_up(self, rowid: int, now: str) -> set[Pair]:
        """What could not be had, and is not to be tried again yet."""
        rows = self.db.rows(
            """SELECT extractor, item_id FROM source_failures
            WHERE source_id = :source AND (again_at IS NULL OR again_at > :now)""",
            source=rowid, now=now,
        )  # fmt: skip
        return {(row["extractor"], row["item_id"]) for row in rows}

    def failures(self, rowid: int, item: dict[str, Any]) -> int:
        """How often this item was given up before."""
        times = self.db.value(
            """SELECT times FROM source_failures
            WHERE source_id = :source AND extractor = :extractor AND item_id = :item""",
            source=rowid, extractor=item["extractor"], item=item["source_id"],
        )  # fmt: skip
        return int(times or 0)

    def give_up(self, rowid: int, item: dict[str, Any], code: str, again_at: str | None) -> None:
        """Remember an item that could not be had; ``again_at`` None: it is tried again on demand only."""
        self.db.execute(
            """INSERT INTO source_failures (source_id, extractor, item_id, code, again_at)
            VALUES (:source, :extractor, :item, :code, :again)
            ON CONFLICT DO UPDATE SET code = :code, again_at = :again, times = times + 1""",
            source=rowid, extractor=item["extractor"], item=item["source_id"], code=code, again=again_at,
        )  # fmt: skip

    def forgive(self, rowid: int, item: dict[str, Any]) -> None:
        """It could be had after all."""
        self.db.execute(
            "DELETE FROM source_failures WHERE source_id = :source AND extractor = :extractor AND item_id = :item",
            source=rowid, extractor=item["extractor"], item=item["source_id"],
        )  # fmt: skip
