"""What this room needs to be well: yt-dlp, ffmpeg, a queue that moves, and workers that live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import HealthCheck, from_stamp

from .health_store import QueueSigns
from .programs import check_programs
from .queue import Engine
from .store import DownloadItems

if TYPE_CHECKING:
    from soundwave_core import SoundWave

STUCK_SECONDS = 10 * 60.0
OURS = frozenset({"worker_died", "internal"})  # faults of the server, not of a site, a link or a network
MOST_IN_A_ROW = 5


def check(core: SoundWave) -> list[HealthCheck]:
    """What the machine gives, how many items wait or failed, and whether the workers live."""
    return [*check_programs(), _queue(core), _workers(core)]


def waiting_seconds(core: SoundWave) -> float:
    """How long the first item or link has been ready without anybody beginning it; 0 where none is."""
    since = QueueSigns(core.db).waiting_since()
    return max(0.0, (core.clock.now() - from_stamp(since)).total_seconds()) if since is not None else 0.0


def _queue(core: SoundWave) -> HealthCheck:
    """Stuck: something is ready, nobody has begun it for long, and nobody is busy with anything else."""
    counts = ", ".join(f"{count} {state}" for state, count in DownloadItems(core.db).counts().items())
    detail, waited = counts or "none yet", waiting_seconds(core)
    if not core.part(Engine).is_well:
        return HealthCheck("downloads", False, f"{detail}; a thread has ended")
    if waited > STUCK_SECONDS and not QueueSigns(core.db).is_anything_under_way():
        return HealthCheck("downloads", False, f"{detail}; the first has waited for {waited / 60:.0f} minutes")
    return HealthCheck("downloads", True, detail)


def _workers(core: SoundWave) -> HealthCheck:
    codes = QueueSigns(core.db).last_codes(MOST_IN_A_ROW)
    is_failing = len(codes) == MOST_IN_A_ROW and all(code in OURS for code in codes)
    detail = f"the last {MOST_IN_A_ROW} attempts failed in the server itself ({codes[0]})" if is_failing else "well"
    return HealthCheck("download workers", not is_failing, detail)
