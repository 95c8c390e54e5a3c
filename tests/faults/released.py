"""Databases as earlier versions left them: after each number of migrations, with rows in every table that there was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from soundwave_core import Migration, SoundWave
from soundwave_core.clock import Clock
from soundwave_core.database import Database, transaction
from soundwave_core.database_file import create
from soundwave_core.migrations import CORE, CORE_MIGRATIONS, migrate

AT, LATER = "2026-01-05T12:00:00.000Z", "2099-01-05T12:00:00.000Z"
SOON = Clock().stamp_after(days=30)  # later than a source's interval would be a clock's mistake, and mended
ID = "0190000000007000800000000000000"  # and one more digit
HASH = "ab" * 32
# By table, in the columns that it had from its first version on. Two of each that others refer to.
ROWS: dict[str, list[str]] = {
    "settings": [f"INSERT INTO settings VALUES ('jobs.zone', '1', '{AT}', NULL)"],
    "tombstones": [f"INSERT INTO tombstones VALUES (1, 'item', '{ID}9', '{ID}1', '{LATER}')"],
    "operations": [
        "INSERT INTO operations (key, user_id, request_hash, status, answer, created_at)"
        f" VALUES ('k', '{ID}1', 'h', 200, x'00', '{AT}')"
    ],
    "job_states": [f"INSERT INTO job_states VALUES ('auth.sweep-audit', 1, '{AT}', '{AT}', '{AT}')"],
    "job_runs": [f"INSERT INTO job_runs VALUES (1, '{ID}8', 'auth.sweep-audit', '{AT}', '{AT}', 'done', NULL, 'x')"],
    "users": [
        "INSERT INTO users (id, uid, name, name_key, password_hash, role, state, created_at)"
        f" VALUES ({n}, '{ID}{n}', '{name}', '{name}', 'x', 'admin', 'active', '{AT}')"
        for n, name in ((1, "alice"), (2, "bob"))
    ],
    "sessions": [
        "INSERT INTO sessions VALUES"
        f" (1, '{ID}3', '{HASH}', '{ID}1', 'c', 'd', '127.0.0.1', 1, '{AT}', '{AT}', '{AT}', '{LATER}', '{LATER}')"
    ],
    "tokens": [
        f"INSERT INTO tokens VALUES (1, '{ID}4', '{HASH}', '{ID}1', 't', '[\"read\"]', '{AT}', '{LATER}', NULL)"
    ],
    "invites": [f"INSERT INTO invites VALUES (1, '{ID}5', 'i', '{ID}1', '{AT}', '{LATER}', NULL, NULL)"],
    "second_factors": [f"INSERT INTO second_factors VALUES (1, '{ID}2', 's', 'on', 7, '{AT}')"],
    "recovery_codes": [f"INSERT INTO recovery_codes VALUES (1, '{ID}2', 'r', NULL)"],
    "throttles": [f"INSERT INTO throttles VALUES (1, 'address 10.0.0.1', 3, '{AT}', '{LATER}')"],
    "known_devices": [f"INSERT INTO known_devices VALUES (1, 's', '{ID}1', '{AT}', '{LATER}')"],
    "audit": [
        "INSERT INTO audit (id, uid, at, kind, user_id, username, count, detail)"
        f" VALUES (1, '{ID}6', '{AT}', 'sign_in', '{ID}1', 'alice', 1, '{{}}')"
    ],
    "user_config": [f"INSERT INTO user_config VALUES ('{ID}1', 'theme', '\"dark\"')"],
    "artworks": [f"INSERT INTO artworks VALUES (1, '{HASH}', 'a.png', 'image/png', 9, 9, 99)"],
    "channels": [
        "INSERT INTO channels (id, uid, title, url, created_at, rev)"
        f" VALUES (1, '{ID}7', 'C', 'https://example.org/c', '{AT}', 0)"
    ],
    "tracks": [
        "INSERT INTO tracks (id, uid, channel_id, added_at, title, artist, duration_seconds, size_bytes, codec, path,"
        " mime, content_hash, revision, block_hashes, rev) VALUES"
        f" ({n}, '{ID}{n}', {channel}, '{AT}', 'T{n}', 'A', 60.5, 1000, 'opus', '{n}.opus', 'audio/ogg',"
        f" '{n}{HASH[1:]}', '{HASH}', '[]', 0)"
        for n, channel in ((1, 1), (2, "NULL"))
    ],
    "entries": [f"INSERT INTO entries (user_id, track_id, added_at, rev) VALUES ('{ID}1', 2, '{AT}', 0)"],
    "favorites": [f"INSERT INTO favorites (user_id, track_id, added_at, rev) VALUES ('{ID}1', 2, '{AT}', 0)"],
    "playlists": [
        "INSERT INTO playlists (id, uid, user_id, title, kind, rev, content_rev, created_at, updated_at)"
        f" VALUES (1, '{ID}1', '{ID}1', 'P', 'custom', 0, 0, '{AT}', '{AT}')"
    ],
    "playlist_items": [
        "INSERT INTO playlist_items (id, uid, playlist_id, track_id, position, added_by, added_at, rev)"
        f" VALUES (1, '{ID}1', 1, 2, 'V', 'user', '{AT}', 0)"
    ],
    "positions": [f"INSERT INTO positions VALUES ('{ID}1', 2, 12.5, '{AT}', 1)"],
    "plays": [
        "INSERT INTO plays (id, uid, user_id, track_id, title, artist, played_at, seconds, rev)"
        f" VALUES (1, '{ID}1', '{ID}1', 2, 'T2', 'A', '{AT}', 60.5, 1)"
    ],
    "sources": [
        "INSERT INTO sources (id, uid, user_id, kind, target_id, url, interval_seconds, next_check_at, created_at)"
        f" VALUES (1, '{ID}1', '{ID}1', 'channel', '{ID}7', 'https://example.org/c', 31536000, '{SOON}', '{AT}')"
    ],
    "downloads": [
        "INSERT INTO downloads (id, uid, user_id, url, state, is_resolved, source_id, created_at, updated_at)"
        f" VALUES (1, '{ID}1', '{ID}1', 'https://example.org/x', 'failed', 1, 1, '{AT}', '{AT}')"
    ],
    "download_items": [
        "INSERT INTO download_items (id, uid, download_id, user_id, is_quiet, position, url, extractor, source_id,"
        f" item, state, updated_at) VALUES (1, '{ID}1', 1, '{ID}1', 0, 0, 'https://example.org/x', 'g', 'x', '{{}}',"
        f" 'failed', '{AT}')"
    ],
    "attempts": [f"INSERT INTO attempts (item_id, number, started_at, state) VALUES (1, 1, '{AT}', 'failed')"],
    "avatars": [f"INSERT INTO avatars (user_id, content, mime, sha256) VALUES ('{ID}1', x'47', 'image/gif', '{HASH}')"],
    "file_states": [f"INSERT INTO file_states VALUES (2, 'missing', '{AT}')"],
    "lyrics": [f"INSERT INTO lyrics VALUES (2, NULL, 'words', 0, 'manual', NULL, '{AT}', 0)"],
    "earlier_plays": [f"INSERT INTO earlier_plays VALUES ('{ID}1', 2, 7, 1)"],
    "legacy_accounts": [f"INSERT INTO legacy_accounts VALUES ('{ID}9', '{ID}1')"],
    "legacy_downloads": [f"INSERT INTO legacy_downloads VALUES ('{ID}9')"],
    "legacy_rows": [f"INSERT INTO legacy_rows VALUES ('{ID}9')"],
    "offline_devices": [f"INSERT INTO offline_devices VALUES ('{ID}1', '{ID}9', 'Phone', '{AT}', '{LATER}')"],
    "offline_playlists": [
        f"INSERT INTO offline_playlists VALUES ('{ID}1', '{ID}9', '{ID}1', 'ready', 0, 9, 9, 1, 1, '{AT}', '{AT}')"
    ],
    "offline_counts": [f"INSERT INTO offline_counts (user_id, day, plays) VALUES ('{ID}1', '2099-01-05', 3)"],
    "placed_files": [f"INSERT INTO placed_files VALUES ('p', '{AT}')"],
}


@dataclass(frozen=True, slots=True)
class Step:
    """One migration of one plugin."""

    plugin: str
    migration: Migration

    def __str__(self) -> str:
        return f"{self.plugin} {self.migration.number} {self.migration.name}"


def steps() -> list[Step]:
    """Every migration, in the order in which a first start applies them."""
    core = SoundWave({"DATA_DIR": "/nonexistent"}, is_manual=True).assemble()
    chains: dict[str, Sequence[Migration]] = {CORE: CORE_MIGRATIONS}
    chains |= {record.name: record.contributions.migrations for record in core.plugins.enabled()}
    return [Step(plugin, migration) for plugin, chain in chains.items() for migration in chain]


def make(path: Path, done: Sequence[Step]) -> None:
    """A database after these steps, with rows. The tables of the last step have theirs too."""
    create(path)
    with closing(Database(path, 4, Clock())) as db:
        for plugin in dict.fromkeys(step.plugin for step in done):
            chain = [step.migration for step in done if step.plugin == plugin]
            migrate(db, plugin, chain, db.clock, lambda db, clock: None)
        fill(db)


def fill(db: Database) -> None:
    """Rows in each table that has none of ours yet."""
    with transaction(db) as tx:
        for table, statements in ROWS.items():
            if tx.value("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = :name", name=table):
                for statement in statements:
                    tx.execute(statement)


def contents(db: Database) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, by what its columns are called; but what tells of the migrations themselves."""
    tables = db.rows(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'"
        " AND name NOT IN ('schema_migrations') ORDER BY name"
    )
    return {row["name"]: db.rows(f"SELECT * FROM {row['name']}") for row in tables}


def schema(db: Database) -> list[str]:
    """What SQLite knows of the tables, without the shadows that it makes itself."""
    rows = db.rows("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
    applied = db.rows("SELECT plugin, number, checksum FROM schema_migrations ORDER BY plugin, number")
    return [*(f"{row['type']} {row['name']} {row['sql']}" for row in rows), *map(str, applied)]
