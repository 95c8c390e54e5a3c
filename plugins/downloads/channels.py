"""Channels: library's table, this room's sources, shown as one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from soundwave_core import Conflict, transaction
from soundwave_library import Channel as StoredChannel
from soundwave_library import Channels

from . import sources
from .links import ensure_link
from .shapes import Channel, ChannelPatch, NewChannel
from .source_store import Sources

if TYPE_CHECKING:
    from soundwave_core import Actor, SoundWave


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
    return uid


def change(core: SoundWave, uid: str, patch: ChannelPatch) -> None:
    """Rename, or change when it is checked."""
    fields: dict[str, Any] = {}
    if patch.interval_seconds is not UNSET:
        fields |= {"interval_seconds": patch.interval_seconds}
        fields |= {"next_check_at": core.clock.stamp_after(seconds=float(patch.interval_seconds))}
    if patch.is_enabled is not UNSET:
        fields["is_enabled"] = int(patch.is_enabled)
    with transaction(core.db) as tx:
        source = Sources(tx).find("channel", uid)
        if patch.title is not UNSET:
            Channels(tx).patch(uid, title=patch.title)
        if source is not None and fields:
            Sources(tx).change(source["id"], **fields)


def remove(core: SoundWave, actor: Actor, uid: str) -> None:
    """Follow it no longer. Its tracks stay: with whoever uses them, and with the admin who removes it."""
    with transaction(core.db) as tx:
        Channels(tx).remove(uid, actor.id, core.clock)
        Sources(tx).remove("channel", uid)


def view(core: SoundWave, uid: str, prefix: str) -> Channel:
    return _view(Channels(core.db).get(uid), Sources(core.db).find("channel", uid), prefix)


def view_all(core: SoundWave, prefix: str) -> list[Channel]:
    """Every channel, by title: two statements in all."""
    found = Sources(core.db).by_target("channel")
    return [_view(channel, found.get(channel.uid), prefix) for channel in Channels(core.db).list()]


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
