"""A process that is killed at its so-manieth change to a folder, one after another, until it gets through.

And a database whose process was killed in the middle of a change.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from soundwave_core.sqlite import driver

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


def cut_short(path: Path, *statements: str) -> dict[str, bytes]:
    """Leave a database as a kill -9 does in the middle of a change: half of it, and the journal that undoes it."""
    with closing(driver.connect(str(path), isolation_level=None)) as raw:
        assert raw.execute("PRAGMA journal_mode=DELETE").fetchone()[0] == "delete"
        raw.execute("PRAGMA cache_size=1")  # so that pages are written before the commit
        raw.execute("BEGIN")
        for statement in (*statements, "CREATE TABLE filler (a)"):
            raw.execute(statement)
        raw.executemany("INSERT INTO filler VALUES (?)", [("never committed" * 200,)] * 300)
        files = {suffix: path.with_name(path.name + suffix).read_bytes() for suffix in ("", "-journal")}
    for suffix, content in files.items():
        path.with_name(path.name + suffix).write_bytes(content)
    assert b"never committed" in files[""]  # without the journal it is another database
    return files
