"""When to try again, and after how long."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from soundwave_core import SoundWaveError

from .faults import fault_of
from .messages import Failed, When

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

BACKOFF_SECONDS = (60, 5 * 60, 15 * 60, 3600, 6 * 3600)
MOST_ATTEMPTS = 5
MOST_WAITS = 50  # about twelve days
PATIENT = frozenset({"throttled", "disk_full", "live"})  # waited out
SHARED = frozenset({"throttled", "disk_full"})  # what one item of a download met, the others would meet
UNTIL_ASKED = frozenset({"quota_exceeded"})  # waiting makes no room: somebody has to, and asks again
CHECK_BACKOFF_SECONDS = (15 * 60, 3600, 6 * 3600, 24 * 3600)
AGAIN_DAYS = (1, 2, 4, 8, 16, 30)  # until a later check of a source tries an item again

DEAD = Failed(id="", code="worker_died", when="later", reason="The download process ended unexpectedly.")


def wait_seconds(failure: Failed, attempts: int) -> int | None:
    """How long until the next try; None: never. What passes by itself is waited out, the rest has five tries."""
    if failure.when == "never" or failure.code in UNTIL_ASKED:
        return None
    if attempts >= (MOST_WAITS if failure.code in PATIENT else MOST_ATTEMPTS):
        return None
    if failure.when == "now":
        return 0
    backoff = BACKOFF_SECONDS[min(max(attempts, 1), len(BACKOFF_SECONDS)) - 1]
    return max(backoff, failure.retry_after_seconds or 0)


def check_wait_seconds(failures: int, interval_seconds: int, retry_after_seconds: int | None = None) -> int:
    """How long a source rests after so many failed checks in a row: soon again at first, then ever less often."""
    last = max(CHECK_BACKOFF_SECONDS[-1], interval_seconds)
    wait = (*CHECK_BACKOFF_SECONDS[:-1], last)[min(failures, len(CHECK_BACKOFF_SECONDS)) - 1]
    return max(wait, retry_after_seconds or 0)


def again_at(core: SoundWave, when: When, times: int) -> str | None:
    """From when on a check may queue an item again that was given up ``times`` before; None: not by itself."""
    if when == "never":
        return None
    return core.clock.stamp_after(days=AGAIN_DAYS[min(times, len(AGAIN_DAYS) - 1)])


def failure_of(error: Exception) -> Failed:
    """What was raised in the server while it worked on an item or a link: a refusal, the disk, or a bug."""
    if isinstance(error, SoundWaveError):
        when: When = "later" if error.status >= 500 else "never"
        return Failed(id="", code=error.code, when=when, reason=error.sentence)
    fault = fault_of(error)
    if fault.code != "internal":
        return Failed(id="", code=fault.code, when=fault.when, reason=fault.sentence)
    log.error("a download met a bug", exc_info=error)
    return Failed(id="", code="internal", when="later", reason="Something broke in the server; it is logged.")
