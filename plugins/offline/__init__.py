"""Offline: the service worker, with everything that the app needs to start without a network."""

from __future__ import annotations

from collections.abc import Sequence

from soundwave_core import Route, SoundWave, hookimpl

from .routes import ROUTES

REQUIRES = ("auth", "library")


@hookimpl
def register_routes(core: SoundWave) -> Sequence[Route]:
    return ROUTES
