"""Channels: library's table, this room's sources, shown as one thing."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from soundwave_core import Conflict, Listing, from_stamp, next_url, row_before, to_stamp, transaction
from soundwave_library import Channel as StoredChannel
from soundwave_library import Channels

from . import sources
from .departures import drop_source
from .links import ensure_link
from .shapes import Channel, ChannelPatch, NewChannel
from .source_store import Sources
from .text import name_for_log

if TYPE_CHECKING:
    from soundwave_core import Actor, Request, SoundWave

log = logging.getLogger(__name__)


def add(core: SoundWave, actor: Actor, new: NewChannel) -> str:
    """Follow a publisher for the household, and begin its first check; the channel's uid."""
    url, now = ensure_link(core, new.url), core.clock.stamp()
    with transaction(core.db) as tx:
        if Channels(tx).find_by_url(url) is not None:
            raise Conflict("This channel is followed already.", code="channel_exists")
        uid = Channels(tx).add(new.title or url, url, core.clock)
        rowid = Sources(tx).add(
            uid=core.clock.new_id(), user_id=actor.id, kind="channel", target_id=uid, url=url,
            interval_seconds=new.interval_seconds or core.config["downloads.interval_seconds"],
            next_check_at=now, created_at=now,
        )  # fmt: skip
        sources.begin_check(core, tx, Sources(tx).get(rowid), is_quiet=True)
    log.info("%s added the channel %s", actor.name, name_for_log(new.title, url))
    return uid


def change(core: SoundWave, uid: str, patch: ChannelPatch) -> None:
    """Rename, or change when it is checked."""
    fields: dict[str, Any] = {}
    if patch.is_enabled is not UNSET:
        fields["is_enabled"] = int(patch.is_enabled)
    with transaction(core.db) as tx:
        source = Sources(tx).find("channel", uid)
        if patch.title is not UNSET:
            Channels(tx).patch(uid, title=patch.title)
        if patch.interval_seconds is not UNSET and source is not None:
            fields |= {"interval_seconds": patch.interval_seconds}
            fields |= {"next_check_at": _next_check_at(core, source, patch.interval_seconds)}
        if source is not None and fields:
            Sources(tx).change(source["id"], **fields)


def _next_check_at(core: SoundWave, source: dict[str, Any], interval_seconds: int) -> str:
    """So long after the last check; at once where that is past."""
    last = source["last_checked_at"] or core.clock.stamp()
    return max(to_stamp(from_stamp(last) + timedelta(seconds=interval_seconds)), core.clock.stamp())


def remove(core: SoundWave, actor: Actor, uid: str) -> list[str]:
    """Follow it no longer; the uids whose work must stop.

    Its tracks stay: with whoever uses them, and with the admin who removes it.
    """
    with transaction(core.db) as tx:
        channel, source = Channels(tx).get(uid), Sources(tx).find("channel", uid)
        stopped = drop_source(core, tx, source) if source is not None else []
        Channels(tx).remove(uid, actor.id, core.clock)
    log.info("%s removed the channel %s", actor.name, name_for_log(channel.title, channel.url))
    return stopped


def view(core: SoundWave, uid: str, prefix: str) -> Channel:
    """One channel with its source. NotFound."""
    return _view(Channels(core.db).get(uid), Sources(core.db).find("channel", uid), prefix)


def page(core: SoundWave, request: Request) -> Listing[Channel]:
    """A page of the channels, by title: two statements in all, for a household has few."""
    stored, start = Channels(core.db).list(), _start(request)
    shown = stored[start : start + request.query.limit]
    known = Sources(core.db).by_target("channel")
    results = [_view(channel, known.get(channel.uid), request.prefix) for channel in shown]
    end = start + len(shown)
    following = next_url(request, [end]) if end < len(stored) else None
    return Listing(count=len(stored), next=following, results=results)


def _start(request: Request) -> int:
    """How many channels the cursor has behind it."""
    return 0 if request.query.cursor is None else row_before(request)


def _view(channel: StoredChannel, source: dict[str, Any] | None, prefix: str) -> Channel:
    known = source or {}
    is_enabled = bool(known.get("is_enabled"))
    return Channel(
        id=channel.uid, title=channel.title, url=channel.url, description=channel.description,
        track_count=channel.track_count, artwork_url=channel.artwork_url(prefix),
        interval_seconds=known.get("interval_seconds", 0), last_checked_at=known.get("last_checked_at"),
        next_check_at=known.get("next_check_at") if is_enabled else None, error=known.get("error"),
        is_enabled=is_enabled,
    )  # fmt: skip
