"""What the engine's tests share: an egress proxy and a worker that may reach the test site only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from soundwave_downloads.process import EgressProcess, WorkerProcess
from tests.site.fixtures import ALLOWED_NETWORKS, forbidden, media, site

__all__ = ["egress", "forbidden", "media", "shared_worker", "site", "worker"]


@pytest.fixture(scope="session")
def egress() -> Iterator[EgressProcess]:
    """One for all tests; it keeps nothing between requests."""
    egress = EgressProcess(ALLOWED_NETWORKS)
    yield egress
    egress.stop()


@pytest.fixture(scope="session")
def shared_worker(egress: EgressProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(egress, tmp_path_factory.mktemp("home"))
    yield worker
    worker.stop()


@pytest.fixture
def worker(shared_worker: WorkerProcess) -> WorkerProcess:
    """A real worker with a real yt-dlp, warm from the test before (it starts anew where it was killed)."""
    return shared_worker


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    return tmp_path / "staging"
