"""What keeps whole playlists on a device, as it is shipped, in node: hashes, plans, room, the keeper."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from soundwave_library.reading import BLOCK_BYTES, read_file
from tests.bundled import ensure_typed, run_tests

HERE = Path(__file__).parent
SIZES = (0, 1, 55, 56, 64, 119, 120, 65_536, 1_000_000, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 9_000_001)


def content(size: int) -> bytes:
    """As pure.ts makes it."""
    return bytes((n * 7 + n // 251) % 256 for n in range(size))


def test_the_modules_in_node(tmp_path: Path) -> None:
    hashed = []
    for size in SIZES:
        file = tmp_path / str(size)
        file.write_bytes(content(size))
        read = read_file(file)
        plain = hashlib.sha256(file.read_bytes()).hexdigest()
        assert read.content_hash == plain
        hashed.append({"size": size, "revision": read.revision, "plain": plain})
    made = tmp_path / "hashed.json"
    made.write_text(json.dumps(hashed))
    run_tests(HERE / "pure.ts", tmp_path, HASHED=str(made))


@pytest.mark.parametrize("name", ["keeping", "tending", "freeing", "trouble"])
def test_the_keeper_in_node(name: str, tmp_path: Path) -> None:
    run_tests(HERE / f"{name}.ts", tmp_path)


def test_the_tests_are_typed() -> None:
    ensure_typed(HERE)
