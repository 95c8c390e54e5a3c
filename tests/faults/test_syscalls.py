"""The disk says no in the middle of a write: whatever was acknowledged is there, and the server goes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from faults.checking import ensure_files_whole, ensure_kept, ensure_sound, recovered
from faults.furnished import Furnished
from faults.serving import serving
from faults.tracing import failing, injected
from faults.writers import Refused, Writer, begin, writers_of

pytestmark = pytest.mark.machine

Tell = Callable[[str], None]
WRITES = 15  # of each writer, while calls fail
TRIES = 500  # for a write that failed, while some of its calls still do

FAULTS = {
    "EIO on fsync": ("fsync,fdatasync", "EIO", "3+7"),
    "EIO on write": ("pwrite64,write", "EIO", "20+151"),
    "ENOSPC on write": ("pwrite64,write", "ENOSPC", "25+131"),
    "EMFILE on open": ("openat", "EMFILE", "1+2"),
}


@pytest.mark.parametrize(("calls", "error", "when"), FAULTS.values(), ids=FAULTS)
def test_what_was_acknowledged_is_there(
    furnished: Furnished, tmp_path: Path, calls: str, error: str, when: str, soak: bool, tell: Tell
) -> None:
    writers, tally = writers_of(furnished.members.values(), furnished.tracks)
    log, refused = tmp_path / "strace.log", 0
    with serving(furnished.home) as served:
        with failing(served.process.pid, calls, error, when, log):
            for _ in range(WRITES * (10 if soak else 1)):
                for thread in begin(writers, served.port, 1):
                    thread.join(60)
                refused += sum(1 for writer in writers if writer.pending is not None)
                for writer in writers:
                    settle(writer, served.port)
        for thread in begin(writers, served.port, 5):  # it works as before, but for a call that was failing still
            thread.join(60)
        for writer in writers:
            settle(writer, served.port)
        assert all(writer.pending is None for writer in writers)
        assert served.process.poll() is None
        served.kill()
    with recovered(furnished.home.database, tmp_path / "copy") as raw:
        ensure_sound(raw)
        assert ensure_kept(raw, writers) == 0
        assert ensure_files_whole(raw, furnished.home.media) == len(furnished.tracks)
    with serving(furnished.home) as served:
        assert served.stop() == 0
    failed = injected(log)
    assert failed > 0
    tell(f"{error} on {calls}: {failed} calls failed, {refused} writes refused, {tally.count} acknowledged, 0 lost")


def settle(writer: Writer, port: int) -> None:
    """Ask until it is granted, as an app does."""
    for _ in range(TRIES):
        if writer.pending is None:
            return
        with suppress(Refused):
            writer.settle(port)
    assert writer.pending is None, "it never came through"
