"""The files below MEDIA_ROOT that the library has, for whoever keeps or checks them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from soundwave_core import Database

from .tracks import NO_HASH

_PAGE = 5000


@dataclass(frozen=True, slots=True)
class KeptFile:
    """``sha256`` is of the whole file, None where it was never read. ``track``: the uid, None for a picture.

    ``first_block``: the SHA-256 of its first 4 MiB, where that is known.
    """

    path: str
    size_bytes: int
    sha256: str | None
    track: str | None
    first_block: str | None


def kept_files(db: Database) -> Iterator[KeptFile]:
    """Every track's file and every picture, in order of path; read in pages, so what is written meanwhile may be in."""
    after = ""
    while rows := db.rows(f"{_FILES} WHERE path > :after ORDER BY path LIMIT :most", after=after, most=_PAGE):
        yield from (_file(row) for row in rows)
        after = rows[-1]["path"]


def some_tracks(db: Database, most: int) -> list[KeptFile]:
    """So many tracks' files that were read once, by chance."""
    sql = f"{_FILES} WHERE first_block IS NOT NULL ORDER BY random() LIMIT :most"
    return [_file(row) for row in db.rows(sql, most=most)]


def _file(row: dict[str, Any]) -> KeptFile:
    sha256 = None if row["sha256"] == NO_HASH else row["sha256"]
    return KeptFile(row["path"], row["size_bytes"], sha256, row["track"], row["first_block"])


_FILES = """SELECT path, size_bytes, sha256, track, first_block FROM (
    SELECT path, size_bytes, content_hash AS sha256, uid AS track,
        json_extract(block_hashes, '$[0]') AS first_block FROM tracks
    UNION ALL SELECT path, size_bytes, sha256, NULL, NULL FROM artworks)"""
