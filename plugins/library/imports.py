"""A library that somebody took along, put beside what is there: nothing that exists is changed."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from soundwave_core import Invalid, Unavailable, from_stamp, sync, to_stamp, transaction

from .exports import MEDIA, PLAYLISTS, PLAYS, TRACKS
from .files import find_file
from .media import remove_files
from .ordering import keys_between
from .reading import ReadFile, read_file
from .store import (
    KINDS,
    NO_HASH,
    Arrivals,
    Entries,
    FileRemovals,
    Lyrics,
    NewTrack,
    StoredTrack,
    Taking,
    Tracks,
    unknown_paths,
)
from .taken import TakenPlay, TakenPlaylist, TakenTrack

if TYPE_CHECKING:
    from soundwave_core import Database, Import, ImportReport, SoundWave

AT_ONCE = 200  # rows in one transaction
SPARE_BYTES = 64 * 1024**2  # of the disk, which the server goes on to need
T = TypeVar("T")


class Arrival:
    """One user's file on its way into their library."""

    def __init__(self, core: SoundWave, user_id: str, given: Import, report: ImportReport) -> None:
        self._core, self._user, self._given, self._report = core, user_id, given, report
        self._used: set[str] = set()  # paths whose file was taken out: a small zip does not fill a disk

    def bring(self) -> None:
        """Tracks first: playlists and plays refer to them. Invalid for what cannot be read."""
        for track in self._given.read_value(TRACKS, list[TakenTrack]) or []:
            self._bring_track(track)
        self._each("Playlists", self._given.read_value(PLAYLISTS, list[TakenPlaylist]) or [], self._add_playlist)
        self._each("Plays", self._given.read_value(PLAYS, list[TakenPlay]) or [], self._add_play)

    def _each(self, name: str, rows: Iterable[T], add: Callable[[Database, T], bool]) -> None:
        section, rest = self._report.section(name), iter(rows)
        while some := list(islice(rest, AT_ONCE)):
            with transaction(self._core.db) as tx:
                for row in some:
                    section.found += 1
                    section.imported += add(tx, row)

    # Tracks

    def _bring_track(self, track: TakenTrack) -> None:
        section = self._report.section("Tracks")
        section.found += 1
        if (track.extractor is None) != (track.source_id is None):
            raise Invalid(f"{track.title} has half a source.", code="export_damaged")
        with self._staged(track) as (staged, read):
            known = self._find(track, read)
            reason = self._refusal(track, known, read)
            if reason is not None:
                section.notes.append(f"{track.title}: {reason}")
                return
            path = self._place(track, staged) if staged and self._needs(known, read) else None
            try:
                with transaction(self._core.db) as tx:
                    uid = self._ensure(tx, track, known, path, read)
                    self._add_what_is_theirs(tx, track, uid)
            finally:
                if path is not None:  # it became a track's, or goes again
                    remove_files(self._core)
        self._given.bind("track", track.id, uid)
        section.imported += 1

    @contextmanager
    def _staged(self, track: TakenTrack) -> Iterator[tuple[Path | None, ReadFile | None]]:
        """The track's file out of the zip, read; nothing where it has none, or where we have it anyway."""
        is_here = track.extractor is not None and self._has_file(self._find(track, None))
        size = self._given.size_of(MEDIA + track.path)
        if is_here or not size or track.path in self._used:
            yield None, None
            return
        self._used.add(track.path)
        root = self._core.config.media_root
        if shutil.disk_usage(root).free < size + SPARE_BYTES:
            raise Unavailable(f"There is no room for the file of {track.title}.", code="disk_full", status=507)
        staged = root / ".soundwave" / f"import-{track.id}"
        staged.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            self._given.copy_to(MEDIA + track.path, staged)
            yield staged, read_file(staged)
        finally:
            staged.unlink(missing_ok=True)

    def _find(self, track: TakenTrack, read: ReadFile | None) -> StoredTrack | None:
        """By its source, else by its content: that of the file that was given, or the one that it is said to be."""
        tracks = Tracks(self._core.db)
        if track.extractor is not None and track.source_id is not None:
            return tracks.find_by_source(track.extractor, track.source_id)
        digest = read.content_hash if read is not None else track.sha256
        found = tracks.find_by_hash(digest) if digest else None
        is_theirs = found is not None and (read is not None or Entries(self._core.db).has(self._user, found.uid))
        return found if is_theirs else None

    def _refusal(self, track: TakenTrack, known: StoredTrack | None, read: ReadFile | None) -> str | None:
        """Why the track does not come over; who only says that it is theirs does not get another's."""
        if known is None:
            if read is None and track.extractor is None:
                return "its file is not there, and nothing says where it came from"
            return None
        digest = read.content_hash if read is not None else None
        may_have = Taking(self._core.db, self._user).may_have(known.uid, track.sha256, digest)
        return None if may_have else "somebody else has it here, and the file does not show that it is the same"

    def _has_file(self, track: StoredTrack | None) -> bool:
        return track is not None and find_file(self._core, track.path) is not None

    def _needs(self, known: StoredTrack | None, read: ReadFile | None) -> bool:
        """Whether the file is wanted: of a track that others have too, only the very same one as before."""
        if known is None or self._has_file(known):
            return known is None
        taking = Taking(self._core.db, self._user)
        is_same = read is not None and taking.content_hash(known.uid) == read.content_hash
        return is_same or taking.is_alone_with(known.uid)

    def _place(self, track: TakenTrack, staged: Path) -> str:
        """Give the file its old name, or another where that is taken or leads elsewhere; the path. Fsynced.

        It is noted for removal first, so that a server killed now leaves no file that nobody knows.
        """
        root, suffix = self._core.config.media_root.resolve(), PurePosixPath(track.path).suffix[:8]
        names = (track.path, f"Imported/{track.id}{suffix}", f"Imported/{self._core.clock.new_id()}{suffix}")
        for path in names:
            target = plain_path(root, path)
            if target is None or os.path.lexists(target) or not unknown_paths(self._core.db, [path]):
                continue
            with transaction(self._core.db) as tx:
                FileRemovals(tx).add(path)
            with suppress(OSError):  # a name that this disk does not take: the next one
                target.parent.mkdir(parents=True, exist_ok=True)
                staged.chmod(0o644)
                os.replace(staged, target)
                for folder in (target.parent, *target.parent.parents):
                    sync(folder)
                    if folder == root:
                        break
                return path
        raise Invalid(f"There is no place for the file of {track.title}.", code="import_failed")

    def _ensure(
        self, tx: Database, track: TakenTrack, known: StoredTrack | None, path: str | None, read: ReadFile | None
    ) -> str:
        """The track's id here: that of the one with this identity, given the file if its own is missing."""
        if known is not None:
            if path is not None and read is not None:
                Tracks(tx).renew(known.uid, _new(track, known.uid, path, read))
            return known.uid
        uid = track.id if Tracks(tx).find(track.id) is None else self._core.clock.new_id()
        if Taking(tx, self._user).is_buried(uid):
            uid = self._core.clock.new_id()
        return Tracks(tx).add(_new(track, uid, path or f".soundwave/none/{uid}", read))

    def _add_what_is_theirs(self, tx: Database, track: TakenTrack, uid: str) -> None:
        arrivals, taking = Arrivals(tx), Taking(tx, self._user)
        Entries(tx).ensure(self._user, uid, self._core.clock, moment(track.owned_at or track.added_at))
        if track.favorite_at and not taking.has("favorites", uid):
            arrivals.favorite(self._user, uid, moment(track.favorite_at))
        if track.position_seconds is not None and track.position_at and not taking.has("positions", uid):
            arrivals.position(self._user, uid, track.position_seconds, moment(track.position_at))
        if track.earlier_plays > 0 and not taking.has("earlier_plays", uid):
            arrivals.earlier_plays(self._user, uid, track.earlier_plays)
        has_words = track.synced or track.plain or track.is_instrumental
        if has_words and taking.is_alone_with(uid) and Lyrics(tx).find(uid) is None:
            Lyrics(tx).set(
                uid, self._report.at, synced=track.synced or None, plain=track.plain or None,
                is_instrumental=track.is_instrumental, source=track.lyrics_source or "import", language=track.language,
            )  # fmt: skip

    # Playlists and plays

    def _add_playlist(self, tx: Database, playlist: TakenPlaylist) -> bool:
        """Whether it is there now: its owner's of before, or made anew where its id is free."""
        taking = Taking(tx, self._user)
        if playlist.kind not in KINDS:
            raise Invalid(f"{playlist.title} is of the unknown kind {playlist.kind}.", code="export_damaged")
        uid = next(uid for uid in _ids(playlist.id, self._user) if _is_usable(taking, "playlists", uid, self._user))
        self._given.bind("playlist", playlist.id, uid)
        if taking.owner_of("playlists", uid) == self._user:
            return True
        arrivals = Arrivals(tx)
        arrivals.playlist(
            uid, self._user, playlist.kind, moment(playlist.created_at), moment(playlist.updated_at),
            title=playlist.title.strip() or "Untitled", description=playlist.description,
            source_url=playlist.source_url,
        )  # fmt: skip
        for item, key in zip(playlist.items, keys_between(None, None, len(playlist.items)), strict=True):
            track = self._given.id_of("track", item.track)
            if track is None:
                section = self._report.section("Playlists")
                section.notes.append(f"{playlist.title}: one of its tracks did not come over")
                continue
            is_source = item.extractor is not None and item.source_id is not None
            source = (item.extractor or "", item.source_id or "") if is_source else None
            arrivals.item(self._core.clock.new_id(), uid, track, key, moment(item.added_at), source)
        return True

    def _add_play(self, tx: Database, play: TakenPlay) -> bool:
        """Whether it counts here now; one that is there already is the same."""
        taking = Taking(tx, self._user)
        uid = next(uid for uid in _ids(play.id, self._user) if _is_usable(taking, "plays", uid, self._user))
        if taking.owner_of("plays", uid) is None:
            track = self._given.id_of("track", play.track) if play.track is not None else None
            Arrivals(tx).play(
                uid, self._user, track, moment(play.played_at), seconds=play.seconds, title=play.title,
                artist=play.artist,
            )  # fmt: skip
        return True


def plain_path(root: Path, path: str) -> Path | None:
    """The file of a path as we write it: below ``root``, without ``..``, and nothing hidden; else None."""
    parts = PurePosixPath(path).parts
    if not parts or "\0" in path or any(part.startswith(".") for part in parts) or "/".join(parts) != path:
        return None
    target = root.joinpath(*parts)
    return target if target.resolve() == target and target.is_relative_to(root) else None


def moment(text: str) -> str:
    """A stamp as we keep it. Invalid for what is none."""
    try:
        return to_stamp(from_stamp(text))
    except (ValueError, OverflowError) as error:
        raise Invalid("A moment in the file is none.", code="export_damaged") from error


def _ids(uid: str, user_id: str) -> Iterator[str]:
    """The id that the file has, then others that follow from it: another user's rows, and removed ones, keep theirs."""
    yield uid
    for number in range(1000):
        yield hashlib.sha256(f"{uid} {user_id} {number}".encode()).hexdigest()[:32]


def _is_usable(taking: Taking, kind: str, uid: str, user_id: str) -> bool:
    """Whether a row of this user has the id, or nobody has it and nobody had."""
    owner = taking.owner_of(kind, uid)
    return owner == user_id if owner is not None else not taking.is_buried(uid)


def _new(track: TakenTrack, uid: str, path: str, read: ReadFile | None) -> NewTrack:
    """The row of a track; without ``read``, of one whose file is missing."""
    return NewTrack(
        uid=uid, added_at=moment(track.added_at), title=track.title.strip() or "Untitled", path=path,
        size_bytes=read.size_bytes if read else 0, codec=read.codec if read else track.codec,
        content_hash=read.content_hash if read else NO_HASH, revision=read.revision if read else NO_HASH,
        block_hashes=read.block_hashes if read else [], extractor=track.extractor, source_id=track.source_id,
        artist=track.artist, album=track.album, album_artist=track.album_artist, genre=track.genre, year=track.year,
        track_number=track.track_number, disc_number=track.disc_number, description=track.description,
        channel_title=track.channel,
        duration_seconds=track.duration_seconds or (read.duration_seconds if read else None),
        source_url=track.source_url, published_at=track.published_at and moment(track.published_at),
        file_state="present" if read else "missing",
    )  # fmt: skip
