"""The half of the schema that is about lists and listening; ``migrations.py`` has the other and the order."""

from __future__ import annotations

# ``position`` is a fractional key (ordering.py), compared as bytes; equal keys are ordered by uid.
PLAYLISTS = """
CREATE TABLE playlists (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 32),
    user_id TEXT NOT NULL,
    title TEXT NOT NULL COLLATE NOCASE CHECK (title <> ''),
    description TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL CHECK (kind IN ('custom', 'mirrored', 'smart')),
    source_url TEXT,
    artwork_id INTEGER REFERENCES artworks (id),
    item_count INTEGER NOT NULL DEFAULT 0 CHECK (item_count >= 0),
    duration_seconds REAL NOT NULL DEFAULT 0 CHECK (duration_seconds >= 0),
    rev INTEGER NOT NULL,
    content_rev INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX playlists_by_title ON playlists (user_id, title, id);
CREATE INDEX playlists_by_rev ON playlists (user_id, rev);
CREATE TABLE playlist_items (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 32),
    playlist_id INTEGER NOT NULL REFERENCES playlists (id) ON DELETE CASCADE,
    track_id INTEGER NOT NULL REFERENCES tracks (id),
    position TEXT NOT NULL COLLATE BINARY CHECK (position <> ''),
    added_by TEXT NOT NULL CHECK (added_by IN ('user', 'source')),
    extractor TEXT,
    source_id TEXT,
    is_gone_upstream INTEGER NOT NULL DEFAULT 0 CHECK (is_gone_upstream IN (0, 1)),
    added_at TEXT NOT NULL,
    rev INTEGER NOT NULL,
    CHECK ((added_by = 'source') = (source_id IS NOT NULL) AND (extractor IS NULL) = (source_id IS NULL))
) STRICT;
CREATE INDEX playlist_items_in_order ON playlist_items (playlist_id, position, uid);
CREATE UNIQUE INDEX playlist_items_by_source ON playlist_items (playlist_id, extractor, source_id)
WHERE source_id IS NOT NULL;
CREATE INDEX playlist_items_by_track ON playlist_items (track_id);
CREATE INDEX playlist_items_by_rev ON playlist_items (rev);
CREATE TABLE playlist_removals (
    playlist_id INTEGER NOT NULL REFERENCES playlists (id) ON DELETE CASCADE,
    extractor TEXT NOT NULL,
    source_id TEXT NOT NULL,
    removed_at TEXT NOT NULL,
    PRIMARY KEY (playlist_id, extractor, source_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER playlist_items_counted AFTER INSERT ON playlist_items BEGIN
    UPDATE playlists SET item_count = item_count + 1, duration_seconds = round(duration_seconds
        + coalesce((SELECT duration_seconds FROM tracks WHERE id = NEW.track_id), 0.0), 3)
    WHERE id = NEW.playlist_id;
END;
CREATE TRIGGER playlist_items_uncounted AFTER DELETE ON playlist_items BEGIN
    UPDATE playlists SET item_count = item_count - 1, duration_seconds = max(0.0, round(duration_seconds
        - coalesce((SELECT duration_seconds FROM tracks WHERE id = OLD.track_id), 0.0), 3))
    WHERE id = OLD.playlist_id;
END;
CREATE TRIGGER playlist_durations AFTER UPDATE OF duration_seconds ON tracks BEGIN
    UPDATE playlists SET duration_seconds = max(0.0, round(duration_seconds
        + (coalesce(NEW.duration_seconds, 0.0) - coalesce(OLD.duration_seconds, 0.0))
        * (SELECT count(*) FROM playlist_items WHERE playlist_id = playlists.id AND track_id = NEW.id), 3))
    WHERE id IN (SELECT playlist_id FROM playlist_items WHERE track_id = NEW.id);
END;
"""

# A play is a fact: it keeps what was heard by name, and survives the track.
LISTENING = """
CREATE TABLE listening_rev (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO listening_rev VALUES (1, 0);
CREATE TABLE positions (
    user_id TEXT NOT NULL,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    seconds REAL NOT NULL CHECK (seconds >= 0),
    at TEXT NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (user_id, track_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX positions_by_track ON positions (track_id);
CREATE INDEX positions_by_rev ON positions (user_id, rev);
CREATE TABLE plays (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 32),
    user_id TEXT NOT NULL,
    track_id INTEGER REFERENCES tracks (id) ON DELETE SET NULL,
    title TEXT NOT NULL,
    artist TEXT NOT NULL,
    played_at TEXT NOT NULL,
    seconds REAL CHECK (seconds >= 0),
    rev INTEGER NOT NULL
) STRICT;
CREATE INDEX plays_by_time ON plays (user_id, played_at DESC, id DESC);
CREATE INDEX plays_by_track ON plays (track_id);
"""
