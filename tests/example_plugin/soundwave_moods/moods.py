"""What can be done with a mood. Nothing here knows of HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Access, Invalid, transaction
from soundwave_library import Tracks

from .store import Moods

if TYPE_CHECKING:
    from soundwave_core import Actor, SoundWave


def access_of(core: SoundWave, actor: Actor, mood_id: str) -> Access:
    """Whose it is may do everything with it, and so may admins; for all others it is not there."""
    owner = Moods(core.db).owner_of(mood_id)
    return Access.WRITE if owner is not None and (owner == actor.id or actor.is_admin) else Access.NONE


def add(core: SoundWave, actor: Actor, track_id: str, word: str) -> str:
    """Remember a mood; its id. NotFound for a track that the actor may not hear."""
    if word not in core.config["moods.words"]:
        raise Invalid(f"{word} is no mood here: choose another word.", code="mood_unknown")
    track = Tracks(core.db, actor).get(track_id)
    mood_id = core.clock.new_id()
    with transaction(core.db) as tx:
        Moods(tx).add(
            uid=mood_id, user_id=actor.id, track_id=track.uid, title=track.title, word=word, added_at=core.clock.stamp()
        )
    return mood_id


def remove(core: SoundWave, mood_id: str) -> None:
    with transaction(core.db) as tx:
        Moods(tx).remove(mood_id)


def forget_track(core: SoundWave, track_id: str) -> None:
    with transaction(core.db) as tx:
        Moods(tx).remove_track(track_id)


def remove_lost(core: SoundWave) -> None:
    """An announcement may be missed (a crash, this plugin switched off), so that it is never the only way."""
    tracks = Tracks(core.db)
    for track_id in Moods(core.db).tracks():
        if tracks.find(track_id) is None:
            forget_track(core, track_id)
