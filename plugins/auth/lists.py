"""Lists, newest first; a cursor holds the number of the last row that was shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from soundwave_core import next_url

if TYPE_CHECKING:
    from soundwave_core import Request


class Row(Protocol):
    """What a list is made of."""

    @property
    def number(self) -> int:
        """The order in which the rows came."""
        ...


R = TypeVar("R", bound=Row)


def page(request: Request, rows: Sequence[R]) -> tuple[Sequence[R], str | None]:
    """What to show of ``limit + 1`` rows, and the address of what follows."""
    limit = request.query.limit
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, next_url(request, [shown[-1].number])
