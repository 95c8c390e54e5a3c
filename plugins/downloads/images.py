"""Pictures, known by their first bytes: format and size, read from the header without decoding.

A header is read, never the picture, so a small file that unpacks to gigabytes does no harm here; what
is larger than PIXEL_LIMIT is refused for the sake of those who show it.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from .messages import Artwork

BYTE_LIMIT = 15 * 1024 * 1024
PIXEL_LIMIT = 40_000_000
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the start-of-frame markers of T.81
_JPEG_BARE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture whose bytes really are one, and its size in pixels."""

    data: bytes
    mime: str
    width: int
    height: int

    def save(self, staging: Path) -> Artwork:
        """Written as ``cover.<ext>``."""
        path = staging / f"cover.{EXTENSIONS[self.mime]}"
        path.write_bytes(self.data)
        digest = hashlib.sha256(self.data).hexdigest()
        return Artwork(file=path.name, mime=self.mime, sha256=digest, width=self.width, height=self.height)


def picture_of(data: bytes) -> Picture | None:
    """The picture if it really is a JPEG, PNG or WebP of a sane size, else None."""
    if len(data) > BYTE_LIMIT:
        return None
    try:
        found = _png(data) or _jpeg(data) or _webp(data)
    except (IndexError, struct.error):
        return None
    if found is None:
        return None
    mime, width, height = found
    if not 0 < width * height <= PIXEL_LIMIT:
        return None
    return Picture(data, mime, width, height)


Found = tuple[str, int, int] | None


def _png(data: bytes) -> Found:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return "image/png", width, height


def _jpeg(data: bytes) -> Found:
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes
            at += 1
        elif marker in _JPEG_BARE:
            at += 2
        elif marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return "image/jpeg", width, height
        else:
            at += 2 + max(2, int(struct.unpack_from(">H", data, at + 2)[0]))
    return None


def _webp(data: bytes) -> Found:
    """The three kinds of RFC 9649: lossy, lossless, extended."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return "image/webp", width, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = struct.unpack_from("<I", data, 21)[0]
        return "image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return "image/webp", width & 0x3FFF, height & 0x3FFF
    return None
