"""A home that somebody lives in, and a library that was not downloaded: tracks that can be heard, no two alike, with
pictures and words on some.

    shelf = fill(server, tracks=20, seconds=5, playlists={"Road": range(20)})
    shelf.tracks[0], shelf.playlists["Road"]

Sound is PCM in WAV, which every browser plays: 16 kB a second at 8 kHz, so that sizes are exact and nothing is encoded.
"""

from __future__ import annotations

import array
import atexit
import hashlib
import math
import shutil
import struct
import tempfile
import wave
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from soundwave_auth import Users
from soundwave_core import Actor, SoundWave, transaction
from soundwave_core.testing import Client, setup_code_of
from soundwave_library import Artworks, Entries, NewTrack, Tracks
from soundwave_library.changes import add_items, create_playlist
from soundwave_library.reading import read_file
from soundwave_library.store import Lyrics

from .servers import ServerProcess, environ_of

RATE = 8_000
LOUDNESS = 8_000
WORDS = "[00:00.00]The first line of {title}\n[00:01.00]The second line\n[00:02.50]The third line"


@dataclass(frozen=True)
class Shelf:
    """Ids. ``files``: of each track its file."""

    tracks: list[str] = field(default_factory=list)
    playlists: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)

    def address(self, number: int) -> str:
        """Where a track's sound is, without a prefix."""
        return f"/api/audio/{self.tracks[number]}/stream/"


@dataclass(frozen=True)
class Homes:
    """Data folders that are made once, and copied as often as one is asked for."""

    folder: Path
    _shelves: dict[str, Shelf] = field(default_factory=dict)

    def copy(self, folder: Path, **wish: Any) -> Shelf:
        """Make ``folder`` the home of alice, an admin; ``wish`` as for ``fill``, none for an empty library."""
        name = hashlib.sha256(repr(sorted(wish.items())).encode()).hexdigest()
        made = self.folder / name
        if name not in self._shelves:
            self._shelves[name] = _make(made, wish)
        for part in made.iterdir():
            shutil.rmtree(folder / part.name, ignore_errors=True)
            shutil.copytree(part, folder / part.name)
        shelf = self._shelves[name]
        return replace(shelf, files={uid: folder / file.relative_to(made) for uid, file in shelf.files.items()})


@cache
def _homes() -> Homes:
    folder = tempfile.mkdtemp(prefix="soundwave-homes-")
    atexit.register(shutil.rmtree, folder)
    return Homes(Path(folder))


def settle(folder: Path) -> None:
    """alice, an admin, lives there; her library is empty."""
    _homes().copy(folder)


def fill(
    server: ServerProcess,
    *,
    tracks: int,
    seconds: float,
    playlists: Mapping[str, Iterable[int]],
    with_artwork: int = 2,
    with_lyrics: int = 3,
) -> Shelf:
    """Put tracks into alice's library, on a server that was not started yet.

    ``playlists``: titles, and which tracks by their number. Each ``with_artwork``-th has a picture, each
    ``with_lyrics``-th words; 0 for none.
    """
    assert not server.port, "fill a server before it is started"
    lists = {title: [*which] for title, which in playlists.items()}
    return _homes().copy(
        server.folder, tracks=tracks, seconds=seconds, playlists=lists, with_artwork=with_artwork,
        with_lyrics=with_lyrics,
    )  # fmt: skip


def _make(folder: Path, wish: Mapping[str, Any]) -> Shelf:
    folder.mkdir()
    core = SoundWave(environ_of(folder), directory=folder, is_manual=True, notice=lambda line: None).start()
    try:
        assert Client(core).register("alice", setup_code=setup_code_of(core)).status == 201
        return _fill(core, **wish) if wish else Shelf()
    finally:
        core.stop()


def _fill(
    core: SoundWave,
    *,
    tracks: int,
    seconds: float,
    playlists: Mapping[str, Sequence[int]],
    with_artwork: int,
    with_lyrics: int,
) -> Shelf:
    user = Users(core).find_by_name("alice")
    assert user is not None
    shelf = Shelf()
    for number in range(tracks):
        uid = _add_track(core, number, seconds, bool(with_artwork and number % with_artwork == 0), user.id)
        if with_lyrics and number % with_lyrics == 0:
            with transaction(core.db) as tx:
                Lyrics(tx).set(
                    uid, core.clock.stamp(), synced=WORDS.format(title=f"Track {number + 1:03}"), plain=None,
                    is_instrumental=0, source="manual", language="en",
                )  # fmt: skip
        shelf.tracks.append(uid)
        shelf.files[uid] = core.config.media_root / _path(number)
    actor = Actor(user.id, user.name)
    for title, numbers in playlists.items():
        playlist = create_playlist(core, actor, title, "")
        add_items(core, actor, playlist, [shelf.tracks[number] for number in numbers])
        shelf.playlists[title] = playlist
    return shelf


def write_tone(path: Path, number: int, seconds: float) -> None:
    """A tone of its own for each number: its pitch, and the first samples."""
    path.parent.mkdir(parents=True, exist_ok=True)
    period = array.array(
        "h", (round(LOUDNESS * math.sin(2 * math.pi * n * (200 + number % 800) / RATE)) for n in range(RATE))
    )
    total = round(seconds * RATE)
    samples = array.array("h", [number % 32_000, number // 32_000]) + period * (int(seconds) + 1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples[:total].tobytes())


def write_picture(path: Path, number: int, side: int = 64) -> bytes:
    """A square of one colour as PNG, of its own for each number; its bytes."""
    row = b"\0" + bytes((number * 53 % 256, number * 97 % 256, number % 256)) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(row * side)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    content = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return content


def _path(number: int) -> str:
    return f"Shelf/{number:05}.wav"


def _add_track(core: SoundWave, number: int, seconds: float, has_artwork: bool, user_id: str) -> str:
    file = core.config.media_root / _path(number)
    write_tone(file, number, seconds)
    read = read_file(file)
    artwork = None
    if has_artwork:
        content = write_picture(core.config.media_root / "picture.png", number)
        sha256 = hashlib.sha256(content).hexdigest()
        path = f".soundwave/artwork/{sha256[:2]}/{sha256}.png"
        (core.config.media_root / path).parent.mkdir(parents=True, exist_ok=True)
        (core.config.media_root / "picture.png").replace(core.config.media_root / path)
    with transaction(core.db) as tx:
        if has_artwork:
            artwork = Artworks(tx).ensure(sha256, path, "image/png", 64, 64, len(content))
        uid = Tracks(tx).add(
            NewTrack(
                uid=core.clock.new_id(), added_at=core.clock.stamp(), title=f"Track {number + 1:03}",
                artist=f"Artist {number % 7}", album=f"Album {number // 10}", path=_path(number),
                size_bytes=read.size_bytes, codec=read.codec, content_hash=read.content_hash, revision=read.revision,
                block_hashes=read.block_hashes, duration_seconds=read.duration_seconds, artwork_id=artwork,
            )
        )  # fmt: skip
        Entries(tx).ensure(user_id, uid, core.clock)
    return uid
