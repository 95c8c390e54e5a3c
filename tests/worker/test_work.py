"""What the service worker does when nobody asks it for anything."""

from __future__ import annotations

from pathlib import Path

from tests.bundled import run_tests

HERE = Path(__file__).parent


def test_the_worker_in_node(tmp_path: Path) -> None:
    run_tests(HERE / "work.ts", tmp_path)
