"""What ``soundwave doctor`` looks at: the machine, the folders, the database, each plugin. It leaves nothing behind."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from . import control
from .database import driver, inspect_database
from .database_file import ensure_fit
from .errors import SoundWaveError
from .records import HealthCheck
from .version import __version__
from .web import find_dist

if TYPE_CHECKING:
    from .app import SoundWave

SMALLEST_FREE_BYTES = 1 << 30


def examine(core: SoundWave) -> list[HealthCheck]:
    """Every check; a running server is asked for its own health."""
    return [*_machine(), _settings(core), *_folders(core), *_database(core), *_plugins(core), *_server(core)]


def _machine() -> Iterator[HealthCheck]:
    yield HealthCheck("version", True, f"SoundWave {__version__}, Python {platform.python_version()}")
    yield HealthCheck("sqlite", True, f"SQLite {driver.sqlite_version} by {driver.__name__.partition('.')[0]}")
    dist = find_dist()
    yield HealthCheck("web app", dist is not None, str(dist) if dist else "not built: run `make build`")


def _settings(core: SoundWave) -> HealthCheck:
    unknown = core.config.unknown_variables()
    detail = f"no such setting, or of a plugin that is not here: {', '.join(unknown)}" if unknown else "all known"
    return HealthCheck("settings", not unknown, detail)


def _folders(core: SoundWave) -> Iterator[HealthCheck]:
    for name in ("data_dir", "media_root", "cache_dir"):
        folder: Path = getattr(core.config, name)
        yield _folder(name, folder)


def _folder(name: str, folder: Path) -> HealthCheck:
    """It, or where it is still to be made the first folder above it, takes a file and has room."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        return HealthCheck(name, False, f"{there} is a file, and must be a folder: move it away")
    try:
        with tempfile.TemporaryFile(dir=there):  # what the mode bits say is not all: disks are read-only, or full
            pass
    except OSError as error:
        owner = f"{os.getuid()}:{os.getgid()}"
        return HealthCheck(name, False, f"{there} cannot be written ({error.strerror}); it must belong to {owner}")
    free = shutil.disk_usage(there).free
    detail = f"{folder}, {free / 1e9:.1f} GB free" + ("" if there == folder else ", will be made at the first start")
    return HealthCheck(name, free > SMALLEST_FREE_BYTES, detail)


def _database(core: SoundWave) -> Iterator[HealthCheck]:
    path = core.config.data_dir / "db.sqlite3"
    try:
        if not path.parent.is_dir() or not (path.exists() or ensure_fit(path, must_exist=False)):
            yield HealthCheck("database", True, f"{path} will be made at the first start")
            return
        yield HealthCheck("database", True, inspect_database(path))
    except SoundWaveError as error:
        yield HealthCheck("database", False, error.sentence)


def _plugins(core: SoundWave) -> Iterator[HealthCheck]:
    for record in core.plugins.records.values():
        detail = f"{record.version} {record.status} {record.reason}".strip()
        yield HealthCheck(f"plugin {record.name}", record.status != "failed", detail)


def _server(core: SoundWave) -> Iterator[HealthCheck]:
    running = control.find(core.config.data_dir)
    if running is None:
        yield HealthCheck("server", True, "not running")
        return
    try:
        answer = control.call(running, "GET", "/api/health/")
    except SoundWaveError as error:
        yield HealthCheck("server", False, error.sentence)
        return
    yield HealthCheck("server", True, f"listens on {running.host}:{running.port}")
    for check in answer["checks"]:
        yield HealthCheck(check["name"], check["is_ok"], check["detail"])
