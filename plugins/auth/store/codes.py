"""Codes that work once: the set-up code of a new server, and invites. Stored by their SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from .users import LAST

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave


class InviteRow(Struct, frozen=True, kw_only=True):
    """An invite; who made it is an id, and ``used_at`` is None while it was not used."""

    id: str
    created_by: str
    created_at: str
    expires_at: str
    used_at: str | None
    number: int = 0


_INVITE = "uid AS id, created_by, created_at, expires_at, used_at, id AS number"
_LIVE_INVITE = """code_hash = :hash AND used_at IS NULL AND expires_at > :now AND created_by IN
    (SELECT uid FROM users WHERE state = 'active' AND role = 'admin')"""
_LIVE_CODE = "used_at IS NULL AND expires_at > :now"


class SetupCodes:
    """The set-up codes, of which one at most is good."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def replace(self, code_hash: str, now: str, expires_at: str) -> None:
        """From now on only this code is good."""
        self._db.execute("DELETE FROM setup_codes WHERE used_at IS NULL")
        self._db.execute(
            "INSERT INTO setup_codes (code_hash, created_at, expires_at) VALUES (:hash, :now, :expires)",
            hash=code_hash,
            now=now,
            expires=expires_at,
        )

    def has_live(self, now: str) -> bool:
        """Whether any code is good now."""
        return bool(self._db.value(f"SELECT EXISTS (SELECT 1 FROM setup_codes WHERE {_LIVE_CODE})", now=now))

    def is_live(self, code_hash: str, now: str) -> bool:
        """Whether this one is good now."""
        sql = f"SELECT EXISTS (SELECT 1 FROM setup_codes WHERE code_hash = :hash AND {_LIVE_CODE})"
        return bool(self._db.value(sql, hash=code_hash, now=now))

    def use(self, code_hash: str, now: str) -> bool:
        """False where it is unknown, expired or used: of two at once, one gets True."""
        sql = f"UPDATE setup_codes SET used_at = :now WHERE code_hash = :hash AND {_LIVE_CODE}"
        return self._db.execute(sql, hash=code_hash, now=now) == 1


class Invites:
    """The invites, unused and used."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def list(self, limit: int, before: int = LAST) -> Sequence[InviteRow]:
        """Newest first, those that came before number ``before``."""
        sql = f"SELECT {_INVITE} FROM invites WHERE id < :before ORDER BY number DESC LIMIT :limit"
        return [msgspec.convert(row, InviteRow) for row in self._db.rows(sql, before=before, limit=limit)]

    def count(self) -> int:
        """How many there are, used and expired ones included."""
        return int(self._db.value("SELECT count(*) FROM invites"))

    def add(self, invite: InviteRow, code_hash: str) -> None:
        """Store a new invite with the hash of its code."""
        self._db.execute(
            """INSERT INTO invites (uid, code_hash, created_by, created_at, expires_at)
            VALUES (:id, :hash, :created_by, :created_at, :expires_at)""",
            id=invite.id,
            hash=code_hash,
            created_by=invite.created_by,
            created_at=invite.created_at,
            expires_at=invite.expires_at,
        )

    def is_live(self, code_hash: str, now: str) -> bool:
        """Unused, not expired, and made by somebody who still may."""
        sql = f"SELECT EXISTS (SELECT 1 FROM invites WHERE {_LIVE_INVITE})"
        return bool(self._db.value(sql, hash=code_hash, now=now))

    def use(self, code_hash: str, now: str, user_id: str) -> bool:
        """False where it is no longer good: of two at once, one gets True."""
        sql = f"UPDATE invites SET used_at = :now, used_by = :user WHERE {_LIVE_INVITE}"
        return self._db.execute(sql, hash=code_hash, now=now, user=user_id) == 1

    def remove(self, invite_id: str) -> bool:
        """Whether it was there."""
        return self._db.execute("DELETE FROM invites WHERE uid = :id", id=invite_id) == 1

    def remove_expired(self, now: str) -> None:
        """Forget those whose time is over, used or not."""
        self._db.execute("DELETE FROM invites WHERE expires_at <= :now", now=now)
