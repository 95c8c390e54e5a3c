"""The test restore: every byte of a backup is read, then a copy is opened, migrated and asked as a server would be.

A backup counts only after that: replicas that could be restored and were damaged all the same were found by others
only when they were needed. What is tried is a copy in a folder of its own; the backup is only read.
"""

from __future__ import annotations

import hmac
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from . import manifest as manifests
from .backups import Backup
from .database_file import Contents, fault_in, look_into, sync
from .errors import SoundWaveError, StartError, Unavailable
from .manifest import DATABASE, Manifest, Verdict, Verification
from .migrations import CORE, CORE_MIGRATIONS
from .sqlite import driver

if TYPE_CHECKING:
    from .app import SoundWave

PREFIX = "test-restore-"
COPIES = ("soundwave-copy-", "export-")  # of imports, of looks at a copy, of exports
ABANDONED_SECONDS = 24 * 3600
# What the backup itself is to blame for; a full disk, or a plugin that fails today, says nothing of it.
_DAMAGE = {"backup_unusable", "database_damaged", "database_foreign"}
Look = Callable[["SoundWave"], str]  # asks an opened copy; what it saw as a sentence, or it raises


def find_fault(backup: Backup) -> str | None:
    """What is wrong with a backup, as a sentence, after reading all of its bytes; None where all is well.

    Unavailable ``backup_unread`` where its database cannot be opened now, which says nothing of it.
    """
    try:
        manifest = manifests.read(backup.path)
        for name, facts in manifest.files.items():
            found = manifests.facts_of(backup.path / name)
            if found.size_bytes != facts.size_bytes:
                return f"Its file {name} has {found.size_bytes} bytes instead of {facts.size_bytes}."
            if not hmac.compare_digest(found.sha256, facts.sha256):
                return f"Its file {name} is not the one that was saved: its SHA-256 differs."
        return _fault_in_database(backup.path / DATABASE, manifest)
    except manifests.Unreadable as error:
        return str(error)
    except OSError as error:
        return f"It cannot be read ({error.strerror})."


def _fault_in_database(path: Path, manifest: Manifest) -> str | None:
    if DATABASE not in manifest.files:
        return "It has no database."
    try:
        if fault := fault_in(path, "integrity_check", "immutable"):
            return f"Its database is damaged ({fault})."
        contents = look_into(path)
    except StartError as error:
        return error.sentence
    except driver.OperationalError as error:
        raise Unavailable(f"It cannot be opened now ({error}).", code="backup_unread") from error
    if contents != Contents(manifest.tables, manifest.schema, manifest.rev):
        return "Its database does not have the rows that were saved."
    return None


def ensure_not_newer(core: SoundWave, contents: Contents) -> None:
    """StartError ``backup_newer`` where a newer version, of SoundWave or of a plugin, wrote it."""
    known = {record.name: len(record.contributions.migrations) for record in core.plugins.enabled()}
    for plugin, number in contents.schema.items():
        if number > (known | {CORE: len(CORE_MIGRATIONS)}).get(plugin, number):
            raise StartError(
                f"It was made by a newer version (the tables of {plugin} are at step {number}): install that version.",
                code="backup_newer",
            )


@contextmanager
def opened(core: SoundWave, path: Path) -> Iterator[None]:
    """A copy at ``path``, migrated and open on an assembled core that has not started.

    StartError ``backup_newer``; and where a plugin cannot use its tables: without it, its part would be lost.
    """
    ensure_not_newer(core, look_into(path))
    running = {record.name for record in core.plugins.enabled()}
    core.open(path)
    try:
        for record in core.plugins.records.values():
            if record.name in running and record.status == "failed":
                raise StartError(f"The plugin {record.name} cannot use its tables: {record.reason}")
        yield
    finally:
        core.close()


def try_out(core: SoundWave, backup: Backup, look: Look) -> Verification:
    """The whole test restore on an assembled core that has not started; what came of it.

    ``unverified``: it could not be tried, for a reason that is not the backup's.
    """
    at = core.clock.stamp()
    try:
        if fault := find_fault(backup):
            return Verification(at=at, verdict="damaged", sentence=fault)
        with trial_folder(core) as folder:
            shutil.copyfile(backup.path / DATABASE, folder / DATABASE)
            with opened(core, folder / DATABASE):
                seen = look(core)
    except SoundWaveError as error:
        verdict: Verdict = "damaged" if error.code in _DAMAGE else "unverified"
        return Verification(at=at, verdict=verdict, sentence=error.sentence)
    except (OSError, driver.Error) as error:
        reason = getattr(error, "strerror", None) or error
        return Verification(at=at, verdict="unverified", sentence=f"It could not be tried out ({reason}).")
    return Verification(at=at, verdict="verified", sentence=f"It was restored for a test: {seen}")


@contextmanager
def trial_folder(core: SoundWave) -> Iterator[Path]:
    """A folder below CACHE_DIR for the length of the block; ``sweep_trials`` removes those of killed ones."""
    core.config.cache_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=PREFIX, dir=core.config.cache_dir) as folder:
        yield Path(folder)


def sweep_trials(core: SoundWave) -> None:
    """Remove the copies that killed test restores, imports and exports have left; who needs a day for one is dead."""
    oldest = core.clock.now().timestamp() - ABANDONED_SECONDS
    for prefix in (PREFIX, *COPIES):
        for folder in core.config.cache_dir.glob(f"{prefix}*"):
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def copy_to(backup: Backup, path: Path) -> None:
    """The backup's database at ``path``, private and fsynced. Raises OSError."""
    manifests.write_private(path, b"")
    shutil.copyfile(backup.path / DATABASE, path)
    sync(path)
