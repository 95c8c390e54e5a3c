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

SECOND_FACTORS = """
CREATE TABLE second_factors (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'on')),
    last_step INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    UNIQUE (user_id, state)
) STRICT;
CREATE TABLE recovery_codes (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    used_at TEXT,
    UNIQUE (user_id, code_hash)
) STRICT;
CREATE TABLE token_addresses (
    token_id TEXT NOT NULL REFERENCES tokens (uid) ON DELETE CASCADE,
    address TEXT NOT NULL,
    PRIMARY KEY (token_id, address)
) STRICT, WITHOUT ROWID;
"""

THROTTLES = """
CREATE TABLE throttles (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    wrong INTEGER NOT NULL,
    open_at TEXT NOT NULL,
    forget_at TEXT NOT NULL
) STRICT;
CREATE INDEX throttles_by_end ON throttles (forget_at);
CREATE TABLE known_devices (
    id INTEGER PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    UNIQUE (user_id, secret_hash)
) STRICT;
CREATE INDEX known_devices_by_secret ON known_devices (secret_hash);
"""

AUDIT = """
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    user_id TEXT,
    username TEXT,
    by_id TEXT,
    by_name TEXT,
    address TEXT,
    count INTEGER NOT NULL,
    detail TEXT NOT NULL CHECK (json_valid(detail))
) STRICT;
CREATE INDEX audit_by_at ON audit (at);
CREATE INDEX audit_by_kind ON audit (kind);
CREATE INDEX audit_by_user ON audit (user_id);
CREATE INDEX audit_by_actor ON audit (by_id);
CREATE INDEX audit_by_address ON audit (address);
"""

PEOPLE = """
ALTER TABLE users ADD COLUMN quota_bytes INTEGER CHECK (quota_bytes >= 0);
ALTER TABLE users ADD COLUMN heir_id TEXT REFERENCES users (uid) ON DELETE SET NULL;
ALTER TABLE users ADD COLUMN last_seen_at TEXT;
CREATE TRIGGER sessions_gone AFTER DELETE ON sessions BEGIN
    UPDATE users SET last_seen_at = max(coalesce(last_seen_at, ''), OLD.last_seen_at) WHERE uid = OLD.user_id;
END;
CREATE TRIGGER tokens_gone AFTER DELETE ON tokens WHEN OLD.last_used_at IS NOT NULL BEGIN
    UPDATE users SET last_seen_at = max(coalesce(last_seen_at, ''), OLD.last_used_at) WHERE uid = OLD.user_id;
END;
CREATE TABLE user_config (
    user_id TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL CHECK (json_valid(value)),
    PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;
"""

AVATARS = """
CREATE TABLE avatars (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL UNIQUE REFERENCES users (uid) ON DELETE CASCADE,
    content BLOB NOT NULL CHECK (length(content) <= 262144),
    mime TEXT NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;
"""

# The account that each account of an old deployment has become, whatever either is called now.
LEGACY_ACCOUNTS = """
CREATE TABLE legacy_accounts (
    uid TEXT NOT NULL PRIMARY KEY CHECK (length(uid) = 32),
    user_id TEXT NOT NULL REFERENCES users (uid)
) STRICT, WITHOUT ROWID;
"""

MIGRATIONS = (
    Migration(1, "users", USERS),
    Migration(2, "sessions and tokens", CREDENTIALS),
    Migration(3, "setup codes and invites", CODES),
    Migration(4, "second factors, and where tokens are used", SECOND_FACTORS),
    Migration(5, "throttles and known devices", THROTTLES),
    Migration(6, "audit", AUDIT),
    Migration(7, "people", PEOPLE),
    Migration(8, "avatars", AVATARS),
    Migration(9, "accounts of an old deployment", LEGACY_ACCOUNTS),
)
