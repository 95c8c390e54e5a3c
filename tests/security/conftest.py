"""What the attacks share: how long they go on."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def soak() -> bool:
    """Whether the long forms are wanted: ``make soak`` sets SOUNDWAVE_SOAK."""
    return os.environ.get("SOUNDWAVE_SOAK", "") not in ("", "0")
