"""Ops: what a device did by itself and tells once it can, perhaps more than once. Each is applied once.

Its id is stored with what it came to, in the transaction that applies it. Ids are known for as long as tombstones
(``tombstones.py``): a device that was silent for longer than these begins anew anyway, and only its oldest ops could
then be applied again. Keys of requests share the table (``idempotency.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from .database import Database, transaction
from .tombstones import KEPT_DAYS

if TYPE_CHECKING:
    from .app import SoundWave

MOST_OF_A_USER = 50_000  # of some 250 bytes with its indexes, and 20 KB where a description was overridden


class Operations:
    """The ops of one user. Two users may have one under the same id."""

    def __init__(self, db: Database, user_id: str) -> None:
        self._db, self._user = db, user_id

    def find(self, op_id: str) -> bytes | None:
        """What the op of this id came to, as ``keep`` got it; None for one that was not applied yet."""
        found: bytes | None = self._db.value(
            "SELECT answer FROM operations WHERE user_id = :user AND key = :key AND kind = 'op'",
            user=self._user, key=op_id,
        )  # fmt: skip
        return found

    def keep(self, op_id: str, answer: bytes) -> None:
        """Store what it came to, inside the transaction that applied it; what is stored already stays."""
        self._db.execute(
            """INSERT OR IGNORE INTO operations (key, user_id, request_hash, answer, created_at, kind)
            VALUES (:key, :user, '', :answer, :at, 'op')""",
            key=op_id, user=self._user, answer=answer, at=self._db.clock.stamp(),
        )  # fmt: skip

    def is_over(self) -> bool:
        """Whether there is something to ``trim``."""
        count = "SELECT count(*) FROM operations WHERE user_id = :user AND kind = 'op'"
        return int(self._db.value(count, user=self._user)) > MOST_OF_A_USER

    def trim(self) -> int:
        """Forget the oldest beyond ``MOST_OF_A_USER``, inside a transaction; how many."""
        return self._db.execute(
            """DELETE FROM operations WHERE rowid IN (SELECT rowid FROM operations
            WHERE user_id = :user AND kind = 'op' ORDER BY rowid DESC LIMIT -1 OFFSET :most)""",
            user=self._user, most=MOST_OF_A_USER,
        )  # fmt: skip

    def forget_all(self) -> int:
        """The user is gone: what came of their ops names their things. Inside a transaction; how many."""
        return self._db.execute("DELETE FROM operations WHERE user_id = :user AND kind = 'op'", user=self._user)


def users_with_ops(db: Database, user_ids: Sequence[str]) -> list[str]:
    """Those of these users of whom an op is known."""
    rows = db.rows(
        """SELECT u.value AS id FROM json_each(:users) u
        WHERE EXISTS (SELECT 1 FROM operations WHERE user_id = u.value AND kind = 'op')""",
        users=msgspec.json.encode(user_ids).decode(),
    )
    return [row["id"] for row in rows]


def sweep(core: SoundWave) -> None:
    """Forget ops that no device tells again."""
    with transaction(core.db) as tx:
        tx.execute(
            "DELETE FROM operations WHERE kind = 'op' AND created_at < :before",
            before=core.clock.stamp_before(days=KEPT_DAYS),
        )
