"""What people take along of the library: tracks, playlists, plays, lists that any player opens, and the files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from soundwave_core import Id

from .files import find_file
from .store import Taking

if TYPE_CHECKING:
    from soundwave_core import Export, SoundWave

TRACKS, PLAYLISTS, PLAYS = "tracks.json", "playlists.json", "plays.json"
MEDIA = "media/"


class TakenTrack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A track, what its user did with it, and its lyrics. ``sha256`` is of the file, None where that was not there.

    ``owned_at``: since when it is in the user's own library; None: it was the household's. Moments are stamps.
    """

    id: Id
    title: str
    path: str
    added_at: str
    artist: str = ""
    album: str | None = None
    album_artist: str | None = None
    genre: str | None = None
    year: int | None = None
    track_number: int | None = None
    disc_number: int | None = None
    channel: str | None = None
    duration_seconds: float | None = None
    published_at: str | None = None
    description: str | None = None
    extractor: str | None = None
    source_id: str | None = None
    source_url: str | None = None
    size_bytes: int = 0
    codec: str = "unknown"
    sha256: str | None = None
    owned_at: str | None = None
    favorite_at: str | None = None
    position_seconds: float | None = None
    position_at: str | None = None
    earlier_plays: int = 0
    synced: str | None = None
    plain: str | None = None
    is_instrumental: bool = False
    lyrics_source: str | None = None
    language: str | None = None


class TakenItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place in a playlist; with ``extractor`` and ``source_id`` it is one that the list's source has."""

    id: Id
    track: Id
    added_at: str
    extractor: str | None = None
    source_id: str | None = None


class TakenPlaylist(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A playlist with its items in their order."""

    id: Id
    title: str
    kind: str
    created_at: str
    updated_at: str
    items: list[TakenItem]
    description: str = ""
    source_url: str | None = None


class TakenPlay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That a track was heard; ``track`` is None where it is gone."""

    id: Id
    title: str
    artist: str
    played_at: str
    track: Id | None = None
    seconds: float | None = None


def export_library(core: SoundWave, user_id: str, export: Export) -> None:
    """All of it, one moment after the other: whoever wants one moment exports from a copy."""
    taking = Taking(core.db, user_id)
    tracks = msgspec.convert(taking.tracks(), list[TakenTrack], strict=False)
    playlists = msgspec.convert(taking.playlists(), list[TakenPlaylist])
    export.write_value(TRACKS, tracks)
    export.write_value(PLAYLISTS, playlists)
    export.write_value(PLAYS, msgspec.convert(taking.plays(), list[TakenPlay]))
    by_id = {track.id: track for track in tracks}
    for playlist in playlists:
        text = m3u8(playlist.title, (by_id[item.track] for item in playlist.items))
        export.write("playlists/" + export.free_name(playlist.title, ".m3u8"), text.encode())
    if export.with_media:
        for track in tracks:
            found = find_file(core, track.path)
            if found is not None:
                export.add_file(MEDIA + track.path, found[0])


def m3u8(title: str, tracks: Iterable[TakenTrack]) -> str:
    """A list for other players (RFC 8216, section 4.1, and the usual #EXTINF), relative to ``playlists/``."""
    lines = ["#EXTM3U", f"#PLAYLIST:{_line(title)}"]
    for track in tracks:
        words = _line(f"{track.artist} - {track.title}" if track.artist else track.title)
        lines += [f"#EXTINF:{round(track.duration_seconds or -1)},{words}", f"../{MEDIA}{_line(track.path)}"]
    return "\n".join([*lines, ""])


def _line(text: str) -> str:
    return " ".join(text.splitlines())
