"""What was heard, and where a listener is. Both move ``listening_rev`` only, never a list's ETag."""

from __future__ import annotations

from typing import Any

from soundwave_core import Clock, Conflict, Database

from .sql import PLAY_COLUMNS

MOST_HEARSAY = 1000  # of a user: they cost a device nothing to make up


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
        """Whether this event is the newest; ``at`` is a stamp, and not in the future.

        What is known of the future is of a clock that was set back since: it gives way.
        """
        return bool(
            self._db.execute(
                """INSERT INTO positions (user_id, track_id, seconds, at, rev)
                SELECT :user, id, :seconds, :at, :rev FROM tracks WHERE uid = :uid
                ON CONFLICT (user_id, track_id) DO UPDATE
                SET seconds = excluded.seconds, at = excluded.at, rev = excluded.rev
                WHERE excluded.at >= positions.at OR positions.at > :now""",
                user=user_id, uid=track_uid, seconds=seconds, at=at, now=self._db.clock.stamp(),
                rev=next_listening_rev(self._db),
            )
        )  # fmt: skip


class Plays:
    """Plays are facts: they name what was heard, and survive it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self, user_id: str, track_uid: str | None, played_at: str, clock: Clock, *, uid: str | None = None,
        seconds: float | None = None, title: str = "", artist: str = "",
    ) -> tuple[str, bool]:  # fmt: skip
        """(uid, whether it is new): told twice under one uid, it counts once.

        ``title`` and ``artist`` are of a track that is not there (``track_uid`` None): of these plays, which nothing
        but a device vouches for, a user has so many and no more (Conflict ``too_many``).
        """
        uid = uid or clock.new_id()
        if self._db.value("SELECT EXISTS (SELECT 1 FROM plays WHERE uid = :uid)", uid=uid):
            return uid, False
        if track_uid is None:
            self._ensure_room(user_id)
        self._db.execute(
            """INSERT INTO plays (uid, user_id, track_id, title, artist, played_at, seconds, rev, is_hearsay)
            SELECT :uid, :user, t.id, coalesce(t.title, :title), coalesce(t.artist, :artist), :at, :seconds, :rev,
            :track IS NULL FROM (SELECT 1) LEFT JOIN tracks t ON t.uid = :track""",
            uid=uid, user=user_id, track=track_uid, at=played_at, seconds=seconds, title=title, artist=artist,
            rev=next_listening_rev(self._db),
        )  # fmt: skip
        return uid, True

    def outlive(self, track_id: int) -> None:
        """The track is about to go: its plays, which name it no more, are changed for their users' devices."""
        self._db.execute(
            """UPDATE plays SET track_id = NULL, rev = (SELECT value FROM listening_rev) + 1 WHERE track_id = :track""",
            track=track_id,
        )
        next_listening_rev(self._db)

    def _ensure_room(self, user_id: str) -> None:
        told = self._db.value("SELECT count(*) FROM plays WHERE user_id = :user AND is_hearsay", user=user_id)
        if told >= MOST_HEARSAY:
            raise Conflict(f"{MOST_HEARSAY} plays of tracks that are not here are recorded already.", code="too_many")

    def find(self, user_id: str, uid: str) -> dict[str, Any] | None:
        """One play of this user, with the names it has on the wire."""
        return self._db.row(
            f"""SELECT {PLAY_COLUMNS} FROM plays y LEFT JOIN tracks t ON t.id = y.track_id
            WHERE y.user_id = :user AND y.uid = :uid""",
            user=user_id, uid=uid,
        )  # fmt: skip
