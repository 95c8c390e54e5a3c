"""Sources: what is checked again and again, and how a check turns into tracks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from soundwave_core import Conflict, NotFound, transaction
from soundwave_library import Channels, Playlists

from .source_store import Sources
from .store import Downloads

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave

BACKOFF_SECONDS = (15 * 60, 3600, 6 * 3600, 24 * 3600)


def check_due(core: SoundWave) -> int:
    """Begin a check of every source whose time has come; how many."""
    now = core.clock.stamp()
    begun = 0
    for source in Sources(core.db).list_due(now):
        with transaction(core.db) as tx:
            if has_target(tx, source):
                begun += begin_check(core, tx, source, is_quiet=True) is not None
            else:
                Sources(tx).remove(source["kind"], source["target_id"])
    return begun


def has_target(tx: Database, source: dict[str, Any]) -> bool:
    """Whether the playlist or channel that a source feeds is still there."""
    store = Playlists(tx) if source["kind"] == "playlist" else Channels(tx)
    return store.find(source["target_id"]) is not None


def begin_check(core: SoundWave, tx: Database, source: dict[str, Any], *, is_quiet: bool) -> str | None:
    """Put one check of a source into the queue, inside the caller's transaction; None if one is there."""
    downloads = Downloads(tx)
    running = downloads.find_check(source["id"])
    now = core.clock.stamp()
    next_at = core.clock.stamp_after(seconds=source["interval_seconds"])
    Sources(tx).change(source["id"], next_check_at=next_at)
    if running is not None:
        return str(running["uid"]) if not is_quiet else None
    uid = core.clock.new_id()
    downloads.add(
        uid=uid, user_id=source["user_id"], url=source["url"], state="resolving", source_id=source["id"],
        playlist_id=source["target_id"] if source["kind"] == "playlist" else None,
        is_quiet=int(is_quiet), created_at=now, updated_at=now,
    )  # fmt: skip
    return uid


def complete_playlist(core: SoundWave, user_id: str, playlist_id: str) -> str:
    """Begin a check that its owner asked for; Conflict for a playlist that follows nothing."""
    source = Sources(core.db).find("playlist", playlist_id)
    if source is None:
        raise Conflict("This playlist follows no source; there is nothing to complete.", code="playlist_has_no_source")
    with transaction(core.db) as tx:
        uid = begin_check(core, tx, source, is_quiet=False)
    assert uid is not None
    return uid


def refresh_channel(core: SoundWave, channel_id: str) -> None:
    """Begin a check of a channel now."""
    source = Sources(core.db).find("channel", channel_id)
    if source is None:
        raise NotFound("There is no such channel.", code="channel_not_found")
    with transaction(core.db) as tx:
        begin_check(core, tx, source, is_quiet=True)


def note_success(core: SoundWave, tx: Database, source_rowid: int, order: list[tuple[str, str]]) -> None:
    """Remember a check that worked, and the order it saw; an empty list is remembered by nobody."""
    columns: dict[str, Any] = {"failures": 0, "error": None, "error_code": None, "last_checked_at": core.clock.stamp()}
    if order:
        columns["upstream"] = json.dumps(order)
    Sources(tx).change(source_rowid, **columns)


def note_failure(core: SoundWave, tx: Database, source_rowid: int, code: str, reason: str) -> None:
    """Remember a check that failed and wait longer; nothing of what is here is touched."""
    source = Sources(tx).get(source_rowid)
    failures = source["failures"] + 1
    wait = BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1]
    Sources(tx).change(
        source_rowid, failures=failures, error_code=code, error=reason, last_checked_at=core.clock.stamp(),
        next_check_at=core.clock.stamp_after(seconds=min(wait, source["interval_seconds"])),
    )  # fmt: skip


def upstream_of(source: dict[str, Any]) -> list[tuple[str, str]]:
    """The (extractor, source id) pairs of the last check, in upstream order."""
    return [(extractor, source_id) for extractor, source_id in json.loads(source["upstream"])]
