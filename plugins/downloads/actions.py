"""What can be done with a download that is there: pause, resume, cancel, retry, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soundwave_core import Conflict, NotFound, transaction

from .source_store import Sources
from .staging import drop_staging
from .store import ACTIVE, DownloadItems, Downloads

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave

FRESH: dict[str, Any] = {"attempts": 0, "not_before": None, "error": None, "error_code": None}


def pause(core: SoundWave, uid: str) -> list[str]:
    """Hold everything that is not over; the uids whose work must stop. What is half fetched is kept."""
    with transaction(core.db) as tx:
        row = _active(tx, uid)
        stopped = take_back(core, tx, row, "paused")
        Downloads(tx).change(row["id"], core.clock.stamp(), state="paused")
    return stopped


def resume(core: SoundWave, uid: str) -> None:
    """Go on with a paused download, at once."""
    with transaction(core.db) as tx:
        row, now = Downloads(tx).get(uid), core.clock.stamp()
        if row["state"] != "paused":
            raise Conflict("Only a paused download can be resumed.", code="not_paused")
        DownloadItems(tx).change_all(row["id"], ["paused"], now, state="queued", not_before=None)
        _set_going(tx, row, now)


def cancel(core: SoundWave, uid: str) -> list[str]:
    """End it for good; what is fetched already stays. The uids whose work must stop."""
    with transaction(core.db) as tx:
        row = _active(tx, uid)
        staged = DownloadItems(tx).list_uids(row["id"])
        stopped = end(core, tx, row)
    drop_staging(core, set(staged) - set(stopped))
    return stopped


def end(core: SoundWave, tx: Database, row: dict[str, Any]) -> list[str]:
    """Cancel an active download, inside the caller's transaction; the uids whose work must stop."""
    stopped, now = take_back(core, tx, row, "cancelled"), core.clock.stamp()
    columns = {"state": "cancelled", "finished_at": now, "error": None, "error_code": None}
    Downloads(tx).change(row["id"], now, **columns)
    return stopped


def retry(core: SoundWave, uid: str) -> None:
    """Try again what failed or was cancelled, as if for the first time."""
    with transaction(core.db) as tx:
        row, now = Downloads(tx).get(uid), core.clock.stamp()
        if row["state"] not in ("failed", "cancelled"):
            raise Conflict("Only a failed or cancelled download can be tried again.", code="not_failed")
        DownloadItems(tx).change_all(row["id"], ["failed", "cancelled"], now, state="queued", **FRESH)
        Downloads(tx).change(row["id"], now, finished_at=None, **FRESH)
        _set_going(tx, row, now)


def retry_item(core: SoundWave, uid: str) -> None:
    """Try one item again; its download goes on. In one that is paused it waits with the others."""
    with transaction(core.db) as tx:
        item, now = DownloadItems(tx).find(uid), core.clock.stamp()
        if item is None:
            raise NotFound("There is no such download item.", code="download_item_not_found")
        if item["state"] not in ("failed", "cancelled", "skipped"):
            raise Conflict("Only a failed, cancelled or skipped item can be tried again.", code="not_failed")
        is_held = Downloads(tx).of_item(item)["state"] == "paused"
        DownloadItems(tx).change(item["id"], now, state="paused" if is_held else "queued", **FRESH)
        Downloads(tx).settle(item["download_id"], now)


def remove(core: SoundWave, uid: str) -> list[str]:
    """Take a download off the list, ended first if need be; tracks and playlists stay."""
    with transaction(core.db) as tx:
        row = Downloads(tx).get(uid)
        stopped = take_back(core, tx, row, "cancelled") if row["state"] in ACTIVE else []
        staged = DownloadItems(tx).list_uids(row["id"])
        Downloads(tx).remove(row["id"])
    drop_staging(core, set(staged) - set(stopped))
    return stopped


def take_back(core: SoundWave, tx: Database, row: dict[str, Any], state: str) -> list[str]:
    """Give every open item this state; running ones lose their claim by their fence. The uids to be stopped.

    A source's item that its user cancelled is not queued by the next check.
    """
    now, items = core.clock.stamp(), DownloadItems(tx)
    stopped = [row["uid"]]
    for item in items.list_open(row["id"]):
        if item["state"] == "running":
            stopped.append(item["uid"])
            items.change(item["id"], now, fence=item["fence"] + 1, attempts=max(item["attempts"] - 1, 0))
        if state == "cancelled" and row["source_id"] is not None:
            Sources(tx).give_up(row["source_id"], item, "cancelled", None)
    open_states = ["queued", "running", "paused"]
    items.change_all(row["id"], open_states, now, state=state, lease_until=None, not_before=None)
    Downloads(tx).change(row["id"], now, lease_until=None, not_before=None, fence=row["fence"] + 1)
    return stopped


def _active(tx: Database, uid: str) -> dict[str, Any]:
    row = Downloads(tx).get(uid)
    if row["state"] not in ACTIVE:
        raise Conflict(f"This download is {row['state']} already.", code="already_over")
    return row


def _set_going(tx: Database, row: dict[str, Any], now: str) -> None:
    """Leave a resting state: to be resolved where that was not done, else as the items say."""
    downloads = Downloads(tx)
    if row["is_resolved"]:
        downloads.settle(row["id"], now)
    else:
        downloads.change(row["id"], now, state="resolving", lease_until=None, not_before=None)
