CREATE TABLE artworks (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    path TEXT NOT NULL UNIQUE,
    mime TEXT NOT NULL CHECK (mime IN ('image/jpeg', 'image/png', 'image/webp', 'image/gif')),
    width INTEGER CHECK (width > 0),
    height INTEGER CHECK (height > 0),
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0)
) STRICT;

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

CREATE INDEX audit_by_actor ON audit (by_id);

CREATE INDEX audit_by_address ON audit (address);

CREATE INDEX audit_by_at ON audit (at);

CREATE INDEX audit_by_kind ON audit (kind);

CREATE INDEX audit_by_user ON audit (user_id);

CREATE TABLE avatars (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL UNIQUE REFERENCES users (uid) ON DELETE CASCADE,
    content BLOB NOT NULL CHECK (length(content) <= 262144),
    mime TEXT NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;

CREATE TABLE channel_removals (
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    extractor TEXT NOT NULL,
    source_id TEXT NOT NULL,
    removed_at TEXT NOT NULL,
    PRIMARY KEY (channel_id, extractor, source_id)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX channels_by_rev ON channels (rev);

CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

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

CREATE INDEX download_items_by_state ON download_items (state, id);

CREATE INDEX download_items_in_order ON download_items (download_id, position);

CREATE INDEX download_items_of_download ON download_items (download_id, state);

CREATE INDEX download_items_ready ON download_items (user_id, is_quiet, download_id, position)
WHERE state = 'queued' AND not_before IS NULL;

CREATE INDEX download_items_running ON download_items (user_id, lease_until) WHERE state = 'running';

CREATE INDEX download_items_waiting ON download_items (not_before)
WHERE state = 'queued' AND not_before IS NOT NULL;

CREATE TRIGGER download_items_added AFTER INSERT ON download_items BEGIN
    INSERT INTO download_revs VALUES (NEW.user_id, 1) ON CONFLICT (user_id) DO UPDATE SET rev = rev + 1;
END;

CREATE TRIGGER download_items_changed AFTER UPDATE ON download_items BEGIN
    INSERT INTO download_revs VALUES (NEW.user_id, 1) ON CONFLICT (user_id) DO UPDATE SET rev = rev + 1;
END;

CREATE TRIGGER download_items_removed AFTER DELETE ON download_items BEGIN
    INSERT INTO download_revs VALUES (OLD.user_id, 1) ON CONFLICT (user_id) DO UPDATE SET rev = rev + 1;
END;

CREATE TABLE download_revs (
    user_id TEXT NOT NULL PRIMARY KEY,
    rev INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE INDEX downloads_leased ON downloads (lease_until) WHERE lease_until IS NOT NULL;

CREATE INDEX downloads_of_playlist ON downloads (playlist_id) WHERE playlist_id IS NOT NULL;

CREATE INDEX downloads_of_source ON downloads (source_id, state) WHERE source_id IS NOT NULL;

CREATE INDEX downloads_of_user ON downloads (user_id, id);

CREATE INDEX downloads_of_user_by_state ON downloads (user_id, state, id);

CREATE UNIQUE INDEX downloads_one_look_a_source ON downloads (source_id)
WHERE is_quiet AND state = 'resolving';

CREATE INDEX downloads_ready ON downloads (user_id, is_quiet, id)
WHERE state = 'resolving' AND lease_until IS NULL AND not_before IS NULL;

CREATE INDEX downloads_swept ON downloads (finished_at) WHERE is_quiet AND finished_at IS NOT NULL;

CREATE INDEX downloads_waiting ON downloads (not_before) WHERE state = 'resolving' AND not_before IS NOT NULL;

CREATE TRIGGER downloads_added AFTER INSERT ON downloads BEGIN
    INSERT INTO download_revs VALUES (NEW.user_id, 1) ON CONFLICT (user_id) DO UPDATE SET rev = rev + 1;
END;

CREATE TRIGGER downloads_changed AFTER UPDATE ON downloads BEGIN
    INSERT INTO download_revs VALUES (NEW.user_id, 1) ON CONFLICT (user_id) DO UPDATE SET rev = rev + 1;
END;

CREATE TRIGGER downloads_removed AFTER DELETE ON downloads BEGIN
    INSERT INTO download_revs VALUES (OLD.user_id, 1) ON CONFLICT (user_id) DO UPDATE SET rev = rev + 1;
END;

CREATE TABLE earlier_plays (  -- counted by an older deployment, which did not note when
    user_id TEXT NOT NULL,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    count INTEGER NOT NULL CHECK (count > 0),
    rev INTEGER NOT NULL,
    PRIMARY KEY (user_id, track_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX earlier_plays_by_track ON earlier_plays (track_id);

CREATE TABLE entries (
    user_id TEXT NOT NULL,
    track_id INTEGER NOT NULL REFERENCES tracks (id),
    added_at TEXT NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (user_id, track_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX entries_by_added ON entries (user_id, added_at DESC, track_id DESC);

CREATE INDEX entries_by_rev ON entries (user_id, rev);

CREATE INDEX entries_by_track ON entries (track_id);

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

CREATE TABLE favorites (
    user_id TEXT NOT NULL,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    added_at TEXT NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (user_id, track_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX favorites_by_rev ON favorites (user_id, rev);

CREATE INDEX favorites_by_track ON favorites (track_id);

CREATE TABLE file_removals (
    path TEXT NOT NULL PRIMARY KEY,
    removed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE file_states (  -- missing: the path holds no file; unread: it was there by name, and not looked into yet
    track_id INTEGER PRIMARY KEY REFERENCES tracks (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('unread', 'missing')),
    since TEXT NOT NULL
) STRICT;

CREATE INDEX file_states_by_state ON file_states (state, track_id);

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

CREATE TABLE job_runs (
            id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, job_id TEXT NOT NULL,
            started_at TEXT NOT NULL, ended_at TEXT,
            state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
            error TEXT, log TEXT NOT NULL DEFAULT ''
        ) STRICT;

CREATE INDEX job_runs_by_job ON job_runs (job_id, started_at);

CREATE TABLE job_states (
            job_id TEXT NOT NULL PRIMARY KEY,
            is_paused INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1)),
            last_started_at TEXT, last_ended_at TEXT, next_run_at TEXT
        ) STRICT;

CREATE TABLE known_devices (
    id INTEGER PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    UNIQUE (user_id, secret_hash)
) STRICT;

CREATE INDEX known_devices_by_secret ON known_devices (secret_hash);

CREATE TABLE legacy_accounts (
    uid TEXT NOT NULL PRIMARY KEY CHECK (length(uid) = 32),
    user_id TEXT NOT NULL REFERENCES users (uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE legacy_downloads (
    uid TEXT NOT NULL PRIMARY KEY CHECK (length(uid) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE legacy_imports (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, source TEXT NOT NULL,
            report TEXT NOT NULL CHECK (json_valid(report))
        ) STRICT;

CREATE TABLE legacy_rows (  -- rows of an old deployment that came over: none does twice, whatever became of it
    uid TEXT NOT NULL PRIMARY KEY CHECK (length(uid) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE library_counts (
    user_id TEXT NOT NULL PRIMARY KEY,
    entry_count INTEGER NOT NULL,
    shared_count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE listening_rev (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;

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

CREATE TABLE operations (
            key TEXT NOT NULL, user_id TEXT NOT NULL, request_hash TEXT NOT NULL,
            status INTEGER, answer BLOB, created_at TEXT NOT NULL, kind TEXT NOT NULL DEFAULT 'request' CHECK (kind IN ('request', 'op')), PRIMARY KEY (user_id, key)
        ) STRICT;

CREATE INDEX operations_by_age ON operations (kind, created_at);

CREATE INDEX operations_of_users ON operations (user_id, kind);

CREATE TABLE placed_files (  -- in their final place, and not yet the library's
    path TEXT NOT NULL PRIMARY KEY,
    placed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE INDEX playlist_items_by_rev ON playlist_items (rev);

CREATE UNIQUE INDEX playlist_items_by_source ON playlist_items (playlist_id, extractor, source_id)
WHERE source_id IS NOT NULL;

CREATE INDEX playlist_items_by_track ON playlist_items (track_id);

CREATE INDEX playlist_items_in_order ON playlist_items (playlist_id, position, uid);

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

CREATE TABLE playlist_removals (
    playlist_id INTEGER NOT NULL REFERENCES playlists (id) ON DELETE CASCADE,
    extractor TEXT NOT NULL,
    source_id TEXT NOT NULL,
    removed_at TEXT NOT NULL,
    PRIMARY KEY (playlist_id, extractor, source_id)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX playlists_by_rev ON playlists (user_id, rev);

CREATE INDEX playlists_by_title ON playlists (user_id, title, id);

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
, is_hearsay INTEGER NOT NULL DEFAULT 0 CHECK (is_hearsay IN (0, 1))) STRICT;

CREATE INDEX plays_by_hearsay ON plays (user_id) WHERE is_hearsay;

CREATE INDEX plays_by_rev ON plays (user_id, rev);

CREATE INDEX plays_by_time ON plays (user_id, played_at DESC, id DESC);

CREATE INDEX plays_by_track ON plays (track_id);

CREATE TABLE positions (
    user_id TEXT NOT NULL,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    seconds REAL NOT NULL CHECK (seconds >= 0),
    at TEXT NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (user_id, track_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX positions_by_rev ON positions (user_id, rev);

CREATE INDEX positions_by_track ON positions (track_id);

CREATE TABLE recovery_codes (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    used_at TEXT,
    UNIQUE (user_id, code_hash)
) STRICT;

CREATE TABLE schema_migrations (
            plugin TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,
            checksum TEXT NOT NULL, applied_at TEXT NOT NULL, PRIMARY KEY (plugin, number)
        ) STRICT, WITHOUT ROWID;

CREATE TABLE second_factors (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'on')),
    last_step INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    UNIQUE (user_id, state)
) STRICT;

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

CREATE TRIGGER sessions_gone AFTER DELETE ON sessions BEGIN
    UPDATE users SET last_seen_at = max(coalesce(last_seen_at, ''), OLD.last_seen_at) WHERE uid = OLD.user_id;
END;

CREATE TABLE settings (
            name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, changed_at TEXT NOT NULL, changed_by TEXT
        ) STRICT;

CREATE TABLE setup_codes (
    id INTEGER PRIMARY KEY,
    code_hash TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
) STRICT;

CREATE TABLE source_failures (  -- what a source has and could not be had; again_at NULL: not by itself
    source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    extractor TEXT NOT NULL,
    item_id TEXT NOT NULL,
    code TEXT NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    again_at TEXT,
    PRIMARY KEY (source_id, extractor, item_id)
) STRICT, WITHOUT ROWID;

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
    created_at TEXT NOT NULL, takes_new_only INTEGER NOT NULL DEFAULT 0 CHECK (takes_new_only IN (0, 1)),
    UNIQUE (kind, target_id)
) STRICT;

CREATE INDEX sources_due ON sources (next_check_at) WHERE is_enabled;

CREATE INDEX sources_of_user ON sources (user_id, url);

CREATE TABLE throttles (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    wrong INTEGER NOT NULL,
    open_at TEXT NOT NULL,
    forget_at TEXT NOT NULL
) STRICT;

CREATE INDEX throttles_by_end ON throttles (forget_at);

CREATE TABLE token_addresses (
    token_id TEXT NOT NULL REFERENCES tokens (uid) ON DELETE CASCADE,
    address TEXT NOT NULL,
    PRIMARY KEY (token_id, address)
) STRICT, WITHOUT ROWID;

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

CREATE TRIGGER tokens_gone AFTER DELETE ON tokens WHEN OLD.last_used_at IS NOT NULL BEGIN
    UPDATE users SET last_seen_at = max(coalesce(last_seen_at, ''), OLD.last_used_at) WHERE uid = OLD.user_id;
END;

CREATE TABLE tombstones (
            rev INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL,
            user_id TEXT, buried_at TEXT NOT NULL
        ) STRICT;

CREATE INDEX tombstones_by_age ON tombstones (buried_at);

CREATE INDEX tombstones_by_user ON tombstones (user_id, rev);

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

CREATE INDEX tracks_by_artist ON tracks (artist, title, id);

CREATE INDEX tracks_by_artwork ON tracks (artwork_id);

CREATE INDEX tracks_by_channel ON tracks (channel_id) WHERE channel_id IS NOT NULL;

CREATE UNIQUE INDEX tracks_by_content ON tracks (content_hash) WHERE extractor IS NULL;

CREATE INDEX tracks_by_hash ON tracks (content_hash);

CREATE INDEX tracks_by_rev ON tracks (rev);

CREATE UNIQUE INDEX tracks_by_source ON tracks (extractor, source_id) WHERE extractor IS NOT NULL;

CREATE INDEX tracks_by_title ON tracks (title, id);

CREATE INDEX tracks_of_channels ON tracks (added_at DESC, id DESC) WHERE channel_id IS NOT NULL;

CREATE TRIGGER household_counted AFTER INSERT ON tracks WHEN NEW.channel_id IS NOT NULL BEGIN
    UPDATE library_counts SET entry_count = entry_count + 1 WHERE user_id = '';
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

CREATE TRIGGER household_uncounted AFTER DELETE ON tracks WHEN OLD.channel_id IS NOT NULL BEGIN
    UPDATE library_counts SET entry_count = entry_count - 1 WHERE user_id = '';
END;

CREATE TRIGGER playlist_durations AFTER UPDATE OF duration_seconds ON tracks BEGIN
    UPDATE playlists SET duration_seconds = max(0.0, round(duration_seconds
        + (coalesce(NEW.duration_seconds, 0.0) - coalesce(OLD.duration_seconds, 0.0))
        * (SELECT count(*) FROM playlist_items WHERE playlist_id = playlists.id AND track_id = NEW.id), 3))
    WHERE id IN (SELECT playlist_id FROM playlist_items WHERE track_id = NEW.id);
END;

CREATE TRIGGER playlists_follow_tracks AFTER UPDATE OF duration_seconds, artwork_id ON tracks
WHEN (OLD.duration_seconds IS NOT NEW.duration_seconds OR OLD.artwork_id IS NOT NEW.artwork_id)
    AND EXISTS (SELECT 1 FROM playlist_items WHERE track_id = NEW.id) BEGIN
    UPDATE counters SET value = value + 1 WHERE name = 'rev';
    UPDATE playlists SET rev = (SELECT value FROM counters WHERE name = 'rev')
    WHERE id IN (SELECT playlist_id FROM playlist_items WHERE track_id = NEW.id);
END;

CREATE TRIGGER tracks_indexed AFTER INSERT ON tracks BEGIN
    INSERT INTO tracks_fts (rowid, title, artist, album, album_artist, channel_title, genre)
    VALUES (NEW.id, NEW.title, NEW.artist, NEW.album, NEW.album_artist, NEW.channel_title, NEW.genre);
END;

CREATE TRIGGER tracks_reindexed
AFTER UPDATE OF title, artist, album, album_artist, channel_title, genre ON tracks BEGIN
    INSERT INTO tracks_fts (tracks_fts, rowid, title, artist, album, album_artist, channel_title, genre)
    VALUES ('delete', OLD.id, OLD.title, OLD.artist, OLD.album, OLD.album_artist, OLD.channel_title,
        OLD.genre);
    INSERT INTO tracks_fts (rowid, title, artist, album, album_artist, channel_title, genre)
    VALUES (NEW.id, NEW.title, NEW.artist, NEW.album, NEW.album_artist, NEW.channel_title, NEW.genre);
END;

CREATE TRIGGER tracks_unindexed AFTER DELETE ON tracks BEGIN
    INSERT INTO tracks_fts (tracks_fts, rowid, title, artist, album, album_artist, channel_title, genre)
    VALUES ('delete', OLD.id, OLD.title, OLD.artist, OLD.album, OLD.album_artist, OLD.channel_title,
        OLD.genre);
END;

CREATE VIRTUAL TABLE tracks_fts USING fts5 (
    title, artist, album, album_artist, channel_title, genre,
    content='tracks', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
);

CREATE TABLE user_config (
    user_id TEXT NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL CHECK (json_valid(value)),
    PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'user')),
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled', 'removed')),
    created_at TEXT NOT NULL
, quota_bytes INTEGER CHECK (quota_bytes >= 0), heir_id TEXT REFERENCES users (uid) ON DELETE SET NULL, last_seen_at TEXT) STRICT;

CREATE UNIQUE INDEX users_by_name ON users (name_key) WHERE state <> 'removed';
