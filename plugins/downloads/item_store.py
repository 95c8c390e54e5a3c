"""The only SQL of download items and their attempts. Writing methods run in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from soundwave_core import Database

from .messages import Item

OPEN_ITEMS = ("queued", "running", "paused")
# Longer than a worker may be silent (process.py): only a claim that nobody works on any more lapses.
LEASE_SECONDS = 15 * 60

# Each user with a ready row, found by as many steps into the index as there are users; and who comes first:
# whoever has least under way, then whoever was not served for the longest time (:served, last served last).
# The indexes are named, as SQLite would rather take all that are queued.
_BY_READY = "INDEXED BY download_items_ready WHERE state = 'queued' AND not_before IS NULL"
_WAITING = "download_items INDEXED BY download_items_waiting"
_RUNNING = "download_items INDEXED BY download_items_running"
_CLAIM = f"""
UPDATE download_items SET state = 'running', fence = fence + 1, attempts = attempts + 1,
    lease_until = :lease, error = NULL, error_code = NULL, updated_at = :now
WHERE id = (
    WITH RECURSIVE waiting (user_id) AS (
        SELECT min(user_id) FROM download_items {_BY_READY}
        UNION ALL
        SELECT (SELECT min(user_id) FROM download_items {_BY_READY} AND user_id > waiting.user_id)
        FROM waiting WHERE waiting.user_id IS NOT NULL
    ), first (user_id) AS (
        SELECT user_id FROM waiting WHERE user_id IS NOT NULL ORDER BY
        (SELECT count(*) FROM {_RUNNING} WHERE state = 'running' AND user_id = waiting.user_id),
        (SELECT key FROM json_each(:served) WHERE value = waiting.user_id) LIMIT 1
    )
    SELECT id FROM download_items {_BY_READY} AND user_id = (SELECT user_id FROM first)
    ORDER BY is_quiet, download_id, position LIMIT 1
) RETURNING *"""


class DownloadItems:
    """The queue: one row is one track to be fetched."""

    def __init__(self, db: Database) -> None:
        self.db = db

    # Looking

    def find(self, uid: str) -> dict[str, Any] | None:
        return self.db.row("SELECT * FROM download_items WHERE uid = :uid", uid=uid)

    def list_open(self, download_rowid: int) -> list[dict[str, Any]]:
        """The items of a download that are not over (``OPEN_ITEMS``)."""
        return self.db.rows(
            """SELECT * FROM download_items WHERE download_id = :rowid
            AND state IN (SELECT value FROM json_each(:open))""",
            rowid=download_rowid, open=json.dumps(OPEN_ITEMS),
        )  # fmt: skip

    def list_uids(self, download_rowid: int) -> list[str]:
        """Every item of a download."""
        rows = self.db.rows("SELECT uid FROM download_items WHERE download_id = :rowid", rowid=download_rowid)
        return [row["uid"] for row in rows]

    def open_among(self, uids: Sequence[str]) -> set[str]:
        """Those of these items that are not over."""
        rows = self.db.rows(
            """SELECT uid FROM download_items WHERE uid IN (SELECT value FROM json_each(:uids))
            AND state IN (SELECT value FROM json_each(:open))""",
            uids=json.dumps(list(uids)), open=json.dumps(OPEN_ITEMS),
        )  # fmt: skip
        return {row["uid"] for row in rows}

    def order(self, download_rowid: int) -> list[tuple[str, str]]:
        """What a download's items are, as (extractor, source id), in the order of its list."""
        rows = self.db.rows(
            "SELECT extractor, source_id FROM download_items WHERE download_id = :rowid ORDER BY position",
            rowid=download_rowid,
        )
        return [(row["extractor"], row["source_id"]) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many items are in each state."""
        rows = self.db.rows("SELECT state, count(*) AS n FROM download_items GROUP BY state ORDER BY state")
        return {row["state"]: row["n"] for row in rows}

    def next_due(self) -> str | None:
        """When the first of those that wait for a time may go on, or the first claim lapses."""
        due: str | None = self.db.value(
            f"""SELECT min(at) FROM (
            SELECT min(not_before) AS at FROM {_WAITING} WHERE state = 'queued' AND not_before IS NOT NULL
            UNION ALL SELECT min(lease_until) FROM {_RUNNING} WHERE state = 'running')"""
        )
        return due

    # Changing

    def add_all(self, download_rowid: int, items: Sequence[tuple[str, int, Item]], now: str) -> None:
        """Queue (uid, position, item) triples; one that is there already stays as it is."""
        self.db.execute_many(
            """INSERT INTO download_items (uid, download_id, user_id, is_quiet,
            position, url, extractor, source_id, title, item, state, updated_at)
            SELECT :uid, id, user_id, is_quiet, :position, :url, :extractor, :source, :title, :item, 'queued', :now
            FROM downloads WHERE id = :download
            ON CONFLICT (download_id, extractor, source_id) DO NOTHING""",
            [
                {
                    "uid": uid, "download": download_rowid, "position": position, "url": item.url,
                    "extractor": item.extractor, "source": item.source_id, "title": item.title,
                    "item": msgspec.json.encode(item).decode(), "now": now,
                }
                for uid, position, item in items
            ],
        )  # fmt: skip

    def change(self, rowid: int, now: str, **columns: Any) -> None:
        """Whatever its state: who holds a claim looks first (``holds``), in the same transaction."""
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        self.db.execute(
            f"UPDATE download_items SET updated_at = :now, {assignments} WHERE id = :rowid",
            now=now, rowid=rowid, **columns,
        )  # fmt: skip

    def change_all(self, download_rowid: int, states: Sequence[str], now: str, **columns: Any) -> int:
        """Change every item of a download that is in one of these states."""
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        return self.db.execute(
            f"""UPDATE download_items SET updated_at = :now, {assignments}
            WHERE download_id = :rowid AND state IN (SELECT value FROM json_each(:states))""",
            now=now, rowid=download_rowid, states=json.dumps(states), **columns,
        )  # fmt: skip

    # Claims

    def make_ready(self, now: str) -> None:
        """Those whose waiting time is over are ready, and those whose claim lapsed."""
        self.db.execute(
            f"UPDATE {_WAITING} SET not_before = NULL WHERE state = 'queued' AND not_before <= :now", now=now
        )
        self.db.execute(
            f"""UPDATE {_RUNNING} SET state = 'queued', lease_until = NULL
            WHERE state = 'running' AND lease_until < :now""",
            now=now,
        )

    def claim(self, now: str, lease_until: str, served: Sequence[str] = ()) -> dict[str, Any] | None:
        """Take the next item, or None: one UPDATE, so no two workers get the same.

        ``served``: users in the order in which they were served last, so that one long list starves nobody.
        """
        return self.db.row(_CLAIM, now=now, lease=lease_until, served=json.dumps(list(served)))

    def holds(self, rowid: int, fence: int) -> bool:
        """Whether a claim is still ours: nobody cancelled, paused, removed or took it over."""
        row = self.db.row("SELECT fence, state FROM download_items WHERE id = :rowid", rowid=rowid)
        return bool(row and row["fence"] == fence and row["state"] == "running")

    def hold_back(self, download_rowid: int, until: str) -> None:
        """Let the rest of a download wait too: what one of its items met, the others would meet."""
        self.db.execute(
            """UPDATE download_items SET not_before = :until WHERE download_id = :rowid AND state = 'queued'
            AND coalesce(not_before, '') < :until""",
            until=until, rowid=download_rowid,
        )  # fmt: skip

    def release_all(self, now: str) -> int:
        """What a server that is gone left running is queued again; that try does not count."""
        self.db.execute("UPDATE attempts SET state = 'interrupted', ended_at = :now WHERE state = 'running'", now=now)
        return self.db.execute(
            """UPDATE download_items SET state = 'queued', lease_until = NULL, not_before = NULL,
            attempts = max(attempts - 1, 0), updated_at = :now WHERE state = 'running'""",
            now=now,
        )

    # Attempts

    def begin_attempt(self, item: dict[str, Any], now: str) -> int:
        """Note a try at an item that was claimed; its rowid."""
        return int(
            self.db["attempts"].insert(
                {"item_id": item["id"], "number": item["attempts"], "started_at": now, "state": "running"}
            )
        )

    def end_attempt(self, rowid: int, now: str, state: str, code: str | None = None, reason: str | None = None) -> None:
        """How the try of this rowid ended; ``code`` and ``reason`` where it failed."""
        self.db.execute(
            """UPDATE attempts SET ended_at = :now, state = :state, error_code = :code, error = :reason
            WHERE id = :rowid""",
            now=now, state=state, code=code, reason=reason, rowid=rowid,
        )  # fmt: skip
