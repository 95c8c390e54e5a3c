"""Places in playlists: where a new one goes, what a move touches, what a removal leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from soundwave_core import Clock, Database, Invalid, NotFound

from .. import ordering
from . import sql

Source = tuple[str, str]  # (extractor, source id)
END = "end"


class Items:
    """The items of one playlist (a row with id, uid and user_id), inside a transaction."""

    def __init__(self, db: Database, playlist: dict[str, Any]) -> None:
        self._db = db
        self._playlist = playlist
        self._id: int = playlist["id"]

    def add(self, track_ids: Sequence[int], after: str | None, clock: Clock, source: Source | None = None) -> list[str]:
        """New items behind ``after`` (an item; None: the front; END); their uids."""
        keys = self._keys(after, len(track_ids))
        extractor, source_id = source or (None, None)
        rows = [
            {"uid": clock.new_id(), "playlist": self._id, "track": track, "position": key,
             "by": "source" if source else "user", "extractor": extractor, "source": source_id,
             "at": clock.stamp(), "rev": self._db.next_rev()}
            for track, key in zip(track_ids, keys, strict=True)
        ]  # fmt: skip
        self._db.execute_many(
            """INSERT INTO playlist_items
            (uid, playlist_id, track_id, position, added_by, extractor, source_id, added_at, rev)
            VALUES (:uid, :playlist, :track, :position, :by, :extractor, :source, :at, :rev)""",
            rows,
        )
        self.touch(clock)
        return [str(row["uid"]) for row in rows]

    def move(self, uid: str, after: str | None, clock: Clock) -> bool:
        """Put an item behind another one; whether it stands elsewhere now."""
        if uid == after or not self._find(uid) or self._before(uid) == after:
            return False
        [key] = self._keys(after, 1, moving=uid)
        self._place({uid: key})
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
        self._place(moved)
        for uid, is_gone in marked.items():
            self._set(uid, "is_gone_upstream", is_gone)
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

    def _keys(self, after: str | None, count: int, moving: str = "") -> list[str]:
        """Keys for ``count`` items behind ``after``. Equal or overlong keys renew the whole list's first."""
        low, high = self._gap(after, moving)
        is_room = low is None or high is None or low < high
        keys = ordering.keys_between(low, high, count) if is_room else []
        if is_room and all(len(key) <= ordering.MAX_KEY_LENGTH for key in keys):
            return keys
        self._renew()
        return ordering.keys_between(*self._gap(after, moving), count)

    def _gap(self, after: str | None, moving: str) -> tuple[str | None, str | None]:
        if after == END:
            return self._edge("DESC", moving), None
        if after is None:
            return None, self._edge("ASC", moving)
        behind = self._find(after)
        if behind is None:
            raise Invalid(f"There is no item {after} in this playlist.", code="item_unknown")
        following = self._db.value(
            """SELECT position FROM playlist_items WHERE playlist_id = :id AND uid <> :moving
            AND (position, uid) > (:position, :after) ORDER BY position, uid LIMIT 1""",
            id=self._id, moving=moving, position=behind["position"], after=after,
        )  # fmt: skip
        return behind["position"], following

    def _edge(self, direction: str, moving: str) -> str | None:
        key: str | None = self._db.value(
            f"""SELECT position FROM playlist_items WHERE playlist_id = :id AND uid <> :moving
            ORDER BY position {direction}, uid {direction} LIMIT 1""",
            id=self._id, moving=moving,
        )  # fmt: skip
        return key

    def _before(self, uid: str) -> str | None:
        """The item in front of this one; None at the front."""
        item: str | None = self._db.value(
            """SELECT b.uid FROM playlist_items i JOIN playlist_items b ON b.playlist_id = i.playlist_id
            AND (b.position, b.uid) < (i.position, i.uid) WHERE i.uid = :uid
            ORDER BY b.position DESC, b.uid DESC LIMIT 1""",
            uid=uid,
        )
        return item

    def _renew(self) -> None:
        uids = [
            row["uid"]
            for row in self._db.rows(
                "SELECT uid FROM playlist_items WHERE playlist_id = :id ORDER BY position, uid", id=self._id
            )
        ]
        self._place(ordering.evenly(uids))

    def _place(self, keys: dict[str, str]) -> None:
        for uid, key in keys.items():
            self._set(uid, "position", key)

    def _set(self, uid: str, column: str, value: str | int) -> None:
        self._db.execute(
            f"UPDATE playlist_items SET {column} = :value, rev = :rev WHERE uid = :uid",
            value=value, rev=self._db.next_rev(), uid=uid,
        )  # fmt: skip


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


def ensure_readable(db: Database, user_id: str, track_uids: Sequence[str]) -> dict[str, int]:
    """uid to row id. NotFound unless this user may look at all of them, by entry or as the household's."""
    found = db.rows(
        f"""SELECT t.uid, t.id FROM tracks t WHERE {sql.IS_READABLE}
        AND t.uid IN (SELECT value FROM json_each(:uids))""",
        uids=sql.as_json(track_uids), user=user_id,
    )  # fmt: skip
    known = {row["uid"]: int(row["id"]) for row in found}
    for uid in track_uids:
        if uid not in known:
            raise NotFound(f"There is no track {uid} in this library.", code="track_not_found")
    return known


def _source_of(row: dict[str, Any]) -> Source | None:
    return None if row["source_id"] is None else (row["extractor"], row["source_id"])
