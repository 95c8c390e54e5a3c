"""What becomes of the queue when a user, a playlist or a channel goes. Each is safe to do again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soundwave_auth import Users
from soundwave_core import transaction
from soundwave_library import Playlists

from . import actions
from .source_store import Sources
from .staging import drop_staging
from .store import ACTIVE, DownloadItems, Downloads

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave

OVER = ("done", "failed", "cancelled")


def playlist_changed(core: SoundWave, playlist_id: str) -> list[str]:
    """A playlist that was removed is followed no longer; the uids whose work must stop.

    What a user asked for as a list is fetched to the end all the same, as tracks of their own.
    """
    if Playlists(core.db).find(playlist_id) is not None:
        return []
    with transaction(core.db) as tx:
        source = Sources(tx).find("playlist", playlist_id)
        stopped = drop_source(core, tx, source) if source is not None else []
        Downloads(tx).forget_playlist(playlist_id)
    return stopped


def drop_source(core: SoundWave, tx: Database, source: dict[str, Any]) -> list[str]:
    """Follow it no longer and end its checks, inside the caller's transaction; the uids whose work must stop."""
    stopped: list[str] = []
    for check in Downloads(tx).list_checks(source["id"]):
        if check["is_quiet"] and not check["is_resolved"]:
            Downloads(tx).remove(check["id"])
            stopped.append(check["uid"])
        else:
            stopped += actions.end(core, tx, check)
    Sources(tx).remove(source["kind"], source["target_id"])
    return stopped


def user_removed(core: SoundWave, user_id: str, heir_id: str | None) -> list[str]:
    """A user who is gone wants nothing any more; the uids whose work must stop. Channels stay the household's.

    An heir, who gets the mirrored playlists, goes on following them.
    """
    stopped: list[str] = []
    with transaction(core.db) as tx:
        for source in Sources(tx).list_playlists(user_id):
            if heir_id is None:
                stopped += drop_source(core, tx, source)
            else:
                Sources(tx).change(source["id"], user_id=heir_id)
        staged: set[str] = set()
        for row in Downloads(tx).list_own(user_id, (*ACTIVE, *OVER)):
            staged |= set(DownloadItems(tx).list_uids(row["id"]))
            # not "cancelled": that a source would remember, and its heir never get the item
            stopped += actions.take_back(core, tx, row, "paused") if row["state"] in ACTIVE else []
            Downloads(tx).remove(row["id"])
    drop_staging(core, staged - set(stopped))
    return stopped


def user_changed(core: SoundWave, user_id: str) -> list[str]:
    """The queue of one who is gone is cleared, of one who is locked out paused; the uids whose work must stop."""
    stopped: list[str] = []
    user = Users(core).find(user_id)
    if user is not None and user.state == "removed":
        stopped += user_removed(core, user_id, user.heir_id)
    elif user is not None and user.state == "disabled":
        for row in Downloads(core.db).list_own(user_id, [state for state in ACTIVE if state != "paused"]):
            stopped += actions.pause(core, row["uid"])
    return stopped


def look_after_users(core: SoundWave) -> list[str]:
    """What was missed of these changes."""
    return [uid for user_id in Downloads(core.db).list_users() for uid in user_changed(core, user_id)]
