"""One engine for all, so that what one test built is not built again by the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from container.engine import Engine, copy_checkout


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine.make(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"))
