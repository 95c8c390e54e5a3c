"""Users. Nothing here returns a hash but ``Users.find_credentials``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from soundwave_core import Conflict, NotFound

from .. import names

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave

LAST = 2**63 - 1
"""Where a list, newest first, begins."""


class UserRow(Struct, frozen=True, kw_only=True):
    """One account. ``removed`` ones wait for the plugins' sweeps; their name is free again.

    ``number`` is the order in which they came. It stays inside: the wire has ``id``.
    """

    id: str
    name: str
    role: Literal["admin", "user"]
    state: Literal["active", "disabled", "removed"]
    created_at: str
    number: int

    @property
    def is_admin(self) -> bool:
        """Whether the role is admin, active or not."""
        return self.role == "admin"


_USER = "uid AS id, name, role, state, created_at, id AS number"


class Users:
    """The accounts. Names are compared by their key, so that Bob is bob."""

    def __init__(self, core: SoundWave) -> None:
        self._core = core
        self._db: Database = core.db

    def find(self, user_id: str) -> UserRow | None:
        """The user with this id, disabled and removed ones too, or None."""
        return _user(self._db.row(f"SELECT {_USER} FROM users WHERE uid = :id", id=user_id))

    def get(self, user_id: str) -> UserRow:
        """Raises NotFound, for removed users too."""
        user = self.find(user_id)
        if user is None or user.state == "removed":
            raise NotFound("There is no such user.", code="user_not_found")
        return user

    def find_by_name(self, name: str) -> UserRow | None:
        """The user of this name, disabled ones too, or None; a removed one's name is free."""
        sql = f"SELECT {_USER} FROM users WHERE name_key = :key AND state <> 'removed'"
        return _user(self._db.row(sql, key=names.key(name)))

    def find_credentials(self, name: str) -> tuple[UserRow, str] | None:
        """The active user of this name with the stored hash."""
        sql = f"SELECT {_USER}, password_hash FROM users WHERE name_key = :key AND state = 'active'"
        row = self._db.row(sql, key=names.key(name))
        return (msgspec.convert(row, UserRow), row["password_hash"]) if row else None

    def has_any(self) -> bool:
        """Any account at all, removed ones included: set-up is over."""
        return bool(self._db.value("SELECT EXISTS (SELECT 1 FROM users)"))

    def list(self, limit: int = 200, before: int = LAST) -> Sequence[UserRow]:
        """Newest first, those that came before number ``before``."""
        sql = f"""SELECT {_USER} FROM users WHERE state <> 'removed' AND id < :before
            ORDER BY number DESC LIMIT :limit"""
        return [msgspec.convert(row, UserRow) for row in self._db.rows(sql, before=before, limit=limit)]

    def count(self) -> int:
        """How many there are, disabled ones too, removed ones not."""
        return int(self._db.value("SELECT count(*) FROM users WHERE state <> 'removed'"))

    def add(self, name: str, password_hash: str, is_admin: bool) -> UserRow:
        """Raises Invalid for a name that cannot be, Conflict for one that is taken."""
        shown = names.clean(name)
        self.ensure_free(shown)
        row = self._db.row(
            f"""INSERT INTO users (uid, name, name_key, password_hash, role, state, created_at)
                VALUES (:uid, :name, :key, :hash, :role, 'active', :now) RETURNING {_USER}""",
            uid=self._core.clock.new_id(),
            name=shown,
            key=names.key(shown),
            hash=password_hash,
            role="admin" if is_admin else "user",
            now=self._core.clock.stamp(),
        )
        return msgspec.convert(row, UserRow)

    def ensure_free(self, name: str) -> None:
        """Raises Conflict ``username_taken``."""
        if self.find_by_name(name) is not None:
            raise Conflict("This user name is taken.", code="username_taken")

    def set_password(self, user_id: str, password_hash: str, old_hash: str) -> bool:
        """False where ``old_hash`` is no longer the stored one: somebody was faster."""
        sql = "UPDATE users SET password_hash = :new WHERE uid = :id AND password_hash = :old"
        return self._db.execute(sql, id=user_id, new=password_hash, old=old_hash) == 1

    def set_role(self, user_id: str, is_admin: bool) -> None:
        """Make a user an admin, or no longer one. Raises Conflict ``last_admin``."""
        role = "admin" if is_admin else "user"
        self._db.execute("UPDATE users SET role = :role WHERE uid = :id", id=user_id, role=role)
        self._ensure_admin()

    def set_state(self, user_id: str, state: str) -> None:
        """Disable a user, or let them in again. Raises Conflict ``last_admin``."""
        self._db.execute("UPDATE users SET state = :state WHERE uid = :id", id=user_id, state=state)
        self._ensure_admin()

    def _ensure_admin(self) -> None:
        sql = "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND state = 'active')"
        if not self._db.value(sql):
            raise Conflict("The last active admin stays an active admin.", code="last_admin")


def _user(row: dict[str, Any] | None) -> UserRow | None:
    return msgspec.convert(row, UserRow) if row else None
