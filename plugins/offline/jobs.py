"""What this room does by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Job, to_stamp, transaction, users_with_ops
from soundwave_library import Playlists

from .store import OLDEST, DayStats, Devices, KeptPlaylists, forget_user, users_with_records

if TYPE_CHECKING:
    from soundwave_core import SoundWave

SWEEP = "offline.sweep-records"


def sweep(core: SoundWave) -> None:
    """Forget users and playlists that are gone, devices that were silent for longer than a year, and old counts."""
    removed: set[str] = set()
    for answer in core.plugins.decide("removed_users"):
        removed |= set(answer)
    for user_id in {*users_with_records(core.db, sorted(removed)), *users_with_ops(core.db, sorted(removed))}:
        with transaction(core.db) as tx:
            forget_user(tx, user_id)
    for playlist in KeptPlaylists(core.db).list_kept():
        forget_playlist(core, playlist)
    oldest = core.clock.now() - OLDEST
    with transaction(core.db) as tx:
        Devices(tx).remove_silent(to_stamp(oldest))
        DayStats(tx).remove_old(oldest.date().isoformat())


def forget_playlist(core: SoundWave, playlist_id: str) -> None:
    """Where a playlist is gone, no device keeps it."""
    if Playlists(core.db).find(playlist_id) is None and KeptPlaylists(core.db).is_kept(playlist_id):
        with transaction(core.db) as tx:
            KeptPlaylists(tx).forget(playlist_id)


JOBS = [
    Job(
        SWEEP,
        sweep,
        "Forgets the devices, ops and counts of users who are gone, silent devices, and old counts.",
        cron="35 3 * * *",
    )
]
