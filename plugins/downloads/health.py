"""What this room needs to be well: yt-dlp, ffmpeg, and a queue that moves."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from soundwave_core import HealthCheck

from .process import find_ffmpeg

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def check(core: SoundWave) -> list[HealthCheck]:
    """yt-dlp's version, where ffmpeg is, and how many items wait or failed."""
    return [_yt_dlp(), _ffmpeg(), _queue(core)]


def _yt_dlp() -> HealthCheck:
    try:
        return HealthCheck("yt-dlp", True, version("yt-dlp"))
    except PackageNotFoundError:
        return HealthCheck("yt-dlp", False, "not installed")


def _ffmpeg() -> HealthCheck:
    path = find_ffmpeg()
    return HealthCheck("ffmpeg", path is not None, str(path) if path else "not found")


def _queue(core: SoundWave) -> HealthCheck:
    counts = core.db.rows("SELECT state, count(*) AS n FROM download_items GROUP BY state ORDER BY state")
    return HealthCheck("downloads", True, ", ".join(f"{row['n']} {row['state']}" for row in counts) or "none yet")
