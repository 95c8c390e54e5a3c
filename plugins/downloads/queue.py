"""The queue's engine: claims rows and hands them to workers.

Rows are the queue; threads and processes come and go. Each engine thread has one worker process. A claim
has a lease and a fencing number: who lost it (pause, cancel, a restart) can no longer write.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from soundwave_core import from_stamp, transaction

from . import resolving
from .attempts import Attempt
from .process import EgressProcess, WorkerProcess
from .staging import sweep_placed, sweep_staging
from .store import LEASE_SECONDS, DownloadItems, Downloads

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

LONGEST_SLEEP_SECONDS = 3600.0
STUMBLE_SECONDS = 5.0
STOP_TRIES = 10  # a worker may just have been starting, so it is told again
MOST_LINKS = 3  # resolved in a row before an item has its turn


class Engine:
    """The threads and processes of one server. ``drain()`` is the same work in the calling thread."""

    def __init__(self, core: SoundWave) -> None:
        self.core = core
        self.egress = EgressProcess([str(network) for network in core.config["downloads.allowed_networks"]])
        self._wake = threading.Condition()
        self._is_stopping = False
        self._signals = 0
        self._working: dict[str, WorkerProcess] = {}
        self._served: list[str] = []  # users, the last one served last
        self._links = 0  # resolved since the last item
        self._threads: list[threading.Thread] = []
        self._hand: WorkerProcess | None = None

    # Life

    def start(self) -> None:
        """Take back what a server that is gone left running; then work, unless the tests do it by hand."""
        with transaction(self.core.db) as tx:
            released = DownloadItems(tx).release_all(self.core.clock.stamp())
            Downloads(tx).release_all()
        if released:
            what = "1 download goes on where it was" if released == 1 else f"{released} downloads go on where they were"
            log.info("%s", what)
        sweep_staging(self.core)
        sweep_placed(self.core, "~")
        if self.core.is_manual:
            return
        for number in range(self.core.config["downloads.workers"]):
            thread = threading.Thread(target=self._run, name=f"download-{number + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Kill what runs; its rows go back into the queue, here or at the next start."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify_all()
        for _ in range(STOP_TRIES):
            with self._wake:
                workers = list(self._working.values())
            for worker in workers:
                worker.stop()
            with self._wake:
                if self._wake.wait_for(lambda: not self._working, timeout=0.1):
                    break
        for thread in self._threads:
            thread.join(timeout=0.5)
        if self._hand is not None:
            self._hand.stop()
        self.egress.stop()

    @property
    def is_well(self) -> bool:
        """Whether every thread that was started is there."""
        return all(thread.is_alive() for thread in self._threads)

    def wake(self) -> None:
        """There may be something to do."""
        with self._wake:
            self._signals += 1
            self._wake.notify_all()

    def cancel(self, uids: list[str]) -> None:
        """Kill the work on these items or downloads, which have lost their rows already."""
        with self._wake:
            workers = [self._working[uid] for uid in uids if uid in self._working]
        for worker in workers:
            worker.cancel()

    def drain(self, most: int | None = None, worker: WorkerProcess | None = None) -> int:
        """Work in this thread until nothing is due, or ``most`` claims; how many they were. For tests."""
        if worker is None:
            worker = self._hand = self._hand or self._new_worker()
        done = 0
        while not self._is_stopping and done != most and self._work(worker):
            done += 1
        return done

    # The threads

    def _new_worker(self) -> WorkerProcess:
        return WorkerProcess(self.egress, self.core.config.cache_dir / "worker-home")

    def _run(self) -> None:
        worker, seen, pause = self._new_worker(), -1, 0.0
        while not self._is_stopping:
            try:
                seen = self._rest(seen, pause or self._seconds_to_next())
                while not self._is_stopping and self._work(worker):
                    pass
                pause = 0.0
            except Exception:
                if not self._is_stopping:
                    log.exception("the download queue stumbled; it goes on in %d seconds", STUMBLE_SECONDS)
                pause = STUMBLE_SECONDS
        worker.stop()
        self.core.db.release()

    def _rest(self, seen: int, seconds: float) -> int:
        """Wait until there is a signal that was not seen yet, or so long."""
        with self._wake:
            self._wake.wait_for(lambda: self._is_stopping or seen != self._signals, timeout=seconds)
            return self._signals

    def _seconds_to_next(self) -> float:
        """How long until a waiting time is over; at most an hour."""
        db = self.core.db
        due = [moment for moment in (Downloads(db).next_due(), DownloadItems(db).next_due()) if moment]
        if not due:
            return LONGEST_SLEEP_SECONDS
        left = (from_stamp(min(due)) - self.core.clock.now()).total_seconds()
        return min(max(left, 0.05), LONGEST_SLEEP_SECONDS)

    # One claim

    def _work(self, worker: WorkerProcess) -> bool:
        """Claim one thing and see it through; False where nothing is due."""
        kind, row, attempt = self._claim()
        if row is None:
            return False
        with self._assigned(row["uid"], worker):
            if kind == "link":
                resolving.carry_out(self.core, row, worker)
            else:
                Attempt(self.core, row, attempt).carry_out(worker)
        if kind == "link":
            self.wake()  # it may have brought work for all
        return True

    def _claim(self) -> tuple[str, dict[str, Any] | None, int]:
        """Links go before items, but not for ever; users take turns."""
        now, lease = self.core.clock.stamp(), self.core.clock.stamp_after(seconds=LEASE_SECONDS)
        with transaction(self.core.db) as tx:
            links, items = Downloads(tx), DownloadItems(tx)
            links.make_ready(now)
            items.make_ready(now)
            is_item_first = self._links >= MOST_LINKS
            item = items.claim(now, lease, self._served) if is_item_first else None
            link = links.claim(now, lease, self._served) if item is None else None
            if item is None and link is None and not is_item_first:
                item = items.claim(now, lease, self._served)
            attempt = items.begin_attempt(item, now) if item is not None else 0
            if item is not None:
                links.begin(item["download_id"], now)
            self._note_turn(link or item, is_link=link is not None)
        return "link" if link is not None else "item", link or item, attempt

    def _note_turn(self, row: dict[str, Any] | None, *, is_link: bool) -> None:
        """Whose turn it was, in memory: after a restart all are equal. One claim at a time comes here."""
        if row is not None:
            self._links = self._links + 1 if is_link else 0
            self._served = [*(user for user in self._served if user != row["user_id"]), row["user_id"]]

    @contextmanager
    def _assigned(self, uid: str, worker: WorkerProcess) -> Iterator[None]:
        """While inside, ``uid`` can be cancelled. Whoever had it before is stopped, and has left when this begins."""
        with self._wake:
            while (other := self._working.get(uid)) is not None:
                self._wake.release()
                try:
                    other.cancel()
                finally:
                    self._wake.acquire()
                self._wake.wait_for(lambda: uid not in self._working, timeout=0.1)
            self._working[uid] = worker
        try:
            yield
        finally:
            with self._wake:
                del self._working[uid]
                self._wake.notify_all()
