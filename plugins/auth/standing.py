"""Whether who asks may still ask, once nobody else writes.

A request is judged when it comes in. Until its change begins it may wait for the hasher and for other writers,
and meanwhile its user may have been disabled, demoted or reset: none of what it brings may count then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Unauthorized

from .store import Sessions, Tokens

if TYPE_CHECKING:
    from soundwave_core import Actor, SoundWave


def ensure_still_in(core: SoundWave, actor: Actor) -> None:
    """Inside ``transaction()``, before any change: the session or the token that asks is still there.

    That is enough, for whatever takes rights away ends both. Whoever has neither, the command line say, is
    not ours to judge. Raises Unauthorized.
    """
    is_session_gone = actor.session_id is not None and not Sessions(core).is_there(actor.session_id)
    is_token_gone = actor.token_id is not None and not Tokens(core).is_there(actor.token_id)
    if is_session_gone or is_token_gone:
        raise Unauthorized()
