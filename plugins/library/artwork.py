"""Pictures in the sizes that screens need: made by ffmpeg when first asked for, and kept in CACHE_DIR.

Whatever goes wrong, there is the original. A picture is a stranger's bytes: ffmpeg reads them from a pipe, by the
one format that they begin with, opens nothing else, and has little time and memory for it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .programs import find_ffmpeg

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

FOLDER = "pictures"
UNUSED_LIVES = timedelta(days=60)
LARGEST_BYTES = 512 * 1024**2  # of the folder: some 20,000 covers in all sizes
WAIT_SECONDS = 1.5  # of a request thread for its turn: one picture takes about 50 ms
MOST_WAITING = 2  # of those threads; more get the original at once
_MOST_BROKEN = 10_000
_DAY_SECONDS = 86_400
_PART = ".part"
_TIMEOUT_SECONDS = 10
# Of the child: seconds of processor time, KiB of addresses. 40 million pixels, the most that we take in, need less.
_LIMITS = 'ulimit -c 0; ulimit -t 10; ulimit -v 2000000 2>/dev/null; exec "$0" "$@"'
_READERS = {"image/jpeg": "jpeg_pipe", "image/png": "png_pipe", "image/webp": "webp_pipe", "image/gif": "gif"}
_WRITERS = {
    "webp": ("-c:v", "libwebp", "-quality", "80"),
    "jpg": ("-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p"),
}
_TYPES = {"webp": "image/webp", "jpg": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A file to send. ``sha256`` is of its bytes."""

    path: Path
    sha256: str
    mime: str


class Workshop:
    """``core.part(Workshop)``: makes one picture at a time."""

    def __init__(self, core: SoundWave) -> None:
        self.folder, self._clock = core.config.cache_dir / FOLDER, core.clock
        self._turn, self._count = threading.Lock(), threading.Lock()
        self._waiting = 0
        self._broken: set[str] = set()  # those that ffmpeg did not read: it is not tried again until the next start
        self._tool: tuple[Path, str] | None = None
        self._has_looked = False

    def find(self, original: Picture, size: int) -> Picture | None:
        """The original fit into a square of so many pixels, never enlarged; None where that is not to be had now."""
        return self._kept(original, size) or self._made(original, size)

    def _kept(self, original: Picture, size: int) -> Picture | None:
        for suffix, mime in _TYPES.items():
            path = self._path(original, size, suffix)
            try:
                content = path.read_bytes()
                _note_use(path, self._now())
            except OSError:
                continue
            return Picture(path, hashlib.sha256(content).hexdigest(), mime)
        return None

    def _made(self, original: Picture, size: int) -> Picture | None:
        if original.sha256 in self._broken or original.mime not in _READERS:
            return None
        with self._my_turn() as is_mine:
            if not is_mine:
                return None
            made = self._kept(original, size)  # by whoever had the turn before
            if made is None and (tool := self._find_tool()) is not None:
                self._make(tool, original, size)
                made = self._kept(original, size)
            return made

    @contextmanager
    def _my_turn(self) -> Iterator[bool]:
        """False where others have it for so long, or are so many, that a request must not wait."""
        with self._count:
            self._waiting += 1
            is_short = self._waiting <= MOST_WAITING + 1  # the one at work among them
        try:
            is_mine = self._turn.acquire(timeout=WAIT_SECONDS if is_short else 0)
            try:
                yield is_mine
            finally:
                if is_mine:
                    self._turn.release()
        finally:
            with self._count:
                self._waiting -= 1

    def _find_tool(self) -> tuple[Path, str] | None:
        """ffmpeg, and what it writes best; looked for once."""
        if not self._has_looked:
            self._has_looked = True
            try:
                program = find_ffmpeg()
                listed = subprocess.run(
                    [program, "-v", "error", "-encoders"],
                    stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_SECONDS, check=True, cwd="/",
                )  # fmt: skip
                self._tool = (program, "webp" if b" libwebp " in listed.stdout else "jpg")
            except (OSError, subprocess.SubprocessError) as error:
                log.warning("pictures are sent in their own size only: %s", error)
        return self._tool

    def _make(self, tool: tuple[Path, str], original: Picture, size: int) -> None:
        program, suffix = tool
        try:
            with original.path.open("rb") as file:
                content = subprocess.run(
                    ["/bin/sh", "-c", _LIMITS, program, *_arguments(original.mime, size, suffix)],
                    stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_TIMEOUT_SECONDS,
                    check=True, cwd="/", env={},
                ).stdout  # fmt: skip
        except FileNotFoundError:
            return  # the original: whoever sends it says so
        except (OSError, subprocess.TimeoutExpired) as error:  # the machine's fault: it is tried again
            log.warning("%s is sent in its own size for now: %s", original.path.name, type(error).__name__)
            return
        except subprocess.CalledProcessError as error:
            content = b""
            log.warning("%s is sent in its own size only: ffmpeg ended with %s", original.path.name, error.returncode)
        if content:
            _write(self._path(original, size, suffix), content, self._now())
        elif len(self._broken) < _MOST_BROKEN:
            self._broken.add(original.sha256)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _path(self, original: Picture, size: int, suffix: str) -> Path:
        return self.folder / original.sha256[:2] / f"{original.sha256}-{size}.{suffix}"


def sweep_pictures(core: SoundWave) -> None:
    """The job: remove what nobody asked for in a long time, and of too much what was asked for least lately."""
    now = core.clock.now().timestamp()
    total = 0
    for used_at, size, path in sorted(_files(core), reverse=True):
        if path.suffix == _PART and used_at > now - _DAY_SECONDS:
            continue  # it is being written
        total += size
        if path.suffix == _PART or used_at < now - UNUSED_LIVES.total_seconds() or total > LARGEST_BYTES:
            path.unlink(missing_ok=True)


def _files(core: SoundWave) -> Iterator[tuple[float, int, Path]]:
    """When each was asked for last, and its size."""
    for path in (core.config.cache_dir / FOLDER).glob("*/*"):
        with suppress(FileNotFoundError):
            found = path.stat()
            if stat.S_ISREG(found.st_mode):
                yield found.st_mtime, found.st_size, path


def _arguments(mime: str, size: int, suffix: str) -> list[str]:
    fit = f"scale='min({size},iw)':'min({size},ih)':force_original_aspect_ratio=decrease:flags=lanczos"
    return [
        "-v", "quiet", "-nostdin", "-threads", "1", "-filter_threads", "1", "-protocol_whitelist", "pipe",
        "-max_pixels", "40000000", "-f", _READERS[mime], "-i", "pipe:0", "-frames:v", "1", "-vf", fit,
        "-threads", "1", "-map_metadata", "-1", *_WRITERS[suffix], "-f", "image2pipe", "pipe:1",
    ]  # fmt: skip


def _note_use(path: Path, now: float) -> None:
    """Once a day is enough for the sweep."""
    if path.stat().st_mtime < now - _DAY_SECONDS:
        os.utime(path, (now, now))


def _write(path: Path, content: bytes, now: float) -> None:
    """All of it or nothing, a power cut included; a full disk is no error here."""
    part = path.with_suffix(_PART)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.utime(part, (now, now))
        part.replace(path)
    except OSError as error:
        log.warning("a smaller picture could not be kept: %s", error)
        with suppress(OSError):
            part.unlink(missing_ok=True)
