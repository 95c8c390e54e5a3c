"""Whose a track is: library entries and favourites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from soundwave_core import Clock, Conflict, Database, NotFound

from . import sql
from .items import forget_items
from .tracks import MISSING, Tracks


@dataclass(frozen=True, slots=True)
class Removal:
    """What a removal did: the playlists that lost items, and whether the track itself is gone."""

    track: str
    playlists: tuple[str, ...] = ()
    is_gone: bool = False


class Entries:
    """A user's ownership of tracks."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def has(self, user_id: str, track_uid: str) -> bool:
        """Whether the track is in this user's library."""
        return bool(
            self._db.value(
                """SELECT EXISTS (SELECT 1 FROM entries e JOIN tracks t ON t.id = e.track_id
                WHERE e.user_id = :user AND t.uid = :uid)""",
                user=user_id, uid=track_uid,
            )
        )  # fmt: skip

    def used_bytes(self, user_id: str) -> int:
        """What the tracks of this library take on the disk (20 ms for 50,000 of them)."""
        return int(self._db.value(f"SELECT coalesce(sum(t.size_bytes), 0) {sql.OWN_SIZES}", user=user_id))

    def ensure(self, user_id: str, track_uid: str, clock: Clock, added_at: str | None = None) -> bool:
        """Whether the entry is new."""
        track = self._track(track_uid)
        if self.has(user_id, track_uid):
            return False
        self._db.execute(
            "INSERT INTO entries (user_id, track_id, added_at, rev) VALUES (:user, :track, :at, :rev)",
            user=user_id, track=track["id"], at=added_at or clock.stamp(), rev=self._db.next_rev(),
        )  # fmt: skip
        return True

    def remove(self, user_id: str, track_uid: str, clock: Clock) -> Removal:
        """Take the track out of one library, and only that one. Conflict where it was not in there.

        Unless it is the household's as well, the user's favourite, position and playlist items of it go
        along (with tombstones); the track goes when this was its last owner. Plays stay.
        """
        track = self._track(track_uid)
        if not self._db.execute(
            "DELETE FROM entries WHERE user_id = :user AND track_id = :track", user=user_id, track=track["id"]
        ):
            raise Conflict("The track is not in this library.", code="not_in_library")
        self._db.bury("entry", track_uid, user_id)
        if track["channel_id"] is not None:
            return Removal(track_uid)
        Favorites(self._db).remove(user_id, track_uid)
        self._db.execute(
            "DELETE FROM positions WHERE user_id = :user AND track_id = :track",
            user=user_id, track=track["id"],
        )  # fmt: skip
        playlists = forget_items(self._db, user_id, track["id"], clock)
        return Removal(track_uid, playlists, Tracks(self._db).remove_unowned(track_uid))

    def withdraw(self, track_uid: str, clock: Clock) -> Removal:
        """Take a track from the household, for good: its channel does not bring it back.

        Whoever has it as a favourite or in a playlist keeps it, as an entry of their own.
        """
        track = self._track(track_uid)
        if track["channel_id"] is None:
            raise Conflict("The track is not the household's.", code="not_in_library")
        self.keep_used("t.id = :id", clock, id=track["id"])
        self._db.execute(
            """INSERT INTO channel_removals (channel_id, extractor, source_id, removed_at)
            SELECT channel_id, extractor, source_id, :at FROM tracks WHERE id = :id AND extractor IS NOT NULL
            ON CONFLICT DO NOTHING""",
            id=track["id"], at=clock.stamp(),
        )  # fmt: skip
        Tracks(self._db).unshare(track_uid)
        return Removal(track_uid, (), Tracks(self._db).remove_unowned(track_uid))

    def keep_used(self, condition: str, clock: Clock, **values: Any) -> None:
        """Make entries for all who use one of these tracks without owning it: favourites and items."""
        users = self._db.rows(
            f"""SELECT f.user_id, t.uid, t.added_at FROM favorites f JOIN tracks t ON t.id = f.track_id
            WHERE {condition} UNION
            SELECT p.user_id, t.uid, t.added_at FROM tracks t JOIN playlist_items i ON i.track_id = t.id
            JOIN playlists p ON p.id = i.playlist_id WHERE {condition}""",
            **values,
        )
        for user in users:
            self.ensure(user["user_id"], user["uid"], clock, user["added_at"])

    def _track(self, uid: str) -> dict[str, Any]:
        row = self._db.row("SELECT id, channel_id FROM tracks WHERE uid = :uid", uid=uid)
        if row is None:
            raise NotFound(MISSING, code="track_not_found")
        return row


class Favorites:
    """What a user marked. It needs READ: a household's track may be a favourite without an entry."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, user_id: str, track_uid: str, clock: Clock) -> bool:
        """Whether it is one now and was none before."""
        known = self._db.value(
            """SELECT 1 FROM favorites WHERE user_id = :user
            AND track_id = (SELECT id FROM tracks WHERE uid = :uid)""",
            user=user_id, uid=track_uid,
        )  # fmt: skip
        if known:
            return False
        return bool(
            self._db.execute(
                """INSERT INTO favorites (user_id, track_id, added_at, rev)
                SELECT :user, id, :at, :rev FROM tracks WHERE uid = :uid""",
                user=user_id, uid=track_uid, at=clock.stamp(), rev=self._db.next_rev(),
            )
        )  # fmt: skip

    def remove(self, user_id: str, track_uid: str) -> bool:
        """Whether it was one."""
        removed = self._db.execute(
            """DELETE FROM favorites WHERE user_id = :user
            AND track_id = (SELECT id FROM tracks WHERE uid = :uid)""",
            user=user_id, uid=track_uid,
        )  # fmt: skip
        if removed:
            self._db.bury("favorite", track_uid, user_id)
        return bool(removed)
