"""Invites: an admin's word that somebody may register, good once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from soundwave_core import NotFound, to_stamp, transaction

from . import audit
from .codes import digest, new_code
from .store import InviteRow, Invites, Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave

    from .people import By


def issue(core: SoundWave, by: By, days: int) -> tuple[InviteRow, str]:
    """The invite and its code, which is shown now and never again."""
    Users(core).get(by.actor.id)  # the command line has an actor, and no account
    code, now = new_code(), core.clock.now()
    invite = InviteRow(
        id=core.clock.new_id(),
        created_by=by.actor.id,
        created_at=to_stamp(now),
        expires_at=to_stamp(now + timedelta(days=days)),
        used_at=None,
    )
    with transaction(core.db):
        by.ensure_still_in(core)
        Invites(core).add(invite, digest(code))
        audit.note(core, "invite_made", by=by.actor, address=by.address, invite=invite.id, until=invite.expires_at)
    return invite, code


def withdraw(core: SoundWave, by: By, invite_id: str) -> None:
    """Raises NotFound ``invite_not_found``."""
    with transaction(core.db):
        by.ensure_still_in(core)
        if not Invites(core).remove(invite_id):
            raise NotFound("There is no such invite.", code="invite_not_found")
        audit.note(core, "invite_removed", by=by.actor, address=by.address, invite=invite_id)
