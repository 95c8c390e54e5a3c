"""What the library does by itself."""

from __future__ import annotations

from soundwave_core import Job

from .artwork import sweep_pictures
from .departures import clear_up
from .files import check_files, read_unread
from .media import sweep

DEPARTURES = "library.clear-departures"
READING = "library.read-files"

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
    Job(
        READING,
        read_unread,
        "Reads files that are there by name only, as after an import: what they are, and their hashes.",
        every_seconds=600,
    ),
    Job(
        "library.check-files",
        check_files,
        "Looks whether every track's file is still there, and notes which are missing or back.",
        cron="5 4 * * *",
    ),
    Job(
        "library.sweep-pictures",
        sweep_pictures,
        "Removes smaller versions of pictures that nobody has looked at for two months.",
        cron="15 4 * * *",
    ),
]
