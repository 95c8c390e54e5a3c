"""What the player and the search on the device can do without a browser, in node."""

from __future__ import annotations

from pathlib import Path

from tests.bundled import ensure_typed, run_tests

HERE = Path(__file__).parent


def test_the_modules_in_node(tmp_path: Path) -> None:
    run_tests(HERE / "units.ts", tmp_path)


def test_the_tests_are_typed() -> None:
    ensure_typed(HERE)
