"""Notices a server that no longer works although its process lives, and ends it, so that it is started again.

Three signs of life: the loop that serves all connections turns; of the threads that answer requests some become
free; the clock of the jobs looks. A container's restart policy, or systemd's, does the rest.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from .hold import LONGEST_SECONDS

if TYPE_CHECKING:
    from .app import SoundWave
    from .server import Server

log = logging.getLogger(__name__)

EXIT_STUCK = 70  # EX_SOFTWARE of sysexits.h: nothing else of ours or of Python's ends with it
LOOK_SECONDS = 5.0
LOOP_SECONDS = 60.0  # it turns every two seconds at least
REQUEST_SECONDS = 600.0  # no request of ours takes that long: answers are sent by the loop
JOBS_SECONDS = LONGEST_SECONDS + 300.0  # it looks every thirty seconds, or when writers are let go on again
TELL_SECONDS = 5.0


class _Still:
    """For how long something has been the same."""

    def __init__(self) -> None:
        self._value: object = self
        self._since = 0.0

    def seconds(self, value: object, now: float) -> float:
        """How long the value has been this one; from now on, if it was another."""
        if value != self._value:
            self._value, self._since = value, now
        return now - self._since


class Watchdog:
    """A thread that looks every ``LOOK_SECONDS``, and calls ``end(sentence)`` once where something is stuck."""

    def __init__(self, core: SoundWave, server: Server, end: Callable[[str], object] | None = None) -> None:
        self._core, self._server, self._end = core, server, end or tell_and_exit
        self._loop, self._jobs, self._requests = _Still(), _Still(), dict[int, _Still]()
        self._last: float | None = None
        self._awake = 0.0
        self._is_over = threading.Event()

    def start(self) -> None:
        """Look from now on, until ``stop()``."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """The server stops, and may take its time."""
        self._is_over.set()

    def look(self, now: float) -> str | None:
        """What is stuck at this monotonic moment, as a sentence.

        Time counts only while this process runs: a machine that slept, or a container that was paused, is not stuck.
        """
        passed = 0.0 if self._last is None else now - self._last
        self._last = now
        self._awake += min(passed, 2 * LOOK_SECONDS)
        if self._loop.seconds(self._server.turns, self._awake) >= LOOP_SECONDS:
            return f"The server's loop has not turned for {LOOP_SECONDS:.0f} seconds."
        if self._jobs.seconds(self._core.jobs.looks, self._awake) >= JOBS_SECONDS and not self._core.is_manual:
            return f"The clock of the jobs has stood still for {JOBS_SECONDS:.0f} seconds."
        if self._are_threads_stuck() and self._server.waiting:
            return f"Every thread has worked on one request for {REQUEST_SECONDS:.0f} seconds, and more are waiting."
        return None

    def _are_threads_stuck(self) -> bool:
        busy = self._core.traffic.under_way()
        self._requests = {number: self._requests.get(number, _Still()) for number in busy}
        stuck = [n for n, request in busy.items() if self._requests[n].seconds(request, self._awake) >= REQUEST_SECONDS]
        threads: int = self._core.config["threads"]
        return len(stuck) >= threads

    def _watch(self) -> None:
        while not self._is_over.wait(LOOK_SECONDS):
            sentence = self.look(self._core.clock.monotonic())
            if sentence is not None:
                self._end(sentence)
                return


def tell_and_exit(sentence: str) -> None:
    """Log what every thread is at, once, and end the process at once: whoever is stuck would not let it end."""
    text = f"{sentence} The process ends, to be started again. This is what its threads were at:\n{stacks()}"
    teller = threading.Thread(target=log.critical, args=("%s", text), daemon=True)
    teller.start()
    teller.join(TELL_SECONDS)
    if teller.is_alive() and sys.__stderr__ is not None:  # what is stuck is the log itself
        faulthandler.dump_traceback(sys.__stderr__, all_threads=True)
    os._exit(EXIT_STUCK)


def stacks() -> str:
    """Every thread's name and where it is, the innermost call last."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = [
        f"Thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
    ]
    return "\n".join(parts)
