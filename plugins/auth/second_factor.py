"""One's own second factor: how it is set up, turned on and off, and its recovery codes.

It is in force only when a code of it has come back. Where one is in force, nothing here happens without a code
of that one: whoever finds an open browser neither takes it away nor puts their own in its place.
"""

from __future__ import annotations

import functools
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from soundwave_core import Actor, Conflict, transaction

from . import audit, one_time_codes
from .proving import Claim, RightCode, prove_code, use_code
from .standing import ensure_still_in
from .store import FactorRow, RecoveryCodes, SecondFactors

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

PENDING = timedelta(hours=1)


def begin(core: SoundWave, actor: Actor, claim: Claim) -> str:
    """The secret of a second factor that waits to be proven; it replaces no other but one that waits as well.

    Raises Forbidden ``totp_required``, ``totp_wrong``, where one is on; TooMany.
    """
    code, secret = _prove_own(core, actor, claim), one_time_codes.new_secret()
    with transaction(core.db):
        ensure_still_in(core, actor)
        use_code(core, claim, actor, code)
        SecondFactors(core).begin(actor.id, secret, core.clock.stamp())
    return secret


def turn_on(core: SoundWave, actor: Actor, claim: Claim) -> list[str]:
    """A code of the pending one has come back: it is in force, in place of another. The new recovery codes.

    Raises Conflict ``second_factor_not_begun``, Forbidden ``totp_wrong``, TooMany.
    """
    pending = SecondFactors(core).find(actor.id, "pending")
    if pending is None or pending.created_at < core.clock.stamp_before(seconds=PENDING.total_seconds()):
        raise _not_begun()
    code = prove_code(core, claim, actor, pending)
    with transaction(core.db):
        ensure_still_in(core, actor)
        if not SecondFactors(core).turn_on(pending, code.step or 0, core.clock.stamp()):
            raise _not_begun()
        audit.note(core, "second_factor_on", user=actor, address=claim.device.address)
        core.db.on_commit(functools.partial(log.info, "%s turned the second factor on", actor.name))
        return _renew(core, actor)


def turn_off(core: SoundWave, actor: Actor, claim: Claim) -> None:
    """Raises Conflict ``second_factor_off``, Forbidden ``totp_wrong``, TooMany."""
    code = _prove_own(core, actor, claim)
    if code is None:
        raise _off()
    with transaction(core.db):
        ensure_still_in(core, actor)
        use_code(core, claim, actor, code)
        SecondFactors(core).remove(actor.id)
        audit.note(core, "second_factor_off", user=actor, address=claim.device.address)
        core.db.on_commit(functools.partial(log.info, "%s turned the second factor off", actor.name))


def renew_recovery_codes(core: SoundWave, actor: Actor, claim: Claim) -> list[str]:
    """New ones; the old ones let nobody in any more. Raises what ``turn_off`` does."""
    code = _prove_own(core, actor, claim)
    if code is None:
        raise _off()
    with transaction(core.db):
        ensure_still_in(core, actor)
        use_code(core, claim, actor, code)
        audit.note(core, "recovery_codes_made", user=actor, address=claim.device.address)
        core.db.on_commit(functools.partial(log.info, "%s made new recovery codes", actor.name))
        return _renew(core, actor)


def _prove_own(core: SoundWave, actor: Actor, claim: Claim) -> RightCode | None:
    factor: FactorRow | None = SecondFactors(core).find(actor.id)
    return prove_code(core, claim, actor, factor) if factor else None


def _renew(core: SoundWave, actor: Actor) -> list[str]:
    codes = one_time_codes.new_recovery_codes()
    RecoveryCodes(core).replace(actor.id, [one_time_codes.recovery_hash(code) for code in codes])
    return codes


def _not_begun() -> Conflict:
    return Conflict("Begin to set up the second factor first.", code="second_factor_not_begun")


def _off() -> Conflict:
    return Conflict("There is no second factor to change.", code="second_factor_off")
