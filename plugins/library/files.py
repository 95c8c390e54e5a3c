"""Whether tracks have their files: looked at one by one as they are played, and all of them every night.

A file that is there by name and was not read yet (an old deployment's, say) is read before it is first sent, or by
the job, whichever comes first: what is sent has a revision, by which a device knows whether it has the whole of it.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundwave_core import NotFound, SoundWaveError, Unavailable, transaction

from .media import media_path, media_type
from .reading import ReadFile, never, read_file
from .store import NO_HASH, FileState, FileStates, StoredTrack, Tracks

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

GONE = "track_file_missing"
AT_ONCE = 500  # tracks of one look at the database, and changes of one transaction
WAIT_SECONDS = 2.0  # of one of few request threads, for its turn to read
MOST_WAITING = 2  # of those threads; more are told at once, so that some are left for everybody else
AGAIN_SECONDS = 5
A_FEW = 10  # fewer files than this may all be missing for their own reasons


class Reading:
    """One file at a time: of two who want the same one, the second finds it read. Listeners go before the job."""

    def __init__(self, core: SoundWave) -> None:
        self._is_busy, self.listeners = False, 0  # those who wait
        self._changed = threading.Condition()

    @contextmanager
    def for_listener(self) -> Iterator[None]:
        """Unavailable ``track_file_being_read`` where others read for so long that a request must not wait."""
        with self._changed:
            self.listeners += 1
            seconds = WAIT_SECONDS if self.listeners <= MOST_WAITING else 0.0
            is_mine = self._changed.wait_for(lambda: not self._is_busy, seconds)
            self.listeners -= 1
            self._is_busy = self._is_busy or is_mine
            self._changed.notify_all()
        if not is_mine:
            again = [("Retry-After", str(AGAIN_SECONDS))]
            raise Unavailable(
                "Other files are being read; try again soon.", code="track_file_being_read", headers=again
            )
        with self._until_done():
            yield

    @contextmanager
    def for_job(self) -> Iterator[None]:
        """Waits for as long as it takes."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_busy and not self.listeners)
            self._is_busy = True
        with self._until_done():
            yield

    @contextmanager
    def _until_done(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()


def find_file(core: SoundWave, relative: str) -> tuple[Path, int] | None:
    """Path and size of a file below MEDIA_ROOT; None where it holds no file, or an empty one, or leads out."""
    try:
        path = media_path(core, relative)
        found = os.stat(path)
    except (NotFound, OSError, ValueError):
        return None
    return (path, found.st_size) if stat.S_ISREG(found.st_mode) and found.st_size else None


def ensure_playable(core: SoundWave, track: StoredTrack) -> StoredTrack:
    """The track with a file that is there and was read. A 410 ``track_file_missing`` where there is none.

    NotFound for a path that leads out of the media folder; Unavailable for a file that cannot be read, or not soon.
    """
    media_path(core, track.path)
    if track.file_state == "present" and find_file(core, track.path) is not None:
        return track
    with core.part(Reading).for_listener():
        try:
            read_track(core, track.uid, track.path)
        except OSError as error:
            log.warning("%s cannot be read: %s", track.path, error)
            raise Unavailable("The file of this track cannot be read.", code="track_file_unreadable") from None
    now = Tracks(core.db).get(track.uid)
    if now.file_state == "missing":
        raise SoundWaveError("The file of this track is missing.", code=GONE, status=410)
    return now


def read_track(core: SoundWave, uid: str, path: str, is_to_stop: Callable[[], bool] = never) -> FileState:
    """Read a track's file unless that was done, and store what it is; the state afterwards. OSError."""
    track = Tracks(core.db).find(uid)
    if track is None or track.path != path:
        return "missing" if track is None else track.file_state
    found = find_file(core, path)
    if found is None:
        _set(core, uid, "missing")
        return "missing"
    is_known = track.revision != NO_HASH and track.size_bytes == found[1]
    if is_known and track.file_state != "unread":
        _set(core, uid, "present")
        return "present"
    read = read_file(found[0], is_to_stop)
    with transaction(core.db) as tx:
        FileStates(tx).store_read(uid, path, _columns(read, path))
    return "present"


def read_unread(core: SoundWave) -> None:
    """The job: read what is there by name only, until all is read or the server stops. A stop loses one file.

    Between two files it lets those go first who want to hear one.
    """
    after, done, left = 0, 0, FileStates(core.db).counts().get("unread", 0)
    if not left:
        return
    log.info("files to be read: %d", left)
    while rows := FileStates(core.db).list_unread(after, AT_ONCE):
        for row in rows:
            if core.jobs.stopping.is_set():
                log.info("stopped after %d of %d files; the rest is read after the next start", done, left)
                return
            after = row["id"]
            try:
                with core.part(Reading).for_job():
                    read_track(core, row["uid"], row["path"], core.jobs.stopping.is_set)
            except InterruptedError:
                continue  # and then ends
            except OSError as error:
                log.warning("%s cannot be read: %s", row["path"], error)
                continue
            done += 1
            if done % AT_ONCE == 0:
                log.info("%d of %d files are read", done, left)
    log.info("%d of %d files are read", done, left)


def check_files(core: SoundWave) -> None:
    """The job: look which files are there, and note what changed. Nothing is read, and nothing removed.

    Where every single file is missing, the folder is: that is said, and nothing is noted.
    """
    changes, looked, there = dict[str, FileState](), 0, 0
    for track in _all_tracks(core):
        if core.jobs.stopping.is_set():
            return
        found = find_file(core, track["path"])
        looked, there = looked + 1, there + (found is not None)
        state = _state_of(track, found[1] if found else None)
        if state != track["file_state"]:
            changes[track["uid"]] = state
    if looked >= A_FEW and not there:
        log.error("not one of %d files is in %s: is the folder there?", looked, core.config.media_root)
        return
    _note_changes(core, changes)
    log.info("%d of %d files are there", there, looked)


def _all_tracks(core: SoundWave) -> Iterator[dict[str, Any]]:
    after = 0
    while rows := FileStates(core.db).list_all(after, AT_ONCE):
        yield from rows
        after = rows[-1]["id"]


def _state_of(track: dict[str, Any], size_bytes: int | None) -> FileState:
    """A file of another size than the one that was read is another file, and read anew."""
    if size_bytes is None:
        return "missing"
    is_read = track["revision"] != NO_HASH and track["size_bytes"] == size_bytes
    return "present" if is_read else "unread"


def _note_changes(core: SoundWave, changes: dict[str, FileState]) -> None:
    uids = list(changes)
    for start in range(0, len(uids), AT_ONCE):
        with transaction(core.db) as tx:
            for uid in uids[start : start + AT_ONCE]:
                FileStates(tx).set(uid, changes[uid])
    for state, sentence in _SENTENCES.items():
        if number := sum(changed == state for changed in changes.values()):
            log.log(logging.WARNING if state == "missing" else logging.INFO, sentence, number)


_SENTENCES: dict[FileState, str] = {
    "missing": "missing, and there before: %d",
    "unread": "new or changed, to be read: %d",
    "present": "missing before, and there again: %d",
}


def _set(core: SoundWave, uid: str, state: FileState) -> None:
    with transaction(core.db) as tx:
        FileStates(tx).set(uid, state)


def _columns(read: ReadFile, path: str) -> dict[str, Any]:
    return asdict(read) | {"mime": read.mime or media_type(path)}
