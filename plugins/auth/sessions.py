"""Browser sessions: a random id in a cookie, a row here, and two limits of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from soundwave_core import Actor, from_stamp, to_stamp

from .codes import LONGEST, SECRET_BYTES, digest, new_code
from .state import AuthState
from .store import SessionRow, Sessions

if TYPE_CHECKING:
    from soundwave_core import SoundWave

IDLE = timedelta(hours=12)
IDLE_REMEMBERED = timedelta(days=30)
ABSOLUTE = timedelta(days=180)
SEEN_EVERY = timedelta(minutes=10)
CONFIRMED = timedelta(minutes=10)  # how long the password counts for what needs it
NAME = "soundwave_session"


@dataclass(frozen=True, slots=True)
class Device:
    """Where a session is: what its owner recognises it by. ``secret``: by which we do (``known_devices``)."""

    label: str
    address: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class NewSession:
    """``secret`` goes into the cookie, and is nowhere else."""

    id: str
    secret: str
    csrf_token: str
    is_remembered: bool


def open_session(core: SoundWave, user_id: str, device: Device, is_remembered: bool) -> NewSession:
    """Inside ``transaction()``."""
    new = NewSession(core.clock.new_id(), new_code(SECRET_BYTES), new_code(SECRET_BYTES), is_remembered)
    now = core.clock.now()
    Sessions(core).add(
        {
            "uid": new.id,
            "token_hash": digest(new.secret),
            "user_id": user_id,
            "csrf_token": new.csrf_token,
            "device": device.label,
            "address": device.address,
            "is_remembered": int(is_remembered),
            "created_at": to_stamp(now),
            "expires_at": idle_end(now, is_remembered),
            "absolute_at": to_stamp(now + ABSOLUTE),
        }
    )
    return new


def idle_end(seen: datetime, is_remembered: bool) -> str:
    """When a session ends that was last seen then and is not used again, as a stamp."""
    return to_stamp(seen + (IDLE_REMEMBERED if is_remembered else IDLE))


def actor_of_cookie(core: SoundWave, secret: str) -> Actor | None:
    """Whose session this is: None where it is unknown or over, or the user may no longer come in."""
    row = Sessions(core).find_by_hash(digest(secret)) if len(secret) <= LONGEST else None
    if row is None or _is_over(core, row):
        return None
    now = core.clock.now()
    if now - from_stamp(row.last_seen_at) >= SEEN_EVERY:
        core.part(AuthState).sessions_seen.note(row.id, now)
    is_admin = row.role == "admin"
    is_confirmed = now - from_stamp(row.auth_at) < CONFIRMED
    return Actor(
        row.user_id, row.name, is_admin, session_id=row.id, csrf_token=row.csrf_token, is_confirmed=is_confirmed
    )


def _is_over(core: SoundWave, row: SessionRow) -> bool:
    """By the row, or by a use that is noted and not yet written."""
    end = row.expires_at
    seen = core.part(AuthState).sessions_seen.at(row.id)
    if seen is not None:
        end = min(max(end, idle_end(seen, row.is_remembered)), row.absolute_at)
    return core.clock.stamp() >= end


def cookie_name(scheme: str, prefix: str, name: str = NAME) -> str:
    """RFC 6265bis section 4.1.3: the browser itself then holds host, path and Secure to the name."""
    if scheme != "https":
        return name
    return f"__Secure-{name}" if prefix else f"__Host-{name}"


def set_cookie(scheme: str, prefix: str, session: NewSession) -> tuple[str, str]:
    """The header that gives a browser its session, until the browser ends or for ``ABSOLUTE``."""
    lifetime = f"; Max-Age={int(ABSOLUTE.total_seconds())}" if session.is_remembered else ""
    return "Set-Cookie", cookie(scheme, prefix, session.secret) + lifetime


def clear_cookie(scheme: str, prefix: str) -> tuple[str, str]:
    """The header that takes the session's cookie back."""
    return "Set-Cookie", cookie(scheme, prefix, "") + "; Max-Age=0"


def cookie(scheme: str, prefix: str, value: str, name: str = NAME) -> str:
    """A cookie for this server alone, which no script reads."""
    secure = "; Secure" if scheme == "https" else ""
    return f"{cookie_name(scheme, prefix, name)}={value}; Path={prefix}/; HttpOnly; SameSite=Lax{secure}"


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_label(user_agent: str | None) -> str:
    """``Firefox on Android``; for a program the first word of what it says it is."""
    text = user_agent or ""
    browser = next((name for mark, name in _BROWSERS if mark in text), None)
    system = next((name for mark, name in _SYSTEMS if mark in text), None)
    if browser and system:
        return f"{browser} on {system}"
    word = re.match(r"[A-Za-z0-9._-]{1,40}", text)
    return browser or (word.group(0) if word else "Unknown device")
