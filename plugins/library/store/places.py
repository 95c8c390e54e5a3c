"""Where the items of a playlist stand: their keys (``ordering.py``), and what gives them new ones."""

from __future__ import annotations

from collections.abc import Mapping

from soundwave_core import Database, Invalid

from .. import ordering

END = "end"


class Places:
    """The keys of one playlist (by its row id), inside a transaction."""

    def __init__(self, db: Database, playlist_id: int) -> None:
        self._db, self._id = db, playlist_id

    def has_long(self) -> bool:
        """Whether a device made one that is longer than it should stay."""
        return bool(
            self._db.value(
                """SELECT EXISTS (SELECT 1 FROM playlist_items
                WHERE playlist_id = :id AND length(position) > :longest)""",
                id=self._id, longest=ordering.MAX_DEVICE_KEY_LENGTH,
            )
        )  # fmt: skip

    def between(self, after: str | None, count: int, moving: str = "") -> list[str]:
        """Keys for ``count`` items behind ``after``. Equal or overlong keys renew the whole list's first."""
        low, high = self._gap(after, moving)
        is_room = low is None or high is None or low < high
        keys = ordering.keys_between(low, high, count) if is_room else []
        if is_room and all(len(key) <= ordering.MAX_KEY_LENGTH for key in keys):
            return keys
        self.renew()
        return ordering.keys_between(*self._gap(after, moving), count)

    def before(self, uid: str) -> str | None:
        """The item in front of this one; None at the front."""
        item: str | None = self._db.value(
            """SELECT b.uid FROM playlist_items i JOIN playlist_items b ON b.playlist_id = i.playlist_id
            AND (b.position, b.uid) < (i.position, i.uid) WHERE i.uid = :uid
            ORDER BY b.position DESC, b.uid DESC LIMIT 1""",
            uid=uid,
        )
        return item

    def renew(self) -> None:
        """Short new keys for all, in the same order."""
        uids = [
            row["uid"]
            for row in self._db.rows(
                "SELECT uid FROM playlist_items WHERE playlist_id = :id ORDER BY position, uid", id=self._id
            )
        ]
        self.put(ordering.evenly(uids))

    def put(self, keys: Mapping[str, str]) -> None:
        """Keys by item."""
        self.set("position", keys)

    def set(self, column: str, values: Mapping[str, str | int]) -> None:
        """By item, in one statement: a list has one rev, and so have those of its items that change together."""
        if values:
            rev = self._db.next_rev()
            self._db.execute_many(
                f"UPDATE playlist_items SET {column} = :value, rev = :rev WHERE uid = :uid",
                [{"uid": uid, "value": value, "rev": rev} for uid, value in values.items()],
            )

    def _gap(self, after: str | None, moving: str) -> tuple[str | None, str | None]:
        if after == END:
            return self._edge("DESC", moving), None
        if after is None:
            return None, self._edge("ASC", moving)
        behind = self._db.value(
            "SELECT position FROM playlist_items WHERE playlist_id = :id AND uid = :uid", id=self._id, uid=after
        )
        if behind is None:
            raise Invalid(f"There is no item {after} in this playlist.", code="item_unknown")
        following = self._db.value(
            """SELECT position FROM playlist_items WHERE playlist_id = :id AND uid <> :moving
            AND (position, uid) > (:position, :after) ORDER BY position, uid LIMIT 1""",
            id=self._id, moving=moving, position=behind, after=after,
        )  # fmt: skip
        return behind, following

    def _edge(self, direction: str, moving: str) -> str | None:
        key: str | None = self._db.value(
            f"""SELECT position FROM playlist_items WHERE playlist_id = :id AND uid <> :moving
            ORDER BY position {direction}, uid {direction} LIMIT 1""",
            id=self._id, moving=moving,
        )  # fmt: skip
        return key
