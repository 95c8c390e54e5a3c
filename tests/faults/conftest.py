"""What the faults share: how long they go on, and a home that is furnished."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from faults.furnished import Furnished, furnish


@pytest.fixture(scope="session")
def soak() -> bool:
    """Whether the long forms are wanted: ``make soak`` sets SOUNDWAVE_SOAK."""
    return os.environ.get("SOUNDWAVE_SOAK", "") not in ("", "0")


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """Made once, never served."""
    return furnish(tmp_path_factory.mktemp("furnished"))


@pytest.fixture
def furnished(first: Furnished, tmp_path: Path) -> Furnished:
    """A home of this test's own, with people and tracks."""
    return first.moved_to(tmp_path)
