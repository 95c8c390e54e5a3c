"""How much more somebody may have: their quota, less what their own tracks take on the disk.

What a channel brings is the household's and counts for nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soundwave_auth import Users
from soundwave_core import Conflict
from soundwave_library import Entries, Tracks

from .faults import KINDS, Fault

if TYPE_CHECKING:
    from soundwave_core import SoundWave

CODE = "quota_exceeded"


def ensure_may_ask(core: SoundWave, user_id: str) -> None:
    """Raises Conflict where nothing fits any more: what is asked for now could only fail later."""
    if not _fits(room_of(core, user_id), 1):
        raise Conflict(KINDS[CODE][1], code=CODE)


def room_for(core: SoundWave, download: dict[str, Any], source: dict[str, Any] | None) -> int | None:
    """The bytes that an item of this download may have, None: any. Raises Fault where there is no room at all."""
    room = None if source is not None and source["kind"] == "channel" else room_of(core, download["user_id"])
    if not _fits(room, 1):
        raise Fault(CODE)
    return room


def ensure_fits(core: SoundWave, user_id: str, track_id: str) -> None:
    """Exact, inside the transaction that makes the track theirs. Raises Fault, and NotFound for who is gone."""
    room = room_of(core, user_id)
    is_theirs = room is None or Entries(core.db).has(user_id, track_id)
    if not is_theirs and not _fits(room, Tracks(core.db).get(track_id).size_bytes):
        raise Fault(CODE)


def room_of(core: SoundWave, user_id: str) -> int | None:
    """The bytes that still fit, None where there is no quota. NotFound for a user who was removed."""
    quota = Users(core).get(user_id).quota_bytes
    return None if quota is None else quota - Entries(core.db).used_bytes(user_id)


def _fits(room: int | None, size_bytes: int) -> bool:
    return room is None or size_bytes <= room
