"""From a staged file to a track, exactly once: file first (fsynced, renamed), then one transaction."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundwave_core import transaction
from soundwave_library import Artworks, Entries, NewTrack, Playlists, Tracks

from .messages import Artwork, Fetched
from .naming import artwork_path, contained, track_path
from .source_store import Sources
from .sources import upstream_of
from .store import DownloadItems, Downloads

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave

STAGING = ".soundwave"


def staging_of(core: SoundWave, item: dict[str, Any]) -> Path:
    """This attempt's own directory; what an earlier attempt left there moves along, to be resumed."""
    root = core.config.media_root / STAGING
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    wanted = root / f"{item['uid']}-{item['attempts']}"
    earlier = sorted(path for path in root.glob(f"{item['uid']}-*") if path != wanted)
    for path in earlier[:-1]:
        shutil.rmtree(path, ignore_errors=True)
    if earlier and not wanted.exists():
        earlier[-1].rename(wanted)
    return wanted


def drop_staging(core: SoundWave, item_uid: str) -> None:
    """Remove what is staged of an item."""
    for path in (core.config.media_root / STAGING).glob(f"{item_uid}-*"):
        shutil.rmtree(path, ignore_errors=True)


def place(staged: Path, root: Path, relative: str) -> None:
    """Move a file to its final place so that a power cut leaves either nothing or the whole of it."""
    target = contained(root, relative)
    target.parent.mkdir(parents=True, exist_ok=True)
    _sync(staged)
    os.replace(staged, target)
    for folder in (target.parent, *(p for p in target.parent.parents if p.is_relative_to(root))):
        _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def adopt(core: SoundWave, item: dict[str, Any], fetched: Fetched, staging: Path) -> str | None:
    """Make a track of what was fetched; its uid, or None where the item is no longer ours to finish."""
    root = core.config.media_root
    known = Tracks(core.db).find_by_source(fetched.extractor, fetched.source_id)
    path = None
    if known is None or not contained(root, known.path).is_file():
        path = track_path(fetched.channel, fetched.title, item["uid"], fetched.container_ext)
        place(staging / fetched.file, root, path)
    artwork = _place_artwork(root, staging, fetched.artwork)
    track_id, is_used = None, False
    with transaction(core.db) as tx:
        if DownloadItems(tx).holds(item["id"], item["fence"]):
            download = tx.row("SELECT * FROM downloads WHERE id = :id", id=item["download_id"])
            assert download is not None
            if path is None and known is not None:
                track_id = known.uid
            else:
                new = _new_track(core, tx, item, fetched, path or "", artwork)
                track_id = Tracks(tx).add(new)
                if known is not None:
                    Tracks(tx).renew(known.uid, new)
                is_used = known is not None or track_id == item["uid"]
            finish(core, tx, item, download, track_id)
    if path is not None and not is_used:
        with suppress(FileNotFoundError):
            contained(root, path).unlink()
    return track_id


def find_known(core: SoundWave, item: dict[str, Any]) -> str | None:
    """The track that this item would become, where somebody fetched it before and its file is there."""
    known = Tracks(core.db).find_by_source(item["extractor"], item["source_id"])
    if known is None or not contained(core.config.media_root, known.path).is_file():
        return None
    return known.uid


def adopt_known(core: SoundWave, item: dict[str, Any], track_id: str) -> str | None:
    """Give a track that is there already to whoever asked for it; None where the item is no longer ours."""
    with transaction(core.db) as tx:
        if not DownloadItems(tx).holds(item["id"], item["fence"]):
            return None
        download = tx.row("SELECT * FROM downloads WHERE id = :id", id=item["download_id"])
        assert download is not None
        finish(core, tx, item, download, track_id)
    return track_id


def finish(core: SoundWave, tx: Database, item: dict[str, Any], download: dict[str, Any], track_id: str) -> None:
    """Give the track to whoever asked for it and mark the item done, inside the caller's transaction."""
    source = Sources(tx).get(download["source_id"]) if download["source_id"] is not None else None
    if source is not None and source["kind"] == "channel":
        Tracks(tx).share(track_id, source["target_id"])
    else:
        Entries(tx).ensure(download["user_id"], track_id, core.clock)
    if download["playlist_id"] is not None:
        playlists = Playlists(tx)
        playlists.append(download["playlist_id"], track_id, core.clock, (item["extractor"], item["source_id"]))
        order = upstream_of(source) if source is not None else DownloadItems(tx).order(download["id"])
        playlists.follow_order(download["playlist_id"], order, core.clock)
    now = core.clock.stamp()
    size = tx.value("SELECT size_bytes FROM tracks WHERE uid = :uid", uid=track_id)
    DownloadItems(tx).change(
        item["id"], now, state="done", lease_until=None, track_id=track_id, bytes_done=size, bytes_total=size,
        error=None, error_code=None,
    )  # fmt: skip
    Downloads(tx).settle(download["id"], now)


def _new_track(
    core: SoundWave, tx: Database, item: dict[str, Any], fetched: Fetched, path: str, artwork: str | None
) -> NewTrack:
    artwork_id = None
    if artwork is not None and fetched.artwork is not None:
        size = contained(core.config.media_root, artwork).stat().st_size
        artwork_id = Artworks(tx).ensure(
            fetched.artwork.sha256, artwork, fetched.artwork.mime, fetched.artwork.width, fetched.artwork.height, size
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


def _place_artwork(root: Path, staging: Path, artwork: Artwork | None) -> str | None:
    """Pictures are named by their content, so the same cover is stored once."""
    if artwork is None:
        return None
    relative = artwork_path(artwork.sha256, artwork.mime)
    target = contained(root, relative)
    if target.is_file():
        os.utime(target)  # the library's sweep leaves pictures of today alone
    else:
        place(staging / artwork.file, root, relative)
    return relative
