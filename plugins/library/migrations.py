"""The schema: what there is to hear, whose it is, and in what order.

Foreign keys without an action are a guard: a track that somebody owns or has in a playlist cannot be
deleted, whatever the code does. ``rev`` comes from the core's counter, in ``positions`` and ``plays``
from ``listening_rev``: listening happens all the time and must not renew every list's ETag.
"""

from __future__ import annotations

from soundwave_core import Migration

from .schema_files import FILES
from .schema_playlists import LISTENING, PLAYLISTS
from .schema_sync import HEARSAY, SYNC

TRACKS = """
CREATE TABLE artworks (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    path TEXT NOT NULL UNIQUE,
    mime TEXT NOT NULL CHECK (mime IN ('image/jpeg', 'image/png', 'image/webp', 'image/gif')),
    width INTEGER CHECK (width > 0),
    height INTEGER CHECK (height > 0),
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0)
) STRICT;
CREATE TABLE channels (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 32),
    title TEXT NOT NULL COLLATE NOCASE,
    url TEXT NOT NULL UNIQUE,
    description TEXT,
    artwork_id INTEGER REFERENCES artworks (id),
    created_at TEXT NOT NULL,
    rev INTEGER NOT NULL
) STRICT;
CREATE TABLE tracks (  -- what lists read comes first, what may be long last: SQLite reads a row from its start
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 32),
    channel_id INTEGER REFERENCES channels (id) ON DELETE SET NULL,
    added_at TEXT NOT NULL,
    title TEXT NOT NULL COLLATE NOCASE CHECK (title <> ''),
    artist TEXT NOT NULL COLLATE NOCASE,
    album TEXT,
    channel_title TEXT,
    duration_seconds REAL CHECK (duration_seconds >= 0),
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    codec TEXT NOT NULL,
    published_at TEXT,
    artwork_id INTEGER REFERENCES artworks (id),
    revision TEXT NOT NULL CHECK (length(revision) = 64),
    album_artist TEXT,
    genre TEXT,
    track_number INTEGER,
    disc_number INTEGER,
    year INTEGER,
    extractor TEXT,
    source_id TEXT,
    content_hash TEXT NOT NULL CHECK (length(content_hash) = 64),
    path TEXT NOT NULL UNIQUE CHECK (path <> ''),
    mime TEXT NOT NULL,
    bitrate INTEGER CHECK (bitrate >= 0),
    source_url TEXT,
    rev INTEGER NOT NULL,
    description TEXT,
    block_hashes TEXT NOT NULL CHECK (json_valid(block_hashes)),
    CHECK ((extractor IS NULL) = (source_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX tracks_by_source ON tracks (extractor, source_id) WHERE extractor IS NOT NULL;
CREATE UNIQUE INDEX tracks_by_content ON tracks (content_hash) WHERE extractor IS NULL;
CREATE INDEX tracks_by_hash ON tracks (content_hash);
CREATE INDEX tracks_by_title ON tracks (title, id);
CREATE INDEX tracks_by_artist ON tracks (artist, title, id);
CREATE INDEX tracks_of_channels ON tracks (added_at DESC, id DESC) WHERE channel_id IS NOT NULL;
CREATE INDEX tracks_by_channel ON tracks (channel_id) WHERE channel_id IS NOT NULL;
CREATE INDEX tracks_by_artwork ON tracks (artwork_id);
CREATE INDEX tracks_by_rev ON tracks (rev);
CREATE TABLE file_removals (
    path TEXT NOT NULL PRIMARY KEY,
    removed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

ENTRIES = """
CREATE TABLE entries (
    user_id TEXT NOT NULL,
    track_id INTEGER NOT NULL REFERENCES tracks (id),
    added_at TEXT NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (user_id, track_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_by_added ON entries (user_id, added_at DESC, track_id DESC);
CREATE INDEX entries_by_track ON entries (track_id);
CREATE INDEX entries_by_rev ON entries (user_id, rev);
CREATE TABLE favorites (
    user_id TEXT NOT NULL,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    added_at TEXT NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (user_id, track_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX favorites_by_track ON favorites (track_id);
CREATE INDEX favorites_by_rev ON favorites (user_id, rev);
CREATE TABLE channel_removals (
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    extractor TEXT NOT NULL,
    source_id TEXT NOT NULL,
    removed_at TEXT NOT NULL,
    PRIMARY KEY (channel_id, extractor, source_id)
) STRICT, WITHOUT ROWID;
"""

# How many tracks a list has, without counting them: own entries, how many of these are the household's too,
# and (user_id '') how many the household has.
COUNTS = """
CREATE TABLE library_counts (
    user_id TEXT NOT NULL PRIMARY KEY,
    entry_count INTEGER NOT NULL,
    shared_count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO library_counts VALUES ('', 0, 0);
CREATE TRIGGER entries_counted AFTER INSERT ON entries BEGIN
    INSERT INTO library_counts VALUES (
        NEW.user_id, 1, (SELECT channel_id IS NOT NULL FROM tracks WHERE id = NEW.track_id)
    ) ON CONFLICT (user_id) DO UPDATE SET
        entry_count = entry_count + 1, shared_count = shared_count + excluded.shared_count;
END;
CREATE TRIGGER entries_uncounted AFTER DELETE ON entries BEGIN
    UPDATE library_counts SET entry_count = entry_count - 1, shared_count = shared_count
        - (SELECT channel_id IS NOT NULL FROM tracks WHERE id = OLD.track_id)
    WHERE user_id = OLD.user_id;
END;
CREATE TRIGGER household_counted AFTER INSERT ON tracks WHEN NEW.channel_id IS NOT NULL BEGIN
    UPDATE library_counts SET entry_count = entry_count + 1 WHERE user_id = '';
END;
CREATE TRIGGER household_uncounted AFTER DELETE ON tracks WHEN OLD.channel_id IS NOT NULL BEGIN
    UPDATE library_counts SET entry_count = entry_count - 1 WHERE user_id = '';
END;
CREATE TRIGGER household_joined AFTER UPDATE OF channel_id ON tracks
WHEN OLD.channel_id IS NULL AND NEW.channel_id IS NOT NULL BEGIN
    UPDATE library_counts SET entry_count = entry_count + 1 WHERE user_id = '';
    UPDATE library_counts SET shared_count = shared_count + 1
    WHERE user_id IN (SELECT user_id FROM entries WHERE track_id = NEW.id);
END;
CREATE TRIGGER household_left AFTER UPDATE OF channel_id ON tracks
WHEN OLD.channel_id IS NOT NULL AND NEW.channel_id IS NULL BEGIN
    UPDATE library_counts SET entry_count = entry_count - 1 WHERE user_id = '';
    UPDATE library_counts SET shared_count = shared_count - 1
    WHERE user_id IN (SELECT user_id FROM entries WHERE track_id = NEW.id);
END;
"""

SEARCH = """
CREATE VIRTUAL TABLE tracks_fts USING fts5 (
    title, artist, album, album_artist, channel_title, genre,
    content='tracks', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
);
CREATE TRIGGER tracks_indexed AFTER INSERT ON tracks BEGIN
    INSERT INTO tracks_fts (rowid, title, artist, album, album_artist, channel_title, genre)
    VALUES (NEW.id, NEW.title, NEW.artist, NEW.album, NEW.album_artist, NEW.channel_title, NEW.genre);
END;
CREATE TRIGGER tracks_unindexed AFTER DELETE ON tracks BEGIN
    INSERT INTO tracks_fts (tracks_fts, rowid, title, artist, album, album_artist, channel_title, genre)
    VALUES ('delete', OLD.id, OLD.title, OLD.artist, OLD.album, OLD.album_artist, OLD.channel_title,
        OLD.genre);
END;
CREATE TRIGGER tracks_reindexed
AFTER UPDATE OF title, artist, album, album_artist, channel_title, genre ON tracks BEGIN
    INSERT INTO tracks_fts (tracks_fts, rowid, title, artist, album, album_artist, channel_title, genre)
    VALUES ('delete', OLD.id, OLD.title, OLD.artist, OLD.album, OLD.album_artist, OLD.channel_title,
        OLD.genre);
    INSERT INTO tracks_fts (rowid, title, artist, album, album_artist, channel_title, genre)
    VALUES (NEW.id, NEW.title, NEW.artist, NEW.album, NEW.album_artist, NEW.channel_title, NEW.genre);
END;
"""

MIGRATIONS = (
    Migration(1, "tracks", TRACKS),
    Migration(2, "entries and favorites", ENTRIES),
    Migration(3, "stored counts", COUNTS),
    Migration(4, "search", SEARCH),
    Migration(5, "playlists", PLAYLISTS),
    Migration(6, "positions and plays", LISTENING),
    Migration(7, "files that are not there, lyrics, earlier plays", FILES),
    Migration(8, "revs that devices follow", SYNC),
    Migration(9, "plays that only a device vouches for", HEARSAY),
)
