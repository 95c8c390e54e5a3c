"""Pictures of an old deployment's people: files beside its database, or one of five that came with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundwave_core import SoundWaveError, printable

from . import avatars
from .store import AvatarRow

if TYPE_CHECKING:
    from soundwave_core import Section

FOLDER = "avatars"
_PRESET = "preset_"


def read(folder: Path, section: Section, rows: Sequence[dict[str, Any]]) -> dict[int, AvatarRow]:
    """By account, those that can be taken over; the others are named in ``section``."""
    shown = [row for row in rows if row["avatar"]]
    section.found = len(shown)
    found = dict[int, AvatarRow]()
    for row in shown:
        try:
            found[row["id"]] = _picture(folder / FOLDER, row["avatar"])
        except SoundWaveError as error:
            section.notes.append(f"{printable(row['username'] or '')}: {error.sentence}")
    section.imported = len(found)
    return found


def _picture(folder: Path, avatar: str) -> AvatarRow:
    if avatar.startswith(_PRESET):
        raise SoundWaveError("One of the pictures that came with the old server stays behind.")
    parent, _, name = avatar.partition("/")
    file = folder / name
    try:
        is_inside = parent == FOLDER and file.resolve().is_relative_to(folder.resolve())
        if not is_inside or not file.is_file():
            raise SoundWaveError(f"{printable(avatar)} is not there.")
        with file.open("rb") as opened:
            return avatars.read(opened.read(avatars.MOST_BYTES + 1))
    except (OSError, ValueError) as error:
        raise SoundWaveError(f"{printable(avatar)} cannot be read.") from error
