"""How a page of tracks is picked: by which index, with which filters, cut by its keyset.

A page is found by its keyset (never OFFSET), so rows that come or go elsewhere do not shift it. Row counts
of whole libraries are kept by triggers; with a filter, rows are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from soundwave_core import Cursor

from . import sql

# Whole libraries are walked on an index, in the order of the answer, and only as far as the page goes. By
# date there are two halves, each with an index of its own: own entries, and the household's without one.
_RECENT = f"""SELECT * FROM (
    SELECT e.track_id AS id, e.added_at AS k0, e.track_id AS k1, e.added_at AS shown_at
    FROM entries e WHERE e.user_id = :user AND (e.added_at, e.track_id) < (:k0, :k1)
    ORDER BY e.added_at DESC, e.track_id DESC LIMIT :limit + 1)
UNION ALL SELECT * FROM (
    SELECT t.id, t.added_at, t.id, t.added_at FROM tracks t
    WHERE {sql.IS_SHARED} AND NOT {sql.IS_OWNED} AND (t.added_at, t.id) < (:k0, :k1)
    ORDER BY t.added_at DESC, t.id DESC LIMIT :limit + 1)
ORDER BY k0 DESC, k1 DESC LIMIT :limit + 1"""
_BY_TITLE = f"""SELECT t.id, t.title AS k0, t.id AS k1, {sql.OWN_ADDED_AT} AS shown_at FROM tracks t
WHERE {sql.IS_READABLE} AND (t.title, t.id) > (:k0, :k1)
ORDER BY t.title, t.id LIMIT :limit + 1"""
_BY_ARTIST = f"""SELECT t.id, t.artist AS k0, t.title AS k1, t.id AS k2, {sql.OWN_ADDED_AT} AS shown_at
FROM tracks t WHERE {sql.IS_READABLE} AND (t.artist, t.title, t.id) > (:k0, :k1, :k2)
ORDER BY t.artist, t.title, t.id LIMIT :limit + 1"""
_COUNT_ALL = """(SELECT entry_count FROM library_counts WHERE user_id = '')
    + coalesce((SELECT entry_count - shared_count FROM library_counts WHERE user_id = :user), 0)"""

# With a filter, what it lets through is collected, counted and cut.
_HITS = f"""WITH hits AS MATERIALIZED (
    SELECT t.id, t.title, t.artist, coalesce(e.added_at, t.added_at) AS shown_at FROM {{source}}
    LEFT JOIN entries e ON e.user_id = :user AND e.track_id = t.id
    WHERE ({sql.IS_SHARED} OR e.user_id IS NOT NULL) {{filters}})"""
_COUNT_HITS = "(SELECT count(*) FROM hits)"
_SOURCES = {
    "search": "tracks_fts CROSS JOIN tracks t ON t.id = tracks_fts.rowid",
    "channel": "tracks t",
    "is_favorite": "tracks t",
}
_FILTERS = {
    "search": "AND tracks_fts MATCH :search",
    "channel": "AND t.channel_id = (SELECT id FROM channels WHERE uid = :channel)",
    "is_favorite": """AND :is_favorite =
        EXISTS (SELECT 1 FROM favorites f WHERE f.user_id = :user AND f.track_id = t.id)""",
}
_FAVORITES = "AND t.id IN (SELECT track_id FROM favorites WHERE user_id = :user)"

LAST = 1 << 62


@dataclass(frozen=True, slots=True)
class _Ordering:
    """How a page is cut: from all, from hits, and what comes before the first row."""

    all: str
    hits: str
    keys: str
    first: Cursor


_ORDERINGS = {
    "-added_at": _Ordering(
        _RECENT,
        """SELECT id, shown_at AS k0, id AS k1, shown_at FROM hits WHERE (shown_at, id) < (:k0, :k1)
        ORDER BY shown_at DESC, id DESC LIMIT :limit + 1""",
        "k0 DESC, k1 DESC",
        ["~", LAST],
    ),
    "title": _Ordering(
        _BY_TITLE,
        """SELECT id, title AS k0, id AS k1, shown_at FROM hits WHERE (title, id) > (:k0, :k1)
        ORDER BY title, id LIMIT :limit + 1""",
        "k0, k1",
        ["", 0],
    ),
    "artist": _Ordering(
        _BY_ARTIST,
        """SELECT id, artist AS k0, title AS k1, id AS k2, shown_at FROM hits
        WHERE (artist, title, id) > (:k0, :k1, :k2) ORDER BY artist, title, id LIMIT :limit + 1""",
        "k0, k1, k2",
        ["", "", 0],
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackList:
    """Which tracks, in which order, and how many."""

    search: str | None = None
    ordering: str = "-added_at"
    channel: str | None = None
    is_favorite: bool | None = None
    limit: int = 50
    cursor: str | None = None


def track_statement(wanted: TrackList) -> tuple[str, Cursor]:
    """The statement of a page, and the keys that come before the first row."""
    hits, ordering = _hits(wanted), _ORDERINGS[wanted.ordering]
    statement = hits + page_statement(
        ordering.hits if hits else ordering.all, len(ordering.first), ordering.keys,
        _COUNT_HITS if hits else _COUNT_ALL, f"json_object({sql.track_fields('picked.shown_at')})",
        f"JOIN tracks t ON t.id = picked.id {sql.TRACK_JOINS}",
    )  # fmt: skip
    return statement, ordering.first


def _hits(wanted: TrackList) -> str:
    """The common table of what the filters let through; "" where there are none."""
    names = [name for name in _FILTERS if getattr(wanted, name) is not None]
    if not names:
        return ""
    filters = [_FAVORITES if name == "is_favorite" and wanted.is_favorite else _FILTERS[name] for name in names]
    return _HITS.format(source=_SOURCES[names[0]], filters=" ".join(filters)) + " "


def page_statement(pick: str, width: int, order: str, count: str, value: str, joins: str) -> str:
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
