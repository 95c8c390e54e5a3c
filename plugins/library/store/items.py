"""Places in playlists: where a new one goes, what a move touches, what a removal leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from soundwave_core import Clock, Conflict, Database, NotFound

from .. import ordering
from . import sql
from .places import Places
from .readable import readable

Source = tuple[str, str]  # (extractor, source id)
MOST_ITEMS = 10_000  # that a user may put into one list: a device gets it whole


class NewItem(NamedTuple):
    """A place as a device made it: its uid, its track's, and its fractional key."""

    uid: str
    track: str
    position: str


class Items:
    """The items of one playlist (a row with id, uid and user_id), inside a transaction."""

    def __init__(self, db: Database, playlist: dict[str, Any]) -> None:
        self._db = db
        self._playlist = playlist
        self._id: int = playlist["id"]
        self._places = Places(db, self._id)

    def add(self, track_ids: Sequence[int], after: str | None, clock: Clock, source: Source | None = None) -> list[str]:
        """New items behind ``after`` (an item; None: the front; END); their uids."""
        keys = self._places.between(after, len(track_ids))
        rows = [(clock.new_id(), track, key, source) for track, key in zip(track_ids, keys, strict=True)]
        self._insert(rows, clock)
        self.touch(clock)
        return [uid for uid, *_ in rows]

    def put(self, given: Sequence[NewItem], clock: Clock) -> int:
        """Add these where their devices put them, but for those that are in the list already; how many.

        Tracks that the playlist's owner may not look at are left out. Conflict where an id is another list's, or the
        list is full. What its user had taken out of what its source has is the source's again, and so in its order.
        """
        lists = self.lists_of([item.uid for item in given])
        if any(found != self._id for found in lists.values()):
            raise Conflict("The id of an item is taken.", code="id_taken")
        tracks = readable(self._db, self._playlist["user_id"], [item.track for item in given])
        fresh = {item.uid: item for item in given if item.track in tracks and item.uid not in lists}
        self.ensure_room(len(fresh))
        sources = self._take_back([tracks[item.track] for item in fresh.values()])
        rows = [
            (item.uid, tracks[item.track], item.position, sources.pop(tracks[item.track], None))
            for item in fresh.values()
        ]
        if rows:
            self._insert(rows, clock)
            self.touch(clock)
        return len(rows)

    def ensure_room(self, count: int) -> None:
        """Conflict ``playlist_full`` where so many more would be too many. What a source adds is not counted."""
        is_full = self._db.value(
            """SELECT CASE WHEN item_count + :count > :most THEN (SELECT count(*) FROM playlist_items
            WHERE playlist_id = p.id AND added_by = 'user') + :count > :most END FROM playlists p WHERE p.id = :id""",
            id=self._id, count=count, most=MOST_ITEMS,
        )  # fmt: skip
        if count and is_full:
            raise Conflict(f"A playlist takes {MOST_ITEMS} items; this one has no room.", code="playlist_full")

    def shorten(self, clock: Clock) -> None:
        """New keys, in the same order."""
        self._places.renew()
        self.touch(clock)

    def lists_of(self, uids: Sequence[str]) -> dict[str, int]:
        """The row ids of the lists, this or another, that have one of these."""
        rows = self._db.rows(
            "SELECT uid, playlist_id FROM playlist_items WHERE uid IN (SELECT value FROM json_each(:uids))",
            uids=sql.as_json(uids),
        )
        return {row["uid"]: row["playlist_id"] for row in rows}

    def has_all(self, uids: Sequence[str]) -> bool:
        """Whether all of these are in the list."""
        lists = self.lists_of(uids)
        return all(lists.get(uid) == self._id for uid in uids)

    def place(self, uid: str, position: str, clock: Clock) -> bool:
        """Put an item where its device put it; whether it stands elsewhere now. NotFound."""
        row = self._find(uid)
        if row is None:
            raise NotFound("There is no such item.", code="item_not_found")
        if row["position"] == position:
            return False
        self._places.put({uid: position})
        self.touch(clock)
        return True

    def move(self, uid: str, after: str | None, clock: Clock) -> bool:
        """Put an item behind another one; whether it stands elsewhere now."""
        if uid == after or not self._find(uid) or self._places.before(uid) == after:
            return False
        [key] = self._places.between(after, 1, moving=uid)
        self._places.put({uid: key})
        self.touch(clock)
        return True

    def remove(self, uid: str, clock: Clock) -> bool:
        """Take one out, leaving a tombstone; a source's item is remembered, and stays away."""
        row = self._find(uid)
        if row is None:
            return False
        self._db.execute("DELETE FROM playlist_items WHERE uid = :uid", uid=uid)
        self._db.bury("item", uid, self._playlist["user_id"])
        if row["added_by"] == "source":
            self._db.execute(
                """INSERT INTO playlist_removals (playlist_id, extractor, source_id, removed_at)
                VALUES (:id, :extractor, :source_id, :at) ON CONFLICT DO NOTHING""",
                id=self._id, extractor=row["extractor"], source_id=row["source_id"], at=clock.stamp(),
            )  # fmt: skip
        self.touch(clock)
        return True

    def follow(self, upstream: Sequence[Source], clock: Clock) -> bool:
        """Take over the order of a source, mark what it lost; whether anything changed."""
        present = self._db.rows(
            """SELECT uid, position, extractor, source_id, is_gone_upstream FROM playlist_items
            WHERE playlist_id = :id ORDER BY position, uid""",
            id=self._id,
        )
        by_uid = {row["uid"]: row for row in present}
        sources = [(row["uid"], _source_of(row)) for row in present]
        order = ordering.followed(sources, upstream)
        moved = ordering.rearranged([(uid, by_uid[uid]["position"]) for uid in order])
        known = set(upstream)
        marked = {
            uid: int(source not in known)
            for uid, source in sources
            if source is not None and by_uid[uid]["is_gone_upstream"] != (source not in known)
        }
        self._places.put(moved)
        self._places.set("is_gone_upstream", marked)
        if moved or marked:
            self.touch(clock)
        return bool(moved or marked)

    def touch(self, clock: Clock) -> None:
        """The content changed: ``rev`` and ``content_rev`` move together."""
        self._db.execute(
            """UPDATE playlists SET rev = :rev, content_rev = :rev, updated_at = :at WHERE id = :id""",
            rev=self._db.next_rev(), at=clock.stamp(), id=self._id,
        )  # fmt: skip

    def _find(self, uid: str) -> dict[str, Any] | None:
        return self._db.row(
            """SELECT position, added_by, extractor, source_id FROM playlist_items
            WHERE playlist_id = :id AND uid = :uid""",
            id=self._id, uid=uid,
        )  # fmt: skip

    def _insert(self, rows: Sequence[tuple[str, int, str, Source | None]], clock: Clock) -> None:
        """(uid, row id of the track, key, source), all in one statement and of one rev."""
        common = {"playlist": self._id, "at": clock.stamp(), "rev": self._db.next_rev()}
        self._db.execute_many(
            """INSERT INTO playlist_items
            (uid, playlist_id, track_id, position, added_by, extractor, source_id, added_at, rev)
            VALUES (:uid, :playlist, :track, :position, iif(:source IS NULL, 'user', 'source'), :extractor, :source,
            :at, :rev)""",
            [
                {"uid": uid, "track": track, "position": key, "extractor": source and source[0],
                 "source": source and source[1], **common}
                for uid, track, key, source in rows
            ],
        )  # fmt: skip

    def _take_back(self, track_ids: Sequence[int]) -> dict[int, Source]:
        """Forget that the user took these out of what the source has; by track, what it is there."""
        removed = self._db.rows(
            """SELECT t.id, r.extractor, r.source_id FROM playlist_removals r
            JOIN tracks t ON t.extractor = r.extractor AND t.source_id = r.source_id
            WHERE r.playlist_id = :id AND t.id IN (SELECT value FROM json_each(:tracks))""",
            id=self._id, tracks=sql.as_json(track_ids),
        )  # fmt: skip
        self._db.execute_many(
            """DELETE FROM playlist_removals
            WHERE playlist_id = :playlist AND extractor = :extractor AND source_id = :source_id""",
            [{"playlist": self._id, "extractor": row["extractor"], "source_id": row["source_id"]} for row in removed],
        )
        return {row["id"]: (row["extractor"], row["source_id"]) for row in removed}


def forget_items(db: Database, user_id: str, track_id: int, clock: Clock) -> tuple[str, ...]:
    """Take a track out of all of a user's playlists; the uids of those that had it."""
    rows = db.rows(
        """SELECT p.id, p.uid, p.user_id, i.uid AS item FROM playlist_items i
        JOIN playlists p ON p.id = i.playlist_id WHERE i.track_id = :track AND p.user_id = :user""",
        track=track_id, user=user_id,
    )  # fmt: skip
    for row in rows:
        Items(db, row).remove(row["item"], clock)
    return tuple(dict.fromkeys(row["uid"] for row in rows))


def _source_of(row: dict[str, Any]) -> Source | None:
    return None if row["source_id"] is None else (row["extractor"], row["source_id"])
