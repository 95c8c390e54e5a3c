"""What a link turned out to be: one item, a list, a feed, or the next look at a source."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soundwave_core import to_stamp, transaction
from soundwave_library import Channels, Playlists

from . import sources
from .messages import Failed, Item, Resolved
from .source_store import Sources
from .store import DownloadItems, Downloads

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave


def fail(core: SoundWave, download: dict[str, Any], failure: Failed, wait_seconds: int | None) -> None:
    """A link that did not resolve is tried again later, or failed with its reason; its source remembers."""
    now = core.clock.stamp()
    with transaction(core.db) as tx:
        downloads = Downloads(tx)
        if not downloads.holds(download["id"], download["fence"]):
            return
        if download["source_id"] is not None:
            sources.note_failure(core, tx, download["source_id"], failure.code, failure.reason)
        if download["is_quiet"]:
            downloads.remove(download["id"])
            return
        columns: dict[str, Any] = {"error_code": failure.code, "error": failure.reason, "lease_until": None}
        if wait_seconds is None:
            columns |= {"state": "failed", "finished_at": now}
        else:
            columns |= {"not_before": to_stamp(core.clock.now() + timedelta(seconds=wait_seconds))}
        downloads.change(download["id"], now, **columns)


def accept(core: SoundWave, download: dict[str, Any], resolved: Resolved) -> None:
    """Queue what is new; make the playlist or the source that was asked for; all in one transaction."""
    changed: str | None = None
    with transaction(core.db) as tx:
        downloads = Downloads(tx)
        if not downloads.holds(download["id"], download["fence"]):
            return
        source = Sources(tx).get(download["source_id"]) if download["source_id"] is not None else None
        if source is not None and not sources.has_target(tx, source):
            Sources(tx).remove(source["kind"], source["target_id"])
            downloads.remove(download["id"])
            return
        if source is None and resolved.kind != "single":
            download, source = _make_playlist(core, tx, download, resolved)
        items = resolved.items
        if source is not None:
            items = _look_again(core, tx, source, resolved)
            changed = source["target_id"] if source["kind"] == "playlist" else None
        now = core.clock.stamp()
        wanted = [(core.clock.new_id(), position, item) for position, item in enumerate(items)]
        DownloadItems(tx).add_all(download["id"], wanted, now)
        downloads.change(
            download["id"], now, title=_title(download, resolved), is_resolved=1, lease_until=None,
            not_before=None, error=None, error_code=None, state="queued",
        )  # fmt: skip
        if not wanted and download["is_quiet"]:
            downloads.remove(download["id"])
        else:
            downloads.settle(download["id"], now)
    if changed is not None:
        core.plugins.announce("playlist_changed", playlist_id=changed)


def _title(download: dict[str, Any], resolved: Resolved) -> str | None:
    single = resolved.items[0].title if resolved.kind == "single" and resolved.items else None
    return download["title"] or resolved.title or single


def _make_playlist(
    core: SoundWave, tx: Database, download: dict[str, Any], resolved: Resolved
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A list becomes a playlist: mirrored where it is to be followed, else custom."""
    now = core.clock.stamp()
    playlist_id = Playlists(tx).create(
        download["user_id"], download["title"] or resolved.title or download["url"], core.clock,
        kind="mirrored" if download["is_followed"] else "custom",
        description=resolved.description or "", source_url=download["url"],
    )  # fmt: skip
    columns: dict[str, Any] = {"playlist_id": playlist_id}
    source = None
    if download["is_followed"]:
        interval = download["interval_seconds"] or core.config["downloads.interval_seconds"]
        rowid = Sources(tx).add(
            uid=core.clock.new_id(), user_id=download["user_id"], kind="playlist", target_id=playlist_id,
            url=download["url"], interval_seconds=interval, created_at=now,
            next_check_at=core.clock.stamp_after(seconds=interval),
        )  # fmt: skip
        columns["source_id"] = rowid
        source = Sources(tx).get(rowid)
    Downloads(tx).change(download["id"], now, **columns)
    return {**download, **columns}, source


def _look_again(core: SoundWave, tx: Database, source: dict[str, Any], resolved: Resolved) -> list[Item]:
    """Follow upstream's order, and answer what is not here yet and was not removed by its owner."""
    order = [(item.extractor, item.source_id) for item in resolved.items]
    sources.note_success(core, tx, source["id"], order)
    if source["kind"] == "channel":
        channels = Channels(tx)
        channels.describe(source["target_id"], title=resolved.title, description=resolved.description)
        missing = channels.missing(source["target_id"], order)
    else:
        playlists = Playlists(tx)
        if not resolved.is_cut:
            playlists.follow_order(source["target_id"], order, core.clock)
        missing = playlists.missing(source["target_id"], order)
    pending = _pending(tx, source["id"])
    return [item for item in resolved.items if (item.extractor, item.source_id) in missing - pending]


def _pending(tx: Database, source_rowid: int) -> set[tuple[str, str]]:
    """What an earlier check queued and is not over, or failed for good: it is not queued a second time."""
    rows = tx.rows(
        """SELECT i.extractor, i.source_id FROM download_items i JOIN downloads d ON d.id = i.download_id
        WHERE d.source_id = :source AND i.state IN ('queued', 'running', 'paused', 'failed', 'cancelled', 'skipped')""",
        source=source_rowid,
    )
    return {(row["extractor"], row["source_id"]) for row in rows}
