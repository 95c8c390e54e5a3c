"""What the faults share: a home that is furnished, and a disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.disks import Disk, disk
from faults.furnished import Furnished, furnish


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """Made once, never served."""
    return furnish(tmp_path_factory.mktemp("furnished"))


@pytest.fixture
def furnished(first: Furnished, tmp_path: Path) -> Furnished:
    """A home of this test's own, with people and tracks."""
    return first.moved_to(tmp_path)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Disk]:
    """A disk of this test's own, which can be taken away."""
    with disk(tmp_path) as made:
        yield made
