"""Changes to the library: one transaction each, then what waits for the commit: files and announcements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from soundwave_core import Actor, Conflict, Forbidden, to_stamp, transaction

from .media import remove_files
from .store import END, Entries, Favorites, Playlists, Plays, Positions, Removal, Tracks

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def whose(actor: Actor, user: str | None) -> str:
    """The user whose library is meant: one's own, or for an admin the one named."""
    if user is not None and user != actor.id and not actor.is_admin:
        raise Forbidden("Only an admin may look into another library.", code="admin_only")
    return user or actor.id


def remove_track(core: SoundWave, actor: Actor, track_id: str, user: str | None = None) -> Removal:
    """Take a track out of a library: one's own, or for an admin ``user``'s.

    An admin who has no entry of it takes it from the household. Conflict where there is neither.
    """
    owner = whose(actor, user)
    with transaction(core.db) as tx:
        entries = Entries(tx)
        is_withdrawal = actor.is_admin and user is None and not entries.has(owner, track_id)
        if is_withdrawal:
            removal = entries.withdraw(track_id, core.clock)
        else:
            removal = entries.remove(owner, track_id, core.clock)
    after_removal(core, removal)
    return removal


def after_removal(core: SoundWave, removal: Removal) -> None:
    """What a removal leaves to do once it is committed."""
    if removal.is_gone:
        remove_files(core)
        core.plugins.announce("track_removed", track_id=removal.track)
    for playlist in removal.playlists:
        core.plugins.announce("playlist_changed", playlist_id=playlist)


def set_favorite(core: SoundWave, actor: Actor, track_id: str, is_favorite: bool) -> None:
    """Mark a track as a favourite of the actor's, or no longer."""
    with transaction(core.db) as tx:
        if is_favorite:
            Favorites(tx).add(actor.id, track_id, core.clock)
        else:
            Favorites(tx).remove(actor.id, track_id)


def set_position(core: SoundWave, actor: Actor, track_id: str, seconds: float, at: datetime | None) -> None:
    """Remember where the user is; an event older than the one that is known changes nothing."""
    moment = min(at or core.clock.now(), core.clock.now())
    with transaction(core.db) as tx:
        Positions(tx).set(actor.id, track_id, seconds, to_stamp(moment))


def record_play(
    core: SoundWave,
    actor: Actor,
    track_id: str,
    *,
    uid: str | None,
    played_at: datetime | None,
    seconds: float | None,
) -> str:
    """The uid of the play. NotFound for a track that the actor may not look at."""
    moment = min(played_at or core.clock.now(), core.clock.now())
    with transaction(core.db) as tx:
        Tracks(tx, actor).get(track_id)
        uid, is_new = Plays(tx).add(
            actor.id, track_id, to_stamp(moment), core.clock, uid=uid, seconds=seconds
        )  # fmt: skip
        if not is_new and Plays(tx).find(actor.id, uid) is None:
            raise Conflict("This id is taken.", code="id_taken")
    if is_new:
        core.plugins.announce("plays_recorded", actor=actor, play_ids=[uid])
    return uid


def create_playlist(core: SoundWave, actor: Actor, title: str, description: str) -> str:
    """The uid of a new custom playlist, owned by the actor. Conflict ``too_many_playlists``."""
    with transaction(core.db) as tx:
        Playlists(tx, actor).ensure_room(actor.id)
        playlist_id = Playlists(tx, actor).create(actor.id, title.strip(), core.clock, description=description)
    _changed(core, playlist_id)
    return playlist_id


def patch_playlist(core: SoundWave, actor: Actor, playlist_id: str, **fields: str) -> None:
    """Change a playlist's title or description. Nothing is announced where they were the same."""
    if "title" in fields:
        fields["title"] = fields["title"].strip()
    with transaction(core.db) as tx:
        is_changed = Playlists(tx, actor).patch(playlist_id, core.clock, **fields)
    if is_changed:
        _changed(core, playlist_id)


def remove_playlist(core: SoundWave, actor: Actor, playlist_id: str) -> None:
    """Remove the list, never its tracks."""
    with transaction(core.db) as tx:
        Playlists(tx, actor).remove(playlist_id)
    _changed(core, playlist_id)


def add_items(
    core: SoundWave, actor: Actor, playlist_id: str, tracks: Sequence[str], after: str | None = END
) -> list[str]:
    """The uids of the new items. Conflict ``playlist_full``."""
    with transaction(core.db) as tx:
        items = Playlists(tx, actor).add_items(playlist_id, tracks, after, core.clock)
    _changed(core, playlist_id)
    return items


def move_item(core: SoundWave, actor: Actor, playlist_id: str, item_id: str, after: str | None) -> None:
    """Put an item after another, or first where ``after`` is None."""
    with transaction(core.db) as tx:
        is_moved = Playlists(tx, actor).move_item(playlist_id, item_id, after, core.clock)
    if is_moved:
        _changed(core, playlist_id)


def remove_item(core: SoundWave, actor: Actor, playlist_id: str, item_id: str) -> None:
    """Take one item out of a playlist; its track stays in the library."""
    with transaction(core.db) as tx:
        Playlists(tx, actor).remove_item(playlist_id, item_id, core.clock)
    _changed(core, playlist_id)


def _changed(core: SoundWave, playlist_id: str) -> None:
    core.plugins.announce("playlist_changed", playlist_id=playlist_id)
