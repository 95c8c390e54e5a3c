"""What a test restore asks of the opened copy: whether a known track plays, and how many have lost their file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from soundwave_core import SoundWaveError, ask_copy, write_media
from soundwave_library import kept_files, some_tracks

if TYPE_CHECKING:
    from pathlib import Path

    from soundwave_core import MediaFacts, SoundWave
    from soundwave_library import KeptFile

BLOCK_BYTES = 4 * 1024 * 1024  # the library's, of which it has the hashes
TRIED = 20
_NOT_NOW = (503, 507)  # a full disk, say, for which the backup is not to blame


def look(core: SoundWave) -> str:
    """What was seen, as a sentence. SoundWaveError ``backup_unusable`` where a track is not answered as it must be."""
    tracks = missing = 0
    for file in kept_files(core.db):
        if file.track is not None:
            tracks += 1
            missing += not (core.config.media_root / file.path).is_file()
    if not tracks:
        return "there is no track in it, so none was played."
    found = f"{tracks} tracks, {f'of which {missing} have no file' if missing else 'all of their files are there'}"
    return f"{found}; {_play_one(core)}"


def _play_one(core: SoundWave) -> str:
    there = [track for track in some_tracks(core.db, TRIED) if _is_there(core, track)]
    differing = 0
    for track in there:
        if _plays(core, track):
            return "one was played."
        differing += 1
    if differing:
        sentence = f"None of {differing} files that were tried is the one that the backup knows."
        raise SoundWaveError(sentence, code="backup_unusable")
    return "none has a file that was read before, so none was played."


def _is_there(core: SoundWave, track: KeptFile) -> bool:
    try:
        return (core.config.media_root / track.path).stat().st_size == track.size_bytes
    except OSError:
        return False


def _plays(core: SoundWave, track: KeptFile) -> bool:
    """Whether the first block that is streamed is the known one; a file may have been fetched anew since."""
    for path, expected in ((f"/api/audio/{track.track}/", 200), (f"/api/audio/{track.track}/stream/", 206)):
        status, body = ask_copy(core, path, Range=f"bytes=0-{BLOCK_BYTES - 1}")
        if status != expected:
            sentence = f"The restored server answers {status} for {path}."
            raise SoundWaveError(sentence, code="unavailable" if status in _NOT_NOW else "backup_unusable")
    return hashlib.sha256(body).hexdigest() == track.first_block


def write_the_media(core: SoundWave, part: Path) -> MediaFacts | None:
    """The media's part of a backup, as the setting wants it."""
    wish = core.config["system.backup_media"]
    if wish == "none":
        return None
    entries = ((file.path, file.size_bytes, file.sha256) for file in kept_files(core.db))
    return write_media(part, core.config.media_root, entries, with_links=wish == "links")
