"""The doors to one's own configuration, which has no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import IsAuthenticated, Route

from . import shapes, user_config

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave


def get_config(core: SoundWave, request: Request) -> shapes.UserConfig:
    """What one's devices share, by name."""
    return shapes.UserConfig(values=user_config.get_config(core, request.user.id))


def change_config(core: SoundWave, request: Request) -> shapes.UserConfig:
    """Set some values, and remove those that are null."""
    body: shapes.UserConfigPatch = request.body
    return shapes.UserConfig(values=user_config.change_config(core, request.user.id, body.values))


CONFIG = "/api/user/config/"
ROUTES = [
    Route("GET", CONFIG, get_config, IsAuthenticated, answer=shapes.UserConfig),
    Route("PATCH", CONFIG, change_config, IsAuthenticated, body=shapes.UserConfigPatch, answer=shapes.UserConfig),
]
