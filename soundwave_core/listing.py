"""Lists over the wire: one shape for all of them, and keyset cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from .errors import Invalid
from .http import Cursor, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from .http import Request

T = TypeVar("T")
LAST = 2**63 - 1  # above every rowid


class Listing(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a list: how many there are in all, the URL of the next page, and these results."""

    count: int
    next: str | None = None
    previous: str | None = None
    results: list[T]


def whole(results: list[T]) -> Listing[T]:
    """A list that always fits on one page."""
    return Listing(count=len(results), results=results)


def row_before(request: Request) -> int:
    """The rowid below which a newest-first list goes on; Invalid for a cursor of another list."""
    if request.query.cursor is None:
        return LAST
    match decode_cursor(request.query.cursor):
        case [int() as number] if 0 <= number <= LAST:
            return number
    raise Invalid("The cursor is not one of ours.", code="cursor_invalid")


def next_url(request: Request, after: Cursor) -> str:
    """The URL of the same list, going on after these values."""
    given: dict[str, Any] = msgspec.to_builtins(request.query)
    words = {name: _word(value) for name, value in given.items() if value is not None}
    return f"{request.prefix}{request.path}?{urlencode(words | {'cursor': encode_cursor(after)})}"


def _word(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
