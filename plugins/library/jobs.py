"""What the library does by itself."""

from __future__ import annotations

from soundwave_core import Job

from .departures import clear_up
from .media import sweep

DEPARTURES = "library.clear-departures"

JOBS = [
    Job(
        "library.sweep-files",
        sweep,
        "Removes pictures that nothing shows any more, and files whose removal was interrupted.",
        cron="25 3 * * *",
    ),
    Job(
        DEPARTURES,
        clear_up,
        "Removes what users who are gone have left, or gives it to their heirs.",
        every_seconds=600,
    ),
]
