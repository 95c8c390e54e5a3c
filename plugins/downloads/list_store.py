"""What goes out: downloads and queue items, their JSON built by SQLite and passed on as bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from soundwave_core import Database, NotFound

LONGEST_SHOWN = 500  # items of one download

_ITEM_FIELDS = """'id', i.uid, 'title', i.title, 'url', i.url, 'state', i.state, 'attempts', i.attempts,
    'bytes_done', i.bytes_done, 'bytes_total', i.bytes_total, 'error_code', i.error_code, 'error', i.error,
    'not_before', i.not_before, 'track_id', i.track_id"""
_DOWNLOAD = f"""SELECT d.id, cast(json_object('id', d.uid, 'url', d.url, 'title', d.title, 'state', d.state,
    'error_code', d.error_code, 'error', d.error, 'items_total', count(i.id),
    'items_done', count(i.id) FILTER (WHERE i.state IN ('done', 'skipped')),
    'items_failed', count(i.id) FILTER (WHERE i.state = 'failed'),
    'bytes_done', coalesce(sum(i.bytes_done), 0), 'bytes_total', sum(i.bytes_total),
    'playlist_id', d.playlist_id, 'created_at', d.created_at, 'updated_at', d.updated_at,
    'finished_at', d.finished_at,
    'not_before', coalesce(d.not_before, min(i.not_before) FILTER (WHERE i.state = 'queued')),
    'items', json_group_array(json_object({_ITEM_FIELDS}) ORDER BY i.position)
        FILTER (WHERE i.position < {LONGEST_SHOWN})) AS blob) AS body
    FROM downloads d LEFT JOIN download_items i ON i.download_id = d.id"""
_QUEUE_ITEM = f"""SELECT i.id, cast(json_object({_ITEM_FIELDS}, 'download_id', d.uid, 'user_id', i.user_id,
    'updated_at', i.updated_at) AS blob) AS body
    FROM download_items i JOIN downloads d ON d.id = i.download_id"""
# A check that nobody asked for is shown from when it has found something.
_IS_SHOWN = "NOT (is_quiet AND state = 'resolving')"


@dataclass(frozen=True, slots=True)
class Rows:
    """One page, newest first: the JSON of each, how many there are in all, the rowid to go on below."""

    bodies: list[bytes]
    count: int
    last: int | None


class DownloadLists:
    """Downloads and the queue, read."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def rev(self, user_id: str | None) -> int:
        """A number that moves with each change to this user's downloads (None: anybody's)."""
        found = self._db.value(
            "SELECT sum(rev) FROM download_revs WHERE :user IS NULL"
            if user_id is None
            else "SELECT rev FROM download_revs WHERE user_id = :user",
            user=user_id,
        )
        return int(found or 0)

    def rev_of(self, uid: str) -> int:
        """The number of the user whose download this is."""
        found = self._db.value(
            "SELECT r.rev FROM downloads d JOIN download_revs r ON r.user_id = d.user_id WHERE d.uid = :uid", uid=uid
        )
        return int(found or 0)

    def page(self, user_id: str, states: Sequence[str] | None, before: int, limit: int) -> Rows:
        """A user's downloads, of some states or all."""
        condition = f"user_id = :user AND {_IS_SHOWN}"
        values: dict[str, Any] = {"user": user_id}
        if states is not None:
            condition += " AND state IN (SELECT value FROM json_each(:states))"
            values["states"] = json.dumps(states)
        rows = self._db.rows(
            f"""{_DOWNLOAD} WHERE d.id IN (SELECT id FROM downloads WHERE {condition} AND id < :before
            ORDER BY id DESC LIMIT :limit + 1) GROUP BY d.id ORDER BY d.id DESC""",
            before=before, limit=limit, **values,
        )  # fmt: skip
        count = self._db.value(f"SELECT count(*) FROM downloads WHERE {condition}", **values)
        return _page(rows, int(count), limit)

    def download(self, uid: str) -> bytes:
        """One download with its items. NotFound."""
        found = self._db.row(f"{_DOWNLOAD} WHERE d.uid = :uid GROUP BY d.id", uid=uid)
        if found is None:
            raise NotFound("There is no such download.", code="download_not_found")
        return bytes(found["body"])

    def queue(self, state: str | None, before: int, limit: int) -> Rows:
        """The items of everybody, of one state or all."""
        condition = "i.state = :state" if state is not None else ":state IS NULL"
        rows = self._db.rows(
            f"{_QUEUE_ITEM} WHERE {condition} AND i.id < :before ORDER BY i.id DESC LIMIT :limit + 1",
            state=state, before=before, limit=limit,
        )  # fmt: skip
        count = self._db.value(f"SELECT count(*) FROM download_items i WHERE {condition}", state=state)
        return _page(rows, int(count), limit)

    def queue_item(self, uid: str) -> bytes:
        """One item of the queue. NotFound."""
        found = self._db.row(f"{_QUEUE_ITEM} WHERE i.uid = :uid", uid=uid)
        if found is None:
            raise NotFound("There is no such download item.", code="download_item_not_found")
        return bytes(found["body"])


def _page(rows: list[dict[str, Any]], count: int, limit: int) -> Rows:
    shown = rows[:limit]
    return Rows([bytes(row["body"]) for row in shown], count, shown[-1]["id"] if len(rows) > limit else None)
