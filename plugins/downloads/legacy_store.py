"""Downloads of an old deployment, written as they were: the only SQL of that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from soundwave_core import Database

_ITEM = ("uid", "position", "url", "extractor", "source_id", "title", "item", "state", "attempts", "error_code",
         "error", "track_id", "bytes_done", "bytes_total")  # fmt: skip


class LegacyDownloads:
    """Inside a transaction: rows are put in once, with the states that they had."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def claim(self, uid: str) -> bool:
        """Whether this old row never came over before; from now on it has."""
        return bool(
            self._db.execute("INSERT INTO legacy_downloads (uid) VALUES (:uid) ON CONFLICT DO NOTHING", uid=uid)
        )

    def add_items(self, download_rowid: int, items: Sequence[dict[str, Any]], at: str) -> None:
        """Items with states of their own. Of two of the same track the first stays."""
        names = ", ".join(_ITEM)
        values = ", ".join(f":{name}" for name in _ITEM)
        self._db.execute_many(
            f"""INSERT INTO download_items (download_id, user_id, is_quiet, updated_at, {names})
            SELECT id, user_id, is_quiet, :at, {values} FROM downloads WHERE id = :download
            ON CONFLICT (download_id, extractor, source_id) DO NOTHING""",
            [{**dict.fromkeys(_ITEM), "bytes_done": 0, "attempts": 0, **item, "download": download_rowid, "at": at}
             for item in items],
        )  # fmt: skip
