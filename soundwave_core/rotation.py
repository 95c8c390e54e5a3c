"""Which backups may go: of the scheduled ones the last of each of 7 days, 4 weeks and 6 months stay.

Counted are days, weeks and months that have a backup, as restic's ``--keep-daily`` does: a server that was off for a
year still has its seven days. Only verified ones count there, and what is not verified pushes out none that is; the
last verified one of all stays whatever it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date

KEPT_DAYS, KEPT_WEEKS, KEPT_MONTHS = 7, 4, 6
KEPT_UNVERIFIED = 3  # of the scheduled: they wait for their test, or show what is wrong, and push out none that is good
KEPT_OF = {  # verified ones, and as many others
    "manual": 10, "uploaded": 5, "before-migration": 5, "before-restore": 5, "before-import": 3,
}  # fmt: skip

Facts = tuple[str, str, str]  # id, why, state; ids sort by time


def expendable(backups: Iterable[Facts], made: Collection[str] = ()) -> list[str]:
    """The ids that may be removed, the oldest first; never those that were made just now."""
    newest_first = sorted(backups, reverse=True)
    scheduled = [(id, state) for id, why, state in newest_first if why == "scheduled"]
    verified = [id for id, state in scheduled if state == "verified"]
    kept = {*made, *[id for id, state in scheduled if state != "verified"][:KEPT_UNVERIFIED]}
    kept.update(_last_of_each(verified, lambda day: (day.year, day.month, day.day), KEPT_DAYS))
    kept.update(_last_of_each(verified, lambda day: day.isocalendar()[:2], KEPT_WEEKS))
    kept.update(_last_of_each(verified, lambda day: (day.year, day.month), KEPT_MONTHS))
    for why, most in KEPT_OF.items():
        for is_good in (True, False):
            those = [id for id, its_why, state in newest_first if (its_why, state == "verified") == (why, is_good)]
            kept.update(those[:most])
    kept.update([id for id, _, state in newest_first if state == "verified"][:1])
    return sorted(id for id, _, _ in newest_first if id not in kept)


def _last_of_each(newest_first: Sequence[str], period: Callable[[date], tuple[int, ...]], most: int) -> list[str]:
    last: dict[tuple[int, ...], str] = {}
    for id in newest_first:
        last.setdefault(period(_day_of(id)), id)
    return list(last.values())[:most]


def _day_of(id: str) -> date:
    day = id.split("-")[1]
    return date(int(day[:4]), int(day[4:6]), int(day[6:]))
