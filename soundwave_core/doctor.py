"""What ``soundwave doctor`` looks at: the machine, the folders, the database, each plugin. It leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import control, surroundings
from .database import inspect_database
from .database_file import ensure_fit, look_into, quiet_mode
from .errors import SoundWaveError
from .journal import is_cut_short
from .records import HealthCheck
from .trial import ensure_not_newer
from .web import find_dist

if TYPE_CHECKING:
    from .app import SoundWave


def examine(core: SoundWave) -> list[HealthCheck]:
    """Every check; a running server is asked for its own health, and what is well in both is said once."""
    ours = [
        *surroundings.check_machine(),
        _web_app(),
        _settings(core),
        *surroundings.check_folders(core.config),
        *_database(core),
        *surroundings.check_programs(core),
        *_plugins(core),
    ]
    said = {check.name for check in ours}
    return ours + [check for check in _server(core) if not (check.is_ok and check.name in said)]


def _web_app() -> HealthCheck:
    dist = find_dist()
    return HealthCheck("web app", dist is not None, str(dist) if dist else "not built: run `make build`")


def _settings(core: SoundWave) -> HealthCheck:
    unknown = core.config.unknown_variables()
    detail = f"no such setting, or of a plugin that is not here: {', '.join(unknown)}" if unknown else "all known"
    return HealthCheck("settings", not unknown, detail)


def _database(core: SoundWave) -> Iterator[HealthCheck]:
    path = core.config.data_dir / "db.sqlite3"
    try:
        if not path.parent.is_dir() or not (path.exists() or ensure_fit(path, must_exist=False)):
            yield HealthCheck("database", True, f"{path} will be made at the first start")
            return
        detail = inspect_database(path)
        if not is_cut_short(path):
            ensure_not_newer(core, look_into(path, quiet_mode(path)))
        yield HealthCheck("database", True, detail)
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
