"""What the service worker answers to Range, beside what the server answers: the same, for whatever is asked."""

from __future__ import annotations

import json
import random
from pathlib import Path

from soundwave_core.sending import parse_range
from tests.bundled import ensure_typed, run_tests

HERE = Path(__file__).parent
SIZES = (0, 1, 2, 3, 10, 4096, 123_456_789, 2**33)
FIXED = (
    None, "", "bytes=0-", "bytes=0-0", "bytes=0-1", "bytes=-1", "bytes=-0", "bytes=-", "bytes=5-2", "bytes=1-1",
    "bytes=10-", "bytes=9-9", "bytes=9-10", "bytes=0-99999999999999999999", "bytes=-99999999999999999999",
    "bytes=99999999999999999999-", "bytes=9007199254740993-9007199254740992", "bytes=0-1,3-4", "bytes=0-,-1",
    "BYTES=0-1", "Bytes=1-", "BYTES=-", " bytes=0-1 ", "bytes= 0-1", "bytes=0 -1", "bytes=0- 1", "bytes=+1-2",
    "bytes=1.0-2", "bytes=0x1-2", "bytes=\u0661-2", "bytes", "bytes=", "bytes=a-b", "items=0-1", "0-1", "bytes=1--2",
    "bytes=--1", "bytes=" + "9" * 40 + "-", "bytes=" + "9" * 41 + "-", "bytes=0-" + "9" * 41,
)  # fmt: skip


def expected(header: str | None, size: int) -> object:
    try:
        part = parse_range(header, size)
    except ValueError:
        return "past"
    return part and {"first": part[0], "last": part[1]}


def cases() -> list[tuple[str | None, int, object]]:
    """Those that somebody thought of, and 5,000 around the edges of each size."""
    chance = random.Random(7)
    headers: list[tuple[str | None, int]] = [(header, size) for header in FIXED for size in SIZES]
    for _ in range(5000):
        size = chance.choice(SIZES)
        near = [str(max(0, size + step)) for step in (-2, -1, 0, 1)] + ["", "0", "1", str(chance.randrange(size + 9))]
        headers.append((f"bytes={chance.choice(near)}-{chance.choice(near)}", size))
    return [(header, size, expected(header, size)) for header, size in headers]


def test_as_the_server_does(tmp_path: Path) -> None:
    made = tmp_path / "cases.json"
    made.write_text(json.dumps(cases()))
    run_tests(HERE / "ranges.ts", tmp_path, CASES=str(made))


def test_the_tests_are_typed() -> None:
    ensure_typed(HERE)
