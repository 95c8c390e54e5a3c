"""What the attacks share: a household."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from security.household import Household, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    """One server for all tests of a module, with the settings as they come."""
    with open_house(tmp_path_factory.mktemp("house")) as house:
        yield house
