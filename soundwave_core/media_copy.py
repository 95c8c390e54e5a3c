"""What a backup has of the media: a list that other tools can check and copy, or hard links to every file too."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .database_file import sync
from .manifest import MEDIA_LINKS, MEDIA_LIST, MediaFacts, write_private

Entry = tuple[str, int, str | None]  # path below MEDIA_ROOT, size in bytes, SHA-256 where it is known


def write_media(part: Path, media_root: Path, entries: Iterable[Entry], with_links: bool) -> MediaFacts:
    """Write the list, and the links if wanted, into a backup's folder that is being made. Raises OSError.

    Lines are as ``sha256sum --check`` reads them below MEDIA_ROOT; those of files that were never read begin with
    ``#``. Where hard links cannot be made (another file system), there is the list alone, and the facts say why.
    """
    lines, count, size_bytes, missing, sentence = list[str](), 0, 0, 0, ""
    folders: set[Path] = set()
    for path, size, sha256 in entries:
        lines.append(_line(path, sha256))
        count, size_bytes = count + 1, size_bytes + size
        try:
            os.stat(media_root / path)
            if with_links and not sentence:
                folders |= _link(media_root / path, part / MEDIA_LINKS, path)
        except (FileNotFoundError, NotADirectoryError):
            missing += 1
        except OSError as error:
            sentence = f"The media could not be linked ({error.strerror}): the backups must be on their disk."
    for folder in folders:
        sync(folder)
    write_private(part / MEDIA_LIST, "".join(lines).encode("utf-8", "surrogateescape"))
    is_linked = with_links and not sentence
    return MediaFacts(
        kind="links" if is_linked else "list", count=count, size_bytes=size_bytes, missing=missing, sentence=sentence
    )


def _link(source: Path, root: Path, path: str) -> set[Path]:
    """Raises OSError; the folders that have a new name in them."""
    target = root / path
    if not target.resolve().is_relative_to(root.resolve()):
        return set()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.link(source, target)
    return {folder for folder in target.parents if folder == root or root in folder.parents}


def _line(path: str, sha256: str | None) -> str:
    """As GNU sha256sum writes it: a name with a line break or a backslash is escaped, and marked."""
    escaped = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != path else ""
    return f"{mark}{sha256 or '#' + '-' * 63}  {escaped}\n"
