"""A process that is killed at its so-manieth change to a folder, one after another, until it gets through."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def killed_at(change: int, folder: Path, call: Callable[[], object]) -> bool:
    """Call it in a child that is killed just before that change below ``folder``; whether it came to that.

    Counted is what Python itself does: names that are made, moved and removed, and files opened to be written.
    """
    pid = os.fork()
    if pid == 0:
        left = itertools.count(change, -1)

        def watch(name: str, arguments: tuple[Any, ...]) -> None:
            is_change = name in CHANGES or (name == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING)
            if is_change and str(arguments[0]).startswith(str(folder)) and next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(watch)
            call()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)
