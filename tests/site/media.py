"""Sound and pictures for the test site, made once a session by ffmpeg: sine tones, a few seconds long."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from soundwave_downloads.process import find_ffmpeg

SECONDS = 4
KEY = bytes(range(16))


@dataclass(frozen=True)
class Media:
    """``folder`` holds tone.<ext> in ten forms, silent.mp4, cover.jpg, .png, .webp, and hls/ and aes/."""

    folder: Path

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


def make_media(folder: Path) -> Media:
    tone = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={SECONDS}:sample_rate=44100"]
    film = ["-f", "lavfi", "-i", f"color=c=blue:s=64x64:r=5:d={SECONDS}"]
    words = ("title=Tone of the file", "artist=Sine Waves", "album=Tones")
    tags = [argument for word in words for argument in ("-metadata", word)]
    for name, arguments in {
        "tone.mp3": ["-c:a", "libmp3lame", "-b:a", "64k", "-id3v2_version", "4"],
        "tone.m4a": ["-c:a", "aac", "-b:a", "64k"],
        "tone.opus": ["-c:a", "libopus", "-b:a", "48k"],
        "tone.ogg": ["-c:a", "libvorbis"],
        "tone.flac": ["-c:a", "flac"],
        "tone.wav": ["-c:a", "pcm_s16le"],
        "tone.webm": ["-c:a", "libopus", "-b:a", "48k"],
        "tone.ac3": ["-c:a", "ac3"],
        "tone.aac": ["-c:a", "aac"],
    }.items():
        _ffmpeg(folder, *tone, *tags, *arguments, name)
    _ffmpeg(folder, *tone, *film, "-c:v", "mpeg4", "-c:a", "aac", "-shortest", "tone.mp4")
    _ffmpeg(folder, *film, "-c:v", "mpeg4", "silent.mp4")
    for name, colour in (("cover.jpg", "red"), ("cover.png", "green"), ("cover.webp", "yellow")):
        _ffmpeg(folder, "-f", "lavfi", "-i", f"color=c={colour}:s=96x80", "-frames:v", "1", name)
    _make_hls(folder, tone)
    return Media(folder)


def _make_hls(folder: Path, tone: list[str]) -> None:
    """Four segments of a second, in clear in hls/ and under AES-128 in aes/ with its key in key.bin."""
    common = ["-c:a", "aac", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0"]
    for name in ("hls", "aes"):
        (folder / name).mkdir()
    _ffmpeg(folder, *tone, *common, "hls/list.m3u8")
    (folder / "aes/key.bin").write_bytes(KEY)
    (folder / "aes/info").write_text(f"key.bin\n{folder}/aes/key.bin\n")
    _ffmpeg(folder, *tone, *common, "-hls_key_info_file", str(folder / "aes/info"), "aes/list.m3u8")


def _ffmpeg(folder: Path, *arguments: str) -> None:
    command = [str(find_ffmpeg()), "-v", "error", "-nostdin", "-y", *arguments]
    subprocess.run(command, check=True, cwd=folder, stdin=subprocess.DEVNULL)
