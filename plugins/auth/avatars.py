"""Avatars: what is taken for a picture, and where it is shown."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from soundwave_core import Actor, Invalid, NotFound, TooLarge, transaction

from .standing import ensure_still_in
from .store import AvatarRow, Avatars, Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave

MOST_BYTES = 256 * 1024
OWN, OF_USER = "/api/user/avatar/", "/api/user/admin/users/<user:id>/avatar/"
# How their files begin (WHATWG MIME Sniffing, section 6.1). What a browser would draw by it, it may draw.
_BEGINNINGS = (
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF.{4}WEBPVP", re.DOTALL)),
)
TYPES = tuple(mime for mime, _ in _BEGINNINGS)


def read(content: bytes) -> AvatarRow:
    """The picture that these bytes are, whatever they were called. Raises Invalid ``avatar_unknown``, TooLarge."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"A picture has at most {MOST_BYTES} bytes.")
    mime = next((mime for mime, beginning in _BEGINNINGS if beginning.match(content)), None)
    if mime is None:
        raise Invalid("This is no JPEG, PNG, GIF or WebP picture.", code="avatar_unknown")
    return AvatarRow(content=content, mime=mime, sha256=hashlib.sha256(content).hexdigest())


def get(core: SoundWave, user_id: str) -> AvatarRow:
    """Raises NotFound ``avatar_not_found``, ``user_not_found``."""
    found = Avatars(core).find(Users(core).get(user_id).id)
    if found is None:
        raise NotFound("There is no picture.", code="avatar_not_found")
    return found


def change(core: SoundWave, actor: Actor, content: bytes) -> None:
    """One's own picture, in the place of the one before. Raises what ``read`` does, Unauthorized, NotFound."""
    avatar = read(content)
    with transaction(core.db):
        ensure_still_in(core, actor)
        Avatars(core).put(Users(core).get(actor.id).id, avatar)  # the command line has an actor, and no account


def remove(core: SoundWave, actor: Actor) -> None:
    """One's own. Raises Unauthorized."""
    with transaction(core.db):
        ensure_still_in(core, actor)
        Avatars(core).remove(actor.id)


def url_of(prefix: str, sha256: str | None, user_id: str | None = None) -> str | None:
    """Where one's own picture is, or for admins a user's; None where there is none. Another has another address."""
    path = OWN if user_id is None else OF_USER.replace("<user:id>", user_id)
    return f"{prefix}{path}?v={sha256[:12]}" if sha256 else None
