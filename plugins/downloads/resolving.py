"""What a link turned out to be: one item, a list, a feed, or the next look at a source."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from soundwave_core import transaction
from soundwave_library import Channels, Playlists

from . import sources
from .messages import Failed, Item, Resolved
from .process import WorkerDied, WorkerProcess
from .source_store import Sources
from .store import DownloadItems, Downloads
from .text import name_for_log
from .waiting import DEAD, failure_of, wait_seconds

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave

log = logging.getLogger(__name__)

EMPTY = Failed(id="", code="empty", when="never", reason="There is nothing to fetch behind this link.")
GONE = "The playlist that this was for is gone."


def carry_out(core: SoundWave, download: dict[str, Any], worker: WorkerProcess) -> None:
    """Resolve a claimed link. Whatever happens, it has a state afterwards that somebody goes on from."""
    try:
        if not Downloads(core.db).holds(download["id"], download["fence"]):
            return
        answer = worker.resolve(download["url"], limit=core.config["downloads.longest_list"])
        if isinstance(answer, Failed):
            fail(core, download, answer)
        else:
            accept(core, download, answer)
    except WorkerDied as death:
        if death.is_cancelled:
            _put_back(core, download)
        else:
            fail(core, download, DEAD)
    except Exception as error:  # plugins, the disk: one link's trouble is not the queue's
        fail(core, download, failure_of(error))


def _put_back(core: SoundWave, download: dict[str, Any]) -> None:
    """The worker was needed no more: this try does not count, where the claim is still ours."""
    with transaction(core.db) as tx:
        if Downloads(tx).holds(download["id"], download["fence"]):
            columns = {"lease_until": None, "attempts": max(download["attempts"] - 1, 0)}
            Downloads(tx).change(download["id"], core.clock.stamp(), **columns)


def fail(core: SoundWave, download: dict[str, Any], failure: Failed) -> None:
    """A link that did not resolve is tried again later, or failed with its reason; its source remembers."""
    wait, now = wait_seconds(failure, download["attempts"]), core.clock.stamp()
    with transaction(core.db) as tx:
        downloads = Downloads(tx)
        if not downloads.holds(download["id"], download["fence"]):
            return
        row = downloads.get(download["uid"])
        if row["source_id"] is not None:
            sources.note_failure(core, tx, row["source_id"], failure)
        if row["is_quiet"]:
            downloads.remove(row["id"])
            _note_failure(tx, row, failure)
            return
        columns: dict[str, Any] = {"error_code": failure.code, "error": failure.reason, "lease_until": None}
        if wait is None:
            columns |= {"state": "failed", "finished_at": now}
        else:
            columns |= {"not_before": core.clock.stamp_after(seconds=wait)}
        downloads.change(row["id"], now, **columns)
        _note_failure(tx, row, failure, columns.get("not_before"))


def _note_failure(tx: Database, row: dict[str, Any], failure: Failed, again_at: str | None = None) -> None:
    """One line for the owner, once it is written down."""
    name = name_for_log(row["title"], row["url"])
    if again_at is None:
        tx.on_commit(lambda: log.warning("%s could not be read: %s", name, failure.reason))
    else:
        tx.on_commit(lambda: log.info("%s will be tried again at %s: %s", name, again_at, failure.reason))


def accept(core: SoundWave, download: dict[str, Any], resolved: Resolved) -> None:
    """Queue what is new; make the playlist or the source that was asked for; all in one transaction."""
    with transaction(core.db) as tx:
        if not Downloads(tx).holds(download["id"], download["fence"]):
            return
        row = Downloads(tx).get(download["uid"])
        source = Sources(tx).of(row)
        if source is not None and not sources.has_target(tx, source):
            _let_go(core, tx, row, source)
        elif source is None and not resolved.items and not row["is_followed"]:
            columns = {"state": "failed", "error_code": EMPTY.code, "error": EMPTY.reason, "lease_until": None}
            Downloads(tx).change(row["id"], core.clock.stamp(), finished_at=core.clock.stamp(), **columns)
            _note_failure(tx, row, EMPTY)
        else:
            if source is None and resolved.kind != "single":
                row, source = _make_playlist(core, tx, row, resolved)
            items = resolved.items if source is None else _look_again(core, tx, row, source, resolved)
            _queue(core, tx, row, resolved, items)


def _queue(core: SoundWave, tx: Database, row: dict[str, Any], resolved: Resolved, items: list[Item]) -> None:
    """Make items of what was found. A check that nobody asked for and that found nothing leaves no row."""
    downloads, now = Downloads(tx), core.clock.stamp()
    if row["is_quiet"] and not items:
        downloads.remove(row["id"])
        return
    wanted = [(core.clock.new_id(), position, item) for position, item in enumerate(items)]
    downloads.change(
        row["id"], now, title=_title(row, resolved), is_resolved=1, lease_until=None, not_before=None,
        error=None, error_code=None, state="queued",
    )  # fmt: skip
    DownloadItems(tx).add_all(row["id"], wanted, now)
    downloads.settle(row["id"], now)


def _let_go(core: SoundWave, tx: Database, row: dict[str, Any], source: dict[str, Any]) -> None:
    """What the check was for is gone, and so is its source."""
    Sources(tx).remove(source["kind"], source["target_id"])
    if row["is_quiet"]:
        Downloads(tx).remove(row["id"])
        return
    now = core.clock.stamp()
    columns = {"state": "cancelled", "error": GONE, "lease_until": None, "playlist_id": None, "finished_at": now}
    Downloads(tx).change(row["id"], now, **columns)


def _title(download: dict[str, Any], resolved: Resolved) -> str | None:
    single = resolved.items[0].title if resolved.kind == "single" and resolved.items else None
    return download["title"] or resolved.title or single


def _make_playlist(
    core: SoundWave, tx: Database, download: dict[str, Any], resolved: Resolved
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A list becomes a playlist: mirrored where it is to be followed, else custom. One that is there is taken."""
    source = sources.find_followed(tx, download["user_id"], download["url"]) if download["is_followed"] else None
    playlist_id = source["target_id"] if source is not None else _create(core, tx, download, resolved)
    if download["is_followed"] and source is None:
        source = sources.add_playlist(core, tx, download, playlist_id)
    columns = {"playlist_id": playlist_id, "source_id": source["id"] if source is not None else None}
    Downloads(tx).change(download["id"], core.clock.stamp(), **columns)
    return {**download, **columns}, source


def _create(core: SoundWave, tx: Database, download: dict[str, Any], resolved: Resolved) -> str:
    playlist_id = Playlists(tx).create(
        download["user_id"], download["title"] or resolved.title or download["url"], core.clock,
        kind="mirrored" if download["is_followed"] else "custom",
        description=resolved.description or "", source_url=download["url"],
    )  # fmt: skip
    tx.on_commit(lambda: core.plugins.announce("playlist_changed", playlist_id=playlist_id))
    return playlist_id


def _look_again(
    core: SoundWave, tx: Database, row: dict[str, Any], source: dict[str, Any], resolved: Resolved
) -> list[Item]:
    """Follow upstream's order, and answer what is not here yet and was not removed by its owner.

    What could not be had before is left alone by a check that nobody asked for.
    """
    seen = [(item.extractor, item.source_id) for item in resolved.items]
    order = sources.note_success(core, tx, source, seen, is_cut=resolved.is_cut)
    if source["kind"] == "channel":
        channels = Channels(tx)
        channels.describe(source["target_id"], title=resolved.title, description=resolved.description)
        missing = channels.missing(source["target_id"], seen)
    else:
        playlist_id = source["target_id"]
        if Playlists(tx).follow_order(playlist_id, order, core.clock):
            tx.on_commit(lambda: core.plugins.announce("playlist_changed", playlist_id=playlist_id))
        missing = Playlists(tx).missing(playlist_id, seen)
    if source["takes_new_only"] and seen:
        sources.leave_older(tx, source, seen)
    known = Sources(tx)
    missing -= known.under_way(source["id"])
    if row["is_quiet"]:
        missing -= known.given_up(source["id"], core.clock.stamp())
    return [item for item in resolved.items if (item.extractor, item.source_id) in missing]
