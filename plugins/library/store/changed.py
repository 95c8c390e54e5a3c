"""What changed for one user's devices: the state of everything that has a later rev than they know.

A device has all of it once it asked until there is no more. What it is told is always the state of now: something
that changes while it asks has a later rev, and comes again. Read first is the counter, so that nothing is missed.

A track's rev for a user is the latest of its own, and those of the entry and the favourite; what is gone left a
tombstone. (A position is told with its track too: it was not, while the track was not there for them.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from soundwave_core import Database

from . import sql
from .listening import listening_rev

# Records in one answer, and the items of lists as well: half a megabyte of tracks. What has the rev at which it is full
# comes whole: a list of ten thousand, or all lists of a track with another picture.
AT_ONCE = 1000
FIRST_PLAYS = 500  # what a device that begins anew gets of the history

_TRACK_REV = "max(t.rev, coalesce(e.rev, 0), coalesce(f.rev, 0))"
_REVS = (  # each with the record's weight
    f"SELECT t.rev, 1 FROM tracks t WHERE t.rev > :since AND {sql.IS_READABLE} ORDER BY t.rev",
    "SELECT rev, 1 FROM entries WHERE user_id = :user AND rev > :since ORDER BY rev",
    "SELECT rev, 1 FROM favorites WHERE user_id = :user AND rev > :since ORDER BY rev",
    "SELECT rev, 1 + item_count FROM playlists WHERE user_id = :user AND rev > :since ORDER BY rev",
    "SELECT rev, 1 FROM tombstones WHERE user_id = :user AND rev > :buried ORDER BY rev",
    "SELECT rev, 1 FROM tombstones WHERE user_id IS NULL AND rev > :buried ORDER BY rev",
)
_LISTENING_REVS = (
    "SELECT rev, 1 FROM positions WHERE user_id = :user AND rev > :since ORDER BY rev",
    "SELECT rev, 1 FROM plays WHERE user_id = :user AND rev > :since ORDER BY rev",
)


def _last(sources: tuple[str, ...]) -> str:
    """The rev of the record with which a page is full; no row where it is not."""
    union = " UNION ALL ".join(f"SELECT * FROM ({source} LIMIT :most)" for source in sources)
    return f"""WITH found (rev, weight) AS ({union}), summed AS (SELECT rev, sum(weight) OVER (ORDER BY rev) AS total
        FROM found) SELECT rev FROM summed WHERE total >= :most ORDER BY rev LIMIT 1"""


_LAST, _LAST_LISTENING = _last(_REVS), _last(_LISTENING_REVS)
_TRACKS = f"""WITH changed (id) AS (
    SELECT id FROM tracks WHERE rev > :since AND rev <= :upto
    UNION SELECT track_id FROM entries WHERE user_id = :user AND rev > :since AND rev <= :upto
    UNION SELECT track_id FROM favorites WHERE user_id = :user AND rev > :since AND rev <= :upto
    UNION SELECT t.id FROM tombstones d CROSS JOIN tracks t ON t.uid = d.id
        WHERE d.user_id = :user AND d.rev > :buried AND d.rev <= :upto AND d.kind IN ('entry', 'favorite')
), picked AS MATERIALIZED (
    SELECT t.id, t.rev, e.user_id IS NOT NULL AS is_own FROM changed JOIN tracks t ON t.id = changed.id
    LEFT JOIN entries e ON e.user_id = :user AND e.track_id = t.id
    LEFT JOIN favorites f ON f.user_id = :user AND f.track_id = t.id
    WHERE ({sql.IS_SHARED} OR e.user_id IS NOT NULL) AND {_TRACK_REV} <= :upto
), heard (id) AS (
    SELECT id FROM picked
    UNION SELECT track_id FROM positions WHERE user_id = :user AND rev > :listened AND rev <= :listened_upto
)
SELECT (SELECT cast(json_group_array(json_object({sql.track_fields(sql.OWN_ADDED_AT)},
        'is_own', json(iif(picked.is_own, 'true', 'false'))) ORDER BY picked.id) AS blob)
    FROM picked JOIN tracks t ON t.id = picked.id {sql.TRACK_JOINS}) AS tracks,
(SELECT cast(json_group_array(json_object('track', t.uid, 'seconds', x.seconds, 'at', x.at)) AS blob)
    FROM heard CROSS JOIN positions x ON x.user_id = :user AND x.track_id = heard.id
    JOIN tracks t ON t.id = x.track_id WHERE {sql.IS_READABLE}) AS positions"""
_ITEMS = """(SELECT json_group_array(json_object('id', i.uid, 'track', t.uid, 'position', i.position)
    ORDER BY i.position, i.uid) FROM playlist_items i JOIN tracks t ON t.id = i.track_id WHERE i.playlist_id = p.id)"""
_PLAYLISTS = f"""SELECT cast(json_group_array(
    json_object({sql.PLAYLIST_FIELDS}, 'items', json({_ITEMS})) ORDER BY p.rev) AS blob)
    FROM playlists p WHERE p.user_id = :user AND p.rev > :since AND p.rev <= :upto"""


def _told(plays: str) -> str:
    plays_json = f"json_group_array(json_object({sql.PLAY_FIELDS}) ORDER BY y.played_at DESC, y.id DESC)"
    return f"""SELECT cast({plays_json} AS blob) FROM ({plays}) y LEFT JOIN tracks t ON t.id = y.track_id"""


_PLAYS = _told("SELECT * FROM plays WHERE user_id = :user AND rev > :since AND rev <= :upto")
_NEWEST_PLAYS = _told("SELECT * FROM plays WHERE user_id = :user ORDER BY played_at DESC, id DESC LIMIT :most")
# What a tombstone names is gone where its user cannot see it now. With a track that left a library went its position.
_GONE = f"""WITH dead (what, uid) AS MATERIALIZED (
    SELECT iif(kind = 'entry', 'track', kind), id FROM tombstones WHERE user_id = :user
        AND rev > :buried AND rev <= :upto AND kind IN ('entry', 'playlist')
    UNION SELECT 'track', id FROM tombstones WHERE user_id IS NULL
        AND rev > :buried AND rev <= :upto AND kind = 'household_track'
), graves (what, uid) AS MATERIALIZED (
    SELECT what, uid FROM dead UNION SELECT 'position', uid FROM dead WHERE what = 'track'
), seen (what, uid) AS (
    SELECT g.what, g.uid FROM graves g CROSS JOIN tracks t ON t.uid = g.uid WHERE g.what = 'track' AND {sql.IS_READABLE}
    UNION ALL SELECT g.what, g.uid FROM graves g CROSS JOIN playlists p ON p.uid = g.uid
        WHERE g.what = 'playlist' AND p.user_id = :user
    UNION ALL SELECT g.what, g.uid FROM graves g CROSS JOIN tracks t ON t.uid = g.uid
        CROSS JOIN positions x ON x.user_id = :user AND x.track_id = t.id
        WHERE g.what = 'position' AND {sql.IS_READABLE}
)
SELECT cast(json_group_array(json_object('kind', what, 'id', uid)) AS blob)
FROM (SELECT what, uid FROM graves EXCEPT SELECT what, uid FROM seen)"""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a device is: in the core's counter and in listening's. What went before ``buried`` it never knew."""

    rev: int
    listening_rev: int
    buried: int


@dataclass(frozen=True, slots=True)
class Changes:
    """JSON arrays, as a device gets them; ``is_more``: ask again from ``mark``."""

    tracks: bytes
    playlists: bytes
    positions: bytes
    plays: bytes
    gone: bytes
    mark: Mark
    is_more: bool


class Changed:
    """One user's library as their devices see it. ``prefix``: the path prefix of the request."""

    def __init__(self, db: Database, user_id: str, prefix: str) -> None:
        self._db = db
        self._values: dict[str, Any] = {"user": user_id, "prefix": prefix}

    def since(self, mark: Mark) -> Changes:
        """The first changes after ``mark``, at most ``AT_ONCE`` of each counter if no more share a rev."""
        return self._read(mark, listening_rev(self._db), None)

    def anew(self) -> Changes:
        """The first of everything that there is, and the newest plays. Positions come with their tracks."""
        heard, rev = listening_rev(self._db), self._db.rev()
        plays = self._json(_NEWEST_PLAYS, most=FIRST_PLAYS)
        return self._read(Mark(0, heard, rev), heard, plays)

    def _read(self, mark: Mark, heard: int, plays: bytes | None) -> Changes:
        rev = self._db.rev()
        buried = max(mark.rev, mark.buried)
        if rev == mark.rev and heard == mark.listening_rev:
            return Changes(b"[]", b"[]", b"[]", plays or b"[]", b"[]", mark, False)
        upto = self._upto(_LAST, rev, since=mark.rev, buried=buried)
        heard_upto = self._upto(_LAST_LISTENING, heard, since=mark.listening_rev)
        span = {"since": mark.rev, "upto": upto}
        listened = {"listened": mark.listening_rev, "listened_upto": heard_upto}
        row = self._db.row(_TRACKS, **self._values, **span, **listened, buried=buried) or {}
        return Changes(
            row["tracks"],
            self._json(_PLAYLISTS, **span),
            row["positions"],
            plays or self._json(_PLAYS, since=mark.listening_rev, upto=heard_upto),
            self._json(_GONE, upto=upto, buried=buried),
            replace(mark, rev=upto, listening_rev=heard_upto),
            upto < rev or heard_upto < heard,
        )

    def _upto(self, statement: str, now: int, **values: int) -> int:
        """Where a page ends: at a full one's last rev, else at what the counter was."""
        last = self._db.value(statement, **self._values, **values, most=AT_ONCE)
        return now if last is None else int(last)

    def _json(self, statement: str, **values: Any) -> bytes:
        return self._db.json(statement, **self._values, **values)
