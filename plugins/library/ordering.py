"""Order without indexes: fractional keys over base62, compared as bytes.

A key is an integer part, whose first letter tells its length (``a``-``z`` upwards, ``Z``-``A`` downwards),
and a fraction without trailing zeros: ``a0``, ``a0V``, ``Zz``. Between any two different keys there is
another, so one item moves without touching its neighbours. Devices compute the same keys.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Hashable, Sequence
from typing import TypeVar

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FIRST = "a0"
MAX_KEY_LENGTH = 64
MAX_DEVICE_KEY_LENGTH = 200  # of those that stay: between two that a device made there is always one more
_KEY = re.compile("[A-Za-z][0-9A-Za-z]*")
_LOWEST = "A" + "0" * 26

S = TypeVar("S", bound=Hashable)


def is_key(text: str) -> bool:
    """Whether this is a key that ``key_between`` could have made."""
    if not _KEY.fullmatch(text) or text == _LOWEST:
        return False
    size = _integer_size(text[0])
    return len(text) >= size and not (len(text) > size and text.endswith("0"))


def key_between(low: str | None, high: str | None) -> str:
    """A key after ``low`` and before ``high``; None is the end of the list on that side.

    Raises ValueError where no key fits: the two are equal, the wrong way round, or no keys.
    """
    for key in (low, high):
        if key is not None and not is_key(key):
            raise ValueError(f"{key!r} is not an order key")
    if low is not None and high is not None and low >= high:
        raise ValueError(f"no key fits between {low!r} and {high!r}")
    if high is None:
        return FIRST if low is None else _after(low)
    return _before(high) if low is None else _inside(low, high)


def keys_between(low: str | None, high: str | None, count: int) -> list[str]:
    """``count`` keys in order, all between the two."""
    if count <= 0:
        return []
    if low is None and high is not None:
        keys: list[str] = []
        for _ in range(count):
            keys.append(key_between(None, keys[-1] if keys else high))
        return keys[::-1]
    if high is None:
        keys = []
        for _ in range(count):
            keys.append(key_between(keys[-1] if keys else low, None))
        return keys
    middle = key_between(low, high)
    left = count // 2
    return [*keys_between(low, middle, left), middle, *keys_between(middle, high, count - left - 1)]


def rearranged(wanted: Sequence[tuple[str, str]]) -> dict[str, str]:
    """New keys for (id, present key) pairs in the wanted order: only those that must move.

    The longest run that is in order already stays. Where a key would pass ``MAX_KEY_LENGTH``, all are new.
    """
    staying = _longest_run([key for _, key in wanted])
    moved: dict[str, str] = {}
    low: str | None = None
    waiting: list[str] = []
    for index, (item, key) in enumerate([*wanted, ("", "")]):
        if index < len(wanted) and index not in staying:
            waiting.append(item)
            continue
        high = key if index < len(wanted) else None
        moved |= dict(zip(waiting, keys_between(low, high, len(waiting)), strict=True))
        low, waiting = high, []
    if any(len(key) > MAX_KEY_LENGTH for key in moved.values()):
        return evenly([item for item, _ in wanted])
    return moved


def evenly(items: Sequence[str]) -> dict[str, str]:
    """Short new keys for a whole list."""
    return dict(zip(items, keys_between(None, None, len(items)), strict=True))


def followed(present: Sequence[tuple[str, S | None]], upstream: Sequence[S]) -> list[str]:
    """The ids of ``present`` (id, its place upstream or None) in the order of ``upstream``.

    What upstream does not know (local additions, items gone there) stays behind the item it stood behind.
    """
    rank = {source: index for index, source in reversed(list(enumerate(upstream)))}
    groups: dict[int, list[str]] = {-1: []}
    anchor = -1
    for item, source in present:
        if source is not None and source in rank:
            anchor = rank[source]
        groups.setdefault(anchor, []).append(item)
    return [item for index in sorted(groups) for item in groups[index]]


def _integer_size(head: str) -> int:
    return ord(head) - ord("a") + 2 if head >= "a" else ord("Z") - ord(head) + 2


def _split(key: str) -> tuple[str, str]:
    size = _integer_size(key[0])
    return key[:size], key[size:]


def _after(low: str) -> str:
    integer, fraction = _split(low)
    following = _step(integer, up=True)
    return following if following is not None else integer + _middle(fraction, None)


def _before(high: str) -> str:
    integer, fraction = _split(high)
    if integer == _LOWEST:
        return integer + _middle("", fraction)
    if fraction:
        return integer
    previous = _step(integer, up=False)
    if previous is None:
        raise ValueError("no key fits before the lowest")
    return previous if previous != _LOWEST else previous + _middle("", None)


def _inside(low: str, high: str) -> str:
    low_integer, low_fraction = _split(low)
    high_integer, high_fraction = _split(high)
    if low_integer == high_integer:
        return low_integer + _middle(low_fraction, high_fraction)
    following = _step(low_integer, up=True)
    if following is not None and following < high:
        return following
    return low_integer + _middle(low_fraction, None)


def _step(integer: str, *, up: bool) -> str | None:
    """The next integer part upwards or downwards; None past the last one."""
    head, digits = integer[0], list(integer[1:])
    edge, fresh = (DIGITS[-1], DIGITS[0]) if up else (DIGITS[0], DIGITS[-1])
    for index in range(len(digits) - 1, -1, -1):
        if digits[index] != edge:
            digits[index] = DIGITS[DIGITS.index(digits[index]) + (1 if up else -1)]
            return head + "".join(digits)
        digits[index] = fresh
    if head == ("z" if up else "A"):
        return None
    if head == ("Z" if up else "a"):
        return "a0" if up else "Zz"
    head = chr(ord(head) + (1 if up else -1))
    return head + fresh * (_integer_size(head) - 1)


def _middle(low: str, high: str | None) -> str:
    """A fraction between two; None is one. Neither ends in a zero, nor does the answer."""
    if high is not None:
        shared = 0
        while shared < len(high) and (low[shared : shared + 1] or "0") == high[shared]:
            shared += 1
        if shared:
            return high[:shared] + _middle(low[shared:], high[shared:])
    start = DIGITS.index(low[0]) if low else 0
    end = DIGITS.index(high[0]) if high is not None else len(DIGITS)
    if end - start > 1:
        return DIGITS[(start + end + 1) // 2]
    if high is not None and len(high) > 1:
        return high[0]
    return DIGITS[start] + _middle(low[1:], None)


def _longest_run(keys: Sequence[str]) -> set[int]:
    """The indexes of a longest strictly rising subsequence (patience sorting, n log n)."""
    ends: list[str] = []
    at: list[int] = []
    previous: list[int] = []
    for index, key in enumerate(keys):
        length = bisect_left(ends, key)
        previous.append(at[length - 1] if length else -1)
        ends[length : length + 1] = [key]
        at[length : length + 1] = [index]
    run: set[int] = set()
    index = at[-1] if at else -1
    while index >= 0:
        run.add(index)
        index = previous[index]
    return run
