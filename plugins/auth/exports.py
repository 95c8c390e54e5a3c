"""What people take along of their account: the small values that their devices share, and their picture.

Never a credential.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soundwave_core import SoundWaveError, transaction

from . import avatars
from .store import Avatars
from .user_config import change_config, get_config

if TYPE_CHECKING:
    from soundwave_core import Export, Import, ImportReport, SoundWave

FILE, PICTURE = "config.json", "avatar"


def export_account(core: SoundWave, user_id: str, export: Export) -> None:
    """Every value by its name, and the picture."""
    export.write_value(FILE, get_config(core, user_id))
    if (picture := Avatars(core).find(user_id)) is not None:
        export.write(PICTURE, picture.content)


def import_account(core: SoundWave, user_id: str, given: Import, report: ImportReport) -> None:
    """The values whose names this user has not, and the picture where there is none; what does not fit is noted."""
    values: dict[str, Any] = given.read_value(FILE, dict[str, Any]) or {}
    known = get_config(core, user_id)
    new = {name: value for name, value in values.items() if name not in known and value is not None}
    section, content = report.section("Preferences"), given.read(PICTURE)
    section.found += len(values)
    try:
        if new:
            change_config(core, user_id, new)
            section.imported += len(new)
        if content is not None and Avatars(core).find(user_id) is None:
            picture = avatars.read(content)
            with transaction(core.db):
                Avatars(core).put(user_id, picture)
    except SoundWaveError as error:
        section.notes.append(error.sentence)
