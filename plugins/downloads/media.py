# mypy: disable-error-code="no-untyped-call"
"""What a downloaded file really is, by its bytes; its facts, its hashes, and the one form it is kept in.

Kept as they are: MP3, AAC in M4A, Opus and Vorbis in Ogg, FLAC, WAV. They play in every browser that
matters, so nothing of theirs is encoded again. The sound of anything else is taken out by ffmpeg: copied
where its codec is one of those, encoded where not.
"""

from __future__ import annotations

import hashlib
import re
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
from mutagen.flac import FLAC
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from .faults import Fault
from .messages import BLOCK_BYTES

HEAD_BYTES = 65_536
# What mutagen raises on hostile files: its own errors, and these (found by fuzzing its readers).
UNREADABLE = (
    mutagen.MutagenError,
    ValueError,
    LookupError,
    EOFError,
    ArithmeticError,
    AttributeError,
    TypeError,
    struct.error,
)
_READ_SECONDS = 60
_CONVERT_SECONDS = 6 * 3600
_BEAT_SECONDS = 30

Beat = Callable[[], None]  # called while ffmpeg works, so that nobody takes the silence for death

MIMES = {
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "opus": "audio/ogg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
}
_CODECS = {"mp3": "mp3", "m4a": "aac", "opus": "opus", "ogg": "vorbis", "flac": "flac", "wav": "pcm"}
_READERS = {"mp3": MP3, "m4a": MP4, "opus": OggOpus, "ogg": OggVorbis, "flac": FLAC, "wav": WAVE}
# ffmpeg's name of a codec: the form it is kept in, and how it gets there.
_COPY = {"mp3": "mp3", "aac": "m4a", "opus": "opus", "vorbis": "ogg", "flac": "flac"}
_LOSSLESS = re.compile(r"pcm_|alac|wavpack|ape|tta|truehd|mlp|wmalossless|shorten")
_STREAM = re.compile(r"Stream #0:\d+.*?: Audio: (\w+)")
# Only containers that hold sound in themselves: a playlist in disguise would open other files.
_DEMUXERS = "aac,ac3,aiff,amr,ape,asf,avi,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,tta,wav,wv,caf,au"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a media file itself says."""

    codec: str
    container_ext: str
    mime: str
    duration_seconds: float
    bitrate: int | None


@dataclass(frozen=True, slots=True)
class Hashes:
    """``revision``: the hash of the block hashes, by which a device checks slices of a file."""

    size_bytes: int
    content_hash: str
    block_hashes: list[str]
    revision: str


def container_of(head: bytes) -> str | None:
    """The container by its first bytes: one of MIMES, ``other`` for media to be converted, or None."""
    if head.startswith(b"OggS"):
        return _ogg_kind(head)
    if head.startswith(b"fLaC"):
        return "flac"
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "m4a" if head[8:11] in (b"M4A", b"M4B") else "other"
    if head.startswith((b"\x1aE\xdf\xa3", b"FLV\x01", b"caff", b".snd", b"wvpk", b"MAC ", b"#!AMR", b"TTA1")):
        return "other"
    if head[:4] in (b"RIFF", b"FORM") and head[8:12] in (b"AVI ", b"AIFF", b"AIFC"):
        return "other"
    if head.startswith((b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\x00\x00\x01\xba", b"\x0b\x77")):
        return "other"
    if head[:1] == b"G" and head[188:189] == b"G" and len(head) > 376 and head[376:377] == b"G":
        return "other"  # an MPEG transport stream
    return _mpeg_kind(head)


def _ogg_kind(head: bytes) -> str:
    first_page = head[:512]
    if b"OpusHead" in first_page:
        return "opus"
    return "ogg" if b"\x01vorbis" in first_page and b"\x80theora" not in head[:1024] else "other"


def _mpeg_kind(head: bytes) -> str | None:
    """MP3 behind its tag or bare, and AAC in ADTS, by the first frame's head (ISO 11172-3, 2.4.1.3)."""
    at = 0
    while head[at : at + 3] == b"ID3" and len(head) >= at + 10:
        size = head[at + 6 : at + 10]
        at += 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    if at and at + 4 > len(head):
        return "mp3"  # the tag is longer than what we see; mutagen will say
    while at and at + 2 < len(head) and head[at] == 0:  # padding behind the tag
        at += 1
    if len(head) < at + 4 or head[at] != 0xFF or head[at + 1] & 0xE0 != 0xE0:
        return "mp3" if at else None
    if head[at + 1] & 0xF6 == 0xF0:
        return "other"  # ADTS
    is_mp3 = head[at + 1] & 0x18 != 0x08 and head[at + 1] & 0x06 == 0x02 and head[at + 2] & 0xF0 != 0xF0
    return "mp3" if is_mp3 else None


def keepable(path: Path, ffmpeg: str, beat: Beat) -> Path:
    """The file in the form it is kept in, under its right extension. Raises Fault: no_audio, damaged."""
    with path.open("rb") as file:
        kind = container_of(file.read(HEAD_BYTES))
    if kind is None:
        raise Fault("no_audio")
    if kind == "other" or (kind == "m4a" and not _is_plain_m4a(path)):
        return _extracted(path, ffmpeg, beat)
    return path.rename(path.with_name(f"audio.{kind}"))


def _is_plain_m4a(path: Path) -> bool:
    """AAC in a file that mutagen can read: neither ALAC nor fragments."""
    try:
        info: Any = MP4(path).info
    except UNREADABLE:
        return False
    return str(info.codec).startswith("mp4a.40") and float(info.length) > 0


def _extracted(path: Path, ffmpeg: str, beat: Beat) -> Path:
    codec = _audio_codec(path, ffmpeg)
    if codec in _COPY:
        extension, how = _COPY[codec], ["-c:a", "copy"]
    elif _LOSSLESS.match(codec):
        extension, how = "flac", ["-c:a", "flac"]
    else:
        extension, how = "m4a", ["-c:a", "aac", "-b:a", "192k"]
    target = path.with_name(f"audio.{extension}")
    muxer = {"m4a": "ipod", "opus": "opus"}.get(extension, extension)
    more = ["-vn", "-sn", "-dn", "-map", "0:a:0", "-map_metadata", "0", "-fflags", "+bitexact"]
    _run_ffmpeg(ffmpeg, path, [*more, *how, "-f", muxer], target, beat)
    path.unlink()
    return target


def _audio_codec(path: Path, ffmpeg: str) -> str:
    """What ffmpeg says about the first audio stream; without an output it ends with a failure, as meant."""
    command = [ffmpeg, "-hide_banner", "-nostdin", *_guarded(path)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_READ_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Fault("damaged") from None
    found = _STREAM.search(done.stderr[:200_000].decode("utf-8", "replace"))
    if found is None:
        raise Fault("no_audio")
    return found.group(1)


def _run_ffmpeg(ffmpeg: str, source: Path, arguments: list[str], target: Path, beat: Beat) -> None:
    """Source to target, without network. Raises Fault(damaged) where ffmpeg gives up."""
    command = [ffmpeg, "-v", "fatal", "-nostdin", "-y", *_guarded(source), *arguments, f"file:{target}"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = None
    for _ in range(_CONVERT_SECONDS // _BEAT_SECONDS):
        try:
            said = process.communicate(timeout=_BEAT_SECONDS)[1]
            break
        except subprocess.TimeoutExpired:
            beat()
    if said is None:
        process.kill()
        process.communicate()
        raise Fault("timed_out", "Converting took too long.")
    if process.returncode != 0:
        raise Fault("disk_full" if b"no space left" in said[-20_000:].lower() else "damaged")


def _guarded(path: Path) -> list[str]:
    """The input, as a local file of a known kind and nothing else."""
    return ["-protocol_whitelist", "file", "-format_whitelist", _DEMUXERS, "-i", f"file:{path}"]


def facts_of(path: Path) -> Facts:
    """Raises Fault(damaged) where the file has no readable sound."""
    extension = path.suffix[1:]
    try:
        info: Any = _READERS[extension](path).info
        seconds = float(info.length)
        bitrate = int(getattr(info, "bitrate", 0) or 0)
    except UNREADABLE:
        raise Fault("damaged") from None
    if not 0 < seconds < 10_000_000:
        raise Fault("damaged")
    bitrate = bitrate or round(path.stat().st_size * 8 / seconds)
    return Facts(_CODECS[extension], extension, MIMES[extension], round(seconds, 3), bitrate)


def hashes_of(path: Path) -> Hashes:
    """One reading of the file gives all three."""
    whole, blocks, size = hashlib.sha256(), [], 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            whole.update(block)
            blocks.append(hashlib.sha256(block))
            size += len(block)
    revision = hashlib.sha256(b"".join(block.digest() for block in blocks)).hexdigest()
    return Hashes(size, whole.hexdigest(), [block.hexdigest() for block in blocks], revision)
