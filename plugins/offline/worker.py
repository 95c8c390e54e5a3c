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
    """What every plugin contributed, in front of the built script: one statement with files, one with pages."""
    if not core.web.worker:
        raise NotFound("The web app is not built on this server.", code="not_built")
    entries = [{"url": entry.url, "revision": entry.revision} for entry in core.web.precache()]
    known = {"PRECACHE": entries, "PAGES": core.web.page_paths()}
    lines = [b"self.__SOUNDWAVE_%s=%s;" % (name.encode(), msgspec.json.encode(value)) for name, value in known.items()]
    return b"\n".join([*lines, core.web.worker])
