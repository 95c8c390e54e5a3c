"""Sources: what is checked again and again, and how a check begins and ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from soundwave_auth import Users
from soundwave_core import Conflict, NotFound, transaction
from soundwave_library import Channels, FileStates, Playlists, Tracks

from .messages import Failed, Item
from .source_store import Pair, Sources
from .store import DownloadItems, Downloads
from .waiting import check_wait_seconds

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave


def check_due(core: SoundWave) -> int:
    """Begin a check of every source whose time has come; how many. A user who is locked out waits."""
    begun = 0
    for source in Sources(core.db).list_due(core.clock.stamp()):
        is_resting = source["kind"] == "playlist" and not is_active(core, source["user_id"])
        with transaction(core.db) as tx:
            if not has_target(tx, source):
                Sources(tx).remove(source["kind"], source["target_id"])
            elif is_resting:
                Sources(tx).change(source["id"], next_check_at=_next_check_at(core, source))
            else:
                begun += begin_check(core, tx, source, is_quiet=True) is not None
    return begun


def is_active(core: SoundWave, user_id: str) -> bool:
    """Whether this user may use the server now."""
    user = Users(core).find(user_id)
    return user is not None and user.state == "active"


def has_target(tx: Database, source: dict[str, Any]) -> bool:
    """Whether the playlist or channel that a source feeds is still there."""
    store = Playlists(tx) if source["kind"] == "playlist" else Channels(tx)
    return store.find(source["target_id"]) is not None


def find_followed(tx: Database, user_id: str, url: str) -> dict[str, Any] | None:
    """The source of the mirrored playlist that this user has of this link already."""
    source = Sources(tx).find_followed(user_id, url)
    return source if source is not None and has_target(tx, source) else None


def add_playlist(core: SoundWave, tx: Database, download: dict[str, Any], playlist_id: str) -> dict[str, Any]:
    """The source behind a new mirrored playlist; its first check is the download that made it."""
    interval = download["interval_seconds"] or core.config["downloads.interval_seconds"]
    rowid = Sources(tx).add(
        uid=core.clock.new_id(), user_id=download["user_id"], kind="playlist", target_id=playlist_id,
        url=download["url"], interval_seconds=interval, created_at=core.clock.stamp(),
        next_check_at=core.clock.stamp_after(seconds=interval),
    )  # fmt: skip
    return Sources(tx).get(rowid)


def begin_check(core: SoundWave, tx: Database, source: dict[str, Any], *, is_quiet: bool) -> str | None:
    """Put one check of a source into the queue, inside the caller's transaction.

    One that somebody asked for takes over what is under way; a quiet one (None then) leaves it alone.
    """
    downloads, now = Downloads(tx), core.clock.stamp()
    checks = downloads.list_checks(source["id"])
    Sources(tx).change(source["id"], next_check_at=_next_check_at(core, source))
    if checks and not is_quiet:
        downloads.show(checks[0]["id"])
        return str(checks[0]["uid"])
    if any(not check["is_resolved"] for check in checks):
        return None
    uid = core.clock.new_id()
    downloads.add(
        uid=uid, user_id=source["user_id"], url=source["url"], state="resolving", source_id=source["id"],
        playlist_id=source["target_id"] if source["kind"] == "playlist" else None,
        is_quiet=int(is_quiet), created_at=now, updated_at=now,
    )  # fmt: skip
    return uid


def complete_playlist(core: SoundWave, playlist_id: str) -> str:
    """Begin a check that its owner asked for, and a download of the files that its tracks have lost.

    The uid of the latter where there is one. Conflict for a playlist that follows nothing and lacks nothing.
    """
    source = Sources(core.db).find("playlist", playlist_id)
    lost = FileStates(core.db).list_missing(playlist_id)
    with transaction(core.db) as tx:
        check = begin_check(core, tx, source, is_quiet=False) if source is not None else None
        uid = _fetch_again(core, tx, playlist_id, [track for track in lost if track["source_url"]]) or check
    if uid is not None:
        return uid
    if lost:
        raise Conflict("It is not known where the missing tracks came from.", code="tracks_have_no_source")
    raise Conflict("This playlist follows no source; there is nothing to complete.", code="playlist_has_no_source")


def _fetch_again(core: SoundWave, tx: Database, playlist_id: str, lost: list[dict[str, Any]]) -> str | None:
    """A download of lost tracks, each from where it came; that which is under way already, if there is one."""
    downloads, now = Downloads(tx), core.clock.stamp()
    under_way = downloads.find_completing(playlist_id)
    if under_way is not None or not lost:
        return under_way
    playlist, uid = Playlists(tx).get(playlist_id), core.clock.new_id()
    rowid = downloads.add(
        uid=uid, user_id=playlist["user_id"], url=playlist["source_url"] or "", title=playlist["title"],
        state="queued", is_resolved=1, playlist_id=playlist_id, created_at=now, updated_at=now,
    )  # fmt: skip
    items = [
        Item(url=track["source_url"], extractor=track["extractor"], source_id=track["source_id"], title=track["title"])
        for track in lost
    ]
    DownloadItems(tx).add_all(rowid, [(core.clock.new_id(), n, item) for n, item in enumerate(items)], now)
    return uid


def refresh_channel(core: SoundWave, channel_id: str) -> None:
    """Begin a check of a channel now."""
    source = Sources(core.db).find("channel", channel_id)
    if source is None:
        raise NotFound("There is no such channel.", code="channel_not_found")
    with transaction(core.db) as tx:
        begin_check(core, tx, source, is_quiet=True)


def note_success(
    core: SoundWave, tx: Database, source: dict[str, Any], seen: list[Pair], *, is_cut: bool
) -> list[Pair]:
    """Remember a check that worked, and the order it saw, which is the answer.

    Of a list that was cut, what is missing may still be there: it keeps its place behind what was seen.
    An empty list is one that failed to load, and is not remembered.
    """
    columns: dict[str, Any] = {"failures": 0, "error": None, "error_code": None, "last_checked_at": core.clock.stamp()}
    known = set(seen)
    order = [*seen, *(pair for pair in upstream_of(source) if is_cut and pair not in known)]
    if seen:
        columns["upstream"] = json.dumps(order)
    Sources(tx).change(source["id"], **columns)
    return order


def leave_older(tx: Database, source: dict[str, Any], seen: list[Pair]) -> None:
    """Of what an old deployment followed, take what is newer than the newest that it had, and leave the rest.

    Once, at the first look. What is left is there for who asks to complete the playlist.
    """
    had = (n for n, pair in enumerate(seen) if Tracks(tx).find_by_source(*pair) is not None)
    for extractor, source_id in seen[next(had, 0) :]:
        Sources(tx).give_up(source["id"], {"extractor": extractor, "source_id": source_id}, "older", None)
    Sources(tx).change(source["id"], takes_new_only=0)


def note_failure(core: SoundWave, tx: Database, rowid: int, failure: Failed) -> None:
    """Remember a check that failed and wait longer; nothing of what is here is touched."""
    source = Sources(tx).get(rowid)
    failures = source["failures"] + 1
    wait = check_wait_seconds(failures, source["interval_seconds"], failure.retry_after_seconds)
    Sources(tx).change(
        rowid, failures=failures, error_code=failure.code, error=failure.reason,
        last_checked_at=core.clock.stamp(), next_check_at=core.clock.stamp_after(seconds=wait),
    )  # fmt: skip


def upstream_of(source: dict[str, Any]) -> list[Pair]:
    """The (extractor, source id) pairs of the last check, in upstream order."""
    return [(extractor, source_id) for extractor, source_id in json.loads(source["upstream"])]


def _next_check_at(core: SoundWave, source: dict[str, Any]) -> str:
    return core.clock.stamp_after(seconds=source["interval_seconds"])
