"""Bringing an old deployment over: its database is kept, a new one is filled, and only a whole one takes its place."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from .database import transaction
from .database_file import copy, fault_in, is_legacy, make_one_file, roll_back, sync
from .errors import SoundWaveError, StartError
from .journal import JOURNALS, beside
from .legacy import ImportReport, Legacy, copying, open_legacy
from .sqlite import connect, driver

if TYPE_CHECKING:
    from .app import SoundWave
    from .database import Database

log = logging.getLogger(__name__)

LEFT = "Left behind"


def take_over(core: SoundWave) -> None:
    """Where DATA_DIR/db.sqlite3 is the old product's: keep it under another name, and import it into a new one.

    Killed on the way, it begins anew at the next start: until the last rename the old file is in its place.
    StartError where it cannot be read, or where a plugin cannot take its part over; then nothing was changed.
    """
    path = core.config.data_dir / "db.sqlite3"
    if not is_legacy(path, core.config.cache_dir):
        return
    core.notice(f"{path} is a database of the old SoundWave: bringing it over.")
    kept = _keep(path, core.clock.stamp()[:10])
    part = path.parent / "importing" / path.name  # apart: beside it there may be the mark of an earlier set-up
    shutil.rmtree(part.parent, ignore_errors=True)
    part.parent.mkdir(mode=0o700)
    with open_legacy(kept, core.config.cache_dir) as legacy:
        core.open(part)
        try:
            report = bring_over(core, legacy, kept.name)
        finally:
            core.close()
    _ensure_whole(part, kept.name)
    _remove_journals(path)  # the new file must not meet the old one's; they were kept along
    os.replace(part, path)
    sync(path.parent)
    shutil.rmtree(part.parent, ignore_errors=True)
    core.mark_installed()
    core.notice(report.text())
    core.notice(f"The old database stays as {kept.name}.")


def _ensure_whole(part: Path, source: str) -> None:
    """Of one file, and sound; else StartError, for a full disk say, and the old database stays in its place."""
    try:
        make_one_file(part)
        fault = fault_in(part, "integrity_check")
    except (OSError, driver.Error) as error:
        raise StartError(f"{source} was not brought over: the new database could not be written ({error}).") from error
    if fault:
        raise StartError(f"{source} was not brought over: the new database is damaged ({fault}).")


def bring_over(core: SoundWave, legacy: Legacy, source: str) -> ImportReport:
    """Let every plugin take its part over into the open database; the report, which is kept there too.

    Again, it changes nothing. StartError where a plugin fails or does not run: without it, its part would be lost.
    """
    failed = [record for record in core.plugins.records.values() if record.status == "failed"]
    if failed:
        raise StartError(f"Nothing was brought over: the plugin {failed[0].name} does not run ({failed[0].reason}).")
    report = ImportReport(source, core.clock.stamp())
    try:
        for _ in core.plugins.decide("import_legacy", legacy=legacy, report=report):
            pass
    except SoundWaveError as error:
        raise StartError(f"{source} was not brought over: {error.sentence}", code=error.code) from error
    except Exception as error:  # a plugin's code: the old database must stay in its place
        log.exception("the import failed")
        raise StartError(f"{source} was not brought over ({type(error).__name__}: {error}).") from error
    rest = report.section(LEFT)
    rest.notes += [f"{legacy.count(table)} rows of {table}: nothing here takes them" for table in legacy.unasked()]
    with transaction(core.db) as tx:
        tx.execute(
            "INSERT INTO legacy_imports (at, source, report) VALUES (:at, :source, :report)",
            at=report.at, source=source, report=msgspec.json.encode(report).decode(),
        )  # fmt: skip
    return report


def import_reports(db: Database) -> list[ImportReport]:
    """What each import brought, the last one first."""
    rows = db.rows("SELECT report FROM legacy_imports ORDER BY id DESC")
    return [msgspec.json.decode(row["report"], type=ImportReport) for row in rows]


def rehearse(core: SoundWave, path: Path) -> ImportReport:
    """What an import of ``path`` would bring, done to a copy of the present database, which is thrown away."""
    with open_legacy(path, core.config.cache_dir) as legacy, open_copy(core):
        return bring_over(core, legacy, str(path))


@contextmanager
def open_copy(core: SoundWave) -> Iterator[None]:
    """The core on a copy of its database, of one moment, whoever uses that; or on a new one where there is none.

    The copy is in CACHE_DIR. StartError where it cannot be made.
    """
    present, cache = core.config.data_dir / "db.sqlite3", core.config.cache_dir
    with ExitStack() as left:
        with copying(present, cache):
            folder = left.enter_context(TemporaryDirectory(prefix="soundwave-copy-", dir=cache))
            scratch = Path(folder) / "db.sqlite3"
            if present.exists() and not is_legacy(present):
                with closing(connect(present, "ro")) as raw:
                    copy(raw, scratch)
        core.open(scratch)
        try:
            yield
        finally:
            core.close()


def _keep(path: Path, day: str) -> Path:
    """A copy of the old file and its journals under a name of its own, fsynced; one that was made is used again.

    Also where a journal is gone: it was taken away by us, just before a kill.
    """
    wanted = {suffix: found for suffix in ("", *JOURNALS) if (found := _digest(beside(path, suffix)))}
    for kept in sorted(path.parent.glob("db.legacy-*.sqlite3")):
        if all(_digest(beside(kept, suffix)) == found for suffix, found in wanted.items()):
            return kept
    names = (f"db.legacy-{day}{'' if number == 1 else f'-{number}'}.sqlite3" for number in range(1, 1000))
    kept = next((one for name in names if not (one := path.with_name(name)).exists()), path)
    if kept == path:
        raise StartError(f"There are too many old databases in {path.parent}: move some away.")
    for suffix in (*JOURNALS, ""):  # the database last: where it is there, its journals are too
        source, part = beside(path, suffix), path.with_name("db.legacy.part")
        if source.exists():
            shutil.copy2(source, part)
            sync(part)
            os.replace(part, beside(kept, suffix))
    sync(path.parent)
    return kept


def _digest(path: Path) -> str | None:
    """None where there is none, or nothing in it."""
    if not path.exists() or not path.stat().st_size:
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_journals(path: Path) -> None:
    """What they hold is undone first: killed then, the old database is still one, if with another kept copy."""
    try:
        roll_back(path)
    except driver.Error as error:
        raise StartError(f"{path} was not brought over: half a change in it cannot be undone ({error}).") from error
    for suffix in (*JOURNALS, "-shm"):
        beside(path, suffix).unlink(missing_ok=True)
