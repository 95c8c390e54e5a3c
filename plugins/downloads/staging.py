"""Files on their way: staged per attempt, placed by a rename, and noted meanwhile so that none is left behind."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundwave_core import sync, transaction
from soundwave_library import unknown_paths

from .naming import OutsideRoot, contained
from .store import DownloadItems, PlacedFiles

if TYPE_CHECKING:
    from soundwave_core import SoundWave

STAGING = ".soundwave"
_STAGED = re.compile(r"([0-9a-f]{32})-\d+")
FILE_MODE = 0o644  # staged files are the worker's alone; the library is for SMB and other users to read


def staging_of(core: SoundWave, item: dict[str, Any]) -> Path:
    """This attempt's own directory; what an earlier attempt left there moves along, to be resumed."""
    root = core.config.media_root / STAGING
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    wanted = root / f"{item['uid']}-{item['attempts']}"
    earlier = sorted((path for _, path in _staged(core, {item["uid"]}) if path != wanted), key=_attempt_of)
    for path in earlier[:-1]:
        shutil.rmtree(path, ignore_errors=True)
    if earlier and not wanted.exists():
        earlier[-1].rename(wanted)
    return wanted


def drop_staging(core: SoundWave, uids: Collection[str]) -> None:
    """Remove what is staged of these items."""
    for _, path in _staged(core, uids):
        shutil.rmtree(path, ignore_errors=True)


def sweep_staging(core: SoundWave) -> None:
    """Remove what is staged of items that are over, or gone."""
    uids = [uid for uid, _ in _staged(core)]
    drop_staging(core, set(uids) - DownloadItems(core.db).open_among(uids))


def _staged(core: SoundWave, uids: Collection[str] | None = None) -> Iterator[tuple[str, Path]]:
    """Item and directory of what is staged: of these items, or all. Other files are somebody else's."""
    with suppress(FileNotFoundError):
        for path in (core.config.media_root / STAGING).iterdir():
            found = _STAGED.fullmatch(path.name)
            if found is not None and (uids is None or found[1] in uids):
                yield found[1], path


def _attempt_of(path: Path) -> int:
    return int(path.name.rpartition("-")[2])


def place(staged: Path, root: Path, relative: str) -> None:
    """Move a file to its final place so that a power cut leaves either nothing or the whole of it."""
    target = contained(root, relative)
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.chmod(FILE_MODE)
    sync(staged)
    os.replace(staged, target)
    for folder in (target.parent, *(p for p in target.parent.parents if p.is_relative_to(root))):
        sync(folder)


def remove_unused(core: SoundWave, paths: Sequence[str]) -> None:
    """Remove those of the files that we placed which did not become the library's."""
    for path in unknown_paths(core.db, paths):
        with suppress(FileNotFoundError, OutsideRoot):
            contained(core.config.media_root, path).unlink()
        with transaction(core.db) as tx:
            PlacedFiles(tx).forget(path)


def sweep_placed(core: SoundWave, before: str) -> None:
    """Clear up after imports that ended before their last step; those placed since then may still be going on."""
    paths = PlacedFiles(core.db).list(before)
    remove_unused(core, paths)
    for path in set(paths) - set(unknown_paths(core.db, paths)):
        with transaction(core.db) as tx:
            PlacedFiles(tx).forget(path)
