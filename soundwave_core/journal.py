"""SQLite's journals beside a database: whether the log (``-wal``) is whole, and half a change (``-journal``) undone.

The log has what was written last. SQLite reads it up to the first frame whose checksum is wrong, and takes the rest
for the torn end of a commit that nobody was told of. Of a power cut that is true. Of a disk that lost a bit it is not,
and all that was acknowledged after that bit would be gone without a word. The two differ: a commit is synced before
the next one begins, so behind a torn one there is never another. Format and checksum: sqlite.org/fileformat2.html,
section 4.
"""

from __future__ import annotations

import shutil
import struct
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

JOURNALS = ("-wal", "-journal")  # without them a database may lack what was written last, or be half of two states
_HEADER, _FRAME_HEADER = struct.Struct(">8I"), struct.Struct(">6I")
_MAGIC = 0x377F0682  # plus one where the checksums are of big-endian words
_MASK = 0xFFFFFFFF
_Sums = tuple[int, int]


def beside(path: Path, suffix: str) -> Path:
    """``-wal``, ``-journal`` or ``-shm`` of a database."""
    return path.with_name(path.name + suffix)


def is_cut_short(path: Path) -> bool:
    """Whether a ``-journal`` that undoes half a change lies beside it: at every switch to and from WAL there is one.

    With a zero at its beginning it is done with (sqlite.org/lockingv3.html, section 4.2).
    """
    journal = beside(path, "-journal")
    if not journal.exists():
        return False
    with journal.open("rb") as file:
        return file.read(1) not in (b"", b"\0")


@contextmanager
def copied(path: Path, folder: Path | None = None) -> Iterator[Path]:
    """A copy with its journals, which is recovered where it is opened, and the original stays as it is.

    It is made in ``folder``, or in the machine's own for such things. Raises OSError.
    """
    with TemporaryDirectory(prefix="soundwave-copy-", dir=folder) as scratch:
        copy = Path(scratch) / "db.sqlite3"
        for suffix in ("", *JOURNALS):
            if (source := beside(path, suffix)).exists():
                shutil.copyfile(source, beside(copy, suffix))
        yield copy


def journal_fault(wal: Path) -> str | None:
    """What is wrong with the log, in a few words; None where nothing is, and where there is none.

    A header alone, or less, holds nothing. With more there was a header: it is synced before anything follows it.
    """
    if not wal.exists() or wal.stat().st_size <= _HEADER.size:
        return None
    with wal.open("rb") as file:
        head = file.read(_HEADER.size)
        magic, _, page_size, *_ = fields = _HEADER.unpack(head)
        if magic & ~1 != _MAGIC or _sums(head[:24], magic, (0, 0)) != (fields[6], fields[7]):
            return "it has no valid header"
        return _fault_behind(file, fields, page_size)


def _fault_behind(file: IO[bytes], fields: tuple[int, ...], page_size: int) -> str | None:
    """Two commits behind a frame that does not fit the one before it, each frame of them fitting the one before."""
    is_broken, commits = False, 0
    for number, (is_linked, is_commit) in enumerate(_frames(file, fields, page_size), 1):
        if not is_linked:
            if is_broken:
                return None
            is_broken, broken = True, number
        if is_broken and is_commit:
            commits += 1
            if commits > 1:
                return f"its frame {broken} does not match its checksum, and others follow it"
    return None


def _frames(file: IO[bytes], fields: tuple[int, ...], page_size: int) -> Iterator[tuple[bool, bool]]:
    """Of each frame of this log: whether its checksum follows from the frame before, and whether it ends a commit.

    Frames with other salts are left over from an earlier log in the same file; a single one may have lost a bit.
    """
    magic, salts, is_other = fields[0], fields[4:6], False
    before = {(fields[6], fields[7])}
    while len(frame := file.read(_FRAME_HEADER.size + page_size)) == _FRAME_HEADER.size + page_size:
        _, size_after_commit, *rest = _FRAME_HEADER.unpack_from(frame)
        was_other, is_other = is_other, tuple(rest[:2]) != salts
        if was_other and is_other:
            return
        stored = rest[2], rest[3]
        sums = {_sums(frame[:8] + frame[_FRAME_HEADER.size :], magic, one) for one in before}
        is_linked = stored in sums and not is_other
        yield is_linked, size_after_commit != 0
        before = {stored} if is_linked else {stored, *sums}  # it may be the stored one that lost a bit


def _sums(content: bytes, magic: int, before: _Sums) -> _Sums:
    words = array("I", content)
    if (sys.byteorder == "little") == bool(magic & 1):
        words.byteswap()
    one, two = before
    pairs = iter(words)
    for first, second in zip(pairs, pairs, strict=True):
        one = (one + first + two) & _MASK
        two = (two + second + one) & _MASK
    return one, two
