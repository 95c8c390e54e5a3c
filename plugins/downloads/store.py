"""The only SQL of the queue: downloads, their items and attempts. Writing methods run in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from soundwave_core import Database, NotFound

from .messages import Item

ACTIVE = ("resolving", "queued", "running", "paused")
OPEN_ITEMS = "('queued', 'running', 'paused')"
LEASE_SECONDS = 120

ITEM_FIELDS = """'id', i.uid, 'title', i.title, 'url', i.url, 'state', i.state, 'attempts', i.attempts,
    'bytes_done', i.bytes_done, 'bytes_total', i.bytes_total, 'error_code', i.error_code, 'error', i.error,
    'track_id', i.track_id"""
DOWNLOAD_JSON = f"""json_object('id', d.uid, 'url', d.url, 'title', d.title, 'state', d.state,
    'error_code', d.error_code, 'error', d.error,
    'items_total', (SELECT count(*) FROM download_items i WHERE i.download_id = d.id),
    'items_done', (SELECT count(*) FROM download_items i WHERE i.download_id = d.id AND i.state IN ('done', 'skipped')),
    'items_failed', (SELECT count(*) FROM download_items i WHERE i.download_id = d.id AND i.state = 'failed'),
    'bytes_done', (SELECT coalesce(sum(i.bytes_done), 0) FROM download_items i WHERE i.download_id = d.id),
    'bytes_total', (SELECT sum(i.bytes_total) FROM download_items i WHERE i.download_id = d.id),
    'playlist_id', d.playlist_id, 'created_at', d.created_at, 'updated_at', d.updated_at,
    'finished_at', d.finished_at,
    'items', json((SELECT json_group_array(json_object({ITEM_FIELDS}) ORDER BY i.position)
        FROM (SELECT * FROM download_items WHERE download_id = d.id ORDER BY position LIMIT 500) i)))"""


class Downloads:
    """The wishes."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def find(self, uid: str) -> dict[str, Any] | None:
        return self.db.row("SELECT * FROM downloads WHERE uid = :uid", uid=uid)

    def get(self, uid: str) -> dict[str, Any]:
        found = self.find(uid)
        if found is None:
            raise NotFound("There is no such download.", code="download_not_found")
        return found

    def json(self, uid: str) -> bytes:
        return self.db.json(f"SELECT {DOWNLOAD_JSON} FROM downloads d WHERE d.uid = :uid", uid=uid)

    def page(self, user_id: str, states: Sequence[str], before: int, limit: int) -> tuple[bytes, int | None]:
        """A JSON array of a user's downloads, newest first, and the rowid to go on below."""
        ids = self.db.rows(
            f"""SELECT id FROM downloads d WHERE user_id = :user AND id < :before AND {_in(states)}
            AND NOT (is_quiet AND state = 'resolving') ORDER BY id DESC LIMIT :limit""",
            user=user_id, before=before, limit=limit + 1,
        )  # fmt: skip
        last = ids[limit - 1]["id"] if len(ids) > limit else None
        lowest = ids[min(limit, len(ids)) - 1]["id"] if ids else before
        body = self.db.json(
            f"""SELECT json_group_array({DOWNLOAD_JSON} ORDER BY d.id DESC) FROM downloads d
            WHERE user_id = :user AND id < :before AND id >= :lowest AND {_in(states)}
            AND NOT (is_quiet AND state = 'resolving')""",
            user=user_id, before=before, lowest=lowest,
        )  # fmt: skip
        return body, last

    def count(self, user_id: str, states: Sequence[str]) -> int:
        return int(
            self.db.value(
                f"""SELECT count(*) FROM downloads d WHERE user_id = :user AND {_in(states)}
                AND NOT (is_quiet AND state = 'resolving')""",
                user=user_id,
            )
        )

    def add(self, **columns: Any) -> int:
        return int(self.db["downloads"].insert(columns))

    def find_same(self, user_id: str, url: str) -> dict[str, Any] | None:
        """An unfinished download of the same link by the same user: asking twice is one wish."""
        return self.db.row(
            f"""SELECT * FROM downloads d WHERE user_id = :user AND url = :url AND NOT is_quiet
            AND {_in(ACTIVE)} LIMIT 1""",
            user=user_id, url=url,
        )  # fmt: skip

    def find_check(self, source_rowid: int) -> dict[str, Any] | None:
        """The unfinished check of a source."""
        return self.db.row(
            f"SELECT * FROM downloads d WHERE source_id = :source AND {_in(ACTIVE)} LIMIT 1", source=source_rowid
        )

    def change(self, rowid: int, now: str, **columns: Any) -> None:
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        self.db.execute(
            f"UPDATE downloads SET updated_at = :now, {assignments} WHERE id = :rowid",
            now=now, rowid=rowid, **columns,
        )  # fmt: skip

    def remove(self, rowid: int) -> None:
        self.db.execute("DELETE FROM downloads WHERE id = :rowid", rowid=rowid)

    def claim(self, now: str, lease_until: str) -> dict[str, Any] | None:
        """Take the next link to resolve, or None: one UPDATE, so no two workers get the same."""
        return self.db.row(
            """UPDATE downloads SET fence = fence + 1, attempts = attempts + 1, lease_until = :lease, updated_at = :now
            WHERE id = (SELECT id FROM downloads WHERE state = 'resolving' AND lease_until IS NULL
                AND coalesce(not_before, '') <= :now ORDER BY is_quiet, id LIMIT 1) RETURNING *""",
            now=now, lease=lease_until,
        )  # fmt: skip

    def holds(self, rowid: int, fence: int) -> bool:
        """Whether a claim is still ours: nobody cancelled, paused or took it over."""
        row = self.db.row("SELECT fence, state, lease_until FROM downloads WHERE id = :rowid", rowid=rowid)
        return bool(row and row["fence"] == fence and row["state"] == "resolving" and row["lease_until"])

    def settle(self, rowid: int, now: str) -> str:
        """Make a resolved download's state follow from its items; answers the state."""
        counts = self.db.row(
            """SELECT count(*) AS total, sum(state = 'running') AS running, sum(state IN ('queued', 'paused')) AS waiting,
            sum(state = 'failed') AS failed FROM download_items WHERE download_id = :rowid""",
            rowid=rowid,
        )  # fmt: skip
        row = self.db.row("SELECT state, finished_at FROM downloads WHERE id = :rowid", rowid=rowid)
        assert counts is not None and row is not None
        state, failed, total = str(row["state"]), counts["failed"] or 0, counts["total"]
        if state == "cancelled" or (state == "paused" and (counts["waiting"] or counts["running"])):
            return state
        state = "running" if counts["running"] else "queued" if counts["waiting"] else "failed" if failed else "done"
        sentence = f"{failed} of {total} items could not be fetched." if state == "failed" and total > 1 else None
        if state == "failed" and total == 1:
            sentence = self.db.value("SELECT error FROM download_items WHERE download_id = :rowid", rowid=rowid)
        is_over = state in ("done", "failed")
        code = "items_failed" if is_over and failed else None
        if code and total == 1:
            code = self.db.value("SELECT error_code FROM download_items WHERE download_id = :rowid", rowid=rowid)
        self.change(rowid, now, state=state, error=sentence, error_code=code,
                    finished_at=(row["finished_at"] or now) if is_over else None)  # fmt: skip
        return state


class DownloadItems:
    """The queue."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def find(self, uid: str) -> dict[str, Any] | None:
        return self.db.row(
            "SELECT i.*, d.user_id FROM download_items i JOIN downloads d ON d.id = i.download_id WHERE i.uid = :uid",
            uid=uid,
        )  # fmt: skip

    def list_open(self, download_rowid: int) -> list[dict[str, Any]]:
        return self.db.rows(
            f"SELECT * FROM download_items WHERE download_id = :rowid AND state IN {OPEN_ITEMS}", rowid=download_rowid
        )

    def list_uids(self, download_rowid: int) -> list[str]:
        rows = self.db.rows("SELECT uid FROM download_items WHERE download_id = :rowid", rowid=download_rowid)
        return [row["uid"] for row in rows]

    def order(self, download_rowid: int) -> list[tuple[str, str]]:
        rows = self.db.rows(
            "SELECT extractor, source_id FROM download_items WHERE download_id = :rowid ORDER BY position",
            rowid=download_rowid,
        )
        return [(row["extractor"], row["source_id"]) for row in rows]

    def add_all(self, download_rowid: int, items: Sequence[tuple[str, int, Item]], now: str) -> None:
        """Queue (uid, position, item) triples; one that is there already stays as it is."""
        self.db.execute_many(
            """INSERT INTO download_items
            (uid, download_id, position, url, extractor, source_id, title, item, state, updated_at)
            VALUES (:uid, :download, :position, :url, :extractor, :source, :title, :item, 'queued', :now)
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

    def claim(self, now: str, lease_until: str) -> dict[str, Any] | None:
        """Take the next item: first of the users with the fewest running, then the oldest download's order."""
        return self.db.row(
            """UPDATE download_items SET state = 'running', fence = fence + 1, attempts = attempts + 1,
                lease_until = :lease, error = NULL, error_code = NULL, updated_at = :now
            WHERE id = (
                SELECT i.id FROM download_items i JOIN downloads d ON d.id = i.download_id
                WHERE i.state = 'queued' AND coalesce(i.not_before, '') <= :now AND d.state IN ('queued', 'running')
                ORDER BY (SELECT count(*) FROM download_items r JOIN downloads o ON o.id = r.download_id
                    WHERE r.state = 'running' AND o.user_id = d.user_id), d.is_quiet, d.id, i.position LIMIT 1
            ) RETURNING *""",
            now=now, lease=lease_until,
        )  # fmt: skip

    def next_due(self) -> str | None:
        """When the first waiting item or link may be tried again; None: nothing waits for a time."""
        due: str | None = self.db.value(
            """SELECT min(not_before) FROM (
                SELECT i.not_before FROM download_items i JOIN downloads d ON d.id = i.download_id
                WHERE i.state = 'queued' AND d.state IN ('queued', 'running')
                UNION ALL SELECT not_before FROM downloads WHERE state = 'resolving' AND lease_until IS NULL)"""
        )
        return due

    def holds(self, rowid: int, fence: int) -> bool:
        row = self.db.row("SELECT fence, state FROM download_items WHERE id = :rowid", rowid=rowid)
        return bool(row and row["fence"] == fence and row["state"] == "running")

    def change(self, rowid: int, now: str, **columns: Any) -> None:
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
            WHERE download_id = :rowid AND {_in(states).replace("d.state", "state")}""",
            now=now, rowid=download_rowid, **columns,
        )  # fmt: skip

    def begin_attempt(self, item: dict[str, Any], now: str) -> int:
        return int(
            self.db["attempts"].insert(
                {"item_id": item["id"], "number": item["attempts"], "started_at": now, "state": "running"}
            )
        )

    def end_attempt(self, rowid: int, now: str, state: str, code: str | None, reason: str | None) -> None:
        self.db.execute(
            "UPDATE attempts SET ended_at = :now, state = :state, error_code = :code, error = :reason WHERE id = :rowid",
            now=now, state=state, code=code, reason=reason, rowid=rowid,
        )  # fmt: skip

    def release_all(self, now: str) -> int:
        """What a server that is gone left running is queued again; that try does not count."""
        self.db.execute("UPDATE attempts SET state = 'interrupted', ended_at = :now WHERE state = 'running'", now=now)
        self.db.execute("UPDATE downloads SET lease_until = NULL WHERE lease_until IS NOT NULL")
        self.db.execute("UPDATE downloads SET state = 'queued' WHERE state = 'running'")
        return self.db.execute(
            """UPDATE download_items SET state = 'queued', attempts = max(attempts - 1, 0), lease_until = NULL,
            updated_at = :now WHERE state = 'running'""",
            now=now,
        )

    def page(self, state: str | None, before: int, limit: int) -> tuple[bytes, int | None, int]:
        """Admins' view of the whole queue: JSON array, rowid to go on below, how many there are."""
        where = "(:state IS NULL OR i.state = :state)"
        ids = self.db.rows(
            f"SELECT i.id FROM download_items i WHERE {where} AND i.id < :before ORDER BY i.id DESC LIMIT :limit",
            state=state, before=before, limit=limit + 1,
        )  # fmt: skip
        last = ids[limit - 1]["id"] if len(ids) > limit else None
        lowest = ids[min(limit, len(ids)) - 1]["id"] if ids else before
        body = self.db.json(
            f"""SELECT json_group_array({QUEUE_JSON} ORDER BY i.id DESC)
            FROM download_items i JOIN downloads d ON d.id = i.download_id
            WHERE {where} AND i.id < :before AND i.id >= :lowest""",
            state=state, before=before, lowest=lowest,
        )  # fmt: skip
        count = self.db.value(f"SELECT count(*) FROM download_items i WHERE {where}", state=state)
        return body, last, int(count)

    def json(self, uid: str) -> bytes:
        return self.db.json(
            f"SELECT {QUEUE_JSON} FROM download_items i JOIN downloads d ON d.id = i.download_id WHERE i.uid = :uid",
            uid=uid,
        )  # fmt: skip


QUEUE_JSON = f"""json_object({ITEM_FIELDS}, 'download_id', d.uid, 'user_id', d.user_id,
    'not_before', i.not_before, 'updated_at', i.updated_at)"""


def _in(states: Sequence[str]) -> str:
    """A condition on d.state; the words are this module's and shapes.py's, never a user's."""
    return "d.state IN ({})".format(", ".join(f"'{state}'" for state in states))
