"""How many there are, by the smallest index: asked every few seconds."""

from __future__ import annotations

from soundwave_core import Database


class Counts:
    """Of the whole server, whoever owns them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def tracks(self) -> int:
        """Those in the library."""
        return int(self._db.value("SELECT count(*) FROM tracks"))

    def playlists(self) -> int:
        """Of every kind."""
        return int(self._db.value("SELECT count(*) FROM playlists"))

    def channels(self) -> int:
        """The household's."""
        return int(self._db.value("SELECT count(*) FROM channels"))
