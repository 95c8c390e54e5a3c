"""What the library does by itself."""

from __future__ import annotations

from soundwave_core import Job

from .media import sweep

JOBS = [
    Job(
        "library.sweep-files",
        sweep,
        "Removes pictures that nothing shows any more, and files whose removal was interrupted.",
        cron="25 3 * * *",
    )
]
