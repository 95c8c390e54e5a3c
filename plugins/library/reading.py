"""What an audio file is, by its bytes and never by its name: codec, length where its head says so, hashes.

Tags are not looked at: they are the download worker's. This reads heads of containers, in the server's process,
so it takes no structure for granted and reads little of them: 64 KiB at the start, and at the end of an Ogg file;
of an MP4 file, which lists its frames, up to 8 MiB more behind at most some hundred boxes.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

BLOCK_BYTES = 4 * 1024 * 1024  # of one hash; the download worker's have the same size
HEAD_BYTES = 65_536
_MOOV_BYTES = 8 * 1024 * 1024  # of ten hours it takes about two
_MOST_BOXES = 500  # that are passed before ``moov``: a file has a handful, a fragmented one begins with it
_ENTRY = re.compile(rb"stsd.{12}(mp4a|alac|Opus|fLaC|\.mp3|ac-3|ec-3)", re.S)
_MP4_CODECS = {b"mp4a": "aac", b"alac": "alac", b"Opus": "opus", b"fLaC": "flac", b".mp3": "mp3"}
_LONGEST_SECONDS = 10_000_000

Said = tuple[str, str | None, float | None]  # codec, content type (None: by the name), seconds (None: not said)
UNKNOWN: Said = ("unknown", None, None)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as it was read. ``revision`` is the hash of the ``block_hashes``; ``mime`` None: by its name."""

    size_bytes: int
    content_hash: str
    block_hashes: list[str]
    revision: str
    codec: str
    mime: str | None
    duration_seconds: float | None


def never() -> bool:
    """Nobody waits for the end of it."""
    return False


def read_file(path: Path, is_to_stop: Callable[[], bool] = never) -> ReadFile:
    """Read a file once, from its start to its end. OSError where it cannot be, InterruptedError where it is to stop."""
    whole, blocks, size = hashlib.sha256(), [], 0
    with path.open("rb") as file:
        codec, mime, seconds = what_is(file)
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            if is_to_stop():
                raise InterruptedError("the server stops")
            whole.update(block)
            blocks.append(hashlib.sha256(block))
            size += len(block)
    revision = hashlib.sha256(b"".join(block.digest() for block in blocks)).hexdigest()
    is_sane = seconds is not None and 0 < seconds < _LONGEST_SECONDS
    return ReadFile(
        size, whole.hexdigest(), [block.hexdigest() for block in blocks], revision, codec, mime,
        round(seconds, 3) if seconds is not None and is_sane else None,
    )  # fmt: skip


def what_is(file: IO[bytes]) -> Said:
    """Codec, content type and seconds of an open file, as far as its bytes tell."""
    head = file.read(HEAD_BYTES)
    try:
        if head.startswith(b"OggS"):
            return _ogg(file, head)
        if head.startswith(b"fLaC"):
            return "flac", "audio/flac", _flac_seconds(head)
        if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
            return "pcm", "audio/wav", _wav_seconds(head)
        if head[4:8] == b"ftyp":
            return _mp4(file)
    except (struct.error, ArithmeticError, IndexError):  # it ends in its own head
        return UNKNOWN
    if head.startswith(b"\x1aE\xdf\xa3"):
        codec = next((name for mark, name in _MATROSKA if mark in head), "unknown")
        return codec, "audio/webm" if b"webm" in head[:64] else "audio/x-matroska", None
    return _mpeg(head)


_MATROSKA = ((b"A_OPUS", "opus"), (b"A_VORBIS", "vorbis"), (b"A_AAC", "aac"), (b"A_FLAC", "flac"))


def _ogg(file: IO[bytes], head: bytes) -> Said:
    """The last page says how many samples there are (RFC 3533; RFC 7845 section 4 for Opus, always 48 kHz)."""
    at = head.find(b"OpusHead", 0, 512)
    if at >= 0:
        skipped = struct.unpack_from("<H", head, at + 10)[0]
        return "opus", "audio/ogg", _seconds_of_pages(file, 48_000, skipped)
    at = head.find(b"\x01vorbis", 0, 512)
    if at >= 0:
        return "vorbis", "audio/ogg", _seconds_of_pages(file, struct.unpack_from("<I", head, at + 12)[0], 0)
    return ("flac" if b"\x7fFLAC" in head[:512] else "unknown"), "audio/ogg", None


def _seconds_of_pages(file: IO[bytes], rate: int, skipped: int) -> float | None:
    size = file.seek(0, 2)
    file.seek(max(0, size - HEAD_BYTES))
    tail = file.read(HEAD_BYTES)
    at = tail.rfind(b"OggS")
    if at < 0:
        return None
    samples: int = struct.unpack_from("<q", tail, at + 6)[0]
    return (samples - skipped) / rate


def _flac_seconds(head: bytes) -> float:
    """The stream's own head comes first (RFC 9639 section 8.2): 20 bits of rate, 36 bits of samples."""
    packed = int.from_bytes(head[18:26])
    return (packed & (1 << 36) - 1) / (packed >> 44)


def _wav_seconds(head: bytes) -> float | None:
    at, bytes_a_second = 12, 0
    while at + 8 <= len(head):
        name, size = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"fmt ":
            bytes_a_second = struct.unpack_from("<I", head, at + 16)[0]
        if name == b"data":
            return float(size / bytes_a_second)
        at += 8 + size + size % 2
    return None


def _mp4(file: IO[bytes]) -> Said:
    """The boxes of ISO/IEC 14496-12: ``moov`` has the length, and what the first track is."""
    moov = _box(file, b"moov")
    at = moov.find(b"mvhd")
    seconds = None
    if at >= 0:
        form, skip = (">IQ", 20) if moov[at + 4] == 1 else (">II", 12)
        scale, length = struct.unpack_from(form, moov, at + 4 + skip)
        seconds = length / scale if scale else None
    entry = _ENTRY.search(moov)
    return (_MP4_CODECS.get(entry[1], "unknown") if entry else "unknown"), "audio/mp4", seconds


def _box(file: IO[bytes], wanted: bytes) -> bytes:
    """The content of the first box of this name at the top, as much of it as we look at; b"" for none that is near."""
    size, at = file.seek(0, 2), 0
    for _ in range(_MOST_BOXES):
        if at + 8 > size:
            break
        file.seek(at)
        head = file.read(16)
        length, name = struct.unpack_from(">I", head)[0], head[4:8]
        start = 16 if length == 1 else 8
        if length == 1:
            length = struct.unpack_from(">Q", head, 8)[0]
        length = length or size - at  # 0: to the end of the file
        if name == wanted:
            file.seek(at + start)
            return file.read(min(length, _MOOV_BYTES))
        if length < 8:
            return b""
        at += length
    return b""


def _mpeg(head: bytes) -> Said:
    """MP3 behind a tag or bare, AAC in ADTS: by a frame's head (ISO/IEC 11172-3, 2.4.1.3)."""
    if head.startswith(b"ID3"):
        return "mp3", "audio/mpeg", None
    if len(head) >= 3 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac", "audio/aac", None
    if len(head) >= 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] & 0xF0 != 0xF0:
        return "mp3", "audio/mpeg", None
    return UNKNOWN


def picture_type(head: bytes) -> str | None:
    """The content type of a picture by its first bytes: JPEG, PNG, WebP or GIF; None for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "image/gif" if head[:6] in (b"GIF87a", b"GIF89a") else None
