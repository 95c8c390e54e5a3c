"""What a playlist needs where there is no network: its tracks' files, pictures and words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soundwave_core import Actor, Database

from . import sql


def carried_head(db: Database, uid: str, prefix: str) -> dict[str, Any] | None:
    """rev of the playlist, and artwork_url, artwork_sha256 and artwork_bytes of its own picture; None: it is gone."""
    return db.row(
        """SELECT p.rev, a.sha256 AS artwork_sha256, a.size_bytes AS artwork_bytes,
        :prefix || '/api/playlist/' || p.uid || '/artwork/?v=' || substr(a.sha256, 1, 12) AS artwork_url
        FROM playlists p LEFT JOIN artworks a ON a.id = p.artwork_id WHERE p.uid = :uid""",
        uid=uid, prefix=prefix,
    )  # fmt: skip


def carried_tracks(db: Database, actor: Actor, uid: str, prefix: str) -> Iterator[dict[str, Any]]:
    """Each track once, where it comes first, as far as the actor may hear it; its lyrics' columns where it has any."""
    seen: set[str] = set()
    rows = db.rows(
        f"""SELECT t.uid, t.revision, t.size_bytes, coalesce(s.state, 'present') AS file_state,
        {sql.AUDIO_URL} AS audio_url, {sql.ARTWORK_URL} AS artwork_url, a.sha256 AS artwork_sha256,
        a.size_bytes AS artwork_bytes, :prefix || '/api/audio/' || t.uid || '/lyrics/' AS lyrics_url,
        l.synced, l.plain, l.is_instrumental, l.source, l.language, l.updated_at
        FROM playlist_items i JOIN playlists p ON p.id = i.playlist_id JOIN tracks t ON t.id = i.track_id
        LEFT JOIN artworks a ON a.id = t.artwork_id LEFT JOIN file_states s ON s.track_id = t.id
        LEFT JOIN lyrics l ON l.track_id = t.id
        WHERE p.uid = :uid AND (:is_admin OR {sql.IS_READABLE}) ORDER BY i.position, i.uid""",
        uid=uid, prefix=prefix, user=actor.id, is_admin=int(actor.is_admin),
    )  # fmt: skip
    for row in rows:
        if row["uid"] not in seen:
            seen.add(row["uid"])
            yield row
