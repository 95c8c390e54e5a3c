"""The one program that this room runs, where it is there."""

from __future__ import annotations

import shutil
from pathlib import Path


def find_ffmpeg() -> Path:
    """The ffmpeg on PATH, or else the one that the package imageio-ffmpeg brings along.

    Raises FileNotFoundError where there is neither.
    """
    found = shutil.which("ffmpeg")
    if found:
        return Path(found)
    import imageio_ffmpeg

    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise FileNotFoundError("No ffmpeg was found.") from error
