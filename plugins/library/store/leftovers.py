"""What a user who is gone has left: removed, or given to an heir, so many rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from soundwave_core import Clock, Database

from . import sql
from .entries import Entries, Favorites, Removal
from .items import Items
from .playlists import Playlists

_OWNING = ("library_counts", "playlists", "favorites", "positions", "plays", "earlier_plays")
# Somebody who marked or listed a track that only the leaver owned keeps it.
_LAST_OWNED = """t.id = :id AND t.channel_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.track_id = t.id AND e.user_id <> :leaver)"""


def users_with_leftovers(db: Database, user_ids: Sequence[str]) -> list[str]:
    """Those of these users who still have something here."""
    has_any = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE user_id = u.value)" for table in _OWNING)
    rows = db.rows(f"SELECT u.value AS id FROM json_each(:users) u WHERE {has_any}", users=sql.as_json(user_ids))
    return [row["id"] for row in rows]


class Leftovers:
    """One user's things. Each method takes one playlist, or at most ``most`` others, inside a transaction."""

    def __init__(self, db: Database, user_id: str, clock: Clock, most: int) -> None:
        self._db, self._user, self._clock, self._most = db, user_id, clock, most

    def forget_listening(self) -> bool:
        """Remove favourites, positions and plays, which are personal; whether there were any."""
        favorites = self._tracks_of("favorites")
        for track in favorites:
            Favorites(self._db).remove(self._user, track["uid"])
        positions = self._execute(
            """DELETE FROM positions WHERE user_id = :user AND track_id IN
            (SELECT track_id FROM positions WHERE user_id = :user LIMIT :most)"""
        )
        plays = self._execute("DELETE FROM plays WHERE id IN (SELECT id FROM plays WHERE user_id = :user LIMIT :most)")
        earlier = self._execute(
            """DELETE FROM earlier_plays WHERE user_id = :user AND track_id IN
            (SELECT track_id FROM earlier_plays WHERE user_id = :user LIMIT :most)"""
        )
        return bool(favorites or positions or plays or earlier)

    def remove_playlist(self) -> str | None:
        """Remove one list; its uid."""
        playlist = self._next_playlist()
        if playlist is None:
            return None
        Playlists(self._db).remove(playlist["uid"])
        return str(playlist["uid"])

    def give_playlist(self, heir_id: str) -> tuple[bool, str | None]:
        """Give one list away: (whether there is more to do, the uid of the one that has a new owner).

        The heir can hear what is in it: entries come first, so many at a time, in transactions of their own.
        """
        playlist = self._next_playlist()
        if playlist is None:
            return False, None
        unreadable = self._rows(
            f"""SELECT DISTINCT t.uid, t.added_at FROM playlist_items i JOIN tracks t ON t.id = i.track_id
            WHERE i.playlist_id = :playlist AND NOT {sql.IS_SHARED} AND NOT EXISTS
            (SELECT 1 FROM entries e WHERE e.user_id = :heir AND e.track_id = t.id) LIMIT :most""",
            playlist=playlist["id"], heir=heir_id,
        )  # fmt: skip
        for track in unreadable:
            Entries(self._db).ensure(heir_id, track["uid"], self._clock, track["added_at"])
        if len(unreadable) == self._most:
            return True, None
        self._hand_over(playlist, heir_id)
        return True, str(playlist["uid"])

    def remove_entries(self) -> list[Removal]:
        """Take tracks out of this library. What nobody else has or uses goes, its file noted for removal."""
        entries, removals = Entries(self._db), []
        for track in self._tracks_of("entries"):
            entries.keep_used(_LAST_OWNED, self._clock, id=track["id"], leaver=self._user)
            removals.append(entries.remove(self._user, track["uid"], self._clock))
        return removals

    def give_entries(self, heir_id: str) -> bool:
        """Move tracks into the heir's library, where those that are there already stay; whether there were any."""
        tracks = self._tracks_of("entries")
        for track in tracks:
            Entries(self._db).ensure(heir_id, track["uid"], self._clock, track["added_at"])
            self._db.execute(
                "DELETE FROM entries WHERE user_id = :user AND track_id = :track",
                user=self._user, track=track["id"],
            )  # fmt: skip
            self._db.bury("entry", track["uid"], self._user)
        return bool(tracks)

    def forget_count(self) -> None:
        """Remove the count of a library that is empty."""
        self._db.execute("DELETE FROM library_counts WHERE user_id = :user AND entry_count = 0", user=self._user)

    def _hand_over(self, playlist: dict[str, Any], heir_id: str) -> None:
        """A list and its items are new to the heir's devices, and gone from the leaver's."""
        self._db.execute("UPDATE playlists SET user_id = :heir WHERE id = :id", heir=heir_id, id=playlist["id"])
        self._db.execute(
            "UPDATE playlist_items SET rev = :rev WHERE playlist_id = :id",
            rev=self._db.next_rev(), id=playlist["id"],
        )  # fmt: skip
        Items(self._db, {**playlist, "user_id": heir_id}).touch(self._clock)
        self._db.bury("playlist", playlist["uid"], self._user)

    def _next_playlist(self) -> dict[str, Any] | None:
        return self._db.row("SELECT id, uid FROM playlists WHERE user_id = :user ORDER BY id LIMIT 1", user=self._user)

    def _tracks_of(self, table: str) -> list[dict[str, Any]]:
        return self._rows(
            f"""SELECT t.id, t.uid, x.added_at FROM {table} x JOIN tracks t ON t.id = x.track_id
            WHERE x.user_id = :user LIMIT :most"""
        )

    def _rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        return self._db.rows(statement, user=self._user, most=self._most, **values)

    def _execute(self, statement: str) -> int:
        return self._db.execute(statement, user=self._user, most=self._most)
