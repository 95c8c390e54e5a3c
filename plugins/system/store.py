"""What SQLite says about its own file. The only place with SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soundwave_core import Database

MOST_FAULTS = 10


class Soundness:
    """The whole file read and compared, on a reading connection: nobody waits for it, and nothing is written."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def faults(self) -> list[str]:
        """What is damaged or refers to nothing, the first few of each; empty where all is well.

        ``integrity_check`` finds what the start's ``quick_check`` cannot: an index that does not fit its table.
        """
        said = [str(row["integrity_check"]) for row in self._db.rows(f"PRAGMA integrity_check({MOST_FAULTS})")]
        rows = self._db.rows(
            'SELECT DISTINCT "table" AS child, parent FROM pragma_foreign_key_check LIMIT :most', most=MOST_FAULTS
        )
        orphans = [f"rows of {row['child']} refer to rows of {row['parent']} that are not there" for row in rows]
        return [fault for fault in said if fault != "ok"] + orphans
