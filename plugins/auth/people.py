"""Other people's accounts: what an admin, or whoever owns the shell, does with them.

Each change has its line in the audit trail, in the same transaction. Nothing here takes the last active admin
away: that is asked after the change and before its commit, so that of two at once one is refused.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import UNSET

from soundwave_core import Actor, Conflict, Invalid, to_stamp, transaction

from . import audit
from .accounts import end_everything, hash_for, hash_new, welcome
from .passwords import ensure_acceptable
from .standing import ensure_still_in
from .state import AuthState
from .store import Avatars, SecondFactors, Sessions, UserConfig, UserRow, Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave

    from .shapes import UserPatch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, and from where."""

    actor: Actor
    address: str | None = None

    def ensure_still_in(self, core: SoundWave) -> None:
        """Inside ``transaction()``, before any change. Raises Unauthorized."""
        ensure_still_in(core, self.actor)

    def note(self, core: SoundWave, kind: audit.Kind, user: UserRow, **detail: str) -> None:
        """Inside ``transaction()``: a line in the audit trail."""
        audit.note(core, kind, user=user, by=self.actor, address=self.address, **detail)


@dataclass(frozen=True, slots=True)
class Person:
    """A user, and what an admin wants to know besides. ``last_seen_at``: by any session or token, ever."""

    user: UserRow
    has_second_factor: bool
    last_seen_at: str | None
    avatar_sha256: str | None


SHELL = By(Actor("", "command line", is_admin=True))


def look_at(core: SoundWave, users: Sequence[UserRow]) -> list[Person]:
    """In their order. What sessions and tokens have noted and not yet written counts as well."""
    ids, state, seen = [user.id for user in users], core.part(AuthState), dict[str, str]()
    for id, user_id, at in Users(core).list_seen(ids):
        noted = state.sessions_seen.at(id) or state.tokens_seen.at(id)
        seen[user_id] = max(seen.get(user_id, ""), to_stamp(noted) if noted else at or "")
    with_factor, pictures = SecondFactors(core).among(ids), Avatars(core).hashes(ids)
    return [Person(u, u.id in with_factor, seen.get(u.id) or None, pictures.get(u.id)) for u in users]


def add_user(
    core: SoundWave, name: str, password: str, is_admin: bool = False, *,
    quota_bytes: int | None = None, by: By = SHELL, host: str = "",
) -> UserRow:  # fmt: skip
    """By an admin, or by whoever owns the shell. Raises Conflict ``username_taken``, Invalid, TooMany."""
    password_hash = hash_for(core, name, password)
    with transaction(core.db) as tx:
        by.ensure_still_in(core)
        user = Users(core).add(name, password_hash, is_admin, quota_bytes)
        by.note(core, "user_added", user, role=user.role)
        tx.on_commit(functools.partial(welcome, core, user, host))
    return user


def change_user(core: SoundWave, user_id: str, patch: UserPatch, by: By = SHELL) -> UserRow:
    """Disabling ends every session and token, another role every session: it counts from the next request.

    Raises Conflict ``last_admin``, ``username_taken``; Invalid, NotFound.
    """
    with transaction(core.db) as tx:
        by.ensure_still_in(core)
        user = Users(core).get(user_id)
        changes = [*_rename(core, user, patch), *_set_role(core, user, patch)]
        changes += [*_set_state(core, user, patch), *_set_quota(core, user, patch)]
        if changes:
            by.note(core, "user_changed", user, **{change.what: change.value for change in changes})
            tx.on_commit(functools.partial(_tell_changed, core, user, changes))
        return Users(core).get(user_id)


def reset_password(
    core: SoundWave, user_id: str, password: str, *, remove_second_factor: bool = False, by: By = SHELL
) -> None:
    """Ends every session and token of theirs.

    Raises Conflict ``own_account``: nobody gets round their own old password and second factor. Invalid,
    NotFound, TooMany.
    """
    user = Users(core).get(user_id)
    if user.id == by.actor.id:
        raise Conflict("Change your own password with the old one, in your account.", code="own_account")
    ensure_acceptable(password, user.name)
    password_hash = hash_new(core, password, user.name)
    with transaction(core.db) as tx:
        by.ensure_still_in(core)
        Users(core).reset_password(Users(core).get(user_id).id, password_hash)
        end_everything(core, user_id)
        by.note(core, "password_reset", user)
        if remove_second_factor and SecondFactors(core).is_on(user_id):
            SecondFactors(core).remove(user_id)
            by.note(core, "second_factor_off", user)
        tx.on_commit(functools.partial(log.info, "%s has a new password", user.name))


def remove_user(core: SoundWave, user_id: str, heir_id: str | None = None, by: By = SHELL) -> None:
    """End an account: its name is free again, it signs in no more. ``heir_id``: who gets its tracks and playlists.

    Raises Conflict ``last_admin``, Invalid ``heir_invalid``, NotFound.
    """
    with transaction(core.db) as tx:
        by.ensure_still_in(core)
        user = Users(core).get(user_id)
        heir = Users(core).find(heir_id) if heir_id is not None else None
        if heir_id is not None and (heir is None or heir.state == "removed" or heir.id == user.id):
            raise Invalid("Tracks are given to another user of this server.", code="heir_invalid")
        Users(core).remove(user.id, heir_id)
        end_everything(core, user.id)
        SecondFactors(core).remove(user.id)
        UserConfig(core, user.id).clear()
        Avatars(core).remove(user.id)
        by.note(core, "user_removed", user, tracks=f"to {heir.name}" if heir else "removed")
        tx.on_commit(functools.partial(_tell_removed, core, user, heir_id))


@dataclass(frozen=True, slots=True)
class _Change:
    """For the audit trail ``what`` and ``value``, for the log a ``sentence`` that begins with the name."""

    what: str
    value: str
    sentence: str


def _rename(core: SoundWave, user: UserRow, patch: UserPatch) -> list[_Change]:
    name = Users(core).set_name(user, patch.username) if patch.username is not None else user.name
    return [_Change("username", name, f"is called {name} now")] if name != user.name else []


def _set_role(core: SoundWave, user: UserRow, patch: UserPatch) -> list[_Change]:
    if patch.is_admin is None or patch.is_admin == user.is_admin:
        return []
    Users(core).set_role(user.id, patch.is_admin)
    if patch.is_admin:
        Sessions(core).end_all(user.id)
        return [_Change("role", "admin", "is an admin now")]
    end_everything(core, user.id)  # tokens too: theirs may do what only an admin's may
    return [_Change("role", "user", "is no admin any more")]


def _set_state(core: SoundWave, user: UserRow, patch: UserPatch) -> list[_Change]:
    if patch.state is None or patch.state == user.state:
        return []
    Users(core).set_state(user.id, patch.state)
    end_everything(core, user.id)
    return [_Change("state", patch.state, "was disabled" if patch.state == "disabled" else "was enabled")]


def _set_quota(core: SoundWave, user: UserRow, patch: UserPatch) -> list[_Change]:
    quota = patch.quota_bytes
    if quota is UNSET or quota == user.quota_bytes:
        return []
    Users(core).set_quota(user.id, quota)
    if quota is None:
        return [_Change("quota_bytes", "none", "has no quota any more")]
    return [_Change("quota_bytes", str(quota), f"has a quota of {quota} bytes now")]


def _tell_changed(core: SoundWave, user: UserRow, changes: Sequence[_Change]) -> None:
    for change in changes:
        log.info("%s %s", user.name, change.sentence)
    core.plugins.announce("user_changed", user_id=user.id)


def _tell_removed(core: SoundWave, user: UserRow, heir_id: str | None) -> None:
    log.info("%s was removed", user.name)
    core.plugins.announce("user_removed", user_id=user.id, heir_id=heir_id)
