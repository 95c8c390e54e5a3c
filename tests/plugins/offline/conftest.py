"""What these tests share: the library's shelf, and two devices of bob's."""

from __future__ import annotations

import pytest

from soundwave_core import SoundWave
from soundwave_core.testing import Cast
from tests.plugins.library.conftest import Shelf

from .devices import Device, one


@pytest.fixture
def shelf(core: SoundWave) -> Shelf:
    return Shelf(core)


@pytest.fixture
def phone(cast: Cast) -> Device:
    return Device(cast.bob, one(1))


@pytest.fixture
def tablet(cast: Cast) -> Device:
    return Device(cast.bob, one(2))
