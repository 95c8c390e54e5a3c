"""The locks on the data and media directories: one server, or one command, at a time."""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from .errors import StartError

log = logging.getLogger(__name__)

MEDIA_LOCK = ".soundwave/lock"


class DataLock:
    """An exclusive flock on a file in a directory; the system frees it when the process ends, however it ends."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    @classmethod
    def take(cls, directory: Path, name: str = "lock", *, is_needed: bool = True) -> DataLock:
        """Take the lock, or StartError naming the directory and the process that holds it.

        Not every network share can lock: where ``is_needed`` is false, that is a warning and no more.
        """
        path = directory / name
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            file = open(path, "a+", encoding="ascii")  # noqa: SIM115 - held as long as the server runs
        except OSError as error:
            raise StartError(f"{path} cannot be written ({error.strerror}): see who owns {directory}.") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _in_use(directory, file) from None
        except OSError as error:
            if is_needed:
                file.close()
                raise StartError(f"{path} cannot be locked ({error.strerror}): use a local disk.") from error
            log.warning("%s cannot be locked (%s): let no other SoundWave use it", directory, error.strerror)
        file.truncate(0)
        with suppress(OSError):  # the disk is full: it is ours all the same, only nobody can be told whose
            os.write(file.fileno(), str(os.getpid()).encode())
        return cls(file)

    @staticmethod
    def is_taken(directory: Path) -> bool:
        """Whether a running process has it; the file alone says nothing."""
        try:
            with open(directory / "lock", encoding="ascii") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def release(self) -> None:
        self._file.close()


def _in_use(directory: Path, file: IO[str]) -> StartError:
    with file:
        file.seek(0)
        holder = file.read().strip() or "unknown"
    sentence = f"{directory} is in use by another SoundWave (process {holder}): stop that one first."
    return StartError(sentence, code="directory_in_use")
