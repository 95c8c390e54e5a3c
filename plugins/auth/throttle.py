"""Guessing takes time: by address, and by account or known device.

Only wrong passwords and codes count, and registrations without a code.

An address (IPv4 /32, IPv6 /64) has a bucket of ``BURST`` wrong tries, and gets one back every ``REFILL``. An
account, whether there is one of that name or not, waits twice as long after each wrong try. A known device has
a wait of its own in place of both: nobody keeps users out by guessing at their names, nor from their address.

Wherever a password or a second factor is judged (``proving``)::

    with throttle.turn(core, name, device):  # TooMany, before and instead of any work
        ...
        with transaction(core.db):
            throttle.note_wrong(core, name, device)  # or note_right

Where a code is judged that costs no hash, an invite's say: ``ensure_may_try(core, None, device)``, and after a
wrong one ``note_wrong(core, None, device)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from soundwave_core import TooMany, from_stamp, network_of, to_stamp

from . import known_devices, names
from .codes import digest
from .state import AuthState
from .store import ThrottleRow, Throttles

if TYPE_CHECKING:
    from soundwave_core import SoundWave

    from .sessions import Device

BURST = 10
REFILL = timedelta(seconds=10)
FIRST_DELAY = timedelta(seconds=0.5)
LONGEST_DELAY = timedelta(seconds=30)
QUIET = timedelta(minutes=15)
CODE = "too_many_sign_ins"
KNOWN = "device "


@contextmanager
def turn(core: SoundWave, name: str, device: Device) -> Iterator[None]:
    """A hasher's turn for who may try. Raises TooMany.

    Asked twice: before one waits, and again once nobody else is hashing, when all that came before is counted.
    """
    ensure_may_try(core, name, device)
    with core.part(AuthState).hasher.turn(names.key(name)):
        ensure_may_try(core, name, device)
        yield


def ensure_may_try(core: SoundWave, name: str | None, device: Device) -> None:
    """Raises TooMany ``too_many_sign_ins``. Reads only; without a name the address alone is asked."""
    now = core.clock.now()
    address, account = _address_key(device), _account_key(core, name, device)
    keys = [account] if account.startswith(KNOWN) else [address, account]
    until = Throttles(core).closed_until(keys, to_stamp(now), to_stamp(now + LONGEST_DELAY))
    if until is not None:
        seconds = max(1, ceil((from_stamp(until) - now).total_seconds()))
        raise TooMany(f"Too many wrong tries. Try again in {seconds} s.", seconds, code=CODE)


def note_wrong(core: SoundWave, name: str | None, device: Device) -> None:
    """Inside ``transaction()``: the password or the code was wrong, or something was taken that is rationed."""
    store, now = Throttles(core), core.clock.now()
    store.remove_expired(to_stamp(now))
    address, account = _address_key(device), _account_key(core, name, device)
    store.put(_one_less(address, store.find(address, to_stamp(now)), now))
    if account:
        store.put(_longer(account, store.find(account, to_stamp(now)), now))


def note_right(core: SoundWave, name: str, device: Device) -> None:
    """Inside ``transaction()``: password and second factor were right, and the next wrong one is the first again.

    The address's bucket stays as it is: who has an account of their own must not refill it between guesses.
    """
    Throttles(core).remove(_account_key(core, name, device))


def _address_key(device: Device) -> str:
    return f"address {network_of(device.address)}"


def _account_key(core: SoundWave, name: str | None, device: Device) -> str:
    """Of the account or of the known device. A digest: people type passwords where names belong."""
    if name is None:
        return ""
    key = names.key(name)
    if known_devices.is_known(core, key, device):
        return KNOWN + digest(f"{device.secret} {key}")
    return f"account {digest(key)}"


def _one_less(key: str, row: ThrottleRow | None, now: datetime) -> ThrottleRow:
    """A bucket is forgotten when it is full again, and closed while less than one try is in it."""
    full = min((from_stamp(row.forget_at) if row else now) + REFILL, now + BURST * REFILL)
    wrong = row.wrong + 1 if row else 1
    return ThrottleRow(key=key, wrong=wrong, open_at=to_stamp(full - (BURST - 1) * REFILL), forget_at=to_stamp(full))


def _longer(key: str, row: ThrottleRow | None, now: datetime) -> ThrottleRow:
    wrong = row.wrong + 1 if row else 1
    delay = min(FIRST_DELAY * 2 ** min(wrong - 1, 10), LONGEST_DELAY)
    return ThrottleRow(key=key, wrong=wrong, open_at=to_stamp(now + delay), forget_at=to_stamp(now + QUIET))
