"""A backup as a file to be downloaded, made when asked for and kept while somebody may go on with it."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from soundwave_core import FileAnswer, Unavailable, pack_backup

if TYPE_CHECKING:
    from soundwave_core import Backup, SoundWave

KEPT_SECONDS = 24 * 3600


class Downloads:
    """``core.part(Downloads)``: files below CACHE_DIR; what an earlier server left is cleared away."""

    def __init__(self, core: SoundWave) -> None:
        self._core = core
        self._lock = threading.Lock()
        self._folder = core.config.cache_dir / "backup-downloads"
        self._asked_at: dict[str, float] = {}
        shutil.rmtree(self._folder, ignore_errors=True)

    def file(self, backup: Backup) -> FileAnswer:
        """The zip. Unavailable ``disk_full`` where it cannot be written."""
        revision = backup.manifest.files["db.sqlite3"].sha256 if backup.manifest else backup.id
        with self._lock:
            path = self._path(backup.id)
            self._asked_at[backup.id] = self._core.clock.monotonic()
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not path.exists():
                    pack_backup(backup, path)
            except OSError as error:
                sentence = f"The file cannot be made ({error.strerror})."
                raise Unavailable(sentence, code="disk_full", status=507) from error
        name = f"soundwave-{backup.id}.zip"
        return FileAnswer(path, revision, "application/zip", name, headers=[("Cache-Control", "no-store")])

    def sweep(self) -> None:
        """Remove those that nobody asked for lately, and those of backups that are gone."""
        known = {backup.id for backup in self._core.backups.list()}
        oldest = self._core.clock.monotonic() - KEPT_SECONDS
        with self._lock:
            for id, asked_at in list(self._asked_at.items()):
                if asked_at < oldest or id not in known:
                    self._path(id).unlink(missing_ok=True)
                    del self._asked_at[id]

    def _path(self, id: str) -> Path:
        return self._folder / f"{id}.zip"
