"""Other people's accounts: what an admin, or whoever owns the shell, does with them."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING

from soundwave_core import transaction

from .accounts import end_everything, hash_for, welcome
from .store import Sessions, UserRow, Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)


def add_user(core: SoundWave, name: str, password: str, is_admin: bool = False) -> UserRow:
    """By an admin, or by whoever owns the shell. Raises Conflict, Invalid, TooMany."""
    password_hash = hash_for(core, name, password)
    with transaction(core.db) as tx:
        user = Users(core).add(name, password_hash, is_admin)
        tx.on_commit(functools.partial(welcome, core, user, ""))
    return user


def change_user(core: SoundWave, user_id: str, state: str | None, is_admin: bool | None) -> UserRow:
    """Disabling ends every session and token, another role every session: it counts from the next request."""
    with transaction(core.db) as tx:
        users, user = Users(core), Users(core).get(user_id)
        if is_admin is not None and is_admin != user.is_admin:
            users.set_role(user_id, is_admin)
            Sessions(core).end_all(user_id)
            role = "an admin now" if is_admin else "no admin any more"
            tx.on_commit(functools.partial(log.info, "%s is %s", user.name, role))
        if state is not None and state != user.state:
            users.set_state(user_id, state)
            end_everything(core, user_id)
            done = "disabled" if state == "disabled" else "enabled"
            tx.on_commit(functools.partial(log.info, "%s was %s", user.name, done))
        return users.get(user_id)


def remove_user(core: SoundWave, user_id: str) -> None:
    """End an account: its name is free again, it signs in no more. What it owned stays where it is."""
    with transaction(core.db):
        users, user = Users(core), Users(core).get(user_id)
        users.set_state(user.id, "removed")
        end_everything(core, user_id)
    log.info("%s was removed", user.name)
    core.plugins.announce("user_removed", user_id=user_id, heir_id=None)
