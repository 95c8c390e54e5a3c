"""What this room needs of the machine: yt-dlp, ffmpeg, a JavaScript runtime. None of them is started to find out."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from soundwave_core import HealthCheck

from .process import JAVASCRIPT, find_ffmpeg, find_javascript


def check_programs() -> list[HealthCheck]:
    """yt-dlp's version, where ffmpeg is, and which JavaScript runtime yt-dlp has."""
    return [_yt_dlp(), _ffmpeg(), _javascript()]


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


def _javascript() -> HealthCheck:
    """Some sites hide their sound behind a script that must be run; for all others none is needed."""
    found = find_javascript()
    missing = f"none of {', '.join(JAVASCRIPT)} is on PATH, and some sites need one"
    return HealthCheck("javascript", True, str(found) if found else missing)
