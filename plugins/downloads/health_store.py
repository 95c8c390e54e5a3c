"""What the queue's rows say about how it goes. The only SQL of that; a few steps into an index each."""

from __future__ import annotations

from soundwave_core import Database

_IS_READY = "state = 'queued' AND not_before IS NULL"
# Named, for SQLite would rather read the whole table.
_READY_LINKS = """INDEXED BY downloads_ready
    WHERE state = 'resolving' AND lease_until IS NULL AND not_before IS NULL"""


class QueueSigns:
    """Signs that it moves, or does not."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def waiting_since(self) -> str | None:
        """Since when the first item or link has been ready for somebody to begin; None where none is."""
        since: str | None = self._db.value(
            f"""SELECT min(at) FROM (
            SELECT updated_at AS at FROM (SELECT updated_at FROM download_items WHERE {_IS_READY} ORDER BY id LIMIT 1)
            UNION ALL
            SELECT updated_at FROM downloads WHERE id = (SELECT min(id) FROM downloads {_READY_LINKS}))"""
        )
        return since

    def is_anything_under_way(self) -> bool:
        """Whether somebody has claimed an item or a link."""
        return bool(
            self._db.value(
                """SELECT EXISTS (SELECT 1 FROM download_items WHERE state = 'running')
                OR EXISTS (SELECT 1 FROM downloads INDEXED BY downloads_leased WHERE lease_until IS NOT NULL)"""
            )
        )

    def last_codes(self, most: int) -> list[str | None]:
        """How the last attempts ended, the newest first; None is well."""
        rows = self._db.rows(
            "SELECT error_code FROM attempts WHERE state IN ('done', 'failed') ORDER BY id DESC LIMIT :most", most=most
        )
        return [row["error_code"] for row in rows]

    def links(self) -> int:
        """How many links are being resolved, or wait for it."""
        return int(
            self._db.value(
                f"""SELECT (SELECT count(*) FROM downloads {_READY_LINKS})
                + (SELECT count(*) FROM downloads INDEXED BY downloads_waiting
                    WHERE state = 'resolving' AND not_before IS NOT NULL)
                + (SELECT count(*) FROM downloads INDEXED BY downloads_leased
                    WHERE lease_until IS NOT NULL AND state = 'resolving' AND not_before IS NULL)"""
            )
        )

    def running_bytes(self) -> int:
        """What has come of the items under way."""
        return int(self._db.value("SELECT ifnull(sum(bytes_done), 0) FROM download_items WHERE state = 'running'"))
