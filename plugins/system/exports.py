"""What a user has, in one file to take along; and such a file, read in again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING

from soundwave_auth import Users
from soundwave_core import ImportReport, NotFound, TooMany, open_export, write_export

if TYPE_CHECKING:
    from soundwave_auth import UserRow
    from soundwave_core import SoundWave


class OneAtATime:
    """An export takes seconds of processor time, and what it writes is in memory once: one is enough."""

    def __init__(self, core: SoundWave) -> None:
        self.lock = Lock()


def export_to(core: SoundWave, path: Path, users: Sequence[UserRow], with_media: bool = False) -> None:
    """Write what these users have to ``path``; the file is there whole or not at all."""
    names = [user.name for user in users]
    with write_export(path, names, core.clock.stamp(), with_media) as exports:
        for user, export in zip(users, exports, strict=True):
            for _ in core.plugins.decide("export_user", user_id=user.id, export=export):
                pass


def export_bytes(core: SoundWave, users: Sequence[UserRow]) -> bytes:
    """The file without media, to be sent. TooMany ``export_running`` while another one is made."""
    lock = core.part(OneAtATime).lock
    if not lock.acquire(blocking=False):
        raise TooMany("Another export is being made: try again in a moment.", 5, code="export_running")
    try:
        with TemporaryDirectory(prefix="export-", dir=core.config.cache_dir) as folder:
            path = Path(folder) / "export.zip"
            export_to(core, path, users)
            return path.read_bytes()
    finally:
        lock.release()


def import_from(core: SoundWave, path: Path, user_names: Sequence[str] = ()) -> ImportReport:
    """Give the users of this server what the file has for the users of the same names; or only these.

    NotFound ``not_in_export`` for a name that the file does not have. Who has no account here is in the report.
    """
    report = ImportReport(path.name, core.clock.stamp())
    with open_export(path) as (_, given):
        absent = [name for name in user_names if name not in given]
        if absent:
            raise NotFound(f"{path.name} has nothing of {absent[0]}.", code="not_in_export")
        people = report.section("Users")
        for name, folder in given.items():
            if user_names and name not in user_names:
                continue
            people.found += 1
            user = Users(core).find_by_name(name)
            if user is None:
                people.notes.append(f"{name} has no account here: add one, and import again")
                continue
            people.imported += 1
            for _ in core.plugins.decide("import_user", user_id=user.id, given=folder, report=report):
                pass
    return report
