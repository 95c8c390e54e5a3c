"""What is done behind the requests."""

from __future__ import annotations

from soundwave_core import Job

from .moods import remove_lost

JOBS = (Job("moods.remove-lost", remove_lost, "Removes the moods of tracks that are gone.", cron="40 4 * * *"),)
