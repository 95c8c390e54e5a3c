"""Files that are not there, or were not read yet: what a listener gets, and what the two jobs make of them."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, VirtualClock
from soundwave_downloads.media import hashes_of
from soundwave_library import FileStates, Tracks, find_file
from soundwave_library.files import MOST_WAITING, Reading
from soundwave_library.reading import UNKNOWN, picture_type, read_file, what_is
from soundwave_library.store import NO_HASH
from tests.site.fixtures import media
from tests.site.media import SECONDS, Media

from .conftest import Shelf, items, make_playlist

__all__ = ["media"]

CHECK, READ = "library.check-files", "library.read-files"
GONE = (410, "track_file_missing")


@pytest.fixture(autouse=True)
def told(caplog: pytest.LogCaptureFixture) -> None:
    """What a server logs."""
    caplog.set_level(logging.INFO, "soundwave_library")


@pytest.fixture
def unread(shelf: Shelf, cast: Cast, media: Media) -> str:
    """A track of bob's whose file is there by name, under a wrong extension, and was not read."""
    content = media.read("tone.opus")
    return shelf.add(
        "Not read", cast.bob, path="Old/Not read.m4a", content=content, source="old", codec="unknown",
        size_bytes=len(content), content_hash=NO_HASH, revision=NO_HASH, block_hashes=[], duration_seconds=None,
        file_state="unread",
    )  # fmt: skip


def state_of(core: SoundWave, uid: str) -> str:
    return Tracks(core.db).get(uid).file_state


def stream(client: Any, uid: str) -> tuple[int, Any]:
    answer = client.get(f"/api/audio/{uid}/stream/")
    return answer.status, answer.json["code"] if answer.status >= 400 else None


# A listener


def test_an_unread_file_is_read_before_it_is_sent(core: SoundWave, cast: Cast, unread: str, media: Media) -> None:
    listed = cast.bob.get("/api/audio/").json.results[0]
    assert (listed.is_missing, listed.codec, listed.revision) == (False, "unknown", NO_HASH)
    answer = cast.bob.get(f"/api/audio/{unread}/stream/", Range="bytes=0-3")
    assert (answer.status, answer.body) == (206, b"OggS")
    track = cast.bob.get(f"/api/audio/{unread}/").json
    assert answer.headers["ETag"] == f'"{track.revision}"' != f'"{NO_HASH}"'
    assert answer.headers["Content-Type"] == "audio/ogg"
    assert (track.codec, track.size_bytes) == ("opus", len(media.read("tone.opus")))
    assert track.duration_seconds == pytest.approx(SECONDS, abs=0.1)
    stored = core.db.row("SELECT content_hash, block_hashes FROM tracks WHERE uid = :uid", uid=unread) or {}
    assert stored["content_hash"] == hashlib.sha256(media.read("tone.opus")).hexdigest()
    assert state_of(core, unread) == "present"


def test_two_who_want_an_unread_file_read_it_once(
    core: SoundWave, cast: Cast, unread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, reads, found = threading.Barrier(3), list[Path](), list[int]()

    def slow(path: Path, is_to_stop: Any) -> Any:
        reads.append(path)
        return read_file(path)

    monkeypatch.setattr("soundwave_library.files.read_file", slow)

    def listen() -> None:
        begun.wait()
        found.append(cast.bob.get(f"/api/audio/{unread}/stream/").status)
        core.db.release()

    threads = [threading.Thread(target=listen) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun.wait()
    for thread in threads:
        thread.join()
    assert (found, len(reads)) == ([200, 200], 1)


def test_who_waits_for_too_long_is_told_to_come_again(
    core: SoundWave, cast: Cast, shelf: Shelf, unread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request thread is one of few: it does not wait while somebody else's gigabyte is read."""
    monkeypatch.setattr("soundwave_library.files.WAIT_SECONDS", 0.01)
    for turn in (core.part(Reading).for_job, core.part(Reading).for_listener):
        with turn():
            answer = cast.bob.get(f"/api/audio/{unread}/stream/")
            assert (answer.status, answer.json["code"]) == (503, "track_file_being_read")
            assert answer.headers["Retry-After"] == "5"
            assert stream(cast.bob, shelf.add("Read before", cast.bob)) == (200, None)
    assert stream(cast.bob, unread) == (200, None)


def test_few_wait_at_once(core: SoundWave, cast: Cast, unread: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soundwave_library.files.WAIT_SECONDS", 60.0)
    found, reading = list[int](), core.part(Reading)

    def listen() -> None:
        found.append(stream(cast.bob, unread)[0])
        core.db.release()

    threads = [threading.Thread(target=listen) for _ in range(MOST_WAITING + 1)]
    with reading.for_job():
        for thread in threads[:-1]:
            thread.start()
        while reading.listeners < MOST_WAITING and all(thread.is_alive() for thread in threads[:-1]):
            threads[0].join(0.01)
        threads[-1].start()
        threads[-1].join(30)
        assert found == [503]
    for thread in threads:
        thread.join()
    assert found == [503, 200, 200]


def test_the_job_gives_way_between_files(
    core: SoundWave, cast: Cast, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {"content_hash": NO_HASH, "revision": NO_HASH, "block_hashes": [], "file_state": "unread"}
    uids = [shelf.add(f"Old {n}", cast.bob, source=f"old{n}", path=f"Old/{n}.opus", **old) for n in range(4)]
    order, threads, reading = list[str](), list[threading.Thread](), core.part(Reading)

    def listen() -> None:
        stream(cast.bob, uids[3])
        core.db.release()

    def read(path: Path, is_to_stop: Any) -> Any:
        order.append(path.stem)
        if len(order) == 1:  # the job's first file: now somebody wants the last one
            threads.append(threading.Thread(target=listen))
            threads[0].start()
            while not reading.listeners and threads[0].is_alive():
                threads[0].join(0.01)
        return read_file(path)

    monkeypatch.setattr("soundwave_library.files.WAIT_SECONDS", 60.0)
    monkeypatch.setattr("soundwave_library.files.read_file", read)
    core.jobs.run(READ)
    threads[0].join()
    assert order == ["0", "3", "1", "2"]


def test_a_missing_file_is_told_and_noted(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Lost", cast.bob)
    before = core.db.rev()
    shelf.file_of(uid).unlink()
    for door in ("stream", "download"):
        answer = cast.bob.get(f"/api/audio/{uid}/{door}/")
        assert (answer.status, answer.json["code"]) == GONE
    assert cast.bob.get("/api/audio/").json.results[0].is_missing
    assert core.db.rev() == before + 1  # noted once, so that lists are new once
    assert cast.carol.get(f"/api/audio/{uid}/stream/").status == 404


def test_a_file_that_is_back_plays_at_once(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Back again", cast.bob)
    path = shelf.file_of(uid)
    away = path.rename(path.with_suffix(".away"))
    assert stream(cast.bob, uid) == GONE
    away.rename(path)
    assert stream(cast.bob, uid) == (200, None)
    assert not cast.bob.get("/api/audio/").json.results[0].is_missing


def test_a_file_that_cannot_be_read_is_no_missing_one(
    core: SoundWave, cast: Cast, unread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path, is_to_stop: Any) -> Any:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("soundwave_library.files.read_file", broken)
    assert stream(cast.bob, unread) == (503, "track_file_unreadable")
    assert "cannot be read" in core.jobs.run(READ).log
    assert state_of(core, unread) == "unread"


def test_a_list_keeps_its_order_without_the_file(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    tracks = [shelf.add(f"Track {number}", cast.bob) for number in range(4)]
    playlist = make_playlist(cast.bob, tracks=tracks)
    shelf.file_of(tracks[1]).unlink()
    core.jobs.run(CHECK)
    assert items(cast.bob, playlist) == [f"Track {number}" for number in range(4)]
    listed = cast.bob.get(f"/api/playlist/{playlist}/").json.items
    assert [item.track.is_missing for item in listed] == [False, True, False, False]
    assert [track["uid"] for track in FileStates(core.db).list_missing(playlist)] == [tracks[1]]


# The jobs


def test_the_job_reads_what_is_unread_and_goes_on_after_a_stop(
    core: SoundWave, cast: Cast, shelf: Shelf, unread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = [
        shelf.add(f"Old {number}", cast.bob, source=f"old{number}", content_hash=NO_HASH, revision=NO_HASH,
                  block_hashes=[], file_state="unread")
        for number in range(3)
    ]  # fmt: skip
    calls = 0

    def stopping() -> bool:
        nonlocal calls
        calls += 1
        return calls > 5  # asked before each file, and after each block of it

    monkeypatch.setattr(core.jobs.stopping, "is_set", stopping)
    assert "stopped after 2 of 4 files" in core.jobs.run(READ).log
    monkeypatch.undo()
    assert sorted(state_of(core, uid) for uid in (unread, *more)) == ["present", "present", "unread", "unread"]
    assert "2 of 2 files are read" in core.jobs.run(READ).log
    assert {state_of(core, uid) for uid in (unread, *more)} == {"present"}
    assert core.jobs.run(READ).log == ""


def test_a_known_length_stays(core: SoundWave, cast: Cast, shelf: Shelf, media: Media) -> None:
    uid = shelf.add(
        "Long", cast.bob, content=media.read("tone.flac"), source="x", duration_seconds=77.0, revision=NO_HASH,
        content_hash=NO_HASH, file_state="unread",
    )  # fmt: skip
    core.jobs.run(READ)
    assert cast.bob.get(f"/api/audio/{uid}/").json.duration_seconds == 77.0


def test_the_library_behind_our_back(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """Deleted, emptied, replaced, renamed, made a link out, made a folder, shut in a folder that is gone."""
    names = ("same", "deleted", "empty", "replaced", "link", "folder", "moved", *(f"more {n}" for n in range(5)))
    uids = {name: shelf.add(name, cast.bob, path=f"{name}/{name}.opus") for name in names}
    paths = {name: shelf.file_of(uid) for name, uid in uids.items()}
    secret = core.config.data_dir / "secret.opus"
    secret.write_bytes(b"nobody's")
    paths["deleted"].unlink()
    paths["empty"].write_bytes(b"")
    paths["replaced"].write_bytes(b"fLaC another file, and longer")
    paths["link"].unlink()
    paths["link"].symlink_to(secret)
    paths["folder"].unlink()
    paths["folder"].mkdir()
    paths["moved"].parent.rename(core.config.media_root / "elsewhere")
    log = core.jobs.run(CHECK).log
    assert "missing, and there before: 5" in log
    assert "new or changed, to be read: 1" in log
    states = {name: state_of(core, uid) for name, uid in uids.items()}
    missing = ("deleted", "empty", "link", "folder", "moved")
    assert states == {name: "missing" if name in missing else "present" for name in names} | {"replaced": "unread"}
    for name in missing:
        status, code = stream(cast.bob, uids[name])
        assert (status, code) == ((404, "file_missing") if name == "link" else GONE), name
    (core.config.media_root / "elsewhere").rename(paths["moved"].parent)
    assert "missing before, and there again: 1" in core.jobs.run(CHECK).log
    core.jobs.run(READ)
    assert (state_of(core, uids["moved"]), state_of(core, uids["replaced"])) == ("present", "present")
    assert cast.bob.get(f"/api/audio/{uids['replaced']}/").json.codec == "flac"


def test_a_folder_that_is_not_mounted_marks_nothing(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uids = [shelf.add(f"Track {number}", cast.bob) for number in range(12)]
    before = core.db.rev()
    shutil.rmtree(core.config.media_root / "Somebody")
    assert "is the folder there?" in core.jobs.run(CHECK).log
    assert {state_of(core, uid) for uid in uids} == {"present"}
    assert core.db.rev() == before


def test_the_jobs_come_by_themselves(core: SoundWave, cast: Cast, unread: str, clock: VirtualClock) -> None:
    core.jobs.run_due()
    assert state_of(core, unread) == "present"
    Tracks(core.db).get(unread)
    (core.config.media_root / "Old/Not read.m4a").unlink()
    clock.advance(86_400)
    core.jobs.run_due()
    assert state_of(core, unread) == "missing"


# Bytes


@pytest.mark.parametrize(
    ("name", "codec", "mime", "has_length"),
    [
        ("tone.mp3", "mp3", "audio/mpeg", False),
        ("tone.m4a", "aac", "audio/mp4", True),
        ("tone.mp4", "aac", "audio/mp4", True),
        ("tone.opus", "opus", "audio/ogg", True),
        ("tone.ogg", "vorbis", "audio/ogg", True),
        ("tone.flac", "flac", "audio/flac", True),
        ("tone.wav", "pcm", "audio/wav", True),
        ("tone.webm", "opus", "audio/webm", False),
        ("tone.aac", "aac", "audio/aac", False),
        ("cover.jpg", "unknown", None, False),
    ],
)
def test_a_file_is_what_its_bytes_say(media: Media, name: str, codec: str, mime: str | None, has_length: bool) -> None:
    path = media.folder / name
    read, wanted = read_file(path), hashes_of(path)
    assert (read.codec, read.mime) == (codec, mime)
    assert read.duration_seconds == (pytest.approx(SECONDS, abs=0.15) if has_length else None)
    found = (read.size_bytes, read.content_hash, read.block_hashes, read.revision)
    assert found == (wanted.size_bytes, wanted.content_hash, wanted.block_hashes, wanted.revision)


def test_hashes_are_of_blocks(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(9 * 1024 * 1024))
    assert (len(read_file(path).block_hashes), read_file(path).revision) == (3, hashes_of(path).revision)


def test_cut_off_heads_are_no_error(media: Media) -> None:
    for name in ("tone.m4a", "tone.opus", "tone.ogg", "tone.flac", "tone.wav", "tone.mp3", "tone.webm"):
        content = media.read(name)
        for end in (*range(64), 200, 1000, len(content) - 1):
            codec, _, seconds = what_is(io.BytesIO(content[:end]))
            assert isinstance(codec, str)
            assert seconds is None or isinstance(seconds, float)
    assert what_is(io.BytesIO(b"\0\0\0\x01ftyp")) == UNKNOWN
    assert what_is(io.BytesIO(b"\0\0\0\x10ftypM4A \0\0\0\0")) == ("unknown", "audio/mp4", None)
    assert what_is(io.BytesIO(b"hello")) == UNKNOWN


class Counting(io.BytesIO):
    """Counts how often it is read."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        return super().read(size)


def test_a_file_of_nothing_but_small_boxes_is_not_walked_to_its_end(media: Media) -> None:
    small = b"\0\0\0\x08free"
    file = Counting(b"\0\0\0\x08ftyp" + small * 100_000)
    assert what_is(file) == ("unknown", "audio/mp4", None)
    assert file.reads < 1000
    tone = media.read("tone.m4a")
    length = int.from_bytes(tone[:4])
    moved = tone[:length] + small * 100 + tone[length:]
    assert what_is(io.BytesIO(moved))[0] == "aac"


def test_pictures_by_their_bytes(media: Media) -> None:
    found = [picture_type(media.read(f"cover.{kind}")) for kind in ("jpg", "png", "webp")]
    assert found == ["image/jpeg", "image/png", "image/webp"]
    assert (picture_type(b"GIF89a"), picture_type(b"<svg>")) == ("image/gif", None)


def test_a_path_may_have_dots_in_its_names(core: SoundWave) -> None:
    folder = core.config.media_root / "Mr. Ellipsis.."
    folder.mkdir()
    (folder / "a..b.m4a").write_bytes(b"x")
    assert find_file(core, "Mr. Ellipsis../a..b.m4a") == (folder.resolve() / "a..b.m4a", 1)
    assert find_file(core, "../data/setup-link") is None
    assert find_file(core, "") is None


def test_renewing_heals(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Lost", cast.bob, source="lost")
    shelf.file_of(uid).unlink()
    core.jobs.run(CHECK)
    new = shelf.new("Found", source="lost", path="Somebody/new.opus")
    with transaction(core.db) as tx:
        Tracks(tx).renew(uid, new)
    assert stream(cast.bob, uid) == (200, None)
    assert not cast.bob.get("/api/audio/").json.results[0].is_missing
