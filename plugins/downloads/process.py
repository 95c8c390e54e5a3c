"""The server's side of a download worker; and the door to the processes of this plugin."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from soundwave_library import find_ffmpeg

from .children import JAVASCRIPT, Child, WorkerDied, find_javascript
from .messages import (
    LIST_LIMIT,
    Event,
    Failed,
    Fetched,
    FetchRequest,
    Item,
    Options,
    Progress,
    Resolved,
    ResolveRequest,
)
from .proxy import EgressProcess

__all__ = ["JAVASCRIPT", "EgressProcess", "WorkerDied", "WorkerProcess", "find_ffmpeg", "find_javascript"]

OnProgress = Callable[[int, int | None], None]
T = TypeVar("T")

_IDLE_SECONDS = 600.0  # longest silence: a remux of hours of audio on a slow disk sends nothing
_TOTAL_SECONDS = 12 * 3600.0
_GROWTH_BYTES = 256 * 1024 * 1024
_decode_event = msgspec.json.Decoder(Event).decode


class WorkerProcess:
    """One worker: takes one request after another from the one thread that calls resolve and fetch.

    The process starts at the first request, and again after it died, after ``max_items`` requests, when
    its memory grew, and when the egress proxy is another one. ``cancel`` may be called by any thread.
    ``home``: an empty directory, made where it is missing. ``plugins``: yt-dlp's plugin directory.
    ``paths``: searched first for Python packages (a newer yt-dlp).
    """

    def __init__(
        self,
        egress: EgressProcess,
        home: Path,
        *,
        ffmpeg: Path | None = None,
        max_items: int = 200,
        max_growth_bytes: int = _GROWTH_BYTES,
        plugins: Path | None = None,
        paths: Sequence[Path] = (),
        idle_seconds: float = _IDLE_SECONDS,
        total_seconds: float = _TOTAL_SECONDS,
    ) -> None:
        self._egress, self._home, self._ffmpeg = egress, home, ffmpeg
        self._max_items, self._max_growth_bytes = max_items, max_growth_bytes
        self._plugins, self._paths = plugins, tuple(paths)
        self._idle_seconds, self._total_seconds = idle_seconds, total_seconds
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._url = ""
        self._items = self._serial = self._rss_bytes = 0
        self._is_busy = self._is_cancelled = False

    @property
    def is_alive(self) -> bool:
        child = self._child
        return child is not None and child.is_alive

    @property
    def pid(self) -> int | None:
        child = self._child
        return None if child is None else child.pid

    def resolve(
        self,
        url: str,
        *,
        limit: int = LIST_LIMIT,
        options: Options | None = None,
    ) -> Resolved | Failed:
        """What the link leads to. Raises WorkerDied."""
        request = ResolveRequest(id=self._next_id(), url=url, limit=limit, options=options or Options())
        return self._ask(request.id, msgspec.json.encode(request), Resolved, None)

    def fetch(
        self,
        url: str,
        staging: Path,
        *,
        item: Item | None = None,
        options: Options | None = None,
        on_progress: OnProgress | None = None,
    ) -> Fetched | Failed:
        """Fetches one item into ``staging`` (made, 0700; what is there of an earlier try is used).

        ``on_progress(bytes_done, bytes_total)`` is called in this thread, at most twice a second; what
        it raises ends the worker and comes out here. Raises WorkerDied.
        """
        request = FetchRequest(
            id=self._next_id(), url=url, staging=str(staging), item=item, options=options or Options()
        )
        return self._ask(request.id, msgspec.json.encode(request), Fetched, on_progress)

    def cancel(self) -> None:
        """Ends what runs now, within a second; the waiting call raises WorkerDied(is_cancelled=True).

        Does nothing where no request is under way. The next request starts a new process.
        """
        with self._lock:
            if not self._is_busy:
                return
            self._is_cancelled = True
            child = self._child
        if child is not None:
            child.kill()

    def stop(self) -> None:
        """``cancel``, and an idle process ends too."""
        self.cancel()
        with self._lock:
            child = self._child
            is_busy = self._is_busy
        if child is not None:
            child.kill() if is_busy else self._drop()

    def _next_id(self) -> str:
        self._serial += 1
        return str(self._serial)

    def _ask(self, request_id: str, line: bytes, wanted: type[T], note: OnProgress | None) -> T | Failed:
        with self._lock:
            self._is_busy, self._is_cancelled = True, False
        is_done = False
        try:
            child = self._ready_child()
            child.send(line)
            answer = self._listen(child, request_id, wanted, note)
            is_done = True
            self._rss_bytes = self._rss_bytes or child.rss_bytes
            return answer
        except WorkerDied as error:
            raise WorkerDied(error.sentence, is_cancelled=self._is_cancelled) from error
        except TimeoutError:
            reason = "It took too long and was ended."
            return Failed(id=request_id, code="timed_out", when="later", reason=reason)
        finally:
            with self._lock:
                self._is_busy = False
            if not is_done:
                self._drop()

    def _listen(self, child: Child, request_id: str, wanted: type[T], note: OnProgress | None) -> T | Failed:
        deadline = time.monotonic() + self._total_seconds
        while True:
            left = deadline - time.monotonic()
            try:
                event = _decode_event(child.receive(min(self._idle_seconds, left)))
            except msgspec.DecodeError as error:
                raise WorkerDied("The worker sent something that is no event.") from error
            if event.id != request_id:
                raise WorkerDied("The worker answered another request.")
            if isinstance(event, Progress):
                if note is not None:
                    note(event.bytes_done, event.bytes_total)
            elif isinstance(event, wanted | Failed):
                return event
            else:
                raise WorkerDied("The worker gave another kind of answer.")

    def _ready_child(self) -> Child:
        url = self._egress.url
        child = self._child
        if child is not None and self._is_worn(child, url):
            self._drop()
            child = None
        if child is None:
            child = self._start(url)
        self._items += 1
        return child

    def _is_worn(self, child: Child, url: str) -> bool:
        grown = child.rss_bytes - self._rss_bytes
        is_full = self._items >= self._max_items or (self._rss_bytes > 0 and grown > self._max_growth_bytes)
        return is_full or url != self._url or not child.is_alive

    def _start(self, url: str) -> Child:
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        environment = {
            "SOUNDWAVE_EGRESS": url,
            "SOUNDWAVE_FFMPEG": str(self._ffmpeg or find_ffmpeg()),
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(self._home),
        }
        if self._plugins is not None:
            environment["SOUNDWAVE_YTDLP_PLUGINS"] = str(self._plugins)
        child = Child("worker", environment, self._paths)
        with self._lock:
            self._child, self._url = child, url
            self._items = self._rss_bytes = 0
            is_cancelled = self._is_cancelled
        if is_cancelled:
            raise WorkerDied("Cancelled.")
        return child

    def _drop(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.close()
