"""After a restore: what was ended since the backup must not live again just because it is in there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import transaction

from . import audit
from .store.restored import Restored

if TYPE_CHECKING:
    from soundwave_core import Actor, SoundWave


def adapt(core: SoundWave, actor: Actor) -> str:
    """End every session, void open invites and set-up codes, and note who restored.

    Tokens stay: they are of machines, which nobody could sign in again at once. Those that were revoked since are good
    again too, so the sentence says how many there are.
    """
    with transaction(core.db):
        restored = Restored(core)
        sessions, invites = restored.end_sessions(), restored.void_codes()
        tokens = restored.count_tokens(core.clock.stamp())
        audit.note(core, "restored", by=actor, sessions=str(sessions), invites=str(invites), tokens=str(tokens))
    return f"{sessions} sessions ended, {invites} open invites are void, {tokens} tokens are good as they were then."
