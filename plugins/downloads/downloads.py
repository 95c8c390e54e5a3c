"""What a user can ask for: a link, a list, a feed, or the rest of a mirrored playlist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soundwave_core import Conflict, Forbidden, Invalid, transaction
from soundwave_library import Playlists

from . import quota, sources
from .links import ensure_link
from .source_store import Sources
from .store import Downloads

if TYPE_CHECKING:
    from soundwave_core import Actor, Database, SoundWave

    from .shapes import NewDownload

MOST_UNFINISHED = 1000  # of one user: a script that went wrong, not a household's wish


def whose(actor: Actor, user_id: str | None) -> str:
    """The user whose downloads are meant: one's own, or for an admin the one named."""
    if user_id is not None and user_id != actor.id and not actor.is_admin:
        raise Forbidden("Only an admin may look at another's downloads.", code="admin_only")
    return user_id or actor.id


def ask(core: SoundWave, actor: Actor, wish: NewDownload) -> str:
    """Put a wish into the queue; its uid.

    The same link asked for twice while it is under way is one wish; a link that this user follows already
    is looked at again, into the playlist that is there. Conflict ``quota_exceeded`` where there is no room left.
    """
    if (wish.url is None) == (wish.playlist is None):
        raise Invalid("Give either a url or a playlist.", code="url_or_playlist")
    if wish.playlist is not None:
        playlist = Playlists(core.db, actor).get(wish.playlist)
        quota.ensure_may_ask(core, playlist["user_id"])
        return sources.complete_playlist(core, wish.playlist)
    url = ensure_link(core, wish.url or "")
    with transaction(core.db) as tx:
        same = Downloads(tx).find_same(actor.id, url, wish.follow)
        if same is not None:
            return str(same["uid"])
        quota.ensure_may_ask(core, actor.id)
        followed = sources.find_followed(tx, actor.id, url) if wish.follow else None
        if followed is not None:
            return _look_again(core, tx, followed, wish)
        return _add(core, tx, actor, url, wish)


def _look_again(core: SoundWave, tx: Database, source: dict[str, Any], wish: NewDownload) -> str:
    if wish.interval_seconds is not None:
        Sources(tx).change(source["id"], interval_seconds=wish.interval_seconds)
        source = {**source, "interval_seconds": wish.interval_seconds}
    uid = sources.begin_check(core, tx, source, is_quiet=False)
    assert uid is not None
    return uid


def _add(core: SoundWave, tx: Database, actor: Actor, url: str, wish: NewDownload) -> str:
    downloads, uid, now = Downloads(tx), core.clock.new_id(), core.clock.stamp()
    if downloads.count_active(actor.id) >= MOST_UNFINISHED:
        raise Conflict(f"{MOST_UNFINISHED} downloads are waiting already; let some finish.", code="queue_full")
    downloads.add(
        uid=uid, user_id=actor.id, url=url, title=wish.playlist_title, state="resolving",
        is_followed=int(wish.follow), interval_seconds=wish.interval_seconds, created_at=now, updated_at=now,
    )  # fmt: skip
    return uid
