"""The table. What is released is never edited: the next change is Migration(2, ...)."""

from __future__ import annotations

from soundwave_core import Migration

MOODS = """
CREATE TABLE moods (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    track_id TEXT NOT NULL,
    title TEXT NOT NULL,  -- the track's, so that a list is one statement
    word TEXT NOT NULL,
    added_at TEXT NOT NULL,
    UNIQUE (user_id, track_id, word)
) STRICT;
CREATE INDEX moods_of_track ON moods (track_id);
"""

MIGRATIONS = (Migration(1, "moods", MOODS),)
