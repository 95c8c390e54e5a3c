"""Whether the server is well: its own checks, and those of every plugin."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from soundwave_core import HealthCheck, __version__

from .shapes import Check, Health

if TYPE_CHECKING:
    from soundwave_core import SoundWave

SMALLEST_FREE_BYTES = 500 * 1000 * 1000


def check_machine(core: SoundWave) -> list[HealthCheck]:
    """The database answers, and there is room left on both disks."""
    checks = [HealthCheck("database", True, f"revision {core.db.rev()}")]
    for name, folder in (("data disk", core.config.data_dir), ("media disk", core.config.media_root)):
        free = shutil.disk_usage(folder).free
        checks.append(HealthCheck(name, free > SMALLEST_FREE_BYTES, f"{free / 1e9:.1f} GB free"))
    return checks


def ask_all(core: SoundWave, with_details: bool) -> Health:
    """Every plugin's checks. A plugin that failed, or whose check raises, makes the server degraded."""
    checks: list[Check] = []
    for plugin, answer in core.plugins.announce("health"):
        if isinstance(answer, Exception):
            checks.append(Check(name=plugin, is_ok=False, detail=f"{type(answer).__name__}: {answer}"))
            continue
        checks += [Check(name=check.name, is_ok=check.is_ok, detail=check.detail) for check in answer or ()]
    checks += [
        Check(name=f"plugin {record.name}", is_ok=False, detail=record.reason)
        for record in core.plugins.records.values()
        if record.status == "failed"
    ]
    is_well = all(check.is_ok for check in checks)
    shown = checks if with_details else []
    return Health(status="ok" if is_well else "degraded", version=__version__ if with_details else "", checks=shown)
