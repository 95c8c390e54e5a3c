"""What people want done about backups, and how that goes: in memory, for who asked waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from soundwave_core import Actor, Conflict

if TYPE_CHECKING:
    from soundwave_core import SoundWave

Kind = Literal["make", "test", "take in", "restore"]
FAILURES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing to be done to the backup ``id``, which may not be there yet; ``path``: the file to take in."""

    kind: Kind
    id: str
    path: Path | None = None
    actor: Actor | None = None


class Desk:
    """``core.part(Desk)``. ``failed``: sentences by wish. ``restarting``: the backup that the next start brings."""

    def __init__(self, core: SoundWave) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Wish] = []
        self._under_way: Wish | None = None
        self.failed: dict[Wish, str] = {}
        self.restarting: str | None = None

    def put(self, wish: Wish) -> None:
        """Conflict ``backup_running`` where the same, or another backup to be made, is not done yet."""
        with self._lock:
            if any(one.id == wish.id or (one.kind == wish.kind == "make") for one in self.open()):
                raise Conflict("This is being worked on: wait until it is done.", code="backup_running")
            self._waiting.append(wish)
            self.failed = {one: why for one, why in self.failed.items() if one.kind != wish.kind}

    def ensure_free(self, id: str) -> None:
        """Conflict ``backup_running`` where something is still to be done with this backup."""
        if any(one.id == id for one in self.open()):
            raise Conflict("This is being worked on: wait until it is done.", code="backup_running")

    def open(self) -> list[Wish]:
        """What is not done yet, what is under way first."""
        return [*([self._under_way] if self._under_way else []), *self._waiting]

    def take_all(self) -> Iterator[Wish]:
        """One after another, what is put meanwhile too; each ends by ``clear`` or ``fail``."""
        while True:
            with self._lock:
                if not self._waiting:
                    return
                wish = self._under_way = self._waiting.pop(0)
            yield wish

    def clear(self, wish: Wish) -> None:
        """It is done."""
        with self._lock:
            self._under_way = None

    def fail(self, wish: Wish, sentence: str) -> None:
        """It could not be done."""
        with self._lock:
            self._under_way = None
            self.failed[wish] = sentence
            while len(self.failed) > FAILURES_SHOWN:
                del self.failed[next(iter(self.failed))]
