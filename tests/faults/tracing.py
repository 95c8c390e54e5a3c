"""strace over a running server: system calls that fail as a disk or the kernel would make them."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def failing(pid: int, calls: str, error: str, when: str, log: Path) -> Iterator[None]:
    """Within the block some of these calls fail: ``when="3+5"`` is the third and then each fifth of every thread."""
    strace = shutil.which("strace")
    assert strace is not None, "the tests with failing system calls need strace: install it"
    command = [strace, "-f", "-p", str(pid), "-o", str(log), "-e", f"trace={calls}"]
    command += ["-e", f"inject={calls}:error={error}:when={when}"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert "attached" in line, line
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        process.stderr.close()
        process.wait(30)


def injected(log: Path) -> int:
    """How many calls were made to fail."""
    return log.read_text(errors="replace").count("(INJECTED)")
