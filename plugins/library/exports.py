"""What people take along of the library: tracks, playlists, plays, lists that any player opens, and the files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .files import find_file
from .store import Taking

if TYPE_CHECKING:
    from soundwave_core import Export, SoundWave

TRACKS, PLAYLISTS, PLAYS = "tracks.json", "playlists.json", "plays.json"
MEDIA = "media/"
Row = dict[str, Any]


def export_library(core: SoundWave, user_id: str, export: Export) -> None:
    """All of it, one moment after the other: whoever wants one moment exports from a copy."""
    taking = Taking(core.db, user_id)
    tracks = {track["id"]: _said(track) for track in taking.tracks()}
    playlists = [_said(playlist) for playlist in taking.playlists()]
    export.write_value(TRACKS, list(tracks.values()))
    export.write_value(PLAYLISTS, playlists)
    export.write_value(PLAYS, [_said(play) for play in taking.plays()])
    for playlist in playlists:
        text = m3u8(playlist["title"], [tracks[item["track"]] for item in playlist["items"] if item["track"] in tracks])
        export.write("playlists/" + export.free_name(playlist["title"], ".m3u8"), text.encode())
    if export.with_media:
        for track in tracks.values():
            found = find_file(core, track["path"])
            if found is not None:
                export.add_file(MEDIA + track["path"], found[0])


def _said(row: Row) -> Row:
    """What is known: no member is null, and yes is true."""
    said = {name: value for name, value in row.items() if value is not None}
    if "is_instrumental" in said:
        said["is_instrumental"] = bool(said["is_instrumental"])
    return said


def m3u8(title: str, tracks: Iterable[Row]) -> str:
    """A list for other players (RFC 8216, section 4.1, and the usual #EXTINF), relative to ``playlists/``."""
    lines = ["#EXTM3U", f"#PLAYLIST:{_line(title)}"]
    for track in tracks:
        words = _line(f"{track['artist']} - {track['title']}" if track["artist"] else track["title"])
        lines += [f"#EXTINF:{round(track.get('duration_seconds') or -1)},{words}", f"../{MEDIA}{_line(track['path'])}"]
    return "\n".join([*lines, ""])


def _line(text: str) -> str:
    return " ".join(text.splitlines())
