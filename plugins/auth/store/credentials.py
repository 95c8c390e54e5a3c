"""Sessions and tokens: what stands for a user, stored by its SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from soundwave_core import Conflict

from .users import LAST

if TYPE_CHECKING:
    from soundwave_core import Actor, Database, SoundWave


class SessionRow(Struct, frozen=True, kw_only=True):
    """A session with its user, as one read gives it."""

    id: str
    user_id: str
    name: str
    role: Literal["admin", "user"]
    csrf_token: str
    device: str
    address: str
    is_remembered: bool
    created_at: str
    auth_at: str
    last_seen_at: str
    expires_at: str
    absolute_at: str
    number: int


class TokenRow(Struct, frozen=True, kw_only=True):
    """A token with its user. ``is_elsewhere``: it was never used from where the question comes."""

    id: str
    user_id: str
    user_name: str
    role: Literal["admin", "user"]
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str
    last_used_at: str | None
    is_elsewhere: bool = False
    number: int = 0


MOST_SESSIONS = 100
MOST_TOKENS = 100

_SESSION = """s.uid AS id, s.user_id, u.name, u.role, s.csrf_token, s.device, s.address, s.is_remembered,
    s.created_at, s.auth_at, s.last_seen_at, s.expires_at, s.absolute_at, s.id AS number
    FROM sessions s JOIN users u ON u.uid = s.user_id AND u.state = 'active'"""
_TOKEN = """t.uid AS id, t.user_id, u.name AS user_name, u.role, t.name, t.scopes, t.created_at, t.expires_at,
    t.last_used_at, t.id AS number FROM tokens t JOIN users u ON u.uid = t.user_id AND u.state = 'active'"""
_ELSEWHERE = """NOT EXISTS (SELECT 1 FROM token_addresses a WHERE a.token_id = t.uid AND a.address = :address)
    AS is_elsewhere"""

_GONE = "RETURNING user_id AS id, (SELECT u.name FROM users u WHERE u.uid = user_id) AS name"


class GoneRow(Struct, frozen=True, kw_only=True):
    """A session or a token that has ended: its user's id and name, and what it was called itself."""

    id: str
    name: str
    label: str


class Sessions:
    """The sessions of all users; those of disabled ones are never found."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def find_by_hash(self, token_hash: str) -> SessionRow | None:
        """The session of an active user. Whether it has expired is for the caller to judge."""
        row = self._db.row(f"SELECT {_SESSION} WHERE s.token_hash = :hash", hash=token_hash)
        return _session(row) if row else None

    def owner_of(self, session_id: str) -> str | None:
        """The id of the session's user, or None for a session that is not there."""
        owner: str | None = self._db.value("SELECT user_id FROM sessions WHERE uid = :id", id=session_id)
        return owner

    def is_there(self, session_id: str) -> bool:
        """Whether an active user has it."""
        return bool(self._db.value(f"SELECT EXISTS (SELECT {_SESSION} WHERE s.uid = :id)", id=session_id))

    def is_remembered(self, session_id: str) -> bool:
        """Whether it outlives the browser; False for a session that is not there."""
        return bool(self._db.value("SELECT is_remembered FROM sessions WHERE uid = :id", id=session_id))

    def list(self, actor: Actor, now: str, limit: int, before: int = LAST) -> Sequence[SessionRow]:
        """The actor's own that have not expired, newest first, before number ``before``."""
        sql = f"""SELECT {_SESSION} WHERE s.user_id = :user AND s.expires_at > :now AND s.id < :before
            ORDER BY number DESC LIMIT :limit"""
        rows = self._db.rows(sql, user=actor.id, now=now, before=before, limit=limit)
        return [_session(row) for row in rows]

    def count(self, actor: Actor, now: str) -> int:
        """How many of the actor's own have not expired."""
        sql = "SELECT count(*) FROM sessions WHERE user_id = :user AND expires_at > :now"
        return int(self._db.value(sql, user=actor.id, now=now))

    def add(self, row: dict[str, Any]) -> None:
        """``row`` has every column but ``id``. Of the user's sessions the ``MOST_SESSIONS`` used last stay."""
        self._db.execute(
            """INSERT INTO sessions (uid, token_hash, user_id, csrf_token, device, address, is_remembered,
                created_at, auth_at, last_seen_at, expires_at, absolute_at)
            VALUES (:uid, :token_hash, :user_id, :csrf_token, :device, :address, :is_remembered,
                :created_at, :created_at, :created_at, :expires_at, :absolute_at)""",
            **row,
        )
        self._db.execute(
            """DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = :user
                ORDER BY last_seen_at DESC, id DESC LIMIT -1 OFFSET :most)""",
            user=row["user_id"],
            most=MOST_SESSIONS,
        )

    def end(self, actor: Actor, session_id: str) -> GoneRow | None:
        """End the actor's own session, or as an admin anybody's; None where it is not there."""
        sql = f"DELETE FROM sessions WHERE uid = :id AND (user_id = :user OR :is_admin) {_GONE}, device AS label"
        return _gone(self._db.row(sql, id=session_id, user=actor.id, is_admin=int(actor.is_admin)))

    def end_all(self, user_id: str, but: str | None = None) -> int:
        """End every session of a user, except ``but``; how many there were."""
        sql = "DELETE FROM sessions WHERE user_id = :user AND uid IS NOT :but"
        return self._db.execute(sql, user=user_id, but=but)

    def set_confirmed(self, session_id: str, now: str) -> None:
        """The user gave the password again."""
        self._db.execute("UPDATE sessions SET auth_at = :now WHERE uid = :id", id=session_id, now=now)

    def set_seen(self, rows: Sequence[dict[str, Any]]) -> None:
        """``rows``: id, at, and when the session then ends: ``short``, or ``long`` if remembered."""
        self._db.execute_many(
            """UPDATE sessions SET last_seen_at = :at, expires_at = min(absolute_at,
                CASE is_remembered WHEN 1 THEN :long ELSE :short END) WHERE uid = :id""",
            rows,
        )

    def remove_expired(self, now: str) -> None:
        """Forget those whose time is over."""
        self._db.execute("DELETE FROM sessions WHERE expires_at <= :now", now=now)


class Tokens:
    """The tokens of all users; those of disabled ones are never found."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def find_by_hash(self, token_hash: str, address: str) -> TokenRow | None:
        """The token of an active user, asked from there. Whether it has expired is for the caller to judge."""
        sql = f"SELECT {_ELSEWHERE}, {_TOKEN} WHERE t.token_hash = :hash"
        row = self._db.row(sql, hash=token_hash, address=address)
        return _token({**row, "is_elsewhere": bool(row["is_elsewhere"])}) if row else None

    def owner_of(self, token_id: str) -> str | None:
        """The id of the token's user, or None for a token that is not there."""
        owner: str | None = self._db.value("SELECT user_id FROM tokens WHERE uid = :id", id=token_id)
        return owner

    def is_there(self, token_id: str) -> bool:
        """Whether an active user has it."""
        return bool(self._db.value(f"SELECT EXISTS (SELECT {_TOKEN} WHERE t.uid = :id)", id=token_id))

    def list(self, actor: Actor, limit: int, before: int = LAST) -> Sequence[TokenRow]:
        """The actor's own, expired ones too, newest first, before number ``before``."""
        sql = f"SELECT {_TOKEN} WHERE t.user_id = :user AND t.id < :before ORDER BY number DESC LIMIT :limit"
        return [_token(row) for row in self._db.rows(sql, user=actor.id, before=before, limit=limit)]

    def count(self, actor: Actor) -> int:
        """How many the actor has, expired ones too."""
        return int(self._db.value("SELECT count(*) FROM tokens WHERE user_id = :user", user=actor.id))

    def add(self, token: TokenRow, token_hash: str) -> None:
        """Store a new token with the hash of its secret. Raises Conflict ``tokens_full``."""
        sql = "SELECT count(*) FROM tokens WHERE user_id = :user AND expires_at > :now"
        if self._db.value(sql, user=token.user_id, now=token.created_at) >= MOST_TOKENS:
            raise Conflict(f"There is room for {MOST_TOKENS} tokens: revoke one first.", code="tokens_full")
        self._db.execute(
            """INSERT INTO tokens (uid, token_hash, user_id, name, scopes, created_at, expires_at)
            VALUES (:id, :hash, :user_id, :name, :scopes, :created_at, :expires_at)""",
            id=token.id,
            hash=token_hash,
            user_id=token.user_id,
            name=token.name,
            scopes=msgspec.json.encode(token.scopes).decode(),
            created_at=token.created_at,
            expires_at=token.expires_at,
        )

    def remove(self, actor: Actor, token_id: str) -> GoneRow | None:
        """One's own, or for an admin anybody's; None where it is not there."""
        sql = f"DELETE FROM tokens WHERE uid = :id AND (user_id = :user OR :is_admin) {_GONE}, tokens.name AS label"
        return _gone(self._db.row(sql, id=token_id, user=actor.id, is_admin=int(actor.is_admin)))

    def remove_by_hash(self, token_hash: str) -> GoneRow | None:
        """The same, for the one that asks."""
        sql = f"DELETE FROM tokens WHERE token_hash = :hash {_GONE}, tokens.name AS label"
        return _gone(self._db.row(sql, hash=token_hash))

    def remove_all(self, user_id: str) -> None:
        """Remove every token of a user."""
        self._db.execute("DELETE FROM tokens WHERE user_id = :user", user=user_id)

    def add_address(self, token_id: str, address: str) -> bool:
        """It is used from there. Whether it was used before, and never from there."""
        known = int(self._db.value("SELECT count(*) FROM token_addresses WHERE token_id = :id", id=token_id))
        sql = "INSERT OR IGNORE INTO token_addresses SELECT uid, :address FROM tokens WHERE uid = :id"
        return self._db.execute(sql, id=token_id, address=address) == 1 and known > 0

    def set_used(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write the moments of last use; ``rows`` have id and at."""
        self._db.execute_many("UPDATE tokens SET last_used_at = :at WHERE uid = :id", rows)

    def remove_expired(self, now: str) -> None:
        """Forget those whose time is over."""
        self._db.execute("DELETE FROM tokens WHERE expires_at <= :now", now=now)


def _session(row: dict[str, Any]) -> SessionRow:
    return msgspec.convert({**row, "is_remembered": bool(row["is_remembered"])}, SessionRow)


def _gone(row: dict[str, Any] | None) -> GoneRow | None:
    return msgspec.convert(row, GoneRow) if row else None


def _token(row: dict[str, Any]) -> TokenRow:
    return msgspec.convert({**row, "scopes": msgspec.json.decode(row["scopes"])}, TokenRow)
