"""Changes as devices tell them, perhaps days later: with ids and positions of their own, about what may be gone.

They are made inside the transaction that also stores that they were made; announcements wait for its end. A device
speaks for its user alone, an admin's too: what is not theirs is not there. What can be refused is refused before
anything is changed: NotFound where the thing is gone, Conflict where an id is somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from soundwave_core import Actor, Conflict, Database, to_stamp

from .store import Favorites, NewItem, Playlists, Plays, Positions, Tracks, readable

if TYPE_CHECKING:
    from soundwave_core import SoundWave


class DeviceChanges:
    """What one user's devices may change, inside ``tx``."""

    def __init__(self, core: SoundWave, tx: Database, actor: Actor) -> None:
        self._core, self._tx, self._actor = core, tx, actor
        self._own = replace(actor, is_admin=False)
        self._playlists = Playlists(tx, self._own)

    def add_play(
        self, uid: str, track: str, played_at: datetime, seconds: float | None, title: str, artist: str
    ) -> bool:
        """A fact: it is recorded once under its uid, by ``title`` and ``artist`` where the track is gone.

        Whether it is new. Conflict ``id_taken``, ``too_many``.
        """
        plays, is_there = Plays(self._tx), bool(readable(self._tx, self._actor.id, [track]))
        _, is_new = plays.add(
            self._actor.id, track if is_there else None, self._past(played_at), self._core.clock, uid=uid,
            seconds=seconds, title=title, artist=artist,
        )  # fmt: skip
        if not is_new and plays.find(self._actor.id, uid) is None:
            raise Conflict("This id is taken.", code="id_taken")
        if is_new:
            self._tx.on_commit(lambda: self._core.plugins.announce("plays_recorded", actor=self._actor, play_ids=[uid]))
        return is_new

    def set_position(self, track: str, seconds: float, at: datetime) -> None:
        """Where the listener is; the newest event counts, whenever it arrives."""
        Tracks(self._tx, self._own).get(track)
        Positions(self._tx).set(self._actor.id, track, seconds, self._past(at))

    def set_favorite(self, track: str, is_favorite: bool) -> None:
        """Mark a track, or take the mark off. Who arrives last has it their way."""
        Tracks(self._tx, self._own).get(track)
        if is_favorite:
            Favorites(self._tx).add(self._actor.id, track, self._core.clock)
        else:
            Favorites(self._tx).remove(self._actor.id, track)

    def create_playlist(self, uid: str, title: str, description: str, items: Sequence[NewItem]) -> None:
        """A new list, or what one's own of this id lacks; so a removed one comes back as it was."""
        owner = self._playlists.owner_of(uid)
        if owner not in (None, self._actor.id):
            raise Conflict("This id is taken.", code="id_taken")
        if owner is None:
            self._playlists.ensure_room(self._actor.id)
            clock = self._core.clock
            self._playlists.create(self._actor.id, title.strip(), clock, uid=uid, description=description)
        if self._playlists.put_items(uid, items, self._core.clock) or owner is None:
            self._tell(uid)

    def patch_playlist(self, uid: str, was: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, str]:
        """Change title or description. What somebody else had put there: neither what it was, nor the same."""
        before = self._playlists.get(uid)
        wanted = {name: value.strip() if name == "title" else value for name, value in fields.items()}
        if self._playlists.patch(uid, self._core.clock, **wanted):
            self._tell(uid)
        both = wanted.keys() & was.keys()
        return {name: before[name] for name in both if before[name] not in (was[name], wanted[name])}

    def remove_playlist(self, uid: str) -> None:
        """Remove the list, never its tracks; one that is gone already is gone."""
        if self._playlists.owner_of(uid) is not None:
            self._playlists.remove(uid)
            self._tell(uid)

    def add_items(self, uid: str, items: Sequence[NewItem]) -> None:
        """Add items where the device put them, each once. NotFound where none of their tracks is there any more."""
        playlists, tracks = self._playlists, [item.track for item in items]
        is_known = playlists.has_items(uid, [item.uid for item in items])
        if not is_known and not readable(self._tx, self._actor.id, tracks):
            Tracks(self._tx, self._own).get(tracks[0])
        if playlists.put_items(uid, items, self._core.clock):
            self._tell(uid)

    def move_item(self, uid: str, item: str, position: str) -> None:
        """Put an item at a fractional key."""
        if self._playlists.place_item(uid, item, position, self._core.clock):
            self._tell(uid)

    def remove_item(self, uid: str, item: str) -> None:
        """Take an item out; one that is gone already, with its list or without, is gone."""
        playlists = self._playlists
        if playlists.owner_of(uid) is not None and playlists.has_items(uid, [item]):
            playlists.remove_item(uid, item, self._core.clock)
            self._tell(uid)

    def shorten_keys(self, uid: str) -> None:
        """Give a list new keys; not before the last of the ops that came together, which were made beside the old."""
        if self._playlists.has_long_keys(uid):
            self._playlists.shorten(uid, self._core.clock)
            self._tell(uid)

    def _past(self, moment: datetime) -> str:
        """A device's clock may be ahead."""
        return to_stamp(min(moment, self._core.clock.now()))

    def _tell(self, playlist: str) -> None:
        self._tx.on_commit(lambda: self._core.plugins.announce("playlist_changed", playlist_id=playlist))
