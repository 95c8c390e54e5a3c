"""What a user has of the library, read for the file that they take along."""

from __future__ import annotations

from typing import Any

from soundwave_core import Database

from .sql import IS_READABLE, as_json

# Whatever a user refers to: own entries, and of the household's what they marked, listed, or are in the midst of.
_THEIRS = """SELECT track_id FROM entries WHERE user_id = :user
    UNION SELECT track_id FROM favorites WHERE user_id = :user
    UNION SELECT track_id FROM positions WHERE user_id = :user
    UNION SELECT track_id FROM earlier_plays WHERE user_id = :user
    UNION SELECT i.track_id FROM playlist_items i JOIN playlists p ON p.id = i.playlist_id WHERE p.user_id = :user"""


class Taking:
    """Rows as the file has them, in a fixed order."""

    def __init__(self, db: Database, user_id: str) -> None:
        self._db, self._user = db, user_id

    def tracks(self) -> list[dict[str, Any]]:
        """One row a track, with what the user did with it and with its lyrics."""
        return self._db.rows(
            f"""SELECT t.uid AS id, t.title, t.artist, t.album, t.album_artist, t.genre, t.year, t.track_number,
            t.disc_number, coalesce(c.title, t.channel_title) AS channel, t.duration_seconds, t.published_at,
            t.added_at, t.description, t.extractor, t.source_id, t.source_url, t.path, t.size_bytes, t.codec,
            iif(s.state IS NULL, t.content_hash, NULL) AS sha256, e.added_at AS owned_at, f.added_at AS favorite_at,
            o.seconds AS position_seconds, o.at AS position_at, coalesce(y.count, 0) AS earlier_plays,
            l.synced, l.plain, coalesce(l.is_instrumental, 0) AS is_instrumental, l.source AS lyrics_source,
            l.language
            FROM tracks t LEFT JOIN channels c ON c.id = t.channel_id LEFT JOIN file_states s ON s.track_id = t.id
            LEFT JOIN entries e ON e.track_id = t.id AND e.user_id = :user
            LEFT JOIN favorites f ON f.track_id = t.id AND f.user_id = :user
            LEFT JOIN positions o ON o.track_id = t.id AND o.user_id = :user
            LEFT JOIN earlier_plays y ON y.track_id = t.id AND y.user_id = :user
            LEFT JOIN lyrics l ON l.track_id = t.id
            WHERE t.id IN ({_THEIRS}) AND {IS_READABLE} ORDER BY t.id""",
            user=self._user,
        )

    def playlists(self) -> list[dict[str, Any]]:
        """Each with its ``items``: id, track, added_at, and at a source (extractor, source_id)."""
        lists = self._db.rows(
            """SELECT id AS number, uid AS id, title, description, kind, source_url, created_at, updated_at
            FROM playlists WHERE user_id = :user ORDER BY title, uid""",
            user=self._user,
        )
        for one in lists:
            one["items"] = self._db.rows(
                """SELECT i.uid AS id, t.uid AS track, i.added_at, i.extractor, i.source_id
                FROM playlist_items i JOIN tracks t ON t.id = i.track_id
                WHERE i.playlist_id = :number ORDER BY i.position, i.uid""",
                number=one.pop("number"),
            )
        return lists

    def plays(self) -> list[dict[str, Any]]:
        """Every play, the oldest first."""
        return self._db.rows(
            """SELECT y.uid AS id, t.uid AS track, y.title, y.artist, y.played_at, y.seconds
            FROM plays y LEFT JOIN tracks t ON t.id = y.track_id
            WHERE y.user_id = :user ORDER BY y.played_at, y.id""",
            user=self._user,
        )

    def has(self, kind: str, track_uid: str) -> bool:
        """Whether the user has something with a track (``kind`` is the table: favorites, positions, earlier_plays)."""
        if kind not in ("favorites", "positions", "earlier_plays"):
            raise ValueError(kind)
        return bool(
            self._db.value(
                f"""SELECT EXISTS (SELECT 1 FROM {kind} x JOIN tracks t ON t.id = x.track_id
                WHERE x.user_id = :user AND t.uid = :uid)""",
                user=self._user, uid=track_uid,
            )
        )  # fmt: skip

    def owner_of(self, kind: str, uid: str) -> str | None:
        """Whose row has this id (``kind`` is the table: playlists or plays); None where none has it."""
        if kind not in ("playlists", "plays"):
            raise ValueError(kind)
        owner: str | None = self._db.value(f"SELECT user_id FROM {kind} WHERE uid = :uid", uid=uid)
        return owner

    def is_alone_with(self, track_uid: str) -> bool:
        """Whether nobody else has the track: neither another user nor the household."""
        return bool(
            self._db.value(
                """SELECT t.channel_id IS NULL AND NOT EXISTS
                (SELECT 1 FROM entries e WHERE e.track_id = t.id AND e.user_id <> :user)
                FROM tracks t WHERE t.uid = :uid""",
                user=self._user, uid=track_uid,
            )
        )  # fmt: skip

    def may_have(self, track_uid: str, *hashes: str | None) -> bool:
        """Whether the track may become this user's: it is readable, has a link that anybody may ask for, or its content
        is known to them by its hash."""
        return bool(
            self._db.value(
                f"""SELECT {IS_READABLE} OR t.source_url IS NOT NULL
                OR t.content_hash IN (SELECT value FROM json_each(:hashes)) FROM tracks t WHERE uid = :uid""",
                user=self._user, uid=track_uid, hashes=as_json([one for one in hashes if one and one.strip("0")]),
            )
        )  # fmt: skip

    def content_hash(self, track_uid: str) -> str:
        """The SHA-256 of a track's file, zeros where that was never read."""
        return str(self._db.value("SELECT content_hash FROM tracks WHERE uid = :uid", uid=track_uid))

    def is_buried(self, uid: str) -> bool:
        """Whether something of this id was removed: devices know that, and the id is not used again."""
        return bool(self._db.value("SELECT EXISTS (SELECT 1 FROM tombstones WHERE id = :uid)", uid=uid))
