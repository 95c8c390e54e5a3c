"""The doors to pictures of people: one's own, and for admins everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import AdminOnly, IsAuthenticated, Raw, Route

from . import avatars

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave


def get_avatar(core: SoundWave, request: Request) -> Raw:
    """One's own picture."""
    return _picture(core, request.user.id)


def change_avatar(core: SoundWave, request: Request) -> None:
    """Show another picture of oneself: JPEG, PNG, GIF or WebP, of 256 KiB at most."""
    avatars.change(core, request.user, request.raw_body)


def remove_avatar(core: SoundWave, request: Request) -> None:
    """Show no picture of oneself."""
    avatars.remove(core, request.user)


def get_users_avatar(core: SoundWave, request: Request) -> Raw:
    """Somebody's picture."""
    return _picture(core, request.params["user"])


def _picture(core: SoundWave, user_id: str) -> Raw:
    avatar = avatars.get(core, user_id)
    return Raw(avatar.content, avatar.mime, etag=avatar.sha256)


ROUTES = [
    Route("GET", avatars.OWN, get_avatar, IsAuthenticated, answer=Raw),
    Route(
        "PUT", avatars.OWN, change_avatar, IsAuthenticated,
        content_types=avatars.TYPES, body_limit=avatars.MOST_BYTES, status=204,
    ),
    Route("DELETE", avatars.OWN, remove_avatar, IsAuthenticated, status=204),
    Route("GET", avatars.OF_USER, get_users_avatar, AdminOnly, answer=Raw),
]  # fmt: skip
