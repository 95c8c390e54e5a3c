"""The processes that a download needs, seen from the server: how they start, talk and end."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .messages import LINE_LIMIT

_CHILD = Path(__file__).with_name("child.py")
_GRACE_SECONDS = 0.4
JAVASCRIPT = ("deno", "node", "qjs")  # the programs behind ``js_runtimes`` in ytdlp.py, as yt-dlp prefers them


class WorkerDied(Exception):
    """The process ended without an answer: killed (``is_cancelled``), crashed, or over a limit."""

    def __init__(self, sentence: str, *, is_cancelled: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.is_cancelled = is_cancelled


def find_javascript() -> Path | None:
    """The JavaScript runtime on PATH that yt-dlp would run, or None."""
    return next((Path(found) for found in map(shutil.which, JAVASCRIPT) if found), None)


class Child:
    """A module of this folder in a process and a session of its own, with a cleared environment.

    Lines go in by ``send`` and come out by ``receive``, which one thread calls; ``kill`` may be called
    by any. The process is reaped only after its whole group was killed, so its number cannot have
    become someone else's in between.
    """

    def __init__(self, module: str, environment: Mapping[str, str], paths: Sequence[Path] = ()) -> None:
        search = [*map(str, paths), *(part for part in sys.path if part)]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", str(_CHILD), module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may hold signed addresses
            env={**environment, "PYTHONPATH": os.pathsep.join(search)},
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
        self._lock = threading.Lock()
        self._buffer = bytearray()
        self._has_ended = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return not self._has_ended and _is_running(self.pid)

    @property
    def rss_bytes(self) -> int:
        """Resident memory, 0 where the system does not tell."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def send(self, line: bytes) -> None:
        """Raises WorkerDied where nobody reads any more."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + b"\n")
        except (OSError, ValueError) as error:
            raise WorkerDied("The process had ended.") from error

    def receive(self, timeout_seconds: float) -> bytes:
        """The next line. Raises TimeoutError after that long, WorkerDied at the end or at a line too long."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + timeout_seconds
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > LINE_LIMIT:
                raise WorkerDied("The process sent a line that is too long.")
            self._buffer += self._read(self._process.stdout.fileno(), deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _read(self, descriptor: int, deadline: float) -> bytes:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError("No line came in time.")
        data = os.read(descriptor, 65_536)
        if not data:
            raise WorkerDied("The process ended without an answer.")
        return data

    def kill(self, grace_seconds: float = _GRACE_SECONDS) -> None:
        """Ends the process and all of its group: politely first, for good after the grace. Idempotent."""
        with self._lock:
            if self._has_ended:
                return
            self._signal(signal.SIGTERM)
            deadline = time.monotonic() + grace_seconds
            while _is_running(self.pid) and time.monotonic() < deadline:
                time.sleep(0.005)
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._has_ended = True

    def close(self) -> None:
        """``kill``, and both pipes too: for the thread that uses them."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def _is_running(pid: int) -> bool:
    """Whether it runs, asked without reaping it."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False
