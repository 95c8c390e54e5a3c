"""What goes out: each list is one statement, its JSON built by SQLite and passed on as bytes.

A page is found by its keyset (never OFFSET), so rows that come or go elsewhere do not shift it. Row counts
of whole libraries are kept by triggers; with a filter they are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from soundwave_core import Actor, Cursor, Database, NotFound, encode_cursor

from . import sql

# Both halves are walked on an index in the order of the answer and stop after a page: own entries, and the
# household's tracks without one.
_RECENT = f"""SELECT * FROM (
    SELECT t.id, e.added_at AS k0, t.id AS k1, e.added_at AS shown_at
    FROM entries e CROSS JOIN tracks t ON t.id = e.track_id
    WHERE e.user_id = :user AND (e.added_at, e.track_id) < (:k0, :k1) {{filters}}
    ORDER BY e.added_at DESC, e.track_id DESC LIMIT :limit + 1)
UNION ALL SELECT * FROM (
    SELECT t.id, t.added_at, t.id, t.added_at FROM tracks t
    WHERE {sql.IS_SHARED} AND NOT {sql.IS_OWNED} AND (t.added_at, t.id) < (:k0, :k1) {{filters}}
    ORDER BY t.added_at DESC, t.id DESC LIMIT :limit + 1)
ORDER BY k0 DESC, k1 DESC LIMIT :limit + 1"""
_BY_TITLE = f"""SELECT t.id, t.title AS k0, t.id AS k1, {sql.OWN_ADDED_AT} AS shown_at FROM tracks t
WHERE {sql.IS_READABLE} AND (t.title, t.id) > (:k0, :k1) {{filters}}
ORDER BY t.title, t.id LIMIT :limit + 1"""
_BY_ARTIST = f"""SELECT t.id, t.artist AS k0, t.title AS k1, t.id AS k2, {sql.OWN_ADDED_AT} AS shown_at
FROM tracks t WHERE {sql.IS_READABLE} AND (t.artist, t.title, t.id) > (:k0, :k1, :k2) {{filters}}
ORDER BY t.artist, t.title, t.id LIMIT :limit + 1"""

_ITEMS_JSON = sql.json_list(sql.ITEM_JSON, "i.position, i.uid")
_LAST = 1 << 62
_ORDERINGS: dict[str, tuple[str, str, Cursor]] = {
    "-added_at": (_RECENT, "k0 DESC, k1 DESC", ["~", _LAST]),
    "title": (_BY_TITLE, "k0, k1", ["", 0]),
    "artist": (_BY_ARTIST, "k0, k1, k2", ["", "", 0]),
}
_FILTERS = {
    "search": "AND t.id IN (SELECT rowid FROM tracks_fts WHERE tracks_fts MATCH :search)",
    "channel": "AND t.channel_id = (SELECT id FROM channels WHERE uid = :channel)",
    "is_favorite": """AND :is_favorite =
        EXISTS (SELECT 1 FROM favorites f WHERE f.user_id = :user AND f.track_id = t.id)""",
}
_COUNT_ALL = """(SELECT entry_count FROM library_counts WHERE user_id = '')
    + coalesce((SELECT entry_count - shared_count FROM library_counts WHERE user_id = :user), 0)"""
_COUNT_FILTERED = f"(SELECT count(*) FROM tracks t WHERE {sql.IS_READABLE} {{filters}})"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackList:
    """Which tracks, in which order, and how many."""

    search: str | None = None
    ordering: str = "-added_at"
    channel: str | None = None
    is_favorite: bool | None = None
    limit: int = 50
    cursor: str | None = None


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
        names = [name for name in _FILTERS if getattr(wanted, name) is not None]
        values["is_favorite"] = None if wanted.is_favorite is None else int(wanted.is_favorite)
        if wanted.search is not None:
            values["search"] = match_expression(wanted.search)
            if not values["search"]:
                return Page(0, b"[]", None)
        filters = " ".join(_FILTERS[name] for name in names)
        pick, order, first = _ORDERINGS[wanted.ordering]
        count = _COUNT_FILTERED.format(filters=filters) if names else _COUNT_ALL
        statement = _page_statement(
            pick.format(filters=filters), len(first), order, count,
            f"json_object({sql.track_fields('picked.shown_at')})",
            f"JOIN tracks t ON t.id = picked.id {sql.TRACK_JOINS}",
        )  # fmt: skip
        return self._page(statement, wanted.ordering, first, wanted.cursor, values)

    def playlists(self, limit: int, cursor: str | None) -> Page:
        """A page of this user's playlists, by title."""
        statement = _page_statement(
            """SELECT id, title AS k0, id AS k1 FROM playlists
            WHERE user_id = :user AND (title, id) > (:k0, :k1) ORDER BY title, id LIMIT :limit + 1""",
            2, "k0, k1", "(SELECT count(*) FROM playlists WHERE user_id = :user)",
            f"json_object({sql.PLAYLIST_FIELDS})", "JOIN playlists p ON p.id = picked.id",
        )  # fmt: skip
        return self._page(statement, "playlists", ["", 0], cursor, {"limit": limit})

    def plays(self, limit: int, cursor: str | None) -> Page:
        """A page of this user's history, newest first."""
        statement = _page_statement(
            """SELECT id, played_at AS k0, id AS k1 FROM plays
            WHERE user_id = :user AND (played_at, id) < (:k0, :k1)
            ORDER BY played_at DESC, id DESC LIMIT :limit + 1""",
            2, "k0 DESC, k1 DESC", "(SELECT count(*) FROM plays WHERE user_id = :user)",
            """json_object('id', y.uid, 'track_id', t.uid, 'title', y.title, 'artist', y.artist,
            'played_at', y.played_at, 'seconds', y.seconds)""",
            "JOIN plays y ON y.id = picked.id LEFT JOIN tracks t ON t.id = y.track_id",
        )  # fmt: skip
        return self._page(statement, "plays", ["~", _LAST], cursor, {"limit": limit})

    def search(self, words: str, limit: int) -> bytes:
        """The best tracks (by bm25: titles weigh most, then artists) and playlists for these words."""
        tracks = f"""SELECT {sql.json_list(sql.TRACK_JSON, "hit.score, hit.id")} FROM (
            SELECT t.id, bm25(tracks_fts, 10.0, 5.0, 2.0, 2.0, 1.0, 1.0) AS score
            FROM tracks_fts JOIN tracks t ON t.id = tracks_fts.rowid
            WHERE tracks_fts MATCH :match AND {sql.IS_READABLE} ORDER BY score, t.id LIMIT :limit
        ) hit JOIN tracks t ON t.id = hit.id {sql.TRACK_JOINS}"""
        playlists = f"""SELECT {sql.json_list(f"json_object({sql.PLAYLIST_FIELDS})", "p.title, p.id")} FROM (
            SELECT * FROM playlists WHERE user_id = :user AND title LIKE :like ESCAPE '\\'
            ORDER BY title, id LIMIT :limit) p"""
        match = match_expression(words)
        if not match:
            return b'{"tracks":[],"playlists":[]}'
        return self._db.json(
            f"SELECT cast(json_object('tracks', json(({tracks})), 'playlists', json(({playlists}))) AS blob)",
            match=match, like=sql.contains(words.strip()), limit=limit, **self._values,
        )  # fmt: skip

    def track(self, actor: Actor, uid: str) -> bytes:
        """One track with its details, for an actor who may look at it. NotFound."""
        return self._db.json(
            f"""SELECT cast(json_object({sql.track_fields(sql.OWN_ADDED_AT)}, 'description', t.description,
            'source_url', t.source_url, 'position_seconds',
            (SELECT seconds FROM positions x WHERE x.user_id = :user AND x.track_id = t.id)) AS blob)
            FROM tracks t {sql.TRACK_JOINS} WHERE t.uid = :uid AND (:is_admin OR {sql.IS_READABLE})""",
            uid=uid, is_admin=int(actor.is_admin), **self._values,
        )  # fmt: skip

    def playlist(self, actor: Actor, uid: str) -> bytes:
        """One playlist with all of its items, in order. NotFound."""
        return self._db.json(
            f"""SELECT cast(json_object({sql.PLAYLIST_FIELDS}, 'items', json((
            SELECT {_ITEMS_JSON} FROM playlist_items i
            JOIN tracks t ON t.id = i.track_id {sql.TRACK_JOINS} WHERE i.playlist_id = p.id))) AS blob)
            FROM playlists p WHERE p.uid = :uid AND (:is_admin OR p.user_id = :user)""",
            uid=uid, is_admin=int(actor.is_admin), **self._values,
        )  # fmt: skip

    def playlist_summary(self, uid: str) -> bytes:
        """One playlist without its items. NotFound."""
        return self._db.json(
            f"SELECT cast(json_object({sql.PLAYLIST_FIELDS}) AS blob) FROM playlists p WHERE p.uid = :uid",
            uid=uid, **self._values,
        )  # fmt: skip

    def items(self, uids: list[str]) -> bytes:
        """These items, in the order of their list, as {"items": [...]}."""
        return self._db.json(
            f"""SELECT cast(json_object('items', json({_ITEMS_JSON})) AS blob) FROM playlist_items i
            JOIN tracks t ON t.id = i.track_id {sql.TRACK_JOINS}
            WHERE i.uid IN (SELECT value FROM json_each(:uids))""",
            uids=sql.as_json(uids), **self._values,
        )  # fmt: skip

    def _page(
        self, statement: str, name: str, first: Cursor, cursor: str | None, values: dict[str, Any]
    ) -> Page:
        row = self._db.row(statement, **values, **self._values, **sql.after(cursor, name, first))
        if row is None:
            raise NotFound("It is not there.")
        keys: Cursor = [name, *(row[f"k{index}"] for index in range(len(first)))]
        is_more = row["size"] > values["limit"]
        return Page(row["count"], row["results"], encode_cursor(keys) if is_more else None)


def _page_statement(pick: str, width: int, order: str, count: str, value: str, joins: str) -> str:
    """One row: the JSON of a page, how many there are in all, one more than a page, the last one's keys."""
    keys = ", ".join(f"max(CASE picked.n WHEN :limit THEN picked.k{i} END) AS k{i}" for i in range(width))
    inside = f"json_group_array({value} ORDER BY picked.n) FILTER (WHERE picked.n <= :limit)"
    return f"""SELECT cast({inside} AS blob) AS results, {count} AS count,
        coalesce(max(picked.n), 0) AS size, {keys}
        FROM (SELECT *, row_number() OVER (ORDER BY {order}) AS n FROM ({pick})) picked {joins}"""


def match_expression(words: str) -> str:
    """Words as an FTS5 expression: all must be there, each as the beginning of one; "" if there is none."""
    parts = (part.replace('"', '""') for part in words.split() if any(map(str.isalnum, part)))
    return " ".join(f'"{part}"*' for part in parts)
