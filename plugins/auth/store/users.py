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

    ``quota_bytes``: how much their tracks may take, None without a limit. ``heir_id``: who gets what a removed
    one had, None: it goes. ``number`` is the order in which they came. It stays inside: the wire has ``id``.
    """

    id: str
    name: str
    role: Literal["admin", "user"]
    state: Literal["active", "disabled", "removed"]
    created_at: str
    quota_bytes: int | None
    heir_id: str | None
    number: int

    @property
    def is_admin(self) -> bool:
        """Whether the role is admin, active or not."""
        return self.role == "admin"


class NewUser(Struct, frozen=True, kw_only=True):
    """An account that was made elsewhere, complete; ``name`` is clean and free. ``created_at`` None is now."""

    id: str
    name: str
    password_hash: str
    role: Literal["admin", "user"]
    state: Literal["active", "disabled"]
    created_at: str | None
    quota_bytes: int | None


_USER = "uid AS id, name, role, state, created_at, quota_bytes, heir_id, id AS number"
# By sessions and tokens; those that are gone have left theirs with the user.
_SEEN = """SELECT uid AS id, user_id, last_seen_at AS at FROM sessions UNION ALL
    SELECT uid, user_id, last_used_at FROM tokens UNION ALL SELECT uid, uid, last_seen_at FROM users"""


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

    def has_admin(self) -> bool:
        """Whether any admin may sign in."""
        sql = "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND state = 'active')"
        return bool(self._db.value(sql))

    def list(self, limit: int = 200, before: int = LAST) -> Sequence[UserRow]:
        """Newest first, those that came before number ``before``."""
        sql = f"""SELECT {_USER} FROM users WHERE state <> 'removed' AND id < :before
            ORDER BY number DESC LIMIT :limit"""
        return [msgspec.convert(row, UserRow) for row in self._db.rows(sql, before=before, limit=limit)]

    def list_removed(self) -> Sequence[UserRow]:
        """Those who are gone, with their heirs: for sweeps that finish what their removal began."""
        sql = f"SELECT {_USER} FROM users WHERE state = 'removed' ORDER BY number"
        return [msgspec.convert(row, UserRow) for row in self._db.rows(sql)]

    def list_seen(self, user_ids: Sequence[str]) -> Sequence[tuple[str, str, str | None]]:
        """When these were last seen, as it is written: id (of the session, token or user), user id, moment."""
        sql = f"SELECT * FROM ({_SEEN}) WHERE user_id IN (SELECT value FROM json_each(:ids))"
        rows = self._db.rows(sql, ids=msgspec.json.encode(user_ids).decode())
        return [(row["id"], row["user_id"], row["at"]) for row in rows]

    def count(self) -> int:
        """How many there are, disabled ones too, removed ones not."""
        return int(self._db.value("SELECT count(*) FROM users WHERE state <> 'removed'"))

    def add(self, name: str, password_hash: str, is_admin: bool, quota_bytes: int | None = None) -> UserRow:
        """Raises Invalid for a name that cannot be, Conflict for one that is taken."""
        shown = names.clean(name)
        self.ensure_free(shown)
        new = NewUser(
            id=self._core.clock.new_id(),
            name=shown,
            password_hash=password_hash,
            role="admin" if is_admin else "user",
            state="active",
            created_at=None,
            quota_bytes=quota_bytes,
        )
        return self.adopt(new)

    def adopt(self, new: NewUser) -> UserRow:
        """An account as it was elsewhere."""
        row = self._db.row(
            f"""INSERT INTO users (uid, name, name_key, password_hash, role, state, created_at, quota_bytes)
                VALUES (:id, :name, :key, :password_hash, :role, :state, :created_at, :quota_bytes)
                RETURNING {_USER}""",
            **{**msgspec.structs.asdict(new), "created_at": new.created_at or self._core.clock.stamp()},
            key=names.key(new.name),
        )
        return msgspec.convert(row, UserRow)

    def ensure_free(self, name: str) -> None:
        """Raises Conflict ``username_taken``."""
        if self.find_by_name(name) is not None:
            raise Conflict("This user name is taken.", code="username_taken")

    def set_name(self, user: UserRow, name: str) -> str:
        """Another name, or another way to write it; as it is shown. Raises Invalid and Conflict as ``add`` does."""
        shown = names.clean(name)
        if names.key(shown) != names.key(user.name):
            self.ensure_free(shown)
        sql = "UPDATE users SET name = :name, name_key = :key WHERE uid = :id"
        self._db.execute(sql, id=user.id, name=shown, key=names.key(shown))
        return shown

    def set_quota(self, user_id: str, quota_bytes: int | None) -> None:
        """How much a user's tracks may take; None for no limit."""
        self._db.execute("UPDATE users SET quota_bytes = :quota WHERE uid = :id", id=user_id, quota=quota_bytes)

    def set_password(self, user_id: str, password_hash: str, old_hash: str) -> bool:
        """False where ``old_hash`` is no longer the stored one: somebody was faster."""
        sql = "UPDATE users SET password_hash = :new WHERE uid = :id AND password_hash = :old"
        return self._db.execute(sql, id=user_id, new=password_hash, old=old_hash) == 1

    def reset_password(self, user_id: str, password_hash: str) -> None:
        """Whatever it was."""
        self._db.execute("UPDATE users SET password_hash = :new WHERE uid = :id", id=user_id, new=password_hash)

    def set_role(self, user_id: str, is_admin: bool) -> None:
        """Make a user an admin, or no longer one. Raises Conflict ``last_admin``."""
        role = "admin" if is_admin else "user"
        self._db.execute("UPDATE users SET role = :role WHERE uid = :id", id=user_id, role=role)
        self._ensure_admin()

    def set_state(self, user_id: str, state: Literal["active", "disabled"]) -> None:
        """Disable a user, or let them in again. Raises Conflict ``last_admin``."""
        self._db.execute("UPDATE users SET state = :state WHERE uid = :id", id=user_id, state=state)
        self._ensure_admin()

    def remove(self, user_id: str, heir_id: str | None) -> None:
        """Mark a user removed; what was to go to them goes to their heir. Raises Conflict ``last_admin``."""
        sql = "UPDATE users SET state = 'removed', password_hash = '', heir_id = :heir WHERE uid = :id"
        self._db.execute(sql, id=user_id, heir=heir_id)
        self._db.execute("UPDATE users SET heir_id = :heir WHERE heir_id = :id", id=user_id, heir=heir_id)
        self._ensure_admin()

    def _ensure_admin(self) -> None:
        if not self.has_admin():
            raise Conflict("The last active admin stays an active admin.", code="last_admin")


def _user(row: dict[str, Any] | None) -> UserRow | None:
    return msgspec.convert(row, UserRow) if row else None
