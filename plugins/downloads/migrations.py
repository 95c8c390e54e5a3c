"""The schema: sources, downloads, their items, and every attempt at one."""

from __future__ import annotations

from soundwave_core import Migration

QUEUE = """
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
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

CREATE TABLE downloads (
    id INTEGER PRIMARY KEY,
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
CREATE INDEX downloads_of_user ON downloads (user_id, state, id DESC);
CREATE INDEX downloads_by_state ON downloads (state, not_before);
CREATE UNIQUE INDEX downloads_one_check_a_source ON downloads (source_id)
WHERE is_quiet AND state IN ('resolving', 'queued', 'running', 'paused');

CREATE TABLE download_items (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 32),
    download_id INTEGER NOT NULL REFERENCES downloads (id) ON DELETE CASCADE,
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
CREATE INDEX download_items_by_state ON download_items (state, not_before);
CREATE INDEX download_items_in_order ON download_items (download_id, position);

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    item_id INTEGER NOT NULL REFERENCES download_items (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'skipped', 'interrupted')),
    error_code TEXT,
    error TEXT
) STRICT;
CREATE INDEX attempts_of_item ON attempts (item_id);
"""

MIGRATIONS = (Migration(1, "queue", QUEUE),)
