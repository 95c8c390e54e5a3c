"""The one place where a password or a code is accepted: whatever must hold wherever that happens is here.

In this order: may this address and this name try at all (``throttle``), the password in a hasher's turn, the
second factor, and what was wrong into the throttle and the trail (``audit``). What was right counts in the
transaction of what it lets somebody do: there each code is used up, or nothing happens at all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from soundwave_core import Actor, Forbidden, Unauthorized, transaction

from . import audit, one_time_codes, throttle
from .state import AuthState
from .store import FactorRow, RecoveryCodes, SecondFactors, UserRow, Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave

    from .sessions import Device

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who somebody says they are, and by what they prove it.

    ``actor``: they are signed in and prove it again. What is wrong is then 403, for they stay signed in.
    """

    name: str
    device: Device
    password: str = ""
    totp: str | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class RightCode:
    """A code that was right when it was looked at: by its step of the app's, or by its hash a recovery code."""

    factor: FactorRow
    step: int | None = None
    recovery_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Password and code were right. ``fresh`` is the password's new hash where the stored one is stale."""

    claim: Claim
    user: UserRow
    stored: str
    fresh: str | None
    code: RightCode | None


def prove(core: SoundWave, claim: Claim) -> Proof:
    """Who this is. An unknown name costs the same as a wrong password, and is told the same.

    Raises Unauthorized ``wrong_credentials``, ``totp_required``, ``totp_wrong``, or where somebody is signed in
    Forbidden ``wrong_password`` and the same; TooMany.
    """
    with _one_try(core, claim):
        user, stored = _compare(core, claim)
        factor = SecondFactors(core).find(user.id)
        code = _look_at(core, claim, user, factor) if factor else None
        hasher = core.part(AuthState).hasher
        fresh = hasher.hash(claim.password) if hasher.is_stale(stored) else None
    return Proof(claim, user, stored, fresh, code)


def prove_code(core: SoundWave, claim: Claim, actor: Actor, factor: FactorRow) -> RightCode:
    """That somebody who is signed in has this second factor as well. Raises what ``prove`` does."""
    with _one_try(core, claim):
        return _look_at(core, claim, actor, factor)


def accept(core: SoundWave, proof: Proof) -> UserRow:
    """Inside the transaction: all of it is still true, and no code counts again. Raises what ``prove`` does.

    The user as they are now: somebody may have been demoted while the password was compared.
    """
    user, now = proof.user, Users(core).find_credentials(proof.user.name)
    if now is None or now[0].id != user.id or now[1] != proof.stored:
        raise _wrong_password(proof.claim)
    use_code(core, proof.claim, user, proof.code)
    throttle.note_right(core, user.name, proof.claim.device)
    return now[0]


def use_code(core: SoundWave, claim: Claim, user: UserRow | Actor, code: RightCode | None) -> None:
    """Inside the transaction: of two with the same code one gets through, of those without one none that needs it."""
    if code is None:
        if SecondFactors(core).is_on(user.id):
            raise _code_missing(claim)
    elif code.step is not None:
        if not SecondFactors(core).use_step(code.factor, code.step):
            raise _wrong_code(claim)
    elif code.recovery_hash is not None:
        if not RecoveryCodes(core).use(user.id, code.recovery_hash, core.clock.stamp()):
            raise _wrong_code(claim)
        left = len(RecoveryCodes(core).hashes(user.id))
        audit.note(core, "recovery_code_used", user=user, address=claim.device.address, left=str(left))


class _Wrong(Exception):
    """A guess, to be counted."""

    def __init__(self, what: Literal["password", "code"], user: UserRow | Actor | None) -> None:
        super().__init__(what)
        self.what, self.user = what, user


@contextmanager
def _one_try(core: SoundWave, claim: Claim) -> Iterator[None]:
    """A turn of the hasher. What was wrong in it is counted before the next turn begins."""
    with throttle.turn(core, claim.name, claim.device):
        try:
            yield
        except _Wrong as wrong:
            _note_wrong(core, claim, wrong)
            raise (_wrong_code(claim) if wrong.what == "code" else _wrong_password(claim)) from None


def _note_wrong(core: SoundWave, claim: Claim, wrong: _Wrong) -> None:
    with transaction(core.db):
        throttle.note_wrong(core, claim.name, claim.device)
        audit.note(core, "sign_in_failed", user=wrong.user, address=claim.device.address, wrong=wrong.what)
    who = repr(wrong.user.name) if wrong.user else "an unknown name"  # people type passwords where names belong
    log.warning("wrong %s for %s from %s", wrong.what, who, claim.device.address)


def _compare(core: SoundWave, claim: Claim) -> tuple[UserRow, str]:
    user, stored = Users(core).find_credentials(claim.name) or (None, None)
    is_right = core.part(AuthState).hasher.verify(claim.password, stored)
    is_another = claim.actor is not None and user is not None and user.id != claim.actor.id
    if not is_right or user is None or stored is None or is_another:
        raise _Wrong("password", user)
    return user, stored


def _look_at(core: SoundWave, claim: Claim, user: UserRow | Actor, factor: FactorRow) -> RightCode:
    if not claim.totp:
        raise _code_missing(claim)
    step = one_time_codes.step_of(factor.secret, claim.totp, core.clock.now(), factor.last_step)
    if step is not None:
        return RightCode(factor, step=step)
    hashes = RecoveryCodes(core).hashes(user.id) if factor.state == "on" else ()
    found = one_time_codes.find_recovery_hash(claim.totp, hashes)
    if found is None:
        raise _Wrong("code", user)
    return RightCode(factor, recovery_hash=found)


def _wrong_password(claim: Claim) -> Unauthorized | Forbidden:
    """An unknown name and a wrong password are one answer, so that neither tells which."""
    if claim.actor is not None:
        return Forbidden("The password is wrong.", code="wrong_password")
    return Unauthorized("The user name or the password is wrong.", code="wrong_credentials")


def _wrong_code(claim: Claim) -> Unauthorized | Forbidden:
    return _refusal(claim, "This code is wrong, or was used already.", "totp_wrong")


def _code_missing(claim: Claim) -> Unauthorized | Forbidden:
    return _refusal(claim, "Send a code of the second factor as well.", "totp_required")


def _refusal(claim: Claim, sentence: str, code: str) -> Unauthorized | Forbidden:
    return (Unauthorized if claim.actor is None else Forbidden)(sentence, code=code)
