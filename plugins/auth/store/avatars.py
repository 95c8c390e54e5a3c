"""The picture that a user shows of themselves, in the database, so that it is in every backup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave


class AvatarRow(Struct, frozen=True, kw_only=True):
    """A picture; ``mime`` is what its content is, ``sha256`` is over all of it."""

    content: bytes
    mime: str
    sha256: str


class Avatars:
    """One of each user at most."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def find(self, user_id: str) -> AvatarRow | None:
        """The user's picture, or None."""
        row = self._db.row("SELECT content, mime, sha256 FROM avatars WHERE user_id = :user", user=user_id)
        return msgspec.convert(row, AvatarRow) if row else None

    def hashes(self, user_ids: Sequence[str]) -> dict[str, str]:
        """Of those of these users who have one, its SHA-256 by their id."""
        sql = "SELECT user_id, sha256 FROM avatars WHERE user_id IN (SELECT value FROM json_each(:ids))"
        rows = self._db.rows(sql, ids=msgspec.json.encode(user_ids).decode())
        return {row["user_id"]: row["sha256"] for row in rows}

    def put(self, user_id: str, avatar: AvatarRow) -> None:
        """In the place of the one before."""
        self._db.execute(
            """INSERT INTO avatars (user_id, content, mime, sha256) VALUES (:user, :content, :mime, :sha256)
            ON CONFLICT (user_id) DO UPDATE SET content = :content, mime = :mime, sha256 = :sha256""",
            user=user_id,
            **msgspec.structs.asdict(avatar),
        )

    def remove(self, user_id: str) -> None:
        """Nothing happens where there is none."""
        self._db.execute("DELETE FROM avatars WHERE user_id = :user", user=user_id)
