"""Fills a library through its own store, in one transaction, while no server runs; a process of its own.

``python shelf.py USER_ID TRACKS MEGABYTES`` prints as JSON what was made, and the versions in use.
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.metadata import version
from typing import Any

from soundwave_core import Database, SoundWave, __version__, transaction
from soundwave_core.database import sqlite_version
from soundwave_library import Artworks, Entries, Favorites, NewTrack, Tracks

PER_ALBUM = 10
PER_FAVORITE = 7
BIG = "Bench/Long.mp3"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def new_track(core: SoundWave, number: int, artwork_id: int, **fields: Any) -> NewTrack:
    """Number so-and-so of a library like other people's: ten an album, with the texts that lists show."""
    album = number // PER_ALBUM
    values: dict[str, Any] = {
        "uid": core.clock.new_id(), "added_at": core.clock.stamp(), "title": f"A song of {number} — în formă",
        "artist": f"Artist {album % 400}", "album": f"Album {album}", "channel_title": f"Channel {album % 30}",
        "duration_seconds": 180.5 + number % 120, "size_bytes": 5_000_000 + number, "codec": "mp3",
        "path": f"Artist {album % 400}/{number}.mp3", "published_at": "2025-04-05T06:07:08Z",
        "extractor": "bench", "source_id": str(number), "content_hash": digest(f"content {number}"),
        "block_hashes": [digest(f"block {number}")], "revision": digest(f"revision {number}"),
        "artwork_id": artwork_id, "genre": "Folk", "year": 2025, "track_number": number % PER_ALBUM + 1,
    }  # fmt: skip
    return NewTrack(**(values | fields))


def fill(core: SoundWave, tx: Database, user_id: str, count: int, megabytes: int) -> list[str]:
    """``count`` tracks and, last, the long one, whose file is there, sparse."""
    size, uids, artwork = megabytes * 10**6, list[str](), 0
    for number in range(count + 1):
        if number % PER_ALBUM == 0:
            sha256 = digest(f"cover {number}")
            path = f".soundwave/artwork/{sha256[:2]}/{sha256}.jpg"
            artwork = Artworks(tx).ensure(sha256, path, "image/jpeg", 600, 600, 40_000)
        fields = {"title": "The long one", "path": BIG, "size_bytes": size} if number == count else {}
        uid = Tracks(tx).add(new_track(core, number, artwork, **fields))
        Entries(tx).ensure(user_id, uid, core.clock)
        if number % PER_FAVORITE == 0:
            Favorites(tx).add(user_id, uid, core.clock)
        uids.append(uid)
    file = core.config.media_root / BIG
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        opened.truncate(size)
    return uids


def main() -> None:
    user_id, count, megabytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    core = SoundWave(is_manual=True, notice=lambda line: None).start()
    try:
        with transaction(core.db) as tx:
            uids = fill(core, tx, user_id, count, megabytes)
        made = {
            "threads": core.config["threads"],
            "tracks": uids[-501:-1],
            "audio": uids[-1],
            "file": str(core.config.media_root / BIG),
            "versions": {
                "soundwave": __version__,
                "python": sys.version.split()[0],
                "bottle": version("bottle"),
                "waitress": version("waitress"),
                "sqlite": sqlite_version(),
            },
        }
    finally:
        core.stop()
    print(json.dumps(made))


if __name__ == "__main__":
    main()
