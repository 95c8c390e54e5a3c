"""Pictures, and the files that are to be removed once the change that freed them is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from soundwave_core import Database

from .sql import as_json


class FileRemovals:
    """Paths below MEDIA_ROOT that no row needs any more. A note stays until its file is really gone."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, path: str) -> None:
        """Note a path below MEDIA_ROOT; one that is noted stays as it is."""
        self._db.execute(
            "INSERT INTO file_removals (path, removed_at) VALUES (:path, :at) ON CONFLICT (path) DO NOTHING",
            path=path, at=self._db.clock.stamp(),
        )  # fmt: skip

    def list(self) -> list[str]:
        """The noted paths, in order."""
        return [row["path"] for row in self._db.rows("SELECT path FROM file_removals ORDER BY path")]

    def is_needed(self, path: str) -> bool:
        """Whether a track or a picture has come to use this path again."""
        return bool(
            self._db.value(
                """SELECT EXISTS (SELECT 1 FROM tracks WHERE path = :path)
                OR EXISTS (SELECT 1 FROM artworks WHERE path = :path)""",
                path=path,
            )
        )

    def forget(self, path: str) -> None:
        """The file is gone, or is needed again."""
        self._db.execute("DELETE FROM file_removals WHERE path = :path", path=path)

    def forget_all(self) -> None:
        """No file is to be removed."""
        self._db.execute("DELETE FROM file_removals")


class Artworks:
    """Pictures by content: one file however many tracks, playlists and channels show it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def ensure(self, sha256: str, path: str, mime: str, width: int | None, height: int | None, size: int) -> int:
        """The picture's row id, for ``artwork_id``; a picture with this hash is kept as it is.

        The file is there already. Whoever finds it there touches it (``os.utime``): the sweep leaves
        unused pictures alone until they are a day old.
        """
        self._db.execute(
            """INSERT INTO artworks (sha256, path, mime, width, height, size_bytes)
            VALUES (:sha256, :path, :mime, :width, :height, :size) ON CONFLICT (sha256) DO NOTHING""",
            sha256=sha256, path=path, mime=mime, width=width, height=height, size=size,
        )  # fmt: skip
        return int(self._db.value("SELECT id FROM artworks WHERE sha256 = :sha256", sha256=sha256))

    def find(self, kind: str, uid: str) -> dict[str, Any] | None:
        """sha256, path and mime of the picture of a playlist or channel (``kind`` is the table)."""
        if kind not in ("playlists", "channels"):
            raise ValueError(kind)
        return self._db.row(
            f"""SELECT a.sha256, a.path, a.mime FROM {kind} x JOIN artworks a ON a.id = x.artwork_id
            WHERE x.uid = :uid""",
            uid=uid,
        )

    def unused(self) -> list[str]:
        """The paths of pictures that nothing shows."""
        return [row["path"] for row in self._db.rows(f"SELECT path FROM artworks a WHERE {_UNUSED}")]

    def remove_unused(self, path: str) -> bool:
        """Remove one of those, if it still is one; its file is noted for removal."""
        if not self._db.execute(f"DELETE FROM artworks AS a WHERE path = :path AND {_UNUSED}", path=path):
            return False
        FileRemovals(self._db).add(path)
        return True


def unknown_paths(db: Database, paths: Sequence[str]) -> list[str]:
    """Those of these paths below MEDIA_ROOT that no track and no picture has: whoever wrote them may remove them."""
    rows = db.rows(
        """SELECT value AS path FROM json_each(:paths)
        WHERE NOT EXISTS (SELECT 1 FROM tracks WHERE path = value)
        AND NOT EXISTS (SELECT 1 FROM artworks WHERE path = value)""",
        paths=as_json(paths),
    )
    return [row["path"] for row in rows]


_UNUSED = " AND ".join(
    f"NOT EXISTS (SELECT 1 FROM {table} x WHERE x.artwork_id = a.id)" for table in ("tracks", "playlists", "channels")
)
