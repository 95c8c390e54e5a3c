"""A download worker: ``python -m soundwave_downloads.worker``, a child of the server.

Requests come in as JSON lines on stdin, events go out as JSON lines on stdout (``messages.py``), one
request after another. It ends when stdin does, with all that it started. The environment has
SOUNDWAVE_EGRESS (the only way out), SOUNDWAVE_FFMPEG, HOME (an empty directory), PATH and LANG.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import msgspec

from .client import Client
from .faults import Fault, fault_of
from .fetching import Fetcher
from .listing import resolve
from .messages import Event, Failed, FetchRequest, Progress, Request
from .sandbox import confine, limit_request
from .ytdlp import Extractors

log = logging.getLogger("soundwave.worker")
_PROGRESS_SECONDS = 0.5


class Reporter:
    """Writes events to where stdout was; stdout itself now leads to stderr."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._last = 0.0

    def send(self, event: Event) -> None:
        self._out.write(msgspec.json.encode(event) + b"\n")
        self._out.flush()

    def begin(self) -> None:
        """A new request: its first progress goes out at once."""
        self._last = 0.0

    def progress(self, request_id: str, done: int, total: int | None) -> None:
        """Sends at most two a second."""
        now = time.monotonic()
        if now - self._last >= _PROGRESS_SECONDS:
            self._last = now
            self.send(Progress(id=request_id, bytes_done=done, bytes_total=total))


class Worker:
    """Does one request after another, with one client and one yt-dlp."""

    def __init__(self, reporter: Reporter, proxy: str, ffmpeg: str, home: Path) -> None:
        self._reporter = reporter
        self._client = Client(proxy)
        self._extractors = Extractors(proxy, home)
        self._fetcher = Fetcher(self._client, self._extractors, ffmpeg)

    def handle(self, request: Request) -> None:
        """Answers with exactly one event that is not a Progress, whatever happens."""
        try:
            self._reporter.send(self._answer(request))
        except Exception as error:
            fault = fault_of(error)
            if fault.code in ("internal", "extraction_failed"):
                log.exception("request %s failed", request.id)
            self._reporter.send(_failed(request.id, fault))

    def _answer(self, request: Request) -> Event:
        self._reporter.begin()
        limit_request(request.options.max_bytes)
        if not isinstance(request, FetchRequest):
            return resolve(request, self._client, self._extractors)

        def report(done: int, total: int | None) -> None:
            self._reporter.progress(request.id, done, total)

        return self._fetcher.fetch(request, report)


def _failed(request_id: str, fault: Fault) -> Failed:
    return Failed(
        id=request_id,
        code=fault.code,
        when=fault.when,
        reason=fault.sentence,
        retry_after_seconds=fault.retry_after_seconds,
    )


def _read_lines(lines: queue.SimpleQueue[bytes]) -> None:
    """Hands lines over; when the server has gone, ends the group: ffmpeg must not outlive us."""
    for line in sys.stdin.buffer:
        lines.put(line)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def main() -> None:
    """Take requests from standard input until it ends."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_lines, args=(lines,), daemon=True).start()
    confine(os.environ)
    environment = os.environ
    worker = Worker(
        Reporter(out),
        environment["SOUNDWAVE_EGRESS"],
        environment["SOUNDWAVE_FFMPEG"],
        Path(environment["HOME"]),
    )
    decode = msgspec.json.Decoder(Request).decode
    while True:
        worker.handle(decode(lines.get()))


if __name__ == "__main__":
    main()
