"""Names of files made from strangers' words, for every disk and share; and the check that they stay inside.

This is the only way for text from outside into a path.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path, PurePosixPath

NAME_BYTES = 240  # file systems take 255; room for a temporary suffix
FOLDER_BYTES = 120
PICTURES = ".soundwave/artwork"
_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_ID = re.compile(r"[0-9a-zA-Z_-]{8,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_EXTENSION = re.compile(r"[a-z0-9]{1,8}")

# What SMB and Windows do not take in a name, by what reads alike.
_REPLACED = str.maketrans('/\\:|"<>', "----'()", "?*")
# Windows' device names, with any extension (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\..*)?",
    re.IGNORECASE | re.DOTALL,
)
_JOINERS = "\u200c\u200d"  # needed inside Persian words and emoji, harmless there


class OutsideRoot(ValueError):
    """A path leads out of the directory that it must stay in."""


def track_path(channel: str | None, title: str, track_id: str, extension: str) -> str:
    """``<channel>/<title> [<id8>].<ext>``, relative to the media root, with forward slashes.

    The last eight characters of the id keep equal titles apart (the first are the time, which
    neighbours share). Raises ValueError for an id or an extension that is not ours.
    """
    if not _ID.fullmatch(track_id) or not _EXTENSION.fullmatch(extension):
        raise ValueError(f"{track_id!r} and {extension!r} do not make a file name")
    suffix = f" [{track_id[-8:]}].{extension}"
    name = safe_name(title, NAME_BYTES - len(suffix), "Untitled")
    return f"{safe_name(channel or '', FOLDER_BYTES, 'Singles')}/{name}{suffix}"


def artwork_path(sha256: str, mime: str) -> str:
    """Where a picture lies: by its content, so that the same cover is stored once."""
    if not _SHA256.fullmatch(sha256) or mime not in _EXTENSIONS:
        raise ValueError(f"{sha256!r} and {mime!r} do not make a file name")
    return f"{PICTURES}/{sha256[:2]}/{sha256}.{_EXTENSIONS[mime]}"


def safe_name(text: str, limit_bytes: int, fallback: str) -> str:
    """One component of a path: visible, legal everywhere, at most so many bytes of UTF-8."""
    plain = unicodedata.normalize("NFC", "".join(_kept(c) for c in text[:2000]))
    name = _trimmed(_cut(_trimmed(" ".join(plain.translate(_REPLACED).split())), limit_bytes))
    if not name:
        return fallback
    return _cut(f"_{name}", limit_bytes) if _DEVICE.fullmatch(name) else name


def _kept(character: str) -> str:
    """Control, bidi, surrogate, private and unassigned characters go; other white space becomes a blank."""
    if character.isspace():
        return " "
    return "" if unicodedata.category(character)[0] == "C" and character not in _JOINERS else character


def _trimmed(name: str) -> str:
    """Nothing hidden by a leading dot, nothing that Windows drops from the end."""
    return name.lstrip(". ").rstrip(". " + _JOINERS)


def _cut(name: str, limit_bytes: int) -> str:
    return name.encode()[:limit_bytes].decode(errors="ignore")


def contained(root: Path, relative: str) -> Path:
    """The real path of ``relative`` below ``root``, links followed. Raises OutsideRoot."""
    pure = PurePosixPath(relative)
    if not pure.parts or pure.is_absolute() or ".." in pure.parts or "\0" in relative or "\\" in relative:
        raise OutsideRoot(f"{relative!r} is not a path below a directory")
    base = root.resolve()
    path = (base / pure).resolve()
    if path == base or not path.is_relative_to(base):
        raise OutsideRoot(f"{relative!r} leads out of {root}")
    return path
