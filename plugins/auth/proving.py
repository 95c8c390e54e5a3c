"""The one place where a password is accepted: whatever must hold wherever that happens is here.

In this order: may this address and this name try at all (``throttle``), the password in a hasher's turn, the
second factor, and what became of it into the trail (``audit``) and the throttle.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soundwave_core import Unauthorized

from . import names
from .state import AuthState
from .store import UserRow, Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave

    from .sessions import Device

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proof:
    """The password was right. ``fresh`` is its new hash where the stored one is stale."""

    user: UserRow
    stored: str
    fresh: str | None


def prove(core: SoundWave, name: str, password: str, device: Device) -> Proof | None:
    """Who this is, or None: an unknown name costs the same as a wrong password. Raises TooMany."""
    with core.part(AuthState).hasher.turn():
        proof = _compare(core, name, password)
    if proof is None:
        log.warning("wrong password for %r from %s", names.printable(name), device.address)
    return proof


def ensure_still_true(core: SoundWave, proof: Proof) -> None:
    """Inside the transaction: nobody disabled the user or changed the password while it was hashed."""
    now = Users(core).find_credentials(proof.user.name)
    if now is None or now[0].id != proof.user.id or now[1] != proof.stored:
        raise wrong_credentials()


def wrong_credentials() -> Unauthorized:
    """The one answer to an unknown name and to a wrong password, so that neither tells which."""
    return Unauthorized("The user name or the password is wrong.", code="wrong_credentials")


def _compare(core: SoundWave, name: str, password: str) -> Proof | None:
    hasher = core.part(AuthState).hasher
    user, stored = Users(core).find_credentials(name) or (None, None)
    if not hasher.verify(password, stored) or user is None or stored is None:
        return None
    return Proof(user, stored, hasher.hash(password) if hasher.is_stale(stored) else None)
