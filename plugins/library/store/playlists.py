"""Playlists: their own fields, and what is done to their items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from soundwave_core import Access, Actor, Clock, Conflict, Database, NotFound

from .entries import Entries
from .items import Items, NewItem, Source
from .places import END, Places
from .readable import ensure_readable
from .sql import other_values

MOST_PLAYLISTS = 1000  # that a user may make: a device has them all; those of a link cost a download, and do not count
LONGEST_TITLE = 500  # characters: of one that is longer, as an imported one may be, the beginning is kept
KINDS = ("custom", "mirrored", "smart")
_FIELDS = ("title", "description", "source_url", "artwork_id")


class Playlists:
    """Playlists and their items. With an ``actor``, only this actor's own exist (all, for an admin)."""

    def __init__(self, db: Database, actor: Actor | None = None) -> None:
        self._db = db
        self._owner = None if actor is None or actor.is_admin else actor.id

    def create(
        self,
        user_id: str,
        title: str,
        clock: Clock,
        *,
        kind: str = "custom",
        uid: str | None = None,
        description: str = "",
        source_url: str | None = None,
        artwork_id: int | None = None,
    ) -> str:
        """A new playlist; its uid (a device may have made it)."""
        values = {
            "uid": uid or clock.new_id(), "user": user_id, "title": title[:LONGEST_TITLE], "kind": kind,
            "description": description, "url": source_url, "artwork": artwork_id,
            "rev": self._db.next_rev(), "at": clock.stamp(),
        }  # fmt: skip
        self._db.execute(
            """INSERT INTO playlists (uid, user_id, title, kind, description, source_url, artwork_id,
            rev, content_rev, created_at, updated_at)
            VALUES (:uid, :user, :title, :kind, :description, :url, :artwork, :rev, :rev, :at, :at)""",
            **values,
        )
        return str(values["uid"])

    def find(self, uid: str) -> dict[str, Any] | None:
        """id, uid, user_id, title, description, kind, source_url and artwork_id."""
        return self._db.row(
            """SELECT id, uid, user_id, title, description, kind, source_url, artwork_id FROM playlists
            WHERE uid = :uid AND (:owner IS NULL OR user_id = :owner)""",
            uid=uid, owner=self._owner,
        )  # fmt: skip

    def get(self, uid: str) -> dict[str, Any]:
        """As ``find``; raises NotFound."""
        row = self.find(uid)
        if row is None:
            raise NotFound("There is no such playlist.", code="playlist_not_found")
        return row

    def patch(self, uid: str, clock: Clock, **fields: str | int | None) -> bool:
        """Change title, description, source_url or artwork_id; whether there was anything to change."""
        row = self.get(uid)
        changed = other_values(row, fields, _FIELDS)
        if changed:
            changes = ", ".join(f"{name} = :{name}" for name in changed)
            self._db.execute(
                f"UPDATE playlists SET {changes}, rev = :rev, updated_at = :at WHERE id = :id",
                **changed, rev=self._db.next_rev(), at=clock.stamp(), id=row["id"],
            )  # fmt: skip
        return bool(changed)

    def remove(self, uid: str) -> None:
        """Remove the list. Its tracks stay where they are: in their owners' libraries."""
        row = self.get(uid)
        self._db.execute("DELETE FROM playlists WHERE id = :id", id=row["id"])
        self._db.bury("playlist", uid, row["user_id"])

    def add_items(self, uid: str, track_uids: Sequence[str], after: str | None, clock: Clock) -> list[str]:
        """Add tracks that the playlist's owner may look at, behind ``after`` (None: the front; END).

        NotFound, Invalid; Conflict ``playlist_full``.
        """
        playlist = self.get(uid)
        known, items = ensure_readable(self._db, playlist["user_id"], track_uids), Items(self._db, playlist)
        items.ensure_room(len(track_uids))
        return items.add([known[track] for track in track_uids], after, clock)

    def move_item(self, uid: str, item: str, after: str | None, clock: Clock) -> bool:
        """Put an item behind ``after`` (None: the front); whether it moved. NotFound, Invalid."""
        self._ensure_item(uid, item)
        return Items(self._db, self.get(uid)).move(item, after, clock)

    def remove_item(self, uid: str, item: str, clock: Clock) -> None:
        """Take an item out; the track stays. Removed from a mirrored playlist, it stays removed."""
        if not Items(self._db, self.get(uid)).remove(item, clock):
            raise NotFound("There is no such item.", code="item_not_found")

    def put_items(self, uid: str, given: Sequence[NewItem], clock: Clock) -> int:
        """Add items where devices put them (``Items.put``); how many were added."""
        return Items(self._db, self.get(uid)).put(given, clock)

    def has_long_keys(self, uid: str) -> bool:
        """Whether the list is there, and the keys of its items are so long that it should get new ones."""
        row = self.find(uid)
        return row is not None and Places(self._db, row["id"]).has_long()

    def shorten(self, uid: str, clock: Clock) -> None:
        """Give the items new keys, in the same order."""
        Items(self._db, self.get(uid)).shorten(clock)

    def ensure_room(self, user_id: str) -> None:
        """Conflict ``too_many_playlists`` where this user has made as many as anybody may."""
        made = "SELECT count(*) FROM playlists WHERE user_id = :user AND source_url IS NULL"
        if self._db.value(made, user=user_id) >= MOST_PLAYLISTS:
            raise Conflict(
                f"You have made {MOST_PLAYLISTS} playlists already: remove one first.", code="too_many_playlists"
            )

    def place_item(self, uid: str, item: str, position: str, clock: Clock) -> bool:
        """Put an item at a fractional key; whether it stands elsewhere now. NotFound."""
        return Items(self._db, self.get(uid)).place(item, position, clock)

    def has_items(self, uid: str, items: Sequence[str]) -> bool:
        """Whether all of these are in the list."""
        return Items(self._db, self.get(uid)).has_all(items)

    def owner_of(self, uid: str) -> str | None:
        """Whose it is; None where there is none."""
        owner: str | None = self._db.value("SELECT user_id FROM playlists WHERE uid = :uid", uid=uid)
        return owner

    def append(self, uid: str, track_uid: str, clock: Clock, source: Source | None = None) -> str | None:
        """Add one track at the end; the item's uid.

        With ``source`` = (extractor, source id) it is the source's item: added once (the known item's uid
        then), never against its user's will (None: they removed it), and the owner gets an entry.
        """
        playlist = self.get(uid)
        if source is None:
            return self.add_items(uid, [track_uid], END, clock)[0]
        known: str | None = self._db.value(
            """SELECT uid FROM playlist_items
            WHERE playlist_id = :id AND extractor = :extractor AND source_id = :source""",
            id=playlist["id"], extractor=source[0], source=source[1],
        )  # fmt: skip
        if known is not None or source not in self.missing(uid, [source]):
            return known
        Entries(self._db).ensure(playlist["user_id"], track_uid, clock)
        track = ensure_readable(self._db, playlist["user_id"], [track_uid])[track_uid]
        return Items(self._db, playlist).add([track], END, clock, source)[0]

    def follow_order(self, uid: str, upstream: Sequence[Source], clock: Clock) -> bool:
        """Take over the source's order; whether anything changed.

        Local additions stay behind the item they stood behind; what is gone upstream is kept and marked.
        An empty ``upstream`` is a list that failed to load, and changes nothing.
        """
        return bool(upstream) and Items(self._db, self.get(uid)).follow(upstream, clock)

    def missing(self, uid: str, upstream: Sequence[Source]) -> set[Source]:
        """What of ``upstream`` is to be fetched: not in the list, and not taken out by its user."""
        rows = self._db.rows(
            """SELECT i.extractor, i.source_id FROM playlist_items i JOIN playlists p ON p.id = i.playlist_id
            WHERE p.uid = :uid AND i.source_id IS NOT NULL
            UNION SELECT r.extractor, r.source_id FROM playlist_removals r
            JOIN playlists p ON p.id = r.playlist_id WHERE p.uid = :uid""",
            uid=uid,
        )
        return set(upstream) - {(row["extractor"], row["source_id"]) for row in rows}

    def has_track(self, uid: str, track_uid: str) -> bool:
        """Whether a track stands anywhere in the list."""
        return bool(
            self._db.value(
                """SELECT EXISTS (SELECT 1 FROM playlist_items i JOIN playlists p ON p.id = i.playlist_id
                JOIN tracks t ON t.id = i.track_id WHERE p.uid = :uid AND t.uid = :track)""",
                uid=uid, track=track_uid,
            )
        )  # fmt: skip

    def access_of(self, actor: Actor, uid: str) -> Access:
        """WRITE for the owner and for admins."""
        owner = self.owner_of(uid)
        is_allowed = owner is not None and (actor.is_admin or owner == actor.id)
        return Access.WRITE if is_allowed else Access.NONE

    def _ensure_item(self, uid: str, item: str) -> None:
        if not self._db.value(
            """SELECT EXISTS (SELECT 1 FROM playlist_items i JOIN playlists p ON p.id = i.playlist_id
            WHERE i.uid = :item AND p.uid = :uid)""",
            item=item, uid=uid,
        ):  # fmt: skip
            raise NotFound("There is no such item.", code="item_not_found")
