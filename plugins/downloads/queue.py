"""The queue's engine: claims rows, hands them to workers, and writes down what became of them.

Rows are the queue; threads and processes come and go. Each engine thread has one worker process. A claim
has a lease and a fencing number: who lost it (pause, cancel, a restart) can no longer write.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from soundwave_core import from_stamp, to_stamp, transaction

from . import importing, resolving
from .messages import Failed, Fetched, Item, Options
from .process import EgressProcess, WorkerDied, WorkerProcess, find_ffmpeg
from .store import LEASE_SECONDS, DownloadItems, Downloads

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

BACKOFF_SECONDS = (60, 5 * 60, 15 * 60, 3600, 6 * 3600)
LONGEST_SLEEP_SECONDS = 3600.0
LARGEST_ATTEMPTS = 5
ENDLESS = frozenset({"throttled", "disk_full"})  # waited out, however long it takes
DEAD = Failed(id="", code="worker_died", when="later", reason="The download process ended unexpectedly.")


class Engine:
    """The threads and processes of one server. ``drain()`` is the same work in the calling thread."""

    def __init__(self, core: SoundWave) -> None:
        self.core = core
        self.egress = EgressProcess(core.config["downloads.allowed_networks"])
        self._wake = threading.Condition()
        self._is_stopping = False
        self._signals = 0
        self._working: dict[str, WorkerProcess] = {}
        self._threads: list[threading.Thread] = []
        self._hand: WorkerProcess | None = None

    # Life

    def start(self) -> None:
        """Take back what a server that is gone left running; then work, unless the tests do it by hand."""
        with transaction(self.core.db) as tx:
            released = DownloadItems(tx).release_all(self.core.clock.stamp())
        if released:
            log.info("%d downloads go on where they were", released)
        if self.core.is_manual:
            return
        for number in range(self.core.config["downloads.workers"]):
            thread = threading.Thread(target=self._run, name=f"download-{number + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Kill what runs; its rows are taken back at the next start."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify_all()
            working = list(self._working.values())
        for worker in working:
            worker.stop()
        for thread in self._threads:
            thread.join(timeout=2)
        if self._hand is not None:
            self._hand.stop()
        self.egress.stop()

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

    def drain(self, most: int | None = None) -> int:
        """Work in this thread until nothing is due, or ``most`` claims; how many they were. For tests."""
        if self._hand is None:
            self._hand = self._new_worker()
        done = 0
        while done != most and self._work(self._hand):
            done += 1
        return done

    def _new_worker(self) -> WorkerProcess:
        home = self.core.config.cache_dir / "worker-home"
        return WorkerProcess(self.egress, home, ffmpeg=find_ffmpeg())

    def _run(self) -> None:
        worker = self._new_worker()
        seen = -1
        while True:
            with self._wake:
                while not self._is_stopping and seen == self._signals:
                    if not self._wake.wait(self._seconds_to_next()):
                        break
                if self._is_stopping:
                    break
                seen = self._signals
            try:
                while not self._is_stopping and self._work(worker):
                    pass
            except Exception:
                log.exception("the download queue stumbled; it goes on at the next tick")
        worker.stop()
        self.core.db.release()

    def _seconds_to_next(self) -> float:
        """How long until a waiting time is over; at most an hour."""
        due = DownloadItems(self.core.db).next_due()
        if due is None:
            return LONGEST_SLEEP_SECONDS
        left = (from_stamp(due) - self.core.clock.now()).total_seconds()
        return min(max(left, 0.05), LONGEST_SLEEP_SECONDS)

    # One claim

    def _work(self, worker: WorkerProcess) -> bool:
        """Claim one thing and see it through; False where nothing is due."""
        now, lease = self.core.clock.stamp(), self._lease()
        with transaction(self.core.db) as tx:
            download = Downloads(tx).claim(now, lease)
            item = None if download is not None else DownloadItems(tx).claim(now, lease)
            attempt = DownloadItems(tx).begin_attempt(item, now) if item is not None else 0
            if item is not None:
                Downloads(tx).settle(item["download_id"], now)
        if download is not None:
            self._resolve(worker, download)
        elif item is not None:
            self._fetch(worker, item, attempt)
        return download is not None or item is not None

    def _lease(self) -> str:
        return to_stamp(self.core.clock.now() + timedelta(seconds=LEASE_SECONDS))

    def _resolve(self, worker: WorkerProcess, download: dict[str, Any]) -> None:
        with self._assigned(download["uid"], worker):
            try:
                answer = worker.resolve(download["url"], limit=self.core.config["downloads.longest_list"])
            except WorkerDied as death:
                if death.is_cancelled or self._is_stopping:
                    return
                answer = DEAD
        if isinstance(answer, Failed):
            resolving.fail(self.core, download, answer, wait_seconds(answer, download["attempts"]))
        else:
            resolving.accept(self.core, download, answer)
        self.wake()

    def _fetch(self, worker: WorkerProcess, item: dict[str, Any], attempt: int) -> None:
        view = self._view(item)
        known = importing.find_known(self.core, item)
        for reason in self.core.plugins.decide("before_download", download=view):
            self._end(item, attempt, "skipped", "skipped", str(reason))
            return
        if known is not None:
            self._adopted(item, attempt, view, importing.adopt_known(self.core, item, known), is_new=False)
            return
        staging = importing.staging_of(self.core, item)
        with self._assigned(item["uid"], worker):
            try:
                answer = worker.fetch(
                    item["url"], staging, item=msgspec.json.decode(item["item"], type=Item),
                    options=self._options(view), on_progress=lambda done, total: self._note(item, done, total),
                )  # fmt: skip
            except WorkerDied as death:
                if death.is_cancelled or self._is_stopping:
                    return
                answer = DEAD
        if isinstance(answer, Fetched):
            track_id = importing.adopt(self.core, item, answer, staging)
            importing.drop_staging(self.core, item["uid"])
            self._adopted(item, attempt, view, track_id, is_new=track_id == item["uid"])
        else:
            self._failed(item, attempt, view, answer)

    def _assigned(self, uid: str, worker: WorkerProcess) -> _Assignment:
        return _Assignment(self._wake, self._working, uid, worker)

    def _options(self, view: dict[str, Any]) -> Options:
        """What plugins add to yt-dlp's options; two that disagree are an error of theirs, seen in the log."""
        merged: dict[str, Any] = {}
        for more in self.core.plugins.decide("download_options", download=view):
            for name, value in more.items():
                if merged.setdefault(name, value) != value:
                    raise ValueError(f"two plugins set the download option {name} differently")
        return Options(max_bytes=self.core.config["downloads.largest_item_bytes"], ytdlp=merged)

    def _view(self, item: dict[str, Any]) -> dict[str, Any]:
        row = self.core.db.row("SELECT uid, user_id FROM downloads WHERE id = :id", id=item["download_id"])
        assert row is not None
        return {"id": item["uid"], "download_id": row["uid"], "user_id": row["user_id"], "url": item["url"],
                "title": item["title"], "attempts": item["attempts"]}  # fmt: skip

    def _note(self, item: dict[str, Any], done: int, total: int | None) -> None:
        """Write progress down and keep the lease, twice a second at most; a lost claim ends the work."""
        with transaction(self.core.db) as tx:
            items = DownloadItems(tx)
            if not items.holds(item["id"], item["fence"]):
                raise WorkerDied("The item is no longer ours.", is_cancelled=True)
            columns = {"bytes_done": done, "bytes_total": total, "lease_until": self._lease()}
            items.change(item["id"], self.core.clock.stamp(), **columns)

    # What became of it

    def _adopted(
        self, item: dict[str, Any], attempt: int, view: dict[str, Any], track_id: str | None, *, is_new: bool
    ) -> None:
        if track_id is None:
            return
        with transaction(self.core.db) as tx:
            DownloadItems(tx).end_attempt(attempt, self.core.clock.stamp(), "done", None, None)
        log.info("fetched %s", item["title"] or item["url"])
        if is_new:
            self.core.plugins.announce("track_added", track_id=track_id)
        self.core.plugins.announce("download_finished", download=view, track_id=track_id)

    def _failed(self, item: dict[str, Any], attempt: int, view: dict[str, Any], failure: Failed) -> None:
        wait = wait_seconds(failure, item["attempts"])
        if wait is None:
            importing.drop_staging(self.core, item["uid"])
            if self._end(item, attempt, "failed", failure.code, failure.reason):
                log.warning("%s could not be fetched: %s", item["title"] or item["url"], failure.reason)
                self.core.plugins.announce(
                    "download_failed", download=view, code=failure.code, reason=failure.reason
                )
            return
        not_before = to_stamp(self.core.clock.now() + timedelta(seconds=wait))
        self._end(item, attempt, "queued", failure.code, failure.reason, not_before)

    def _end(
        self, item: dict[str, Any], attempt: int, state: str, code: str, reason: str, not_before: str | None = None
    ) -> bool:
        """Write an item's new state and its attempt's end, if the claim is still ours."""
        now = self.core.clock.stamp()
        with transaction(self.core.db) as tx:
            items = DownloadItems(tx)
            items.end_attempt(attempt, now, "failed" if state == "queued" else state, code, reason)
            if not items.holds(item["id"], item["fence"]):
                return False
            columns = {"error_code": code, "error": reason, "lease_until": None, "not_before": not_before}
            items.change(item["id"], now, state=state, **columns)
            Downloads(tx).settle(item["download_id"], now)
        return True


class _Assignment:
    """While inside, ``uid`` can be cancelled."""

    def __init__(
        self, lock: threading.Condition, working: dict[str, WorkerProcess], uid: str, worker: WorkerProcess
    ) -> None:
        self._lock, self._working, self._uid, self._worker = lock, working, uid, worker

    def __enter__(self) -> None:
        with self._lock:
            self._working[self._uid] = self._worker

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._working.pop(self._uid, None)


def wait_seconds(failure: Failed, attempts: int) -> int | None:
    """How long until the next try; None: never. Throttling is waited out, five tries are enough for the rest."""
    if failure.when == "never" or (attempts >= LARGEST_ATTEMPTS and failure.code not in ENDLESS):
        return None
    if failure.when == "now":
        return 0
    backoff = BACKOFF_SECONDS[min(max(attempts, 1), len(BACKOFF_SECONDS)) - 1]
    return max(backoff, failure.retry_after_seconds or 0)


