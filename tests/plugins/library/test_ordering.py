"""Fractional keys: whatever is inserted where, the bytes sort as the list reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundwave_library.ordering import (
    MAX_KEY_LENGTH,
    evenly,
    followed,
    is_key,
    key_between,
    keys_between,
    rearranged,
)

places = st.lists(st.integers(0, 10_000), max_size=120)


@given(places)
def test_inserting_anywhere_keeps_the_order(steps: list[int]) -> None:
    keys: list[str] = []
    for step in steps:
        at = step % (len(keys) + 1)
        key = key_between(keys[at - 1] if at else None, keys[at] if at < len(keys) else None)
        assert is_key(key)
        keys.insert(at, key)
    assert [k.encode() for k in keys] == sorted({k.encode() for k in keys})


@given(places, st.integers(0, 60))
def test_many_keys_fit_into_any_gap(steps: list[int], count: int) -> None:
    keys = keys_between(None, None, 1)
    for step in steps[:30]:
        at = step % (len(keys) + 1)
        keys.insert(at, key_between(keys[at - 1] if at else None, keys[at] if at < len(keys) else None))
    bounds: list[str | None] = [None, *keys, None]
    at = (steps[0] if steps else 0) % (len(keys) + 1)
    low, high = bounds[at], bounds[at + 1]
    made = keys_between(low, high, count)
    assert len(made) == count
    line = [k for k in (low, *made, high) if k is not None]
    assert line == sorted(set(line))


def test_the_well_known_keys() -> None:
    """The values of the published algorithm, so that other implementations agree with this one."""
    known = [
        (None, None, "a0"), (None, "a0", "Zz"), ("a0", None, "a1"), ("a0", "a1", "a0V"), ("a1", "a2", "a1V"),
        ("a0V", "a1", "a0l"), ("Zz", "a0", "ZzV"), ("Zz", "a1", "a0"), (None, "Y00", "Xzzz"), ("bzz", None, "c000"),
        ("a0", "a0V", "a0G"), ("a0", "a0G", "a08"), ("b125", "b129", "b127"), ("a0", "a1V", "a1"),
        ("Zz", "a01", "a0"), (None, "a0V", "a0"), (None, "b999", "b99"), ("az", None, "b00"),
    ]  # fmt: skip
    assert [(low, high, key_between(low, high)) for low, high, _ in known] == known


def test_appending_and_prepending_stays_short() -> None:
    assert max(map(len, keys_between(None, None, 10_000))) <= 4
    assert max(map(len, keys_between(None, "a0", 10_000))) <= 4


@pytest.mark.parametrize(("low", "high"), [("a1", "a1"), ("a2", "a1"), ("a00", "a1"), ("", None), ("a-", None)])
def test_no_key_between_these(low: str, high: str | None) -> None:
    with pytest.raises(ValueError, match="key"):
        key_between(low, high)


def test_what_is_no_key() -> None:
    assert not any(map(is_key, ["", "0", "a", "a00", "b0", "a0 ", "é0", "A" + "0" * 26]))
    assert all(map(is_key, ["a0", "Zz", "a0V", "b00", "a01"]))


@given(st.permutations(list(range(30))))
def test_rearranging_moves_as_few_as_it_can(order: list[int]) -> None:
    keys = evenly([str(n) for n in range(30)])
    wanted = [(str(n), keys[str(n)]) for n in order]
    moved = rearranged(wanted)
    placed = [moved.get(item, key) for item, key in wanted]
    assert placed == sorted(set(placed))
    assert (not moved) == (order == sorted(order))


def test_moving_one_touches_one() -> None:
    keys = evenly(["a", "b", "c", "d"])
    assert set(rearranged([("d", keys["d"]), *((i, keys[i]) for i in "abc")])) == {"d"}


def test_equal_keys_come_apart() -> None:
    moved = rearranged([("a", "a0"), ("b", "a0"), ("c", "a0")])
    keys = [moved.get(item, "a0") for item in "abc"]
    assert keys == sorted(set(keys))


def test_overlong_keys_renew_the_whole_list() -> None:
    low, high = "a0", "a1"
    while len(key_between(low, high)) <= MAX_KEY_LENGTH:
        high = key_between(low, high)
    assert rearranged([("a", low), ("x", "a5"), ("b", high)]) == {"a": "a0", "x": "a1", "b": "a2"}


@pytest.mark.parametrize(
    ("present", "upstream", "order"),
    [
        ("ABC", "CAB", "CAB"),
        ("AxBC", "CAB", "CAxB"),
        ("xABC", "CBA", "xCBA"),
        ("ABCx", "CAB", "CxAB"),
        ("AxyB", "BA", "BAxy"),
        ("ABC", "AC", "ABC"),
        ("ABC", "CA", "CAB"),
        ("AB", "AZB", "AB"),
        ("AB", "BBA", "BA"),
    ],
)
def test_following_a_source(present: str, upstream: str, order: str) -> None:
    """Capitals are the source's items, the others were added here; what upstream lost stays by its neighbour."""
    rows = [(item, item if item.isupper() else None) for item in present]
    assert "".join(followed(rows, list(upstream))) == order


@given(st.lists(st.integers(0, 20), unique=True), st.lists(st.integers(0, 20), unique=True))
def test_following_loses_nothing(present: list[int], upstream: list[int]) -> None:
    rows = [(str(n), n if n % 3 else None) for n in present]
    order = followed(rows, upstream)
    assert sorted(order) == sorted(str(n) for n in present)
    shown = [int(item) for item in order if int(item) % 3 and int(item) in upstream]
    assert shown == [n for n in upstream if n % 3 and n in present]
