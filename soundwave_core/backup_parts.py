"""A backup on its way in or out: a folder ``.part``, locked by whoever fills or removes it, so that nobody sweeps it.

The lock is flock's on the folder: it goes with the process, and a command beside the server sees it too. Where a file
system has no such locks, there is none.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .database_file import sync

log = logging.getLogger(__name__)

PART = ".part"


@contextmanager
def building(folder: Path, id: str) -> Iterator[Path]:
    """A folder that becomes a backup at the end of the block, or is removed where the block raises. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / (id + PART)
    handle = _made(part)
    try:
        yield part
        sync(part)
        os.replace(part, folder / id)
        sync(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    finally:
        os.close(handle)


def drop(folder: Path, id: str) -> None:
    """Remove a backup, under another name first: half a one must not look like one. FileNotFoundError, OSError."""
    part = folder / (id + PART)
    handle = _opened(folder / id)
    try:
        os.replace(folder / id, part)
        sync(folder)
        shutil.rmtree(part)
    finally:
        os.close(handle)


def sweep_part(part: Path) -> None:
    """Clear away what was cut off; what somebody holds, or what cannot be removed, stays."""
    if not part.is_dir():
        part.unlink(missing_ok=True)
        return
    with suppress(FileNotFoundError, BlockingIOError):
        handle = _opened(part, fcntl.LOCK_NB)
        try:
            shutil.rmtree(part)
        finally:
            os.close(handle)


def _made(part: Path) -> int:
    """A new folder, and its lock; who swept it before it was locked has it removed by then, and it is made again."""
    while True:
        part.mkdir(mode=0o700)
        with suppress(FileNotFoundError):
            handle = _opened(part)
            if part.exists() and os.path.samestat(os.fstat(handle), part.stat()):
                return handle
            os.close(handle)


def _opened(folder: Path, flags: int = 0) -> int:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | flags)
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError as error:
        log.debug("%s cannot be locked: %s", folder, error.strerror)
    return handle
