"""What is known of the tracks' files: read, there by name only, or missing."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from soundwave_core import Database

FileState = Literal["present", "unread", "missing"]


class FileStates:
    """The state of each track's file. Every change renews the track's ``rev``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, track_uid: str, state: FileState) -> None:
        """The state of a track that has just been made."""
        self._db.execute(
            "INSERT INTO file_states (track_id, state, since) SELECT id, :state, :at FROM tracks WHERE uid = :uid",
            uid=track_uid, state=state, at=self._db.clock.stamp(),
        )  # fmt: skip

    def set(self, track_uid: str, state: FileState) -> bool:
        """Whether it was another before."""
        row = self._db.row(
            """SELECT t.id, coalesce(s.state, 'present') AS state FROM tracks t
            LEFT JOIN file_states s ON s.track_id = t.id WHERE t.uid = :uid""",
            uid=track_uid,
        )
        if row is None or row["state"] == state:
            return False
        if state == "present":
            self._db.execute("DELETE FROM file_states WHERE track_id = :id", id=row["id"])
        else:
            self._db.execute(
                """INSERT INTO file_states (track_id, state, since) VALUES (:id, :state, :at)
                ON CONFLICT (track_id) DO UPDATE SET state = :state, since = :at""",
                id=row["id"], state=state, at=self._db.clock.stamp(),
            )  # fmt: skip
        self._db.execute("UPDATE tracks SET rev = :rev WHERE id = :id", rev=self._db.next_rev(), id=row["id"])
        return True

    def store_read(self, track_uid: str, path: str, columns: dict[str, Any]) -> bool:
        """Take over what reading the file at ``path`` gave; whether the track still has that file.

        A duration that was not known before is taken, one that was stays.
        """
        values = dict(columns)
        values["block_hashes"] = msgspec.json.encode(list(values["block_hashes"])).decode()
        duration = values.pop("duration_seconds")
        changes = ", ".join(f"{name} = :{name}" for name in values)
        changed = self._db.execute(
            f"UPDATE tracks SET {changes}, rev = :rev WHERE uid = :uid AND path = :path",
            uid=track_uid, path=path, rev=self._db.next_rev(), **values,
        )  # fmt: skip
        if not changed:
            return False
        if duration is not None:
            self._db.execute(
                "UPDATE tracks SET duration_seconds = :duration WHERE uid = :uid AND duration_seconds IS NULL",
                uid=track_uid, duration=duration,
            )  # fmt: skip
        self.set(track_uid, "present")
        return True

    def list_unread(self, after: int, limit: int) -> list[dict[str, Any]]:
        """id, uid and path of tracks whose file is to be read, by row id."""
        return self._db.rows(
            """SELECT t.id, t.uid, t.path FROM file_states s JOIN tracks t ON t.id = s.track_id
            WHERE s.state = 'unread' AND s.track_id > :after ORDER BY s.track_id LIMIT :limit""",
            after=after, limit=limit,
        )  # fmt: skip

    def list_all(self, after: int, limit: int) -> list[dict[str, Any]]:
        """id, uid, path, size_bytes and file_state of all tracks, by row id."""
        return self._db.rows(
            """SELECT t.id, t.uid, t.path, t.size_bytes, coalesce(s.state, 'present') AS file_state, t.revision
            FROM tracks t LEFT JOIN file_states s ON s.track_id = t.id
            WHERE t.id > :after ORDER BY t.id LIMIT :limit""",
            after=after, limit=limit,
        )  # fmt: skip

    def counts(self) -> dict[str, int]:
        """How many tracks have a file that is unread or missing."""
        rows = self._db.rows("SELECT state, count(*) AS n FROM file_states GROUP BY state")
        return {row["state"]: row["n"] for row in rows}

    def list_missing(self, playlist_uid: str) -> list[dict[str, Any]]:
        """extractor, source_id, source_url, title and uid of a playlist's tracks without a file, in its order."""
        return self._db.rows(
            """SELECT t.uid, t.title, t.extractor, t.source_id, t.source_url FROM playlists p
            JOIN playlist_items i ON i.playlist_id = p.id JOIN tracks t ON t.id = i.track_id
            JOIN file_states s ON s.track_id = t.id AND s.state = 'missing'
            WHERE p.uid = :uid GROUP BY t.id ORDER BY min(i.position), min(i.uid)""",
            uid=playlist_uid,
        )
