"""Who has to wait after wrong passwords and codes, and the devices that are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave

MOST_ROWS = 20_000
MOST_DEVICES = 20


class ThrottleRow(Struct, frozen=True, kw_only=True):
    """Nobody tries before ``open_at``; from ``forget_at`` on it is as if nothing had happened."""

    key: str
    wrong: int
    open_at: str
    forget_at: str


class Throttles:
    """What is remembered of wrong tries, by key."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def closed_until(self, keys: Sequence[str], now: str, latest: str) -> str | None:
        """When the last of these opens, or None. What is after ``latest`` was written before the clock was set back."""
        sql = """SELECT max(open_at) FROM throttles
            WHERE key IN (SELECT value FROM json_each(:keys)) AND open_at > :now AND open_at <= :latest"""
        until: str | None = self._db.value(sql, keys=msgspec.json.encode(keys).decode(), now=now, latest=latest)
        return until

    def find(self, key: str, now: str) -> ThrottleRow | None:
        """What is remembered now, or None."""
        sql = "SELECT key, wrong, open_at, forget_at FROM throttles WHERE key = :key AND forget_at > :now"
        row = self._db.row(sql, key=key, now=now)
        return msgspec.convert(row, ThrottleRow) if row else None

    def put(self, row: ThrottleRow) -> None:
        """Remember this in place of what was."""
        self._db.execute(
            """INSERT INTO throttles (key, wrong, open_at, forget_at) VALUES (:key, :wrong, :open, :forget)
            ON CONFLICT (key) DO UPDATE SET wrong = :wrong, open_at = :open, forget_at = :forget""",
            key=row.key,
            wrong=row.wrong,
            open=row.open_at,
            forget=row.forget_at,
        )

    def remove(self, key: str) -> None:
        """As if nothing had happened."""
        self._db.execute("DELETE FROM throttles WHERE key = :key", key=key)

    def remove_expired(self, now: str) -> None:
        """Forget what is over, and beyond ``MOST_ROWS`` what would be over first."""
        self._db.execute("DELETE FROM throttles WHERE forget_at <= :now", now=now)
        self._db.execute(
            """DELETE FROM throttles WHERE id IN (SELECT id FROM throttles ORDER BY forget_at
                LIMIT max(0, (SELECT count(*) FROM throttles) - :most))""",
            most=MOST_ROWS,
        )


class KnownDevices:
    """Browsers in which a user signed in before, by the SHA-256 of their cookie's secret."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def is_theirs(self, secret_hash: str, user_id: str, now: str) -> bool:
        """Whether the user signed in there."""
        sql = """SELECT EXISTS (SELECT 1 FROM known_devices
            WHERE secret_hash = :hash AND user_id = :user AND expires_at > :now)"""
        return bool(self._db.value(sql, hash=secret_hash, user=user_id, now=now))

    def rename(self, secret_hash: str, new_hash: str) -> None:
        """Who signed in there is known by another secret."""
        sql = "UPDATE known_devices SET secret_hash = :new WHERE secret_hash = :hash"
        self._db.execute(sql, hash=secret_hash, new=new_hash)

    def is_known(self, secret_hash: str, name_key: str, now: str) -> bool:
        """Whether the active user of this name signed in there."""
        sql = """SELECT EXISTS (SELECT 1 FROM known_devices d JOIN users u ON u.uid = d.user_id
            WHERE d.secret_hash = :hash AND d.expires_at > :now AND u.name_key = :key AND u.state = 'active')"""
        return bool(self._db.value(sql, hash=secret_hash, now=now, key=name_key))

    def put(self, secret_hash: str, user_id: str, now: str, expires_at: str) -> None:
        """The user signed in there now; of the user's devices the last ``MOST_DEVICES`` stay known."""
        self._db.execute(
            """INSERT INTO known_devices (secret_hash, user_id, seen_at, expires_at)
            VALUES (:hash, :user, :now, :expires)
            ON CONFLICT (user_id, secret_hash) DO UPDATE SET seen_at = :now, expires_at = :expires""",
            hash=secret_hash,
            user=user_id,
            now=now,
            expires=expires_at,
        )
        self._db.execute(
            """DELETE FROM known_devices WHERE id IN (SELECT id FROM known_devices WHERE user_id = :user
                ORDER BY seen_at DESC, id DESC LIMIT -1 OFFSET :most)""",
            user=user_id,
            most=MOST_DEVICES,
        )

    def remove_all(self, user_id: str) -> None:
        """Forget every device of a user."""
        self._db.execute("DELETE FROM known_devices WHERE user_id = :user", user=user_id)

    def remove_expired(self, now: str) -> None:
        """Forget those whose time is over."""
        self._db.execute("DELETE FROM known_devices WHERE expires_at <= :now", now=now)
