"""Keys, ops, rebase, outbox, sync and drain as they are shipped, in node."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

from soundwave_library import ordering
from tests.bundled import ensure_typed, run_tests

HERE = Path(__file__).parent


def keys() -> dict[str, object]:
    """What the server makes of 3,000 random inserts, of gaps that are filled again and again, and of texts."""
    chance = random.Random(5)
    known, single = list[str](), []
    while len(single) < 3000:
        # Every third into the same gap, where keys grow.
        place = len(known) // 2 if len(single) % 3 == 0 else chance.randrange(len(known) + 1)
        low = known[place - 1] if place else None
        high = known[place] if place < len(known) else None
        key = ordering.key_between(low, high)
        known.insert(place, key)
        single.append((low, high, key))
    for edge in ("z" * 27, "A" + "0" * 25 + "1", "Zz", "a0", "Z0"):
        single += [(edge, None, ordering.key_between(edge, None)), (None, edge, ordering.key_between(None, edge))]
    several = []
    for count in (0, 1, 2, 7, 100):
        low, high = sorted(chance.sample(known, 2))
        for ends in ((None, None), (low, None), (None, high), (low, high)):
            several.append((*ends, count, ordering.keys_between(*ends, count)))
    texts = [*known[:50], "", "a", "a00", "a0", "b0", "b00", "Zz", "Z", "é0", "A" + "0" * 26, "a0 ", "a0\n", "0a", "zz"]
    return {"single": single, "several": several, "keys": [(text, ordering.is_key(text)) for text in texts]}


def test_the_modules_in_node(tmp_path: Path, tell: Callable[[str], None]) -> None:
    made = tmp_path / "keys.json"
    made.write_text(json.dumps(keys()))
    for line in run_tests(HERE / "units.ts", tmp_path, KEYS=str(made)).splitlines():
        if line.endswith(" ms"):
            tell(line)


def test_the_tests_are_typed() -> None:
    ensure_typed(HERE)
