"""One engine and one checkout for all, so that what one test built is not built again by the next."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from container.engine import IMAGE, Engine, copy_checkout
from container.shell import Shell


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine.make(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def image(engine: Engine, checkout: Path) -> str:
    """The image by its name; of steps that another test took already nothing is done again."""
    engine.build(checkout, IMAGE)
    return IMAGE


@pytest.fixture
def shell(engine: Engine, checkout: Path, tmp_path: Path) -> Iterator[Shell]:
    """A shell in the checkout with nothing of an earlier test running or kept."""
    shell = Shell.make(engine, checkout, tmp_path, Path(sys.executable).with_name("podman-compose"))
    yield shell
    shell.clear()
