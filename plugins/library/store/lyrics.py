"""Words to a track: one text for everybody who has it."""

from __future__ import annotations

from typing import Any

from soundwave_core import Database

_COLUMNS = ("synced", "plain", "is_instrumental", "source", "language")


class Lyrics:
    """The lyrics of tracks. A change renews the track's ``rev``: devices that keep the words look at them again."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self, track_uid: str) -> dict[str, Any] | None:
        """synced, plain, is_instrumental, source, language and updated_at; None where there are none."""
        return self._db.row(
            """SELECT l.synced, l.plain, l.is_instrumental, l.source, l.language, l.updated_at
            FROM lyrics l JOIN tracks t ON t.id = l.track_id WHERE t.uid = :uid""",
            uid=track_uid,
        )

    def set(self, track_uid: str, at: str, **columns: Any) -> None:
        """Put these in the place of what is there: synced, plain, is_instrumental, source and language."""
        values = {name: columns.get(name) for name in _COLUMNS}
        self._db.execute(
            """INSERT INTO lyrics (track_id, synced, plain, is_instrumental, source, language, updated_at, rev)
            SELECT id, :synced, :plain, :is_instrumental, :source, :language, :at, :rev FROM tracks WHERE uid = :uid
            ON CONFLICT (track_id) DO UPDATE SET synced = excluded.synced, plain = excluded.plain,
            is_instrumental = excluded.is_instrumental, source = excluded.source, language = excluded.language,
            updated_at = excluded.updated_at, rev = excluded.rev""",
            uid=track_uid, at=at, rev=self._db.next_rev(), **values,
        )  # fmt: skip
        self._renew(track_uid)

    def remove(self, track_uid: str) -> bool:
        """Whether there were any."""
        removed = self._db.execute(
            "DELETE FROM lyrics WHERE track_id = (SELECT id FROM tracks WHERE uid = :uid)", uid=track_uid
        )
        if removed:
            self._renew(track_uid)
        return bool(removed)

    def _renew(self, track_uid: str) -> None:
        self._db.execute("UPDATE tracks SET rev = :rev WHERE uid = :uid", rev=self._db.next_rev(), uid=track_uid)
