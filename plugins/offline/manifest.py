"""What an offline playlist needs: every address with its revision and size, of the library's and of other plugins'."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from soundwave_core import Actor, OfflineEntry
from soundwave_library import READING, CarriedFile, CarriedPlaylist, carried_playlist

from .shapes import Manifest, ManifestEntry

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

_ADDRESS = re.compile(r"([A-Za-z0-9._~!$&'()*+,;=@%/-]+)(\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?\Z")
_REVISION = re.compile(r"[0-9a-f]{64}\Z")
_LONGEST_ADDRESS = 2000
_LARGEST_BYTES = 2**40


def make_manifest(core: SoundWave, actor: Actor, playlist: str, prefix: str) -> Manifest:
    """All that this actor's device needs, with addresses under the path prefix of the request. NotFound.

    Where a file was not read yet, the job that reads them is made due.
    """
    carried = carried_playlist(core, actor, playlist, prefix)
    entries = [*_own(carried)]
    entries += _others(core, actor, playlist, prefix, entries)
    unread = _in_state(carried, "unread")
    if unread:
        core.jobs.nudge(READING)
    return Manifest(
        playlist=playlist, revision=hashlib.sha256(msgspec.json.encode(entries)).hexdigest(), rev=carried.rev,
        size_bytes=sum(entry.size_bytes for entry in entries), entries=entries,
        missing=_in_state(carried, "missing"), unread=unread,
    )  # fmt: skip


def contributors(core: SoundWave) -> str:
    """A short text that is another one where other plugins, or versions of them, may add entries."""
    running = [(plugin.name, plugin.version) for plugin in core.plugins.enabled()]
    return hashlib.sha256(msgspec.json.encode(running)).hexdigest()[:12]


def _own(carried: CarriedPlaylist) -> Iterator[ManifestEntry]:
    for track in carried.tracks:
        yield from (_entry(file, track.uid) for file in track.files)
    yield from (_entry(file, None) for file in carried.files)


def _entry(file: CarriedFile, track: str | None) -> ManifestEntry:
    return ManifestEntry(
        url=file.url, kind=file.kind, revision=file.revision, size_bytes=file.size_bytes, track=track
    )  # fmt: skip


def _in_state(carried: CarriedPlaylist, state: str) -> list[str]:
    return [track.uid for track in carried.tracks if track.file_state == state]


def _others(
    core: SoundWave, actor: Actor, playlist: str, prefix: str, own: list[ManifestEntry]
) -> Iterator[ManifestEntry]:
    """What plugins add. One that raises, or an entry that cannot be, is left out and logged with the plugin's name."""
    tracks, taken = {entry.track for entry in own}, {_key(entry.url) for entry in own}
    for plugin, answer in core.plugins.announce("offline_entries", actor=actor, playlist_id=playlist):
        for given in answer if isinstance(answer, list | tuple) else ():
            wrong = what_is_wrong(given)
            if not wrong and given.track not in tracks:
                wrong = "its track is not in the playlist"
            if not wrong and _key(f"{prefix}/{given.url}") in taken:
                wrong = "its address is there already"
            if wrong:
                log.error("plugin %s: an entry of its offline_entries is left out: %s", plugin, wrong)
                continue
            entry = ManifestEntry(
                url=f"{prefix}/{given.url}", kind=given.kind, revision=given.revision, size_bytes=given.size_bytes,
                track=given.track,
            )  # fmt: skip
            taken.add(_key(entry.url))
            yield entry


def _key(url: str) -> str:
    """What a device keeps it under."""
    return url.partition("?")[0]


def what_is_wrong(given: object) -> str:
    """Why this is no entry for a device, or ""."""
    if not isinstance(given, OfflineEntry):
        return f"it is no OfflineEntry, but {type(given).__name__}"
    checks = {
        "its url is not below the app's base": _is_text(given.url, _ADDRESS) and _is_below(given.url),
        "its kind is neither other nor metadata": given.kind in ("other", "metadata"),
        "its revision is no SHA-256 in hex": _is_text(given.revision, _REVISION),
        "its track is no id": given.track is None or isinstance(given.track, str),
        "its size_bytes is no size": type(given.size_bytes) is int and 0 <= given.size_bytes <= _LARGEST_BYTES,
    }
    return next((sentence for sentence, is_right in checks.items() if not is_right), "")


def _is_below(url: str) -> bool:
    """Whatever a browser makes of it: no step is empty or leads up, in any spelling."""
    steps = [unquote(step) for step in url.partition("?")[0].removesuffix("/").split("/")]
    return len(url) <= _LONGEST_ADDRESS and not any(step in ("", ".", "..") or set(step) & set("/\\") for step in steps)


def _is_text(value: object, form: re.Pattern[str]) -> bool:
    return isinstance(value, str) and form.match(value) is not None
