"""The part of the schema that is about files that are not there, lyrics, and what an older deployment counted."""

from __future__ import annotations

# A track without a row here has its file, and it was read. The state is no column of ``tracks``: hardly any track
# has one, and it would stand behind descriptions, which SQLite would have to read for each row of a list.
FILES = """
CREATE TABLE file_states (  -- missing: the path holds no file; unread: it was there by name, and not looked into yet
    track_id INTEGER PRIMARY KEY REFERENCES tracks (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('unread', 'missing')),
    since TEXT NOT NULL
) STRICT;
CREATE INDEX file_states_by_state ON file_states (state, track_id);
CREATE TABLE lyrics (  -- synced: LRC text, exactly as it came
    track_id INTEGER PRIMARY KEY REFERENCES tracks (id) ON DELETE CASCADE,
    synced TEXT CHECK (synced <> ''),
    plain TEXT CHECK (plain <> ''),
    is_instrumental INTEGER NOT NULL CHECK (is_instrumental IN (0, 1)),
    source TEXT NOT NULL,
    language TEXT,
    updated_at TEXT NOT NULL,
    rev INTEGER NOT NULL,
    CHECK (synced IS NOT NULL OR plain IS NOT NULL OR is_instrumental)
) STRICT;
CREATE TABLE earlier_plays (  -- counted by an older deployment, which did not note when
    user_id TEXT NOT NULL,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    count INTEGER NOT NULL CHECK (count > 0),
    rev INTEGER NOT NULL,
    PRIMARY KEY (user_id, track_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX earlier_plays_by_track ON earlier_plays (track_id);
CREATE TABLE legacy_rows (  -- rows of an old deployment that came over: none does twice, whatever became of it
    uid TEXT NOT NULL PRIMARY KEY CHECK (length(uid) = 32)
) STRICT, WITHOUT ROWID;
"""
