"""What the engine's tests share: an egress proxy and a worker that may reach the test site only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soundwave_downloads.children import Child
from soundwave_downloads.process import EgressProcess, WorkerProcess
from tests.site.fixtures import ALLOWED_NETWORKS, forbidden, media, site

__all__ = ["egress", "forbidden", "media", "shared_worker", "site", "worker"]


@pytest.fixture(scope="session", autouse=True)
def measured() -> Iterator[None]:
    """Children start with an empty environment; where coverage measures, let it measure them too."""
    variables = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    start = Child.__init__

    def start_measured(self: Child, module: str, environment: Any, paths: Any = ()) -> None:
        start(self, module, {**environment, **variables}, paths)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Child, "__init__", start_measured)
        yield


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
