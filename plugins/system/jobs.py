"""The timers of this room."""

from __future__ import annotations

from soundwave_core import Job, sweep_operations

JOBS = (
    Job("system.sweep-operations", sweep_operations, "Forgets idempotency keys that nobody will send again.",
        every_seconds=24 * 3600),
)  # fmt: skip
