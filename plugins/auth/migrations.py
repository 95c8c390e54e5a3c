"""The schema: who may come in, and by what."""

from __future__ import annotations

from soundwave_core import Migration

USERS = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'user')),
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled', 'removed')),
    created_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_by_name ON users (name_key) WHERE state <> 'removed';
"""

CREDENTIALS = """
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    csrf_token TEXT NOT NULL,
    device TEXT NOT NULL,
    address TEXT NOT NULL,
    is_remembered INTEGER NOT NULL CHECK (is_remembered IN (0, 1)),
    created_at TEXT NOT NULL,
    auth_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    absolute_at TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL CHECK (json_valid(scopes)),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    last_used_at TEXT
) STRICT;
CREATE INDEX tokens_by_user ON tokens (user_id);
"""

CODES = """
CREATE TABLE setup_codes (
    id INTEGER PRIMARY KEY,
    code_hash TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
) STRICT;
CREATE TABLE invites (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    code_hash TEXT NOT NULL UNIQUE,
    created_by TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_by TEXT REFERENCES users (uid) ON DELETE SET NULL,
    used_at TEXT
) STRICT;
"""

MIGRATIONS = (
    Migration(1, "users", USERS),
    Migration(2, "sessions and tokens", CREDENTIALS),
    Migration(3, "setup codes and invites", CODES),
)
