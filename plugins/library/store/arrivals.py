"""What an older deployment brings, put beside what is there: nothing that exists is changed, nor its ``rev``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from soundwave_core import Database

from .items import Source
from .listening import next_listening_rev
from .playlists import LONGEST_TITLE
from .sql import as_json


class Arrivals:
    """Rows with ids and moments of their own, added inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def claim(self, uid: str) -> bool:
        """Whether this old row never came over before; from now on it has."""
        return bool(self._db.execute("INSERT INTO legacy_rows (uid) VALUES (:uid) ON CONFLICT DO NOTHING", uid=uid))

    def is_taken(self, path: str) -> bool:
        """Whether a track has this path."""
        return bool(self._db.value("SELECT EXISTS (SELECT 1 FROM tracks WHERE path = :path)", path=path))

    def entry(self, user_id: str, track_uid: str, at: str) -> None:
        """Make a track somebody's, unless it is."""
        self._db.execute(
            """INSERT INTO entries (user_id, track_id, added_at, rev)
            SELECT :user, id, :at, :rev FROM tracks WHERE uid = :track ON CONFLICT DO NOTHING""",
            user=user_id, track=track_uid, at=at, rev=self._db.next_rev(),
        )  # fmt: skip

    def favorite(self, user_id: str, track_uid: str, at: str) -> None:
        self._db.execute(
            """INSERT INTO favorites (user_id, track_id, added_at, rev)
            SELECT :user, id, :at, :rev FROM tracks WHERE uid = :track ON CONFLICT DO NOTHING""",
            user=user_id, track=track_uid, at=at, rev=self._db.next_rev(),
        )  # fmt: skip

    def position(self, user_id: str, track_uid: str, seconds: float, at: str) -> bool:
        """Where somebody is; not beyond the end. Whether nothing was known before."""
        return bool(
            self._db.execute(
                """INSERT INTO positions (user_id, track_id, seconds, at, rev)
                SELECT :user, id, max(0.0, min(:seconds, coalesce(duration_seconds, :seconds))), :at, :rev
                FROM tracks WHERE uid = :track ON CONFLICT DO NOTHING""",
                user=user_id, track=track_uid, seconds=seconds, at=at, rev=next_listening_rev(self._db),
            )
        )  # fmt: skip

    def play(self, uid: str, user_id: str, track_uid: str | None, at: str, **heard: Any) -> bool:
        """A play by its own uid; whether it is new. ``heard``: seconds; title and artist for a track that is gone."""
        return bool(
            self._db.execute(
                """INSERT INTO plays (uid, user_id, track_id, title, artist, played_at, seconds, rev)
                SELECT :uid, :user, t.id, coalesce(t.title, :title), coalesce(t.artist, :artist), :at, :seconds, :rev
                FROM (SELECT 1) LEFT JOIN tracks t ON t.uid = :track WHERE true ON CONFLICT DO NOTHING""",
                uid=uid, user=user_id, track=track_uid, at=at, title=heard.get("title", ""),
                artist=heard.get("artist", ""), seconds=heard.get("seconds"), rev=next_listening_rev(self._db),
            )
        )  # fmt: skip

    def earlier_plays(self, user_id: str, track_uid: str, count: int) -> None:
        self._db.execute(
            """INSERT INTO earlier_plays (user_id, track_id, count, rev)
            SELECT :user, id, :count, :rev FROM tracks WHERE uid = :track ON CONFLICT DO NOTHING""",
            user=user_id, track=track_uid, count=count, rev=next_listening_rev(self._db),
        )  # fmt: skip

    def playlist(
        self, uid: str, user_id: str, kind: str, at: str, updated_at: str, *, title: str, **columns: Any
    ) -> None:
        """An empty list; ``columns``: description and source_url."""
        self._db.execute(
            """INSERT INTO playlists (uid, user_id, title, kind, description, source_url, rev, content_rev,
            created_at, updated_at) VALUES (:uid, :user, :title, :kind, :description, :source_url, :rev, :rev,
            :at, :updated)""",
            uid=uid, user=user_id, kind=kind, title=title[:LONGEST_TITLE], at=at, updated=updated_at,
            rev=self._db.next_rev(), **columns,
        )  # fmt: skip

    def item(self, uid: str, playlist_uid: str, track_uid: str, key: str, at: str, source: Source | None) -> bool:
        """A place in a list; with ``source``, which a list has once, it is its source's. Whether it is in there now."""
        extractor, source_id = source or (None, None)
        return bool(
            self._db.execute(
                """INSERT INTO playlist_items
                (uid, playlist_id, track_id, position, added_by, extractor, source_id, added_at, rev)
                SELECT :uid, p.id, t.id, :key, :by, :extractor, :source, :at, :rev FROM playlists p, tracks t
                WHERE p.uid = :playlist AND t.uid = :track ON CONFLICT DO NOTHING""",
                uid=uid, playlist=playlist_uid, track=track_uid, key=key, by="source" if source else "user",
                extractor=extractor, source=source_id, at=at, rev=self._db.next_rev(),
            )
        )  # fmt: skip

    def picture(self, kind: str, uid: str, artwork_id: int) -> bool:
        """Give a track or a channel (``kind`` is the table) a picture; whether it had none."""
        if kind not in ("tracks", "channels"):
            raise ValueError(kind)
        return bool(
            self._db.execute(
                f"UPDATE {kind} SET artwork_id = :artwork, rev = :rev WHERE uid = :uid AND artwork_id IS NULL",
                artwork=artwork_id, uid=uid, rev=self._db.next_rev(),
            )
        )  # fmt: skip

    def album(self, track_uid: str, fields: dict[str, Any]) -> bool:
        """Fill in album fields that a track does not have; whether there was one to fill."""
        present: dict[str, Any] = self._db.row(
            "SELECT album, album_artist, genre, track_number, disc_number, year FROM tracks WHERE uid = :uid",
            uid=track_uid,
        ) or dict.fromkeys(fields, "gone")
        missing = {name: value for name, value in fields.items() if value and present[name] is None}
        if missing:
            changes = ", ".join(f"{name} = :{name}" for name in missing)
            self._db.execute(
                f"UPDATE tracks SET {changes}, rev = :rev WHERE uid = :uid",
                **missing, uid=track_uid, rev=self._db.next_rev(),
            )  # fmt: skip
        return bool(missing)

    def tracks_of(self, user_id: str, uids: Iterable[str]) -> set[str]:
        """Those of these tracks that this user has an entry of."""
        rows = self._db.rows(
            """SELECT t.uid FROM tracks t JOIN entries e ON e.track_id = t.id AND e.user_id = :user
            WHERE t.uid IN (SELECT value FROM json_each(:uids))""",
            user=user_id, uids=as_json(list(uids)),
        )  # fmt: skip
        return {row["uid"] for row in rows}
