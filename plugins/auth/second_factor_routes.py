"""The doors to one's own second factor. What changes it needs a session, the password anew, and a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Answer, IsAuthenticated, Route

from . import one_time_codes, second_factor, shapes
from .known_devices import device_of
from .proving import Claim
from .store import RecoveryCodes, SecondFactors

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave


def get_second_factor(core: SoundWave, request: Request) -> shapes.FactorState:
    """Whether a code is asked for at every sign-in, and how many recovery codes are left."""
    factor, left = SecondFactors(core).find(request.user.id), RecoveryCodes(core).hashes(request.user.id)
    return shapes.FactorState(
        is_on=factor is not None, recovery_codes_left=len(left), created_at=factor.created_at if factor else None
    )


def begin_second_factor(core: SoundWave, request: Request) -> Answer:
    """A new secret for an authenticator app. It is not asked for before a code of it has come back."""
    secret = second_factor.begin(core, request.user, _claim(request))
    pending = shapes.PendingFactor(secret=secret, uri=one_time_codes.uri_of(secret, request.user.name))
    return Answer(pending, headers=[shapes.SHOWN_ONCE])


def turn_on_second_factor(core: SoundWave, request: Request) -> Answer:
    """Send a code of the new secret back: from now on every sign-in needs one. Recovery codes are shown once."""
    codes = second_factor.turn_on(core, request.user, _claim(request))
    return Answer(shapes.NewRecoveryCodes(recovery_codes=codes), headers=[shapes.SHOWN_ONCE])


def turn_off_second_factor(core: SoundWave, request: Request) -> None:
    """The password alone is enough again."""
    second_factor.turn_off(core, request.user, _claim(request))


def renew_recovery_codes(core: SoundWave, request: Request) -> Answer:
    """Ten new recovery codes; the old ones are void."""
    codes = second_factor.renew_recovery_codes(core, request.user, _claim(request))
    return Answer(shapes.NewRecoveryCodes(recovery_codes=codes), headers=[shapes.SHOWN_ONCE])


def _claim(request: Request) -> Claim:
    user = request.user
    return Claim(name=user.name, device=device_of(request), totp=request.body.code, actor=user)


FACTOR = "/api/user/second-factor/"
ROUTES = [
    Route(
        "GET", FACTOR, get_second_factor, IsAuthenticated,
        answer=shapes.FactorState, scope="admin", needs_session=True,
    ),
    Route(
        "POST", FACTOR, begin_second_factor, IsAuthenticated, body=shapes.FactorWish,
        answer=shapes.PendingFactor, status=201, scope="admin", needs_session=True, needs_confirmation=True,
    ),
    Route(
        "PUT", FACTOR, turn_on_second_factor, IsAuthenticated, body=shapes.FactorProof,
        answer=shapes.NewRecoveryCodes, scope="admin", needs_session=True, needs_confirmation=True,
    ),
    Route(
        "DELETE", FACTOR, turn_off_second_factor, IsAuthenticated, body=shapes.FactorProof,
        status=204, scope="admin", needs_session=True, needs_confirmation=True,
    ),
    Route(
        "POST", FACTOR + "recovery-codes/", renew_recovery_codes, IsAuthenticated, body=shapes.FactorProof,
        answer=shapes.NewRecoveryCodes, scope="admin", needs_session=True, needs_confirmation=True,
    ),
]  # fmt: skip
