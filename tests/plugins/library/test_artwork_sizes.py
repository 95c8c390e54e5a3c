"""Pictures in sizes: made by the real ffmpeg, fit within, kept; and the original whatever goes wrong."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, Client, ClientAnswer, VirtualClock
from soundwave_downloads.images import picture_of
from soundwave_library import Artworks, Playlists, artwork, find_ffmpeg
from soundwave_library.reading import picture_type

from .conftest import Shelf, make_playlist

FORMATS = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
FOR_EVER = "private, max-age=31536000, immutable"


def draw(folder: Path, width: int, height: int, suffix: str = "jpg") -> bytes:
    """A real picture of this size."""
    path = folder / f"{width}x{height}.{suffix}"
    source = f"testsrc2=size={width}x{height}"
    command = [find_ffmpeg(), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", source, "-frames:v", "1", path]
    subprocess.run(command, check=True, timeout=60)
    return path.read_bytes()


def store(shelf: Shelf, content: bytes, mime: str = "image/jpeg") -> int:
    digest = hashlib.sha256(content).hexdigest()
    path = shelf.core.config.media_root / f"{digest}.{mime[6:]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with transaction(shelf.core.db) as tx:
        return Artworks(tx).ensure(digest, path.name, mime, None, None, len(content))


@pytest.fixture
def cover(tmp_path: Path) -> bytes:
    return draw(tmp_path, 1280, 720)


@pytest.fixture
def track(cast: Cast, shelf: Shelf, cover: bytes) -> str:
    """bob's, with the cover."""
    return shelf.add("One", cast.bob, artwork_id=store(shelf, cover))


def ask(client: Client, track: str, query: str = "", **headers: str) -> ClientAnswer:
    return client.get(f"/api/audio/{track}/artwork/{query}", **headers)


def pixels(answer: ClientAnswer) -> tuple[int, int]:
    assert answer.status == 200, answer.body
    picture = picture_of(answer.body)
    assert picture is not None
    assert picture.mime == answer.headers["Content-Type"] == picture_type(answer.body)
    return picture.width, picture.height


def made(core: SoundWave) -> list[Path]:
    return sorted(path for path in (core.config.cache_dir / "pictures").rglob("*") if path.is_file())


@pytest.mark.parametrize(("size", "height"), [(96, 54), (256, 144), (512, 288)])
def test_it_fits_within_what_was_asked_for(cast: Cast, track: str, size: int, height: int) -> None:
    answer = ask(cast.bob, track, f"?size={size}")
    assert pixels(answer) == (size, height)
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.body).hexdigest()}"'
    again = ask(cast.bob, track, f"?size={size}", If_None_Match=answer.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


def test_without_a_size_it_is_the_original(cast: Cast, track: str, cover: bytes) -> None:
    assert ask(cast.bob, track).body == cover


def test_a_high_one_fits_too_and_a_small_one_is_not_enlarged(cast: Cast, shelf: Shelf, tmp_path: Path) -> None:
    high = shelf.add("High", cast.bob, artwork_id=store(shelf, draw(tmp_path, 300, 900)))
    small = shelf.add("Small", cast.bob, artwork_id=store(shelf, draw(tmp_path, 64, 48)))
    assert pixels(ask(cast.bob, high, "?size=96")) == (32, 96)
    assert pixels(ask(cast.bob, small, "?size=96")) == (64, 48)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_kind_of_picture_that_there_is(cast: Cast, shelf: Shelf, tmp_path: Path, suffix: str) -> None:
    content = draw(tmp_path, 640, 480, suffix)
    track = shelf.add("One", cast.bob, artwork_id=store(shelf, content, FORMATS[suffix]))
    assert pixels(ask(cast.bob, track, "?size=256")) == (256, 192)


def test_a_playlists_and_a_channels_too(cast: Cast, shelf: Shelf, cover: bytes) -> None:
    picture, channel, playlist = store(shelf, cover), shelf.channel(), make_playlist(cast.bob)
    with transaction(shelf.core.db) as tx:
        Playlists(tx).patch(playlist, shelf.core.clock, artwork_id=picture)
        tx.execute("UPDATE channels SET artwork_id = :id WHERE uid = :uid", id=picture, uid=channel)
    for path in (f"/api/playlist/{playlist}", f"/api/channel/{channel}"):
        assert pixels(cast.bob.get(f"{path}/artwork/?size=96")) == (96, 54)
    assert len(made(shelf.core)) == 1, "one file however many show it"


@pytest.mark.parametrize("size", ["97", "0", "-96", "1e2", "96.0", "", "big", "99999"])
def test_other_sizes_are_refused(cast: Cast, track: str, size: str) -> None:
    answer = ask(cast.bob, track, f"?size={size}")
    assert (answer.status, answer.json["code"]) == (422, "query_invalid")


def test_by_its_version_it_may_be_kept_for_ever(cast: Cast, track: str, cover: bytes) -> None:
    version = hashlib.sha256(cover).hexdigest()[:12]
    assert ask(cast.bob, track, f"?v={version}&size=96").headers["Cache-Control"] == FOR_EVER
    assert ask(cast.bob, track, "?v=000000000000&size=96").headers["Cache-Control"] != FOR_EVER
    assert ask(cast.bob, track, "?size=96").headers["Cache-Control"] != FOR_EVER


def test_it_is_made_once(cast: Cast, shelf: Shelf, track: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(cast.bob, track, "?size=96")
    monkeypatch.setattr(artwork.Workshop, "_make", lambda *given: pytest.fail("made again"))
    assert ask(cast.bob, track, "?size=96").body == first.body
    assert [path.suffix for path in made(shelf.core)] == [".webp"]


def test_nobody_sees_anothers(cast: Cast, track: str) -> None:
    assert ask(cast.bob, track, "?size=96").status == 200
    assert ask(cast.carol, track, "?size=96").status == 404


# The original, whatever goes wrong


def ensure_original(answer: ClientAnswer, content: bytes) -> None:
    """And not for ever: next time there may be a smaller one."""
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["Cache-Control"] != FOR_EVER


def versioned(content: bytes) -> str:
    return f"?size=96&v={hashlib.sha256(content).hexdigest()[:12]}"


def test_where_there_is_no_ffmpeg(
    cast: Cast, track: str, cover: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def find() -> Path:
        raise FileNotFoundError("No ffmpeg was found.")

    monkeypatch.setattr(artwork, "find_ffmpeg", find)
    for _ in range(2):
        ensure_original(ask(cast.bob, track, versioned(cover)), cover)
    assert caplog.text.count("No ffmpeg was found.") == 1


BROKEN = {
    "cut off": lambda cover: cover[:200],
    "nothing but a head": lambda cover: b"\xff\xd8\xff\xe0 no more",
    "noise": lambda cover: b"\xff\xd8\xff" + hashlib.sha256(cover).digest() * 500,
}


@pytest.mark.parametrize("name", BROKEN)
def test_where_it_cannot_be_read(
    cast: Cast, shelf: Shelf, cover: bytes, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried once."""
    content = BROKEN[name](cover)
    track = shelf.add("One", cast.bob, artwork_id=store(shelf, content))
    for _ in range(2):
        ensure_original(ask(cast.bob, track, versioned(content)), content)
    assert made(shelf.core) == []
    assert caplog.text.count("is sent in its own size only") <= 1


@pytest.mark.parametrize("fault", [
    BlockingIOError(11, "Resource temporarily unavailable"), subprocess.TimeoutExpired("ffmpeg", 10),
])  # fmt: skip
def test_what_is_the_machines_fault_is_tried_again(
    cast: Cast, track: str, cover: bytes, fault: Exception, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    run, left = subprocess.run, [fault]

    def failing(command: list[str], **options: Any) -> Any:
        if command[0] == "/bin/sh" and left:
            raise left.pop()
        return run(command, **options)

    monkeypatch.setattr(artwork.subprocess, "run", failing)
    ensure_original(ask(cast.bob, track, versioned(cover)), cover)
    assert "in its own size for now" in caplog.text
    assert pixels(ask(cast.bob, track, "?size=256")) == (256, 144)


def test_a_picture_that_is_something_else_is_not_opened_as_that(
    cast: Cast, shelf: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A play list that would have ffmpeg read another file, called a JPEG."""
    (tmp_path / "secret.jpg").write_bytes(draw(tmp_path, 640, 480))
    content = f"#EXTM3U\n#EXTINF:1,\nfile://{tmp_path}/secret.jpg\n".encode()
    track = shelf.add("One", cast.bob, artwork_id=store(shelf, content))
    ensure_original(ask(cast.bob, track, versioned(content)), content)


def test_a_picture_that_is_of_another_kind_is_not_guessed(cast: Cast, shelf: Shelf, tmp_path: Path) -> None:
    """ffmpeg has hundreds of readers, and is to use the one."""
    content = draw(tmp_path, 640, 480, "gif")
    track = shelf.add("One", cast.bob, artwork_id=store(shelf, content, "image/jpeg"))
    ensure_original(ask(cast.bob, track, versioned(content)), content)


def test_one_of_too_many_pixels(cast: Cast, shelf: Shelf, tmp_path: Path) -> None:
    content = draw(tmp_path, 8000, 6000, "png")
    track = shelf.add("One", cast.bob, artwork_id=store(shelf, content, "image/png"))
    ensure_original(ask(cast.bob, track, versioned(content)), content)


def test_where_it_takes_too_long(cast: Cast, track: str, cover: bytes, tmp_path: Path, monkeypatch: Any) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text('#!/bin/sh\n[ "$3" = -encoders ] && echo " libwebp " && exit\nexec sleep 600\n')
    program.chmod(0o755)
    monkeypatch.setattr(artwork, "find_ffmpeg", lambda: program)
    monkeypatch.setattr(artwork, "_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    ensure_original(ask(cast.bob, track, versioned(cover)), cover)


def test_without_webp_it_is_a_jpeg(cast: Cast, track: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f'#!/bin/sh\n[ "$3" = -encoders ] && echo " mjpeg " && exit\nexec {find_ffmpeg()} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(artwork, "find_ffmpeg", lambda: program)
    answer = ask(cast.bob, track, "?size=256")
    assert pixels(answer) == (256, 144)
    assert answer.headers["Content-Type"] == "image/jpeg"


def test_where_the_cache_cannot_be_written(
    cast: Cast, shelf: Shelf, track: str, cover: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.core.config.cache_dir.mkdir(parents=True, exist_ok=True)
    (shelf.core.config.cache_dir / "pictures").write_text("a file")
    ensure_original(ask(cast.bob, track, versioned(cover)), cover)
    assert "could not be kept" in caplog.text


def test_where_the_original_is_gone(cast: Cast, shelf: Shelf, track: str) -> None:
    for path in shelf.core.config.media_root.glob("*.jpeg"):
        path.unlink()
    answer = ask(cast.bob, track, "?size=96")
    assert (answer.status, answer.json["code"]) == (404, "file_missing")


class Taken:
    """A turn that somebody else has, which notes for how long one would wait for it."""

    def __init__(self) -> None:
        self.patience: list[float] = []

    def acquire(self, timeout: float) -> bool:
        self.patience.append(timeout)
        return False


def test_so_many_wait_and_others_do_not(
    cast: Cast, shelf: Shelf, track: str, cover: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop, turn = shelf.core.part(artwork.Workshop), Taken()
    monkeypatch.setattr(workshop, "_turn", turn)
    for under_way in range(artwork.MOST_WAITING + 2):
        monkeypatch.setattr(workshop, "_waiting", under_way)
        ensure_original(ask(cast.bob, track, versioned(cover)), cover)
    assert turn.patience == [artwork.WAIT_SECONDS] * (artwork.MOST_WAITING + 1) + [0]


def test_who_waits_has_theirs_when_it_is_their_turn(
    cast: Cast, shelf: Shelf, track: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artwork, "WAIT_SECONDS", 60.0)
    answers: list[ClientAnswer] = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(cast.bob, track, "?size=256")))
        for _ in range(artwork.MOST_WAITING)
    ]
    with shelf.core.part(artwork.Workshop)._my_turn():
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(60)
    assert [pixels(answer) for answer in answers] == [(256, 144)] * artwork.MOST_WAITING
    assert shelf.core.part(artwork.Workshop)._waiting == 0


def test_who_waits_for_too_long_has_the_original(
    cast: Cast, shelf: Shelf, track: str, cover: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artwork, "WAIT_SECONDS", 0.05)
    with shelf.core.part(artwork.Workshop)._my_turn():
        ensure_original(ask(cast.bob, track, versioned(cover)), cover)
    assert pixels(ask(cast.bob, track, versioned(cover))) == (96, 54)


# The sweep


def test_what_nobody_looks_at_goes(cast: Cast, shelf: Shelf, track: str, clock: VirtualClock, tmp_path: Path) -> None:
    other = shelf.add("Two", cast.bob, artwork_id=store(shelf, draw(tmp_path, 500, 500)))
    for uid in (track, other):
        ask(cast.bob, uid, "?size=96")
    clock.advance(40 * 86_400)
    assert cast.bob.sign_in("bob").status == 200
    used = ask(cast.bob, track, "?size=96")
    clock.advance(30 * 86_400)
    shelf.core.jobs.run("library.sweep-pictures")
    assert used.status == 200
    (left,) = made(shelf.core)
    assert left.read_bytes() == used.body


def test_of_too_much_the_least_used_goes(
    cast: Cast, shelf: Shelf, track: str, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    for size in (96, 256, 512):
        sizes.append(len(ask(cast.bob, track, f"?size={size}").body))
        clock.advance(60)
    monkeypatch.setattr(artwork, "LARGEST_BYTES", sizes[1] + sizes[2])
    shelf.core.jobs.run("library.sweep-pictures")
    assert [path.stat().st_size for path in made(shelf.core)] == sizes[1:]


def test_what_is_being_written_stays_and_what_never_was_finished_goes(shelf: Shelf, clock: VirtualClock) -> None:
    folder = shelf.core.config.cache_dir / "pictures" / "ab"
    folder.mkdir(parents=True)
    for name, ago in (("young", 60), ("old", 2 * 86_400)):
        (folder / f"{name}.part").write_bytes(b"half")
        moment = clock.now().timestamp() - ago
        os.utime(folder / f"{name}.part", (moment, moment))
    shelf.core.jobs.run("library.sweep-pictures")
    assert [path.name for path in made(shelf.core)] == ["young.part"]


def test_what_went_meanwhile_is_no_trouble(
    cast: Cast, shelf: Shelf, track: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (96, 256):
        ask(cast.bob, track, f"?size={size}")
    gone, stat = made(shelf.core)[0], Path.stat

    def vanishing(path: Path, **options: Any) -> Any:
        if path == gone:
            gone.unlink(missing_ok=True)
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", vanishing)
    monkeypatch.setattr(artwork, "LARGEST_BYTES", 0)
    assert shelf.core.jobs.run("library.sweep-pictures").state == "done"
    monkeypatch.undo()
    assert made(shelf.core) == []


def test_there_may_be_nothing_to_sweep(core: SoundWave, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert core.jobs.run("library.sweep-pictures").state == "done"
