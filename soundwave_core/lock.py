"""The lock on the data directory: one server, or one command, at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from .errors import StartError


class DataLock:
    """An exclusive flock on DATA_DIR/lock; the system frees it when the process ends, however it ends."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    @classmethod
    def take(cls, data_dir: Path) -> DataLock:
        """Take the lock, or StartError naming the process that holds it."""
        path = data_dir / "lock"
        try:
            file = open(path, "a+", encoding="ascii")  # noqa: SIM115 - held as long as the server runs
        except OSError as error:
            raise StartError(f"{path} cannot be written ({error.strerror}): see who owns {data_dir}.") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            sentence = f"{data_dir} is in use by another SoundWave (process {holder}): stop that one first."
            raise StartError(sentence, code="data_dir_in_use") from None
        (data_dir / "control.json").unlink(missing_ok=True)  # of a server that was killed
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        return cls(file)

    @staticmethod
    def is_taken(data_dir: Path) -> bool:
        """Whether a running process has it; the file alone says nothing."""
        try:
            with open(data_dir / "lock", encoding="ascii") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def release(self) -> None:
        self._file.close()
