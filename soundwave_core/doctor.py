"""What ``soundwave doctor`` looks at: the machine, the folders, the database, each plugin. It changes nothing."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from . import control
from .database import driver, inspect_database
from .errors import SoundWaveError
from .records import HealthCheck
from .version import __version__
from .web import find_dist

if TYPE_CHECKING:
    from .app import SoundWave

SMALLEST_FREE_BYTES = 1 << 30


def examine(core: SoundWave) -> list[HealthCheck]:
    """Every check; a running server is asked for its own health."""
    return [*_machine(), *_folders(core), *_database(core), *_plugins(core), *_server(core)]


def _machine() -> Iterator[HealthCheck]:
    yield HealthCheck("version", True, f"SoundWave {__version__}, Python {platform.python_version()}")
    yield HealthCheck("sqlite", True, f"SQLite {driver.sqlite_version} by {driver.__name__.partition('.')[0]}")
    dist = find_dist()
    yield HealthCheck("web app", dist is not None, str(dist) if dist else "not built: run `make build`")


def _folders(core: SoundWave) -> Iterator[HealthCheck]:
    for name in ("data_dir", "media_root", "cache_dir"):
        folder: Path = getattr(core.config, name)
        if not folder.is_dir():
            yield HealthCheck(name, os.access(_parent(folder), os.W_OK), f"{folder} will be made at the first start")
            continue
        free = shutil.disk_usage(folder).free
        writable = os.access(folder, os.W_OK)
        owner = folder.stat()
        detail = f"{folder}, owner {owner.st_uid}:{owner.st_gid}, {free / 1e9:.1f} GB free"
        if not writable:
            detail += f"; not writable: run chown -R {os.getuid()}:{os.getgid()} {folder}"
        yield HealthCheck(name, writable and free > SMALLEST_FREE_BYTES, detail)


def _parent(folder: Path) -> Path:
    return next(parent for parent in folder.parents if parent.exists())


def _database(core: SoundWave) -> Iterator[HealthCheck]:
    path = core.config.data_dir / "db.sqlite3"
    if not path.exists():
        yield HealthCheck("database", True, f"{path} will be made at the first start")
        return
    try:
        yield HealthCheck("database", True, inspect_database(path))
    except SoundWaveError as error:
        yield HealthCheck("database", False, error.sentence)


def _plugins(core: SoundWave) -> Iterator[HealthCheck]:
    for record in core.plugins.records.values():
        detail = f"{record.version} {record.status} {record.reason}".strip()
        yield HealthCheck(f"plugin {record.name}", record.status != "failed", detail)


def _server(core: SoundWave) -> Iterator[HealthCheck]:
    running = control.read(core.config.data_dir)
    if running is None or not control.is_alive(running):
        yield HealthCheck("server", True, "not running")
        return
    yield HealthCheck("server", True, f"listens on {running.host}:{running.port}")
    for check in control.call(running, "GET", "/api/health/")["checks"]:
        yield HealthCheck(check["name"], check["is_ok"], check["detail"])
