"""Browsers in which somebody signed in before: a random secret in a cookie of its own that outlives sessions.

It lets nobody in. It only keeps strangers' wrong guesses from delaying those who came before (``throttle``). A
browser has one secret, whoever signs in there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from soundwave_core import to_stamp

from .codes import LONGEST, SECRET_BYTES, digest, new_code
from .sessions import Device, cookie, cookie_name, device_label
from .store import KnownDevices

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave

NAME = "soundwave_device"
LIFETIME = timedelta(days=365)


def device_of(request: Request) -> Device:
    """Where the request comes from, with what its cookie holds."""
    secret = request.cookies.get(cookie_name(request.scheme, request.prefix, NAME), "")
    label = device_label(request.headers.get("User-Agent"))
    return Device(label, request.remote_address, secret if len(secret) <= LONGEST else "")


def is_known(core: SoundWave, name_key: str, device: Device) -> bool:
    """Whether the user of this name signed in here before."""
    return bool(device.secret) and KnownDevices(core).is_known(digest(device.secret), name_key, core.clock.stamp())


def remember(core: SoundWave, user_id: str, device: Device) -> str:
    """Inside ``transaction()``: the user signed in here. The secret for the cookie.

    It is a new one, for all who signed in here, where the user did not before: a cookie may have been planted
    by whoever owns it, and they must not know what is known for somebody else.
    """
    store, now, secret = KnownDevices(core), core.clock.now(), device.secret
    if not (secret and store.is_theirs(digest(secret), user_id, to_stamp(now))):
        secret = new_code(SECRET_BYTES)
        store.rename(digest(device.secret), digest(secret))
    store.put(digest(secret), user_id, to_stamp(now), to_stamp(now + LIFETIME))
    return secret


def set_cookie(scheme: str, prefix: str, secret: str) -> tuple[str, str]:
    """The header that makes the browser known."""
    return "Set-Cookie", f"{cookie(scheme, prefix, secret, NAME)}; Max-Age={int(LIFETIME.total_seconds())}"
