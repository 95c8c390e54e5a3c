"""What the attacks share: a household, and how long they go on."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from security.household import Household, open_house


@pytest.fixture(scope="session")
def soak() -> bool:
    """Whether the long forms are wanted: ``make soak`` sets SOUNDWAVE_SOAK."""
    return os.environ.get("SOUNDWAVE_SOAK", "") not in ("", "0")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    """One server for all tests of a module, with the settings as they come."""
    with open_house(tmp_path_factory.mktemp("house")) as house:
        yield house
