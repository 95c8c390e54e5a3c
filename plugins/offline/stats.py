"""Statistics: what devices counted, by day, and for admins by user."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from soundwave_auth import Users
from soundwave_core import Actor, Database, Forbidden, transaction

from .settings import COUNTING
from .shapes import Counts, DayCounts, Stats, UserCounts
from .store import COUNTED, DayStats, add_counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from soundwave_core import SoundWave


def statistics(core: SoundWave, actor: Actor, days: int, user: str | None = None, is_whole: bool = False) -> Stats:
    """The last ``days`` days, today's among them: one's own, or for admins those of ``user``, or of everybody.

    A device's calendar may be a day ahead of ours: that day is in as well. Forbidden ``admin_only``.
    """
    if (is_whole or user not in (None, actor.id)) and not actor.is_admin:
        raise Forbidden("Only an admin may look at the statistics of others.", code="admin_only")
    since = (core.clock.now().date() - timedelta(days=days - 1)).isoformat()
    stats = DayStats(core.db)
    by_day = stats.by_day(None if is_whole else user or actor.id, since)
    users = [_of_user(core, row) for row in stats.by_user(since)] if is_whole else []
    return Stats(
        is_counting=core.config[COUNTING], days=msgspec.convert(by_day, list[DayCounts]), totals=_sum(by_day),
        users=users,
    )  # fmt: skip


def take_counts(core: SoundWave, tx: Database, user_id: str, day: str, counts: Mapping[str, int | float]) -> None:
    """Add a device's increments of one of its days, unless this server counts nothing."""
    if core.config[COUNTING]:
        add_counts(tx, user_id, day, counts)


def clear(core: SoundWave, actor: Actor) -> None:
    """Forget one's own counts."""
    with transaction(core.db) as tx:
        DayStats(tx).remove(actor.id)


def _of_user(core: SoundWave, row: dict[str, Any]) -> UserCounts:
    user = Users(core).find(row["user_id"])
    name = user.name if user is not None and user.state != "removed" else None
    return msgspec.convert({**row, "username": name}, UserCounts)


def _sum(rows: Iterable[dict[str, Any]]) -> Counts:
    totals = dict.fromkeys(COUNTED, 0)
    for row in rows:
        for name in COUNTED:
            totals[name] += row[name]
    return Counts(**totals)
