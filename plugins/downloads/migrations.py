"""The schema: sources, downloads, their items, and every attempt at one."""

from __future__ import annotations

from soundwave_core import Migration

SOURCES = """
CREATE TABLE sources (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 32),
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('channel', 'playlist')),
    target_id TEXT NOT NULL CHECK (length(target_id) = 32),
    url TEXT NOT NULL,
    interval_seconds INTEGER NOT NULL CHECK (interval_seconds >= 60),
    is_enabled INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1)),
    upstream TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(upstream)),
    failures INTEGER NOT NULL DEFAULT 0,
    error_code TEXT,
    error TEXT,
    next_check_at TEXT NOT NULL,
    last_checked_at TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (kind, target_id)
) STRICT;
CREATE INDEX sources_due ON sources (next_check_at) WHERE is_enabled;
CREATE INDEX sources_of_user ON sources (user_id, url);
CREATE TABLE source_failures (  -- what a source has and could not be had; again_at NULL: not by itself
    source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    extractor TEXT NOT NULL,
    item_id TEXT NOT NULL,
    code TEXT NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    again_at TEXT,
    PRIMARY KEY (source_id, extractor, item_id)
) STRICT, WITHOUT ROWID;
"""

# AUTOINCREMENT: a row's number never comes back, so what is known of a removed row cannot be taken for another's.
QUEUE = """
CREATE TABLE downloads (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 32),
    user_id TEXT NOT NULL,
    url TEXT NOT NULL,
    title TEXT,
    state TEXT NOT NULL CHECK
        (state IN ('resolving', 'queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
    is_resolved INTEGER NOT NULL DEFAULT 0 CHECK (is_resolved IN (0, 1)),
    is_followed INTEGER NOT NULL DEFAULT 0 CHECK (is_followed IN (0, 1)),
    is_quiet INTEGER NOT NULL DEFAULT 0 CHECK (is_quiet IN (0, 1)),
    interval_seconds INTEGER,
    playlist_id TEXT,
    source_id INTEGER REFERENCES sources (id) ON DELETE SET NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    lease_until TEXT,
    not_before TEXT,
    error_code TEXT,
    error TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    finished_at TEXT
) STRICT;
CREATE INDEX downloads_of_user ON downloads (user_id, id);
CREATE INDEX downloads_of_user_by_state ON downloads (user_id, state, id);
CREATE INDEX downloads_of_source ON downloads (source_id, state) WHERE source_id IS NOT NULL;
CREATE INDEX downloads_of_playlist ON downloads (playlist_id) WHERE playlist_id IS NOT NULL;
CREATE INDEX downloads_ready ON downloads (user_id, is_quiet, id)
WHERE state = 'resolving' AND lease_until IS NULL AND not_before IS NULL;
CREATE INDEX downloads_waiting ON downloads (not_before) WHERE state = 'resolving' AND not_before IS NOT NULL;
CREATE INDEX downloads_leased ON downloads (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX downloads_swept ON downloads (finished_at) WHERE is_quiet AND finished_at IS NOT NULL;
CREATE UNIQUE INDEX downloads_one_look_a_source ON downloads (source_id)
WHERE is_quiet AND state = 'resolving';

CREATE TABLE download_items (  -- user_id and is_quiet are the download's, for the queue's order
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 32),
    download_id INTEGER NOT NULL REFERENCES downloads (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    is_quiet INTEGER NOT NULL CHECK (is_quiet IN (0, 1)),
    position INTEGER NOT NULL,
    url TEXT NOT NULL,
    extractor TEXT NOT NULL,
    source_id TEXT NOT NULL,
    title TEXT,
    item TEXT NOT NULL CHECK (json_valid(item)),
    state TEXT NOT NULL CHECK
        (state IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled', 'skipped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    lease_until TEXT,
    not_before TEXT,
    bytes_done INTEGER NOT NULL DEFAULT 0,
    bytes_total INTEGER,
    error_code TEXT,
    error TEXT,
    track_id TEXT,
    updated_at TEXT NOT NULL,
    UNIQUE (download_id, extractor, source_id)
) STRICT;
CREATE INDEX download_items_in_order ON download_items (download_id, position);
CREATE INDEX download_items_of_download ON download_items (download_id, state);
CREATE INDEX download_items_by_state ON download_items (state, id);
CREATE INDEX download_items_ready ON download_items (user_id, is_quiet, download_id, position)
WHERE state = 'queued' AND not_before IS NULL;
CREATE INDEX download_items_waiting ON download_items (not_before)
WHERE state = 'queued' AND not_before IS NOT NULL;
CREATE INDEX download_items_running ON download_items (user_id, lease_until) WHERE state = 'running';

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item_id INTEGER NOT NULL REFERENCES download_items (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'skipped', 'interrupted')),
    error_code TEXT,
    error TEXT
) STRICT;
CREATE INDEX attempts_of_item ON attempts (item_id);
CREATE INDEX attempts_running ON attempts (id) WHERE state = 'running';

CREATE TABLE placed_files (  -- in their final place, and not yet the library's
    path TEXT NOT NULL PRIMARY KEY,
    placed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


def _counted(table: str) -> str:
    """Triggers by which a user's number in ``download_revs`` moves with each change to this table."""
    return "".join(
        f"""
CREATE TRIGGER {table}_{name} AFTER {event} ON {table} BEGIN
    INSERT INTO download_revs VALUES ({row}.user_id, 1) ON CONFLICT (user_id) DO UPDATE SET rev = rev + 1;
END;"""
        for name, event, row in (("added", "INSERT", "NEW"), ("changed", "UPDATE", "NEW"), ("removed", "DELETE", "OLD"))
    )


REVS = f"""
CREATE TABLE download_revs (
    user_id TEXT NOT NULL PRIMARY KEY,
    rev INTEGER NOT NULL
) STRICT, WITHOUT ROWID;{_counted("downloads")}{_counted("download_items")}
"""

# takes_new_only: at the first check of what an old deployment followed, what is older than what it had was not wanted.
# legacy_downloads: its rows that came over; none does twice, removed or not.
LEGACY = """
ALTER TABLE sources ADD COLUMN takes_new_only INTEGER NOT NULL DEFAULT 0 CHECK (takes_new_only IN (0, 1));
CREATE TABLE legacy_downloads (
    uid TEXT NOT NULL PRIMARY KEY CHECK (length(uid) = 32)
) STRICT, WITHOUT ROWID;
"""

MIGRATIONS = (
    Migration(1, "sources", SOURCES),
    Migration(2, "queue", QUEUE),
    Migration(3, "change counters", REVS),
    Migration(4, "what comes from an old deployment", LEGACY),
)
