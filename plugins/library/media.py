"""Files below MEDIA_ROOT: where they are, what they are called on the wire, and how they go."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from soundwave_core import NotFound, transaction

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

UNUSED_PICTURES_LIVE = timedelta(days=1)

# RFC 6381, RFC 5334 (Opus and Vorbis in Ogg), RFC 9639 (FLAC). Anything else goes out as plain bytes.
MEDIA_TYPES = {
    ".aac": "audio/aac",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".mka": "audio/x-matroska",
    ".mp3": "audio/mpeg",
    ".mp4": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".weba": "audio/webm",
    ".webm": "audio/webm",
    ".wma": "audio/x-ms-wma",
}


def media_type(path: str) -> str:
    """The content type of an audio file, by its extension alone."""
    return MEDIA_TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")


def media_path(core: SoundWave, relative: str) -> Path:
    """The file of a path that the database holds. NotFound for one that leads out of MEDIA_ROOT.

    The one containment check: absolute paths, ``..`` and symbolic links to elsewhere do not get through.
    """
    root = Path(core.config.media_root).resolve()
    if relative and "\0" not in relative:
        found = (root / relative).resolve()
        if found != root and found.is_relative_to(root):
            return found
    log.error("a path in the database leads out of the media folder: %r", relative)
    raise NotFound("The file is not in the media folder.", code="file_missing")


def download_name(title: str, path: str) -> str:
    """What a saved track is called: its title, without what a file system would stumble over."""
    clean = "".join(" " if char in '/\\:*?"<>|' or not char.isprintable() else char for char in title)
    suffix = PurePosixPath(path).suffix
    return (" ".join(clean.split()).strip(". ") or "track")[:200] + suffix


def remove_files(core: SoundWave) -> int:
    """Unlink what committed changes freed; how many files went. What fails stays noted for the sweep."""
    from .store import FileRemovals

    removed, settled = 0, list[str]()
    for path in FileRemovals(core.db).list():
        if not FileRemovals(core.db).is_needed(path):
            try:
                media_path(core, path).unlink(missing_ok=True)
                removed += 1
            except NotFound:
                log.warning("%s is left alone", path)
            except OSError as error:
                log.warning("%s could not be removed: %s", path, error)
                continue
        settled.append(path)
    if settled:
        with transaction(core.db) as tx:
            for path in settled:
                FileRemovals(tx).forget(path)
    return removed


def sweep(core: SoundWave) -> None:
    """Remove pictures that nothing has shown for a day, and files whose removal was interrupted."""
    from .store import Artworks

    newest = (core.clock.now() - UNUSED_PICTURES_LIVE).timestamp()
    for path in Artworks(core.db).unused():
        file = core.config.media_root / path
        if file.exists() and file.stat().st_mtime >= newest:
            continue
        with transaction(core.db) as tx:
            Artworks(tx).remove_unused(path)
    remove_files(core)
