"""One try at a download item, from its claim to its end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from soundwave_core import transaction

from . import importing, quota
from .messages import Failed, Fetched, Item, Options
from .process import WorkerDied, WorkerProcess
from .source_store import Sources
from .staging import drop_staging, staging_of
from .store import LEASE_SECONDS, DownloadItems, Downloads
from .text import name_for_log
from .waiting import DEAD, SHARED, again_at, failure_of, wait_seconds

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave

log = logging.getLogger(__name__)


class Attempt:
    """``item`` is the row as it was claimed, ``rowid`` the attempt's own."""

    def __init__(self, core: SoundWave, item: dict[str, Any], rowid: int) -> None:
        self.core, self.item, self.rowid = core, item, rowid

    def carry_out(self, worker: WorkerProcess) -> None:
        """Whatever happens, the item has a state afterwards that somebody goes on from."""
        try:
            self._carry_out(worker)
        except WorkerDied as death:
            if death.is_cancelled:
                self._interrupted()
            else:
                self._failed(DEAD)
        except Exception as error:  # plugins, the disk: one item's trouble is not the queue's
            self._failed(failure_of(error))

    def _carry_out(self, worker: WorkerProcess) -> None:
        core, item = self.core, self.item
        if not self._is_ours(core.db):
            self._interrupted()
            return
        download = Downloads(core.db).of_item(item)
        view = _view(item, download)
        for reason in core.plugins.decide("before_download", download=view):
            self._skipped(str(reason))
            return
        known = importing.find_known(core, item)
        if known is not None:
            self._adopted(view, importing.adopt_known(core, item, known), "%s was here already")
            return
        options = self._options(view, quota.room_for(core, download, Sources(core.db).of(download)))
        staging = staging_of(core, item)
        answer = worker.fetch(
            item["url"], staging, item=msgspec.json.decode(item["item"], type=Item), options=options,
            on_progress=self._note,
        )  # fmt: skip
        if isinstance(answer, Fetched):
            self._adopted(view, importing.adopt(core, item, answer, staging), "fetched %s")
        else:
            self._failed(answer)

    @property
    def _name(self) -> str:
        return name_for_log(self.item["title"], self.item["url"])

    def _is_ours(self, db: Database) -> bool:
        return DownloadItems(db).holds(self.item["id"], self.item["fence"])

    def _options(self, view: dict[str, Any], room_bytes: int | None) -> Options:
        """What plugins add to yt-dlp's options; two that disagree are an error of theirs, seen in the log."""
        merged: dict[str, Any] = {}
        for more in self.core.plugins.decide("download_options", download=view):
            for name, value in more.items():
                if merged.setdefault(name, value) != value:
                    raise ValueError(f"two plugins set the download option {name} differently")
        largest = self.core.config["downloads.largest_item_bytes"]
        return Options(max_bytes=largest, room_bytes=room_bytes, ytdlp=merged)

    def _note(self, done: int, total: int | None) -> None:
        """Write progress down and keep the lease, twice a second at most; a lost claim ends the work."""
        with transaction(self.core.db) as tx:
            if not self._is_ours(tx):
                raise WorkerDied("The item is no longer ours.", is_cancelled=True)
            lease = self.core.clock.stamp_after(seconds=LEASE_SECONDS)
            columns = {"bytes_done": done, "bytes_total": total, "lease_until": lease}
            DownloadItems(tx).change(self.item["id"], self.core.clock.stamp(), **columns)

    # How it ends

    def _adopted(self, view: dict[str, Any], track_id: str | None, sentence: str) -> None:
        if track_id is None:
            self._interrupted()
            return
        with transaction(self.core.db) as tx:
            DownloadItems(tx).end_attempt(self.rowid, self.core.clock.stamp(), "done")
        drop_staging(self.core, {self.item["uid"]})
        log.info(sentence, self._name)
        if track_id == self.item["uid"]:
            self.core.plugins.announce("track_added", track_id=track_id)
        self.core.plugins.announce("download_finished", download=view, track_id=track_id)

    def _interrupted(self) -> None:
        """The claim was lost, or the worker was needed no more: this try does not count."""
        back = {"state": "queued", "attempts": max(self.item["attempts"] - 1, 0)}
        self._end("interrupted", None, None, back)

    def _skipped(self, reason: str) -> None:
        def remember(sources: Sources, source: int) -> None:
            sources.give_up(source, self.item, "skipped", None)

        self._end("skipped", "skipped", reason, {"state": "skipped"}, remember)

    def _failed(self, failure: Failed) -> None:
        """Queue it again for later, or give it up."""
        wait = wait_seconds(failure, self.item["attempts"])
        if wait is not None:
            until = self.core.clock.stamp_after(seconds=wait)
            if self._end("failed", failure.code, failure.reason, {"state": "queued", "not_before": until}) is not None:
                log.info("%s will be tried again at %s: %s", self._name, until, failure.reason)
            return

        def remember(sources: Sources, source: int) -> None:
            until = again_at(self.core, failure.when, sources.failures(source, self.item))
            sources.give_up(source, self.item, failure.code, until)

        download = self._end("failed", failure.code, failure.reason, {"state": "failed"}, remember)
        if download is not None:
            log.warning("%s could not be fetched: %s", self._name, failure.reason)
            self.core.plugins.announce(
                "download_failed", download=_view(self.item, download), code=failure.code, reason=failure.reason
            )

    def _end(
        self,
        attempt_state: str,
        code: str | None,
        reason: str | None,
        columns: dict[str, Any],
        remember: Callable[[Sources, int], None] | None = None,
    ) -> dict[str, Any] | None:
        """Write the end down; the download, where the claim was still ours. What is staged for nobody goes."""
        uid = self.item["uid"]
        download = self._write_end(attempt_state, code, reason, columns, remember)
        if uid not in DownloadItems(self.core.db).open_among([uid]):
            drop_staging(self.core, {uid})
        return download

    def _write_end(
        self,
        attempt_state: str,
        code: str | None,
        reason: str | None,
        columns: dict[str, Any],
        remember: Callable[[Sources, int], None] | None,
    ) -> dict[str, Any] | None:
        """The attempt's end and, where the claim is still ours, what becomes of the item."""
        item, now = self.item, self.core.clock.stamp()
        with transaction(self.core.db) as tx:
            items = DownloadItems(tx)
            items.end_attempt(self.rowid, now, attempt_state, code, reason)
            if not self._is_ours(tx):
                return None
            items.change(item["id"], now, error_code=code, error=reason, lease_until=None, **columns)
            if code in SHARED and columns.get("not_before"):
                items.hold_back(item["download_id"], columns["not_before"])
            download = Downloads(tx).of_item(item)
            if remember is not None and download["source_id"] is not None:
                remember(Sources(tx), download["source_id"])
            Downloads(tx).settle(item["download_id"], now)
        return download


def _view(item: dict[str, Any], download: dict[str, Any]) -> dict[str, Any]:
    """An item as plugins see it."""
    return {"id": item["uid"], "download_id": download["uid"], "user_id": item["user_id"], "url": item["url"],
            "title": item["title"], "attempts": item["attempts"]}  # fmt: skip
