"""What an owner may choose."""

from __future__ import annotations

from soundwave_core import Setting

COUNTING = "offline.is_counting"

SETTINGS = [
    Setting(COUNTING, bool, True,
            "Whether devices' counts of what came from their caches are kept, for the users' own statistics."),
]  # fmt: skip
