"""Invites: an admin's word that somebody may register, good once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from soundwave_core import Actor, to_stamp, transaction

from .codes import digest, new_code
from .store import InviteRow, Invites, Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def issue(core: SoundWave, actor: Actor, days: int) -> tuple[InviteRow, str]:
    """The invite and its code, which is shown now and never again."""
    Users(core).get(actor.id)  # the command line has an actor, and no account
    code, now = new_code(), core.clock.now()
    invite = InviteRow(
        id=core.clock.new_id(),
        created_by=actor.id,
        created_at=to_stamp(now),
        expires_at=to_stamp(now + timedelta(days=days)),
        used_at=None,
    )
    with transaction(core.db):
        Invites(core).add(invite, digest(code))
    return invite, code
