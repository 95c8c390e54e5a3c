"""From a staged file to a track, exactly once: file first (fsynced, renamed), then one transaction."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundwave_core import transaction
from soundwave_library import Artworks, Channels, Entries, NewTrack, Playlists, Tracks, find_file

from . import quota
from .messages import Fetched
from .naming import artwork_path, contained, track_path
from .source_store import Sources
from .sources import upstream_of
from .staging import place, remove_unused
from .store import DownloadItems, Downloads, PlacedFiles

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave
    from soundwave_library import StoredTrack


def find_known(core: SoundWave, item: dict[str, Any]) -> str | None:
    """The track that this item would become, where somebody fetched it before and its file is there."""
    known = Tracks(core.db).find_by_source(item["extractor"], item["source_id"])
    return known.uid if known is not None and _has_file(core, known) else None


def adopt_known(core: SoundWave, item: dict[str, Any], track_id: str) -> str | None:
    """Give a track that is there already to whoever asked for it; None where it or our claim went meanwhile."""
    with transaction(core.db) as tx:
        if not DownloadItems(tx).holds(item["id"], item["fence"]) or Tracks(tx).find(track_id) is None:
            return None
        _finish(core, tx, item, track_id)
    return track_id


def adopt(core: SoundWave, item: dict[str, Any], fetched: Fetched, staging: Path) -> str | None:
    """Make a track of what was fetched; its uid, or None where the item is no longer ours to finish.

    Where somebody was faster with the same track, theirs is it, and this file goes again.
    """
    path = track_path(fetched.channel, fetched.title, item["uid"], fetched.container_ext)
    picture = artwork_path(fetched.artwork.sha256, fetched.artwork.mime) if fetched.artwork is not None else None
    if not _note(core, item, [p for p in (path, picture) if p]):
        return None
    try:
        place(staging / fetched.file, core.config.media_root, path)
        _place_picture(core, staging, fetched, picture)
        with transaction(core.db) as tx:
            if not DownloadItems(tx).holds(item["id"], item["fence"]):
                return None
            track_id = _ensure_track(core, tx, item, _new_track(core, tx, item, fetched, path, picture))
            _finish(core, tx, item, track_id)
            PlacedFiles(tx).forget(path)
            PlacedFiles(tx).forget(picture or "")
    finally:
        remove_unused(core, [path])
    return track_id


def _note(core: SoundWave, item: dict[str, Any], paths: list[str]) -> bool:
    """Write down what is about to be placed; False where the item is no longer ours."""
    with transaction(core.db) as tx:
        is_ours = DownloadItems(tx).holds(item["id"], item["fence"])
        for path in paths if is_ours else ():
            PlacedFiles(tx).add(path, core.clock.stamp())
    return is_ours


def _ensure_track(core: SoundWave, tx: Database, item: dict[str, Any], new: NewTrack) -> str:
    """The new track's uid, or that of the one it is the same as, which gets this file if it lost its own.

    The same by what was fetched, or by what was asked for: a track of an old deployment may have another name.
    """
    tracks = Tracks(tx)
    known = tracks.find_by_source(new.extractor or "", new.source_id or "")
    known = known or tracks.find_by_source(item["extractor"], item["source_id"])
    if known is None:
        return tracks.add(new)
    if not _has_file(core, known):
        tracks.renew(known.uid, new)
    return known.uid


def _has_file(core: SoundWave, track: StoredTrack) -> bool:
    return find_file(core, track.path) is not None


def _finish(core: SoundWave, tx: Database, item: dict[str, Any], track_id: str) -> None:
    """Give the track to whoever asked for it and mark the item done, inside the caller's transaction."""
    download, now = Downloads(tx).of_item(item), core.clock.stamp()
    source = Sources(tx).of(download)
    is_channels = source is not None and source["kind"] == "channel"
    if source is not None and is_channels and Channels(tx).find(source["target_id"]) is not None:
        Tracks(tx).share(track_id, source["target_id"])
    else:
        quota.ensure_fits(core, download["user_id"], track_id)
        Entries(tx).ensure(download["user_id"], track_id, core.clock)
    if source is not None:
        Sources(tx).forgive(source["id"], item)
    _append(core, tx, download, source, item, track_id)
    size = Tracks(tx).get(track_id).size_bytes
    DownloadItems(tx).change(
        item["id"], now, state="done", lease_until=None, track_id=track_id, bytes_done=size, bytes_total=size,
        error=None, error_code=None,
    )  # fmt: skip
    Downloads(tx).settle(download["id"], now)


def _append(
    core: SoundWave,
    tx: Database,
    download: dict[str, Any],
    source: dict[str, Any] | None,
    item: dict[str, Any],
    track_id: str,
) -> None:
    """Put the track into the download's playlist, in the source's order; one that was removed is not missed.

    A list that follows nothing may have it already, by hand: then its file was asked for, and no second place.
    """
    playlist_id, playlists = download["playlist_id"], Playlists(tx)
    if playlist_id is None or playlists.find(playlist_id) is None:
        return
    if source is None and playlists.has_track(playlist_id, track_id):
        tx.on_commit(lambda: core.plugins.announce("playlist_changed", playlist_id=playlist_id))
        return
    playlists.append(playlist_id, track_id, core.clock, (item["extractor"], item["source_id"]))
    order = upstream_of(source) if source is not None else DownloadItems(tx).order(download["id"])
    playlists.follow_order(playlist_id, order, core.clock)
    tx.on_commit(lambda: core.plugins.announce("playlist_changed", playlist_id=playlist_id))


def _new_track(
    core: SoundWave, tx: Database, item: dict[str, Any], fetched: Fetched, path: str, picture: str | None
) -> NewTrack:
    artwork_id = None
    if picture is not None and fetched.artwork is not None:
        size = contained(core.config.media_root, picture).stat().st_size
        artwork_id = Artworks(tx).ensure(
            fetched.artwork.sha256, picture, fetched.artwork.mime, fetched.artwork.width, fetched.artwork.height, size
        )
    return NewTrack(
        uid=item["uid"], added_at=core.clock.stamp(), title=fetched.title, path=path,
        size_bytes=fetched.size_bytes, codec=fetched.codec, content_hash=fetched.content_hash,
        revision=fetched.revision, block_hashes=fetched.block_hashes, extractor=fetched.extractor,
        source_id=fetched.source_id, artist=fetched.artist, album=fetched.album,
        description=fetched.description, channel_title=fetched.channel,
        duration_seconds=fetched.duration_seconds, bitrate=fetched.bitrate, artwork_id=artwork_id,
        source_url=fetched.source_url, published_at=fetched.published_at,
    )  # fmt: skip


def _place_picture(core: SoundWave, staging: Path, fetched: Fetched, picture: str | None) -> None:
    """Pictures are named by their content, so the same cover is stored once."""
    if picture is None or fetched.artwork is None:
        return
    target = contained(core.config.media_root, picture)
    if target.is_file():
        os.utime(target)  # the library's sweep leaves pictures of today alone
    else:
        place(staging / fetched.artwork.file, core.config.media_root, picture)
