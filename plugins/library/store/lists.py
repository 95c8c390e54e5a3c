"""What goes out: each list is one statement, its JSON built by SQLite and passed on as bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from soundwave_core import Actor, Cursor, Database, NotFound, encode_cursor

from . import sql
from .picking import LAST, TrackList, match_expression, page_statement, track_statement

_ITEMS_JSON = sql.json_list(sql.ITEM_JSON, "i.position, i.uid")
_POOL = 500


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the results' JSON, how many there are in all, and the cursor of the next page."""

    count: int
    results: bytes
    cursor: str | None

    def body(self, path: str) -> bytes:
        """The whole answer; ``path`` is the list's URL with its query, ready for ``cursor=``."""
        following = msgspec.json.encode(None if self.cursor is None else path + self.cursor)
        return b'{"count":%d,"next":%s,"previous":null,"results":%s}' % (self.count, following, self.results)


class Lists:
    """A user's library, read. ``user_id`` is whose it is, ``prefix`` the path prefix of the request."""

    def __init__(self, db: Database, user_id: str, prefix: str) -> None:
        self._db = db
        self._values: dict[str, Any] = {"user": user_id, "prefix": prefix}

    def tracks(self, wanted: TrackList) -> Page:
        """A page of the tracks that this user may look at."""
        values: dict[str, Any] = {"limit": wanted.limit, "channel": wanted.channel}
        if wanted.is_favorite is not None:
            values["is_favorite"] = int(wanted.is_favorite)
        if wanted.search is not None:
            values["search"] = match_expression(wanted.search)
            if not values["search"]:
                return Page(0, b"[]", None)
        statement, first = track_statement(wanted)
        return self._page(statement, wanted.ordering, first, wanted.cursor, values)

    def playlists(self, limit: int, cursor: str | None) -> Page:
        """A page of this user's playlists, by title."""
        statement = page_statement(
            """SELECT id, title AS k0, id AS k1 FROM playlists
            WHERE user_id = :user AND (title, id) > (:k0, :k1) ORDER BY title, id LIMIT :limit + 1""",
            2, "k0, k1", "(SELECT count(*) FROM playlists WHERE user_id = :user)",
            f"json_object({sql.PLAYLIST_FIELDS})", "JOIN playlists p ON p.id = picked.id",
        )  # fmt: skip
        return self._page(statement, "playlists", ["", 0], cursor, {"limit": limit})

    def plays(self, limit: int, cursor: str | None) -> Page:
        """A page of this user's history, newest first."""
        statement = page_statement(
            """SELECT id, played_at AS k0, id AS k1 FROM plays
            WHERE user_id = :user AND (played_at, id) < (:k0, :k1)
            ORDER BY played_at DESC, id DESC LIMIT :limit + 1""",
            2, "k0 DESC, k1 DESC", "(SELECT count(*) FROM plays WHERE user_id = :user)",
            f"json_object({sql.PLAY_FIELDS})",
            "JOIN plays y ON y.id = picked.id LEFT JOIN tracks t ON t.id = y.track_id",
        )  # fmt: skip
        return self._page(statement, "plays", ["~", LAST], cursor, {"limit": limit})

    def search(self, words: str, limit: int) -> bytes:
        """The best tracks (by bm25: titles weigh most, then artists) and playlists for these words.

        Ranked are the newest ``_POOL`` hits, so that one letter does not rank a whole library; a title that
        is exactly these words comes first in any case.
        """
        match = match_expression(words)
        if not match:
            return b'{"tracks":[],"playlists":[]}'
        row = self._db.row(
            f"""WITH hits AS (SELECT id, min(score) AS score FROM (
                SELECT * FROM (SELECT t.id, -1e9 AS score FROM tracks t
                    WHERE t.title = :words AND {sql.IS_READABLE} LIMIT :limit)
                UNION ALL SELECT * FROM (SELECT t.id, bm25(tracks_fts, 10.0, 5.0, 2.0, 2.0, 1.0, 1.0)
                    FROM tracks_fts CROSS JOIN tracks t ON t.id = tracks_fts.rowid
                    WHERE tracks_fts MATCH :match AND {sql.IS_READABLE}
                    ORDER BY tracks_fts.rowid DESC LIMIT {_POOL})
            ) GROUP BY id ORDER BY 2, 1 LIMIT :limit)
            SELECT (SELECT cast({sql.json_list(sql.TRACK_JSON, "hits.score, hits.id")} AS blob)
                FROM hits JOIN tracks t ON t.id = hits.id {sql.TRACK_JOINS}) AS tracks,
            (SELECT cast({sql.json_list(f"json_object({sql.PLAYLIST_FIELDS})", "p.title, p.id")} AS blob)
                FROM (SELECT * FROM playlists WHERE user_id = :user AND title LIKE :like ESCAPE '\\'
                ORDER BY title, id LIMIT :limit) p) AS playlists""",
            match=match, words=words.strip(), like=sql.contains(words.strip()), limit=limit, **self._values,
        )  # fmt: skip
        return b'{"tracks":%s,"playlists":%s}' % (row["tracks"], row["playlists"]) if row else b""

    def track(self, actor: Actor, uid: str) -> bytes:
        """One track with its details, for an actor who may look at it. NotFound."""
        return self._db.json(
            f"""SELECT cast(json_object({sql.track_fields(sql.OWN_ADDED_AT)}, 'description', t.description,
            'source_url', t.source_url, 'position_seconds',
            (SELECT seconds FROM positions x WHERE x.user_id = :user AND x.track_id = t.id), 'play_count',
            (SELECT count(*) FROM plays y WHERE y.track_id = t.id AND y.user_id = :user) + coalesce(
            (SELECT count FROM earlier_plays y WHERE y.user_id = :user AND y.track_id = t.id), 0)) AS blob)
            FROM tracks t {sql.TRACK_JOINS} WHERE t.uid = :uid AND (:is_admin OR {sql.IS_READABLE})""",
            uid=uid, is_admin=int(actor.is_admin), **self._values,
        )  # fmt: skip

    def usage(self) -> bytes:
        """How many tracks this user has, and what they take on the disk."""
        return self._db.json(
            f"""SELECT cast(json_object('tracks', count(*), 'used_bytes', coalesce(sum(t.size_bytes), 0)) AS blob)
            {sql.OWN_SIZES}""",
            **self._values,
        )  # fmt: skip

    def playlist(self, actor: Actor, uid: str) -> bytes:
        """One playlist with all of its items, in order. NotFound."""
        row = self._db.row(
            f"""SELECT cast(json_object({sql.PLAYLIST_FIELDS}) AS blob) AS playlist, (
            SELECT cast({_ITEMS_JSON} AS blob) FROM playlist_items i JOIN tracks t ON t.id = i.track_id
            {sql.TRACK_JOINS} WHERE i.playlist_id = p.id) AS items
            FROM playlists p WHERE p.uid = :uid AND (:is_admin OR p.user_id = :user)""",
            uid=uid, is_admin=int(actor.is_admin), **self._values,
        )  # fmt: skip
        if row is None:
            raise NotFound("There is no such playlist.", code="playlist_not_found")
        return b'%s,"items":%s}' % (row["playlist"][:-1], row["items"])

    def playlist_summary(self, uid: str) -> bytes:
        """One playlist without its items. NotFound."""
        return self._db.json(
            f"SELECT cast(json_object({sql.PLAYLIST_FIELDS}) AS blob) FROM playlists p WHERE p.uid = :uid",
            uid=uid, **self._values,
        )  # fmt: skip

    def items(self, uids: list[str]) -> bytes:
        """These items, in the order of their list, as {"items": [...]}."""
        found = self._db.json(
            f"""SELECT cast({_ITEMS_JSON} AS blob) FROM playlist_items i JOIN tracks t ON t.id = i.track_id
            {sql.TRACK_JOINS} WHERE i.uid IN (SELECT value FROM json_each(:uids))""",
            uids=sql.as_json(uids), **self._values,
        )  # fmt: skip
        return b'{"items":%s}' % found

    def _page(self, statement: str, name: str, first: Cursor, cursor: str | None, values: dict[str, Any]) -> Page:
        row = self._db.row(statement, **values, **self._values, **sql.after(cursor, name, first))
        if row is None:
            raise NotFound("It is not there.")
        keys: Cursor = [name, *(row[f"k{index}"] for index in range(len(first)))]
        is_more = row["size"] > values["limit"]
        return Page(row["count"], row["results"], encode_cursor(keys) if is_more else None)
