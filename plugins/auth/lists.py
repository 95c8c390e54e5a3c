"""Lists, newest first; a cursor holds the number of the last row that was shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from soundwave_core import Invalid, decode_cursor, encode_cursor

from .store import LAST

if TYPE_CHECKING:
    from soundwave_core import Request


class Row(Protocol):
    @property
    def number(self) -> int: ...


R = TypeVar("R", bound=Row)


def before(request: Request) -> int:
    """The number to go on from. Raises Invalid for a cursor that is not from here."""
    if request.query.cursor is None:
        return LAST
    match decode_cursor(request.query.cursor):
        case [int() as number] if 0 <= number <= LAST:
            return number
    raise Invalid("The cursor is not one of ours.", code="cursor_invalid")


def page(request: Request, rows: Sequence[R]) -> tuple[Sequence[R], str | None]:
    """What to show of ``limit + 1`` rows, and the address of what follows."""
    limit = request.query.limit
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, f"{request.prefix}{request.path}?limit={limit}&cursor={encode_cursor([shown[-1].number])}"
