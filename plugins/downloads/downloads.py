"""What a user can do with a download: ask, pause, resume, cancel, retry, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soundwave_core import Conflict, Invalid, NotFound, transaction
from soundwave_library import Playlists

from . import importing, sources
from .links import ensure_link
from .store import DownloadItems, Downloads

if TYPE_CHECKING:
    from soundwave_core import Actor, SoundWave

    from .shapes import NewDownload

OVER = ("done", "failed", "cancelled")


def ask(core: SoundWave, actor: Actor, wish: NewDownload) -> str:
    """Put a wish into the queue; its uid. The same link asked for twice while it is under way is one wish."""
    if (wish.url is None) == (wish.playlist is None):
        raise Invalid("Give either a url or a playlist.")
    if wish.playlist is not None:
        Playlists(core.db, actor).get(wish.playlist)
        return sources.complete_playlist(core, actor.id, wish.playlist)
    url, now = ensure_link(core, wish.url or ""), core.clock.stamp()
    with transaction(core.db) as tx:
        downloads = Downloads(tx)
        same = downloads.find_same(actor.id, url)
        if same is not None and bool(same["is_followed"]) == wish.follow:
            return str(same["uid"])
        uid = core.clock.new_id()
        downloads.add(
            uid=uid, user_id=actor.id, url=url, title=wish.playlist_title, state="resolving",
            is_followed=int(wish.follow), interval_seconds=wish.interval_seconds, created_at=now, updated_at=now,
        )  # fmt: skip
    return uid


def pause(core: SoundWave, uid: str) -> list[str]:
    """Hold everything that is not over; the uids whose work must stop."""
    with transaction(core.db) as tx:
        row, now = _active(tx, uid), core.clock.stamp()
        running = _take_back(core, tx, row, "queued")
        Downloads(tx).change(row["id"], now, state="paused", lease_until=None, fence=row["fence"] + 1)
    return running


def resume(core: SoundWave, uid: str) -> None:
    """Go on with a paused download, at once."""
    with transaction(core.db) as tx:
        row, now = Downloads(tx).get(uid), core.clock.stamp()
        if row["state"] != "paused":
            raise Conflict("Only a paused download can be resumed.", code="not_paused")
        DownloadItems(tx).change_all(row["id"], ["queued"], now, not_before=None)
        _set_going(tx, row, now)


def cancel(core: SoundWave, uid: str) -> list[str]:
    """End it for good; what is fetched already stays. The uids whose work must stop."""
    with transaction(core.db) as tx:
        row, now = _active(tx, uid), core.clock.stamp()
        running = _take_back(core, tx, row, "cancelled")
        columns = {"state": "cancelled", "finished_at": now, "lease_until": None, "fence": row["fence"] + 1}
        Downloads(tx).change(row["id"], now, **columns)
    return running


def retry(core: SoundWave, uid: str) -> None:
    """Try again what failed or was cancelled, as if for the first time."""
    with transaction(core.db) as tx:
        row, now = Downloads(tx).get(uid), core.clock.stamp()
        if row["state"] not in ("failed", "cancelled"):
            raise Conflict("Only a failed or cancelled download can be tried again.", code="not_failed")
        fresh = {"attempts": 0, "not_before": None, "error": None, "error_code": None}
        DownloadItems(tx).change_all(row["id"], ["failed", "cancelled"], now, state="queued", **fresh)
        Downloads(tx).change(row["id"], now, finished_at=None, **fresh)
        _set_going(tx, row, now)


def retry_item(core: SoundWave, uid: str) -> None:
    """Try one item again; its download goes on."""
    with transaction(core.db) as tx:
        item, now = DownloadItems(tx).find(uid), core.clock.stamp()
        if item is None:
            raise NotFound("There is no such download item.", code="download_item_not_found")
        if item["state"] not in ("failed", "cancelled", "skipped"):
            raise Conflict("Only a failed, cancelled or skipped item can be tried again.", code="not_failed")
        fresh = {"attempts": 0, "not_before": None, "error": None, "error_code": None}
        DownloadItems(tx).change(item["id"], now, state="queued", **fresh)
        Downloads(tx).change(item["download_id"], now, state="queued", finished_at=None)
        Downloads(tx).settle(item["download_id"], now)


def remove(core: SoundWave, uid: str) -> list[str]:
    """Take a download off the list, ended first if need be; tracks and playlists stay."""
    with transaction(core.db) as tx:
        row = Downloads(tx).get(uid)
        running = _take_back(core, tx, row, "cancelled") if row["state"] not in OVER else []
        staged = DownloadItems(tx).list_uids(row["id"])
        Downloads(tx).remove(row["id"])
    for item_uid in staged:
        importing.drop_staging(core, item_uid)
    return running


def _active(tx: Any, uid: str) -> dict[str, Any]:
    row = Downloads(tx).get(uid)
    if row["state"] in OVER:
        raise Conflict(f"This download is {row['state']} already.", code="already_over")
    return row


def _take_back(core: SoundWave, tx: Any, row: dict[str, Any], state: str) -> list[str]:
    """Give every open item this state; running ones lose their claim by their fence. Their uids, to be stopped."""
    now, items = core.clock.stamp(), DownloadItems(tx)
    running = [row["uid"]]
    for item in items.list_open(row["id"]):
        columns: dict[str, Any] = {"state": state, "lease_until": None}
        if item["state"] == "running":
            running.append(item["uid"])
            columns |= {"fence": item["fence"] + 1, "attempts": max(item["attempts"] - 1, 0)}
        items.change(item["id"], now, **columns)
    return running


def _set_going(tx: Any, row: dict[str, Any], now: str) -> None:
    """Leave a resting state: to be resolved where that was not done, else as the items say."""
    downloads = Downloads(tx)
    if row["is_resolved"]:
        downloads.change(row["id"], now, state="queued")
        downloads.settle(row["id"], now)
    else:
        downloads.change(row["id"], now, state="resolving", lease_until=None, not_before=None)
