"""Makes of the old database what later versions, up to 1.16, would have: more columns and tables, and WAL mode."""

from __future__ import annotations

from .fixtures import Home

COLUMNS = {
    "user_account": ["pending_email TEXT DEFAULT ''", "password_change_required INTEGER DEFAULT 0"],
    "audio_audio": [
        "is_favorite INTEGER DEFAULT 0", "artist TEXT DEFAULT ''", "album TEXT DEFAULT ''", "year INTEGER",
        "genre TEXT DEFAULT ''", "track_number INTEGER", "cover_art_url TEXT DEFAULT ''",
        "musicbrainz_id TEXT DEFAULT ''", "metadata_source TEXT DEFAULT ''", "metadata_updated TEXT",
        "chapters TEXT DEFAULT '[]'", "loudness_lufs REAL", "bpm REAL", "music_key TEXT DEFAULT ''", "energy REAL",
        "feature_vector TEXT",
    ],
    "channel_channel": [
        "sync_depth INTEGER DEFAULT 50", "consecutive_sync_failures INTEGER DEFAULT 0", "last_failed_sync TEXT",
        "auto_disabled INTEGER DEFAULT 0", "auto_disabled_reason TEXT DEFAULT ''",
    ],
    "audio_lyrics": ["uploaded_filename TEXT DEFAULT ''"],
}  # fmt: skip
TABLES = (
    "CREATE TABLE user_userconfig (id INTEGER PRIMARY KEY, user_id INTEGER, theme TEXT, extra_settings TEXT)",
    "CREATE TABLE user_apikey (id INTEGER PRIMARY KEY, user_id INTEGER, name TEXT, key_hash TEXT)",
    'CREATE TABLE playlist_smartplaylist (id INTEGER PRIMARY KEY, owner_id INTEGER, name TEXT, "limit" INTEGER)',
    'CREATE TABLE playlist_smartplaylistrule (id INTEGER PRIMARY KEY, playlist_id INTEGER, "order" INTEGER)',
    """CREATE TABLE stats_listeninghistory (id INTEGER PRIMARY KEY, user_id INTEGER, audio_id INTEGER, artist TEXT,
    title TEXT, channel_name TEXT, genre TEXT, listened_at TEXT, duration_listened INTEGER, completed INTEGER)""",
    "CREATE TABLE stats_listeningstreak (id INTEGER PRIMARY KEY, user_id INTEGER, date TEXT)",
    "CREATE TABLE stats_achievement (id INTEGER PRIMARY KEY, user_id INTEGER, type TEXT)",
    "CREATE TABLE audio_audiosegment (id INTEGER PRIMARY KEY, audio_id INTEGER, title TEXT)",
    "CREATE TABLE audio_playbacksession (user_id INTEGER PRIMARY KEY, youtube_id TEXT)",
    "CREATE TABLE audio_radiosession (user_id INTEGER PRIMARY KEY, mode TEXT)",
    "CREATE TABLE audio_radiotrackfeedback (id INTEGER PRIMARY KEY, user_id INTEGER, youtube_id TEXT)",
)
ROWS = (
    "INSERT INTO user_userconfig VALUES (1, 2, 'light', '{}')",
    "INSERT INTO user_apikey VALUES (1, 2, 'widget', 'ab')",
    "INSERT INTO playlist_smartplaylist VALUES (1, 2, 'Most Played', 50), (2, 2, 'Never Played', NULL)",
    "INSERT INTO playlist_smartplaylistrule VALUES (1, 1, 1)",
    "INSERT INTO stats_achievement VALUES (1, 2, 'first')",
    "INSERT INTO audio_audiosegment VALUES (1, 6, 'Opening')",
)
# Rows of alice, by name: what 1.16 knows of a track, a row from a library export, and what she heard.
TRACKS = (
    """UPDATE audio_audio SET is_favorite = 1, artist = 'Harbour Lights', album = 'Ferries', year = 2023,
    genre = 'slow', track_number = 7, chapters = '[{"title": "Opening", "start": 0, "end": 3}]', loudness_lufs = -14.2,
    feature_vector = '[1, 2]' WHERE youtube_id = '6Lxo8NjM2Ze' AND owner_id = 2""",
    """UPDATE audio_audio SET file_path = '', title = '' WHERE youtube_id = '8PYgX3swk75'""",
    """UPDATE audio_audio SET last_played = '2026-01-18 10:00:00' WHERE youtube_id = '1284456789'""",
    """INSERT INTO stats_listeninghistory VALUES
    (1, 2, 6, 'Harbour Lights', 'Night Ferry (Full Album)', 'Harbour Lights Radio', '', '2026-01-15 20:00:00', 4, 1),
    (2, 2, 6, 'Harbour Lights', 'Night Ferry (Full Album)', 'Harbour Lights Radio', '', '2026-01-16 20:00:00', 2, 0),
    (3, 2, 999, '', 'Gone', 'A channel', '', '2026-01-17 20:00:00', 60, 0)""",
    "UPDATE user_account SET two_factor_enabled = 0",  # its secret would be sealed with a key that is elsewhere
)


def make_later(home: Home) -> None:
    """In place; the last change is in the journal, which stays."""
    columns = [f"ALTER TABLE {table} ADD COLUMN {one}" for table, more in COLUMNS.items() for one in more]
    home.change(*columns, "DROP TABLE audio_channel", *TABLES, *ROWS)
    with home.opened() as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA wal_autocheckpoint=0")
        for statement in TRACKS:
            raw.execute(statement)
        raw.commit()
        files = {end: home.database.with_name(f"db.sqlite3{end}").read_bytes() for end in ("", "-wal")}
    for end, content in files.items():
        home.database.with_name(f"db.sqlite3{end}").write_bytes(content)
