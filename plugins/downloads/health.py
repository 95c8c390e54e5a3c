"""What this room needs to be well: yt-dlp, ffmpeg, and a queue that moves."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from soundwave_core import HealthCheck

from .process import find_ffmpeg
from .queue import Engine
from .store import DownloadItems

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
    try:
        return HealthCheck("ffmpeg", True, str(find_ffmpeg()))
    except FileNotFoundError:
        return HealthCheck("ffmpeg", False, "not found")


def _queue(core: SoundWave) -> HealthCheck:
    counts = ", ".join(f"{count} {state}" for state, count in DownloadItems(core.db).counts().items())
    is_well = core.part(Engine).is_well
    return HealthCheck("downloads", is_well, (counts or "none yet") + ("" if is_well else "; a thread has ended"))
