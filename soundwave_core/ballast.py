"""Room that is kept back: DATA_DIR/ballast, a few megabytes of noise, so that a full disk can be put right from within.

On a full disk SQLite cannot even delete, for its journal needs room first; nobody could sign in to make some. So the
first write that finds the disk full gives the ballast up, and from then on only what puts things right may write
(``Route.is_vital``, and every DELETE). All else is refused until there is room for the ballast again.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from .errors import SoundWaveError
from .sqlite import DISK_FULL, disk_full

if TYPE_CHECKING:
    from .app import SoundWave
    from .records import Route

log = logging.getLogger(__name__)
T = TypeVar("T")

SIZE_BYTES = 16 * 1024 * 1024  # the journal is emptied when it has 4 MiB; the rest is for what grows meanwhile
LEAST_BYTES = 1024 * 1024  # with less than this a start may fail
_SENTENCE = "the disk with %s is full: until there is room one can only sign in and remove"


class Ballast:
    """The file. Commands and tests keep none: nothing is refused before ``take()`` was called."""

    def __init__(self, core: SoundWave) -> None:
        self._path = core.config.data_dir / "ballast"
        self._lock = threading.Lock()
        self._is_kept = self._is_wanted = False

    def take(self) -> None:
        """Keep the room from now on, or as soon as there is twice as much of it."""
        with self._lock:
            self._is_wanted = True
            self._take()

    def make_room(self) -> None:
        """At the start, before the database is opened: on a full disk not even that can be done."""
        with suppress(OSError):
            if self._path.exists() and shutil.disk_usage(self._path.parent).free < LEAST_BYTES:
                self._path.unlink()
                log.error(_SENTENCE, self._path.parent)

    def guard(self, route: Route, write: Callable[[], T]) -> T:
        """Carry out a write. Unavailable ``disk_full`` where the room that is left is for others.

        What is vital and finds the disk full is carried out again in the room that it made: it had changed nothing.
        """
        is_vital = route.is_vital or route.method == "DELETE"
        if not is_vital:
            self._ensure_room()
        try:
            return write()
        except SoundWaveError as error:
            if error.code != DISK_FULL or not self._give_up() or not is_vital:
                raise
        return write()

    def _ensure_room(self) -> None:
        if self._is_kept or not self._is_wanted:
            return
        with self._lock:
            self._take()
            if not self._is_kept:
                raise disk_full()

    def _give_up(self) -> bool:
        """Whether there is room now that was not there before."""
        with self._lock:
            was_kept, self._is_kept = self._is_kept, False
            if was_kept:
                self._path.unlink(missing_ok=True)
                log.error(_SENTENCE, self._path.parent)
            return was_kept

    def _take(self) -> None:
        if self._is_kept:
            return
        with suppress(OSError):  # full, read-only: then there is none
            self._is_kept = self._path.exists() and self._path.stat().st_size == SIZE_BYTES
            if not self._is_kept and shutil.disk_usage(self._path.parent).free > 2 * SIZE_BYTES:
                self._write()
                self._is_kept = True

    def _write(self) -> None:
        """Noise, and all of it: file systems pack zeros and holes away, and then there is no room behind them."""
        part = self._path.with_name("ballast.part")
        try:
            with open(part, "wb") as file:
                file.write(os.urandom(SIZE_BYTES))
                file.flush()
                os.fsync(file.fileno())
            part.rename(self._path)
        finally:
            part.unlink(missing_ok=True)
