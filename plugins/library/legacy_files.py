"""Where old rows' files are: by the name that the row has, or with another extension of audio. None is read."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .files import find_file
from .legacy_move import Move
from .media import MEDIA_TYPES
from .store import Arrivals

if TYPE_CHECKING:
    from soundwave_core import Database


@dataclass
class File:
    """Where a track's file is, or would be. ``size_bytes`` is None where it is not there."""

    path: str
    size_bytes: int | None
    is_renamed: bool = False


class Shelves:
    """The folders of the media root, each listed once, for files that have another extension than their row says."""

    def __init__(self, move: Move) -> None:
        self._core, self._folders = move.core, dict[str, dict[str, list[str]]]()

    def find(self, path: str) -> File | None:
        """The file at this path, or one of the same name with another extension of audio."""
        if not is_inside(path):
            return None
        pure = PurePosixPath(path)
        stems = self._names(str(pure.parent))
        found = find_file(self._core, path) if stems else None
        if found is not None:
            return File(path, found[1])
        for other in (str(pure.parent / name) for name in sorted(stems.get(pure.stem, []))):
            found = find_file(self._core, other)
            if found is not None:
                return File(other, found[1], is_renamed=True)
        return None

    def _names(self, folder: str) -> dict[str, list[str]]:
        """The audio files in a folder, their names by their stems."""
        if folder not in self._folders:
            stems = self._folders[folder] = defaultdict(list)
            with suppress(OSError):
                for name in os.listdir(self._core.config.media_root / folder):
                    if PurePosixPath(name).suffix.lower() in MEDIA_TYPES:
                        stems[PurePosixPath(name).stem].append(name)
        return self._folders[folder]


def is_inside(path: str) -> bool:
    """Whether an old path can be kept: relative, below the media root, and text. It may have dots in its names."""
    pure = PurePosixPath(path)
    is_text = re.search("[\0\ud800-\udfff]", path) is None
    return bool(pure.parts) and not pure.is_absolute() and ".." not in pure.parts and is_text


def free_path(tx: Database, uid: str, file: File) -> tuple[str, int | None]:
    """The file's own path and size; one that holds nothing, where it has none or another track has it."""
    if file.path and not Arrivals(tx).is_taken(file.path):
        return file.path, file.size_bytes
    return f".soundwave/none/{uid}", None
