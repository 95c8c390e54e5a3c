"""What is asked of this server: requests counted and timed, each thread in a tally of its own, without a lock."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

# Upper bounds in seconds, the defaults of Prometheus's clients, so that its stock dashboards fit.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OTHER = "other"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", OTHER)


@dataclass(frozen=True, slots=True)
class Durations:
    """How long answers took, until their first byte was ready.

    ``buckets``: an upper bound in seconds, and how many took no longer; the last bound is infinite.
    """

    buckets: tuple[tuple[float, int], ...]
    seconds: float


class Tally:
    """What one thread has done. Only it writes here; who reads may be one request behind."""

    __slots__ = ("answers", "begun", "counts", "ended", "seconds")

    def __init__(self) -> None:
        self.begun = self.ended = 0
        self.seconds = 0.0
        self.counts = [0] * (len(BUCKETS) + 1)
        self.answers = {(method, first): 0 for method in METHODS for first in "12345"}

    def answer(self, method: str, status: str, seconds: float) -> None:
        """The head of the answer is ready: ``status`` as WSGI has it ("200 OK"), after so many seconds."""
        try:
            self.answers[method, status[0]] += 1
        except KeyError:  # whatever clients may call a method: not one of them makes this larger
            self.answers[OTHER, status[0] if status[0] in "12345" else "5"] += 1
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds

    def end(self) -> None:
        """The thread is free again."""
        self.ended += 1


class Traffic:
    """``core.traffic``: ``front.py`` alone begins, answers and ends, for each request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: list[Tally] = []
        self._mine = threading.local()

    def begin(self) -> Tally:
        """This thread works on a request from now on; it is told to the tally when it is answered and ended."""
        try:
            tally: Tally = self._mine.tally
        except AttributeError:
            tally = self._mine.tally = Tally()
            with self._lock:
                self._tallies.append(tally)
        tally.begun += 1
        return tally

    def answers(self) -> dict[tuple[str, str], int]:
        """How many, by method (``OTHER`` for what is none of ours) and class ("2xx"), those that there were."""
        tallies = self._all()
        totals = {(m, f"{first}xx"): sum(t.answers[m, first] for t in tallies) for m in METHODS for first in "12345"}
        return {kind: count for kind, count in totals.items() if count}

    def durations(self) -> Durations:
        """Of all answers since the start."""
        tallies, total, buckets = self._all(), 0, list[tuple[float, int]]()
        for place, bound in enumerate((*BUCKETS, inf)):
            total += sum(tally.counts[place] for tally in tallies)
            buckets.append((bound, total))
        return Durations(tuple(buckets), sum(tally.seconds for tally in tallies))

    def under_way(self) -> Mapping[int, int]:
        """The threads that are in a request just now: by a number of the thread's, which request of its it is."""
        return {number: tally.begun for number, tally in enumerate(self._all()) if tally.begun > tally.ended}

    def _all(self) -> list[Tally]:
        with self._lock:
            return list(self._tallies)
