"""The first admin without a person at a screen: by two variables, at the one start that would print the link."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from soundwave_core import Actor, Invalid, StartError

from . import people
from .store import Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave

NAME, PASSWORD = "SOUNDWAVE_ADMIN_USERNAME", "SOUNDWAVE_ADMIN_PASSWORD"
ENVIRONMENT = people.By(Actor("", "environment", is_admin=True))


def add_admin(core: SoundWave) -> None:
    """Before ``setup.begin``. Nothing happens once there was a user. Raises StartError."""
    name, password = core.config["auth.admin_username"], core.config["auth.admin_password"]
    if not (name or password) or core.is_installed or Users(core).has_any():
        return
    if not (name and password):
        raise StartError(f"Set both {NAME} and {PASSWORD}, or neither: only one of them has a value.")
    try:
        user = people.add_user(core, name, password, is_admin=True, by=ENVIRONMENT, host=_public_host(core))
    except Invalid as error:
        raise StartError(f"No admin can be made of {NAME} and {PASSWORD}: {error.sentence}") from None
    core.notice(f"Set-up: the admin {user.name} was made of {NAME}.")


def _public_host(core: SoundWave) -> str:
    """Nobody is there to open a link at it, and without its name the server would not answer there."""
    public: str = core.config["public_url"]
    return urlsplit(public).netloc
