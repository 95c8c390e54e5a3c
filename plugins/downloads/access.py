"""Whose a download is: the owner look-up behind every route with one in its path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Access, ResourceKind

from .store import DownloadItems, Downloads

if TYPE_CHECKING:
    from soundwave_core import Actor, SoundWave


def access_of_download(core: SoundWave, actor: Actor, uid: str) -> Access:
    """The owner and admins may do everything with it; for others it is not there."""
    return _access(actor, Downloads(core.db).find(uid))


def access_of_item(core: SoundWave, actor: Actor, uid: str) -> Access:
    """An item is its download's owner's."""
    return _access(actor, DownloadItems(core.db).find(uid))


def _access(actor: Actor, row: dict[str, object] | None) -> Access:
    is_theirs = row is not None and (actor.is_admin or row["user_id"] == actor.id)
    return Access.WRITE if is_theirs else Access.NONE


RESOURCES = (ResourceKind("download", access_of_download), ResourceKind("download_item", access_of_item))
