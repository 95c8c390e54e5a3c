"""The timers of this room."""

from __future__ import annotations

from soundwave_core import Job, sweep_operations, sweep_ops, sweep_tombstones

from .backup_work import JOB as BACK_UP
from .backup_work import work
from .soundness import CHECK, check_database

JOBS = (
    Job("system.sweep-operations", sweep_operations, "Forgets idempotency keys that nobody will send again.",
        every_seconds=24 * 3600),
    Job("system.sweep-ops", sweep_ops, "Forgets what devices did, once none of them tells it again.",
        every_seconds=24 * 3600),
    Job("system.sweep-tombstones", sweep_tombstones,
        "Forgets what is gone; devices that did not ask for so long begin anew.", every_seconds=24 * 3600),
    Job(BACK_UP, work, "Makes and tries out backups that are due or asked for, and reads them again; looks every hour.",
        cron="7 * * * *"),
    Job(CHECK, check_database, "Reads the whole database and looks for damage.", cron="45 4 * * *"),
)  # fmt: skip
