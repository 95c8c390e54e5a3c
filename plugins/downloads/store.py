"""The only SQL of downloads and of files on their way. Writing methods run in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from soundwave_core import Database, NotFound

from .item_store import LEASE_SECONDS, DownloadItems

__all__ = ["ACTIVE", "LEASE_SECONDS", "DownloadItems", "Downloads", "PlacedFiles", "state_by"]

ACTIVE = ("resolving", "queued", "running", "paused")
_ACTIVE = json.dumps(ACTIVE)
_IS_ACTIVE = "state IN (SELECT value FROM json_each(:active))"

# Named, for SQLite would rather take another index.
_BY_READY = """INDEXED BY downloads_ready
    WHERE state = 'resolving' AND lease_until IS NULL AND not_before IS NULL"""
_CLAIM = f"""
UPDATE downloads SET fence = fence + 1, attempts = attempts + 1, lease_until = :lease, updated_at = :now
WHERE id = (
    WITH RECURSIVE waiting (user_id) AS (
        SELECT min(user_id) FROM downloads {_BY_READY}
        UNION ALL
        SELECT (SELECT min(user_id) FROM downloads {_BY_READY} AND user_id > waiting.user_id)
        FROM waiting WHERE waiting.user_id IS NOT NULL
    ), first (user_id) AS (
        SELECT user_id FROM waiting WHERE user_id IS NOT NULL ORDER BY
        (SELECT count(*) FROM downloads INDEXED BY downloads_leased
            WHERE lease_until IS NOT NULL AND user_id = waiting.user_id),
        (SELECT key FROM json_each(:served) WHERE value = waiting.user_id) LIMIT 1
    )
    SELECT id FROM downloads {_BY_READY} AND user_id = (SELECT user_id FROM first) ORDER BY is_quiet, id LIMIT 1
) RETURNING *"""


class Downloads:
    """The wishes."""

    def __init__(self, db: Database) -> None:
        self.db = db

    # Looking

    def find(self, uid: str) -> dict[str, Any] | None:
        return self.db.row("SELECT * FROM downloads WHERE uid = :uid", uid=uid)

    def get(self, uid: str) -> dict[str, Any]:
        """NotFound ``download_not_found``."""
        found = self.find(uid)
        if found is None:
            raise NotFound("There is no such download.", code="download_not_found")
        return found

    def of_item(self, item: dict[str, Any]) -> dict[str, Any]:
        """The download that an item is part of."""
        found = self.db.row("SELECT * FROM downloads WHERE id = :rowid", rowid=item["download_id"])
        if found is None:
            raise NotFound("There is no such download.", code="download_not_found")
        return found

    def find_same(self, user_id: str, url: str, is_followed: bool) -> dict[str, Any] | None:
        """An unfinished download of the same link by the same user: asking twice is one wish."""
        return self.db.row(
            f"""SELECT * FROM downloads WHERE user_id = :user AND {_IS_ACTIVE} AND url = :url
            AND is_followed = :followed AND (is_followed OR source_id IS NULL) LIMIT 1""",
            user=user_id, url=url, followed=int(is_followed), active=_ACTIVE,
        )  # fmt: skip

    def list_checks(self, source_rowid: int) -> list[dict[str, Any]]:
        """The unfinished checks of a source; the one that shows itself first."""
        return self.db.rows(
            f"SELECT * FROM downloads WHERE source_id = :source AND {_IS_ACTIVE} ORDER BY is_quiet, id",
            source=source_rowid, active=_ACTIVE,
        )  # fmt: skip

    def find_completing(self, playlist_id: str) -> str | None:
        """The uid of the unfinished download of tracks that a playlist has lost the files of."""
        uid: str | None = self.db.value(
            f"""SELECT uid FROM downloads WHERE playlist_id = :playlist AND {_IS_ACTIVE} AND source_id IS NULL
            AND is_resolved AND NOT is_followed ORDER BY id LIMIT 1""",
            playlist=playlist_id, active=_ACTIVE,
        )  # fmt: skip
        return uid

    def list_own(self, user_id: str, states: Sequence[str]) -> list[dict[str, Any]]:
        """A user's downloads in these states, but for checks of the household's channels."""
        return self.db.rows(
            """SELECT d.* FROM downloads d LEFT JOIN sources s ON s.id = d.source_id WHERE d.user_id = :user
            AND d.state IN (SELECT value FROM json_each(:states)) AND s.kind IS NOT 'channel'""",
            user=user_id, states=json.dumps(states),
        )  # fmt: skip

    def list_users(self) -> list[str]:
        """Everybody who has asked for something."""
        rows = self.db.rows("SELECT user_id FROM downloads UNION SELECT user_id FROM sources WHERE kind = 'playlist'")
        return [row["user_id"] for row in rows]

    def count_active(self, user_id: str) -> int:
        """How many downloads of a user are not over (``ACTIVE``)."""
        return int(
            self.db.value(
                f"SELECT count(*) FROM downloads WHERE user_id = :user AND {_IS_ACTIVE}", user=user_id, active=_ACTIVE
            )
        )

    def next_due(self) -> str | None:
        """When the first link that waits for a time may be tried again, or the first claim lapses."""
        due: str | None = self.db.value(
            """SELECT min(at) FROM (
            SELECT min(not_before) AS at FROM downloads WHERE state = 'resolving' AND not_before IS NOT NULL
            UNION ALL SELECT min(lease_until) FROM downloads WHERE lease_until IS NOT NULL)"""
        )
        return due

    # Changing

    def add(self, **columns: Any) -> int:
        """The rowid of a new one."""
        return int(self.db["downloads"].insert(columns))

    def change(self, rowid: int, now: str, **columns: Any) -> None:
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        self.db.execute(
            f"UPDATE downloads SET updated_at = :now, {assignments} WHERE id = :rowid",
            now=now, rowid=rowid, **columns,
        )  # fmt: skip

    def remove(self, rowid: int) -> None:
        """With its items and their attempts; the tracks that it brought stay."""
        self.db.execute("DELETE FROM downloads WHERE id = :rowid", rowid=rowid)

    def show(self, rowid: int) -> None:
        """A check that was nobody's wish has become somebody's: it is shown, and goes before quiet ones."""
        self.db.execute("UPDATE downloads SET is_quiet = 0 WHERE id = :rowid", rowid=rowid)
        self.db.execute("UPDATE download_items SET is_quiet = 0 WHERE download_id = :rowid", rowid=rowid)

    def forget_playlist(self, playlist_id: str) -> None:
        """The playlist is gone; the downloads that were for it stay."""
        self.db.execute("UPDATE downloads SET playlist_id = NULL WHERE playlist_id = :playlist", playlist=playlist_id)

    def remove_quiet(self, before: str) -> int:
        """Forget the checks of sources that were over by then; what could not be had is remembered elsewhere."""
        return self.db.execute("DELETE FROM downloads WHERE is_quiet AND finished_at < :before", before=before)

    # Claims

    def make_ready(self, now: str) -> None:
        """Those whose waiting time is over are ready, and those whose claim lapsed."""
        self.db.execute(
            "UPDATE downloads SET not_before = NULL WHERE state = 'resolving' AND not_before <= :now", now=now
        )
        self.db.execute("UPDATE downloads SET lease_until = NULL WHERE lease_until < :now", now=now)

    def claim(self, now: str, lease_until: str, served: Sequence[str] = ()) -> dict[str, Any] | None:
        """Take the next link to resolve, or None: one UPDATE, so no two workers get the same."""
        return self.db.row(_CLAIM, now=now, lease=lease_until, served=json.dumps(list(served)))

    def holds(self, rowid: int, fence: int) -> bool:
        """Whether a claim is still ours: nobody cancelled, paused, removed or took it over."""
        row = self.db.row("SELECT fence, state, lease_until FROM downloads WHERE id = :rowid", rowid=rowid)
        return bool(row and row["fence"] == fence and row["state"] == "resolving" and row["lease_until"])

    def release_all(self) -> None:
        """Nobody resolves any more, and nobody fetches."""
        self.db.execute("UPDATE downloads SET lease_until = NULL WHERE lease_until IS NOT NULL")
        self.db.execute("UPDATE downloads SET state = 'queued' WHERE state = 'running'")

    def begin(self, rowid: int, now: str) -> None:
        """One of its items is under way."""
        self.db.execute(
            "UPDATE downloads SET state = 'running', updated_at = :now WHERE id = :rowid AND state = 'queued'",
            now=now, rowid=rowid,
        )  # fmt: skip

    def settle(self, rowid: int, now: str) -> str:
        """Make a resolved download's state follow from its items; answers the state."""
        rows = self.db.rows(
            "SELECT state, count(*) AS n FROM download_items WHERE download_id = :rowid GROUP BY state", rowid=rowid
        )
        counts = {row["state"]: row["n"] for row in rows}
        state, total, failed = state_by(counts), sum(counts.values()), counts.get("failed", 0)
        code, sentence = None, None
        if state == "failed" and total == 1:
            only = self.db.row("SELECT error_code, error FROM download_items WHERE download_id = :rowid", rowid=rowid)
            code, sentence = (only["error_code"], only["error"]) if only else (None, None)
        elif state == "failed":
            code, sentence = "items_failed", f"{failed} of {total} items could not be fetched."
        self.db.execute(
            """UPDATE downloads SET updated_at = :now, state = :state, error_code = :code, error = :error,
            finished_at = iif(:is_over, coalesce(finished_at, :now), NULL) WHERE id = :rowid""",
            now=now, state=state, code=code, error=sentence, is_over=int(state not in ACTIVE), rowid=rowid,
        )  # fmt: skip
        return state


def state_by(states: Iterable[str]) -> str:
    """The state of a resolved download whose items are in these states: what is still to be done decides."""
    present = frozenset(states)
    return next((s for s in ("running", "queued", "paused", "cancelled", "failed") if s in present), "done")


class PlacedFiles:
    """Files in their final place that are not the library's yet: noted before the rename, forgotten with the row."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def add(self, path: str, now: str) -> None:
        """Note a file, or that it was placed anew."""
        self.db.execute(
            """INSERT INTO placed_files (path, placed_at) VALUES (:path, :now)
            ON CONFLICT (path) DO UPDATE SET placed_at = :now""",
            path=path, now=now,
        )  # fmt: skip

    def list(self, before: str) -> list[str]:
        """Those that were noted before this moment."""
        rows = self.db.rows("SELECT path FROM placed_files WHERE placed_at < :before ORDER BY path", before=before)
        return [row["path"] for row in rows]

    def forget(self, path: str) -> None:
        """It is the library's now, or gone."""
        self.db.execute("DELETE FROM placed_files WHERE path = :path", path=path)

    def forget_all(self) -> None:
        """None of the notes holds any more."""
        self.db.execute("DELETE FROM placed_files")
