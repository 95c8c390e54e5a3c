"""A server that was only put together: its routes, hooks and settings are there, and nothing on a disk."""

from __future__ import annotations

import sys

import pytest
from house.tree import EXAMPLE, NAMES

from soundwave_core import SoundWave

sys.path.insert(0, str(EXAMPLE))  # the example plugin, installed or not


@pytest.fixture(scope="session")
def assembled() -> SoundWave:
    core = SoundWave({"SOUNDWAVE_PLUGINS": ",".join(NAMES)}, is_manual=True, notice=lambda line: None).assemble()
    failed = {name: r.reason for name, r in core.plugins.records.items() if name in NAMES and r.status != "enabled"}
    assert not failed
    return core
