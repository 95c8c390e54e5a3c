"""DATA_DIR/installed: set-up was finished once, and at which host. An empty database never opens it again."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)


class Marker(msgspec.Struct, frozen=True):
    """The content of the file. ``host`` is empty where the command line did it."""

    at: str = ""
    host: str = ""


class Installed:
    """The file, read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marker: Marker | None = None

    def get(self) -> Marker | None:
        """None before set-up was finished. A file that cannot be read counts: set-up stays closed."""
        if self._marker is None and self._path.exists():
            try:
                self._marker = msgspec.json.decode(self._path.read_bytes(), type=Marker)
            except (OSError, msgspec.MsgspecError) as error:
                log.warning("%s cannot be read (%s): host names must be in the settings", self._path, error)
                self._marker = Marker()
        return self._marker

    def set(self, marker: Marker) -> None:
        """Written beside its place, fsynced, renamed, the directory fsynced: there whole or not at all."""
        part = self._path.with_name(self._path.name + ".part")
        with open(part, "wb") as file:
            file.write(msgspec.json.encode(marker))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._marker = marker
