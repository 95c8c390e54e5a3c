"""Builds the service worker's script. Any changed file changes its bytes, so browsers notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soundwave_core import NotFound

if TYPE_CHECKING:
    from soundwave_core import SoundWave

# A worker's own response header governs what it fetches: this server, and nothing else.
POLICY = "default-src 'none'; connect-src 'self'"


def build(core: SoundWave) -> bytes:
    """``self.__SOUNDWAVE_PRECACHE=[...];`` with what every plugin contributed, in front of the built script."""
    if not core.web.worker:
        raise NotFound("The web app is not built on this server.", code="not_built")
    entries = [{"url": entry.url, "revision": entry.revision} for entry in core.web.precache()]
    return b"self.__SOUNDWAVE_PRECACHE=" + msgspec.json.encode(entries) + b";\n" + core.web.worker
