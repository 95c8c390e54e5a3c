"""Tombstones tell devices what is gone (``Database.bury``). They are not kept for ever: it is known up to when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .database import Database, transaction

if TYPE_CHECKING:
    from .app import SoundWave

KEPT_DAYS = 90


def swept_rev(db: Database) -> int:
    """Up to which rev tombstones may be missing: who knows nothing later than that has to begin anew."""
    return int(db.value("SELECT value FROM counters WHERE name = 'swept_rev'"))


def sweep(core: SoundWave) -> None:
    """Remove those that are older than ``KEPT_DAYS``, and remember up to which rev."""
    with transaction(core.db) as tx:
        before = core.clock.stamp_before(days=KEPT_DAYS)
        last = tx.value("SELECT max(rev) FROM tombstones WHERE buried_at < :before", before=before)
        if last is not None:
            tx.execute("DELETE FROM tombstones WHERE buried_at < :before", before=before)
            tx.execute("UPDATE counters SET value = max(value, :rev) WHERE name = 'swept_rev'", rev=last)
