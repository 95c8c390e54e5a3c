"""Tracks: stored once however many own them, and gone only when nobody has them any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from soundwave_core import Access, Actor, Database, NotFound

from ..media import media_type
from . import sql
from .file_states import FileState, FileStates
from .files import FileRemovals
from .listening import Plays

MISSING = "There is no such track."
NO_HASH = "0" * 64  # of a file that was never read


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTrack:
    """What whoever brings a track in knows about it. ``uid`` and ``added_at`` are the bringer's to make.

    ``path`` is relative to MEDIA_ROOT, and the file is there already. ``revision`` is the hash of
    ``block_hashes`` (SHA-256 of each 4 MiB), ``content_hash`` the SHA-256 of the whole file.
    ``channel`` is a channel's uid: the track becomes the household's. ``artwork_id`` is what
    ``Artworks.ensure`` returned. ``file_state``: another than "present" where the file was not read (both hashes
    are NO_HASH then), or is not there.
    """

    uid: str
    added_at: str
    title: str
    path: str
    size_bytes: int
    codec: str
    content_hash: str
    revision: str
    block_hashes: Sequence[str]
    extractor: str | None = None
    source_id: str | None = None
    artist: str | None = None
    album: str | None = None
    album_artist: str | None = None
    genre: str | None = None
    track_number: int | None = None
    disc_number: int | None = None
    year: int | None = None
    description: str | None = None
    channel: str | None = None
    channel_title: str | None = None
    duration_seconds: float | None = None
    bitrate: int | None = None
    artwork_id: int | None = None
    source_url: str | None = None
    published_at: str | None = None
    file_state: FileState = "present"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrack:
    """What it takes to send a track, or to tell that it is there already."""

    uid: str
    title: str
    artist: str
    extractor: str | None
    source_id: str | None
    path: str
    revision: str
    size_bytes: int
    codec: str
    mime: str
    channel: str | None
    artwork_path: str | None
    artwork_mime: str | None
    artwork_sha256: str | None
    source_url: str | None
    file_state: FileState


_STORED = f"""SELECT t.uid, t.title, t.artist, t.extractor, t.source_id, t.path, t.revision, t.size_bytes,
    t.codec, t.mime, c.uid AS channel, a.path AS artwork_path, a.mime AS artwork_mime,
    a.sha256 AS artwork_sha256, t.source_url,
    coalesce((SELECT state FROM file_states s WHERE s.track_id = t.id), 'present') AS file_state
    FROM tracks t {sql.TRACK_JOINS}"""
_OF_THE_FILE = ("path", "size_bytes", "codec", "content_hash", "revision", "duration_seconds", "bitrate")
_NAMES = [name for name in NewTrack.__dataclass_fields__ if name not in ("channel", "file_state")]
_COLUMNS = ", ".join([*_NAMES, "channel_id", "mime", "rev"])
_VALUES = ", ".join(f":{name}" for name in [*_NAMES, "channel_id", "mime", "rev"])


class Tracks:
    """The tracks themselves. With an ``actor``, only those that this actor may look at exist."""

    def __init__(self, db: Database, actor: Actor | None = None) -> None:
        self._db = db
        self._actor = actor

    def find_by_source(self, extractor: str, source_id: str) -> StoredTrack | None:
        """The track with this identity at its extractor, or None."""
        return self._find("t.extractor = :extractor AND t.source_id = :id", extractor=extractor, id=source_id)

    def find_by_hash(self, content_hash: str) -> StoredTrack | None:
        """The track with exactly this content; one that has no source first."""
        return self._find("t.content_hash = :hash ORDER BY t.extractor IS NOT NULL, t.id", hash=content_hash)

    def find(self, uid: str) -> StoredTrack | None:
        """The track with this uid, or None."""
        return self._find("t.uid = :uid", uid=uid)

    def get(self, uid: str) -> StoredTrack:
        """Raises NotFound."""
        found = self.find(uid)
        if found is None:
            raise NotFound(MISSING, code="track_not_found")
        return found

    def add(self, new: NewTrack) -> str:
        """Its uid: ``new.uid``, or that of the track with the same identity (then ``new``'s file is spare).

        Identity is (extractor, source id), or the content hash where there is no source. A channel that
        brings a track which somebody had before makes it the household's too.
        """
        if new.extractor is not None and new.source_id is not None:
            known = self.find_by_source(new.extractor, new.source_id)
        else:
            known = self._find("t.content_hash = :hash AND t.extractor IS NULL", hash=new.content_hash)
        if known is None:
            return self._insert(new)
        if new.channel is not None and known.channel is None:
            self.share(known.uid, new.channel)
        return known.uid

    def renew(self, uid: str, new: NewTrack) -> None:
        """Give a track whose file was lost the one that was fetched again; its words stay as they are."""
        values = {name: getattr(new, name) for name in _OF_THE_FILE}
        values["block_hashes"] = msgspec.json.encode(list(new.block_hashes)).decode()
        values |= {"mime": media_type(new.path), "rev": self._db.next_rev()}
        changes = ", ".join(f"{name} = :{name}" for name in values)
        self._db.execute(f"UPDATE tracks SET {changes} WHERE uid = :uid", uid=uid, **values)
        FileStates(self._db).set(uid, "present")

    def share(self, uid: str, channel: str) -> None:
        """Make a track the household's, through this channel; one that is it already stays with its own."""
        track = self.get(uid)
        if track.channel is None:
            self._db.execute(
                "UPDATE tracks SET channel_id = :channel, rev = :rev WHERE uid = :uid",
                channel=self._channel(channel)["id"], rev=self._db.next_rev(), uid=uid,
            )  # fmt: skip

    def unshare(self, uid: str) -> None:
        """The household has it no more; whoever shall keep it has an entry by now."""
        self._db.execute(
            "UPDATE tracks SET channel_id = NULL, rev = :rev WHERE uid = :uid", rev=self._db.next_rev(), uid=uid
        )
        self._db.bury("household_track", uid, None)

    def access_of(self, actor: Actor, uid: str) -> Access:
        """READ by own entry or as the household's; WRITE by own entry; an admin may everything."""
        row = self._db.row(
            f"""SELECT {sql.IS_OWNED} AS is_owned, {sql.IS_SHARED} AS is_shared
            FROM tracks t WHERE t.uid = :uid""",
            uid=uid, user=actor.id,
        )  # fmt: skip
        if row is None:
            return Access.NONE
        if row["is_owned"] or actor.is_admin:
            return Access.WRITE
        return Access.READ if row["is_shared"] else Access.NONE

    def remove_unowned(self, uid: str) -> bool:
        """Delete the track if nobody has an entry and no channel has it; whether it went.

        Its file is noted for removal, which happens after the commit (``media.remove_files``).
        """
        row = self._db.row(
            """SELECT id, path FROM tracks t WHERE uid = :uid AND channel_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.track_id = t.id)""",
            uid=uid,
        )
        if row is None:
            return False
        for favorite in self._db.rows("SELECT user_id FROM favorites WHERE track_id = :id", id=row["id"]):
            self._db.bury("favorite", uid, favorite["user_id"])
        Plays(self._db).outlive(row["id"])
        self._db.execute("DELETE FROM tracks WHERE id = :id", id=row["id"])
        self._db.bury("track", uid, None)
        FileRemovals(self._db).add(row["path"])
        return True

    def _find(self, condition: str, **values: Any) -> StoredTrack | None:
        if self._actor is not None and not self._actor.is_admin:
            condition, values = f"{sql.IS_READABLE} AND {condition}", values | {"user": self._actor.id}
        row = self._db.row(f"{_STORED} WHERE {condition} LIMIT 1", **values)
        return None if row is None else StoredTrack(**row)

    def _insert(self, new: NewTrack) -> str:
        values: dict[str, Any] = {name: getattr(new, name) for name in _NAMES}
        values["channel_id"] = None
        if new.channel is not None:
            channel = self._channel(new.channel)
            values["channel_id"] = channel["id"]
            values["channel_title"] = new.channel_title or channel["title"]
        values["artist"] = new.artist or values["channel_title"] or ""
        values["block_hashes"] = msgspec.json.encode(list(new.block_hashes)).decode()
        values |= {"mime": media_type(new.path), "rev": self._db.next_rev()}
        self._db.execute(f"INSERT INTO tracks ({_COLUMNS}) VALUES ({_VALUES})", **values)
        if new.file_state != "present":
            FileStates(self._db).begin(new.uid, new.file_state)
        return new.uid

    def _channel(self, uid: str) -> dict[str, Any]:
        row = self._db.row("SELECT id, title FROM channels WHERE uid = :uid", uid=uid)
        if row is None:
            raise NotFound("There is no such channel.", code="channel_not_found")
        return row
