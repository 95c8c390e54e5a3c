"""Bytes from one connection to another, with an eye on both directions."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

IDLE_SECONDS = 90.0
_CHUNK = 262_144


async def first_of(*works: Coroutine[Any, Any, Any]) -> None:
    """Ends when one of them does; the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Pulse:
    """When something last moved through a connection, in whichever direction."""

    def __init__(self) -> None:
        self._at = 0.0
        self.beat()

    def beat(self) -> None:
        self._at = asyncio.get_running_loop().time()

    async def wait_for(self, work: Callable[[], Coroutine[Any, Any, bytes | None]]) -> bytes | None:
        """Does the work, again after a pause in which the other direction moved. Raises TimeoutError."""
        while True:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    return await work()
            except TimeoutError:
                if asyncio.get_running_loop().time() - self._at >= IDLE_SECONDS:
                    raise


async def copy(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    size: int | None,
    pulse: Pulse,
) -> None:
    """Moves ``size`` bytes, or all; raises TimeoutError where nothing moves any more."""
    left = size
    while left is None or left > 0:
        most = _CHUNK if left is None else min(_CHUNK, left)
        data = await pulse.wait_for(functools.partial(source.read, most))
        if not data:
            break
        left = None if left is None else left - len(data)
        sink.write(data)
        await pulse.wait_for(sink.drain)
        pulse.beat()
