"""The schema: which devices there are, what they keep, and what they counted."""

from __future__ import annotations

from soundwave_core import Migration

# A device has another id for each of its users (webroot/src/offline/database.ts), so that none is two people's.
DEVICES = """
CREATE TABLE offline_devices (
    user_id TEXT NOT NULL,
    device TEXT NOT NULL CHECK (length(device) = 32),
    name TEXT NOT NULL,
    first_seen_at TEXT NOT NULL,
    last_sync_at TEXT NOT NULL,
    PRIMARY KEY (user_id, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX offline_devices_by_device ON offline_devices (device);
CREATE INDEX offline_devices_by_sync ON offline_devices (last_sync_at);
CREATE TABLE offline_playlists (
    user_id TEXT NOT NULL,
    device TEXT NOT NULL,
    playlist TEXT NOT NULL CHECK (length(playlist) = 32),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'fetching', 'paused', 'ready', 'short', 'offline', 'failed')),
    is_pinned INTEGER NOT NULL CHECK (is_pinned IN (0, 1)),
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    stored_bytes INTEGER NOT NULL CHECK (stored_bytes >= 0),
    items INTEGER NOT NULL CHECK (items >= 0),
    stored_items INTEGER NOT NULL CHECK (stored_items >= 0),
    saved_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (user_id, device, playlist),
    FOREIGN KEY (user_id, device) REFERENCES offline_devices (user_id, device) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX offline_playlists_by_playlist ON offline_playlists (playlist);
"""

# ``day`` is the device's own: what was heard in the evening is not tomorrow's.
COUNTS = """
CREATE TABLE offline_counts (
    user_id TEXT NOT NULL,
    day TEXT NOT NULL CHECK (length(day) = 10),
    audio_hits INTEGER NOT NULL DEFAULT 0,
    audio_misses INTEGER NOT NULL DEFAULT 0,
    artwork_hits INTEGER NOT NULL DEFAULT 0,
    artwork_misses INTEGER NOT NULL DEFAULT 0,
    shell_hits INTEGER NOT NULL DEFAULT 0,
    shell_misses INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    cache_bytes INTEGER NOT NULL DEFAULT 0,
    network_bytes INTEGER NOT NULL DEFAULT 0,
    offline_seconds INTEGER NOT NULL DEFAULT 0,
    offline_plays INTEGER NOT NULL DEFAULT 0,
    plays INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX offline_counts_by_day ON offline_counts (day);
"""

MIGRATIONS = (
    Migration(1, "devices and what they keep", DEVICES),
    Migration(2, "counts by day", COUNTS),
)
