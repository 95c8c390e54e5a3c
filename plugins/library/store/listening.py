"""What was heard, and where a listener is. Both move ``listening_rev`` only, never a list's ETag."""

from __future__ import annotations

from typing import Any

from soundwave_core import Clock, Database


def listening_rev(db: Database) -> int:
    """The counter of positions and plays as it is now."""
    return int(db.value("SELECT value FROM listening_rev"))


def next_listening_rev(db: Database) -> int:
    """That counter, one further."""
    return int(db.value("UPDATE listening_rev SET value = value + 1 RETURNING value"))


class Positions:
    """Where a user is in a track: the newest event counts, whenever it arrives."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def set(self, user_id: str, track_uid: str, seconds: float, at: str) -> bool:
        """Whether this event is the newest; ``at`` is a stamp, and not in the future."""
        return bool(
            self._db.execute(
                """INSERT INTO positions (user_id, track_id, seconds, at, rev)
                SELECT :user, id, :seconds, :at, :rev FROM tracks WHERE uid = :uid
                ON CONFLICT (user_id, track_id) DO UPDATE
                SET seconds = excluded.seconds, at = excluded.at, rev = excluded.rev
                WHERE excluded.at >= positions.at""",
                user=user_id, uid=track_uid, seconds=seconds, at=at, rev=next_listening_rev(self._db),
            )
        )  # fmt: skip


class Plays:
    """Plays are facts: they name what was heard, and survive it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self, user_id: str, track_uid: str, played_at: str, clock: Clock, *, uid: str | None = None,
        seconds: float | None = None,
    ) -> tuple[str, bool]:  # fmt: skip
        """(uid, whether it is new): told twice under one uid, it counts once."""
        uid = uid or clock.new_id()
        if self._db.value("SELECT EXISTS (SELECT 1 FROM plays WHERE uid = :uid)", uid=uid):
            return uid, False
        self._db.execute(
            """INSERT INTO plays (uid, user_id, track_id, title, artist, played_at, seconds, rev)
            SELECT :uid, :user, id, title, artist, :at, :seconds, :rev FROM tracks WHERE uid = :track""",
            uid=uid, user=user_id, track=track_uid, at=played_at, seconds=seconds, rev=next_listening_rev(self._db),
        )  # fmt: skip
        return uid, True

    def find(self, user_id: str, uid: str) -> dict[str, Any] | None:
        """One play of this user, with the names it has on the wire."""
        return self._db.row(
            """SELECT y.uid AS id, t.uid AS track_id, y.title, y.artist, y.played_at, y.seconds
            FROM plays y LEFT JOIN tracks t ON t.id = y.track_id WHERE y.user_id = :user AND y.uid = :uid""",
            user=user_id, uid=uid,
        )  # fmt: skip
