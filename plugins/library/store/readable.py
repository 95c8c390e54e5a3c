"""Whose library a track is in, asked for many at once."""

from __future__ import annotations

from collections.abc import Sequence

from soundwave_core import Database, NotFound

from . import sql


def ensure_readable(db: Database, user_id: str, track_uids: Sequence[str]) -> dict[str, int]:
    """uid to row id. NotFound unless this user may look at all of them, by entry or as the household's."""
    known = readable(db, user_id, track_uids)
    for uid in track_uids:
        if uid not in known:
            raise NotFound(f"There is no track {uid} in this library.", code="track_not_found")
    return known


def readable(db: Database, user_id: str, track_uids: Sequence[str]) -> dict[str, int]:
    """uid to row id, of those of these tracks that this user may look at."""
    found = db.rows(
        f"""SELECT t.uid, t.id FROM tracks t WHERE {sql.IS_READABLE}
        AND t.uid IN (SELECT value FROM json_each(:uids))""",
        uids=sql.as_json(track_uids), user=user_id,
    )  # fmt: skip
    return {row["uid"]: int(row["id"]) for row in found}
