"""What an old deployment's library becomes here, step by step. Files are looked for, and not read but for pictures.

Each old row comes over once (``legacy_rows``): what somebody changed or removed since stays as they left it. Rows of
users who did not come over stay behind, and are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import legacy_extras, legacy_listening, legacy_playlists, legacy_tracks, legacy_uploads
from .legacy_move import Move

if TYPE_CHECKING:
    from soundwave_core import ImportReport, Legacy, SoundWave


def bring_over(core: SoundWave, legacy: Legacy, report: ImportReport) -> None:
    """All of the library's part; what others need is bound: ``track``, ``playlist``, ``channel``, ``channel_playlist``.

    A ``channel_playlist`` is what a channel of somebody who is no admin has become: a followed list of their own.
    """
    move = Move(core, legacy, report)
    for row in legacy.rows("user_account", "id", "is_admin"):
        if (user := legacy.id_of("user", row["id"])) is not None:
            move.owners[row["id"]] = user
            if row["is_admin"]:
                move.admins.add(row["id"])
    legacy_tracks.bring(move)
    legacy_uploads.bring(move)
    legacy_listening.bring(move)
    legacy_playlists.bring(move)
    legacy_extras.bring(move)
    move.tell_left()
