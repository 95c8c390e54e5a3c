"""One round of sync: ops in, then everything that changed since this device asked last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from soundwave_core import Invalid, decode_cursor, encode_cursor, swept_rev
from soundwave_library import Changed, Mark, listening_rev

from .sync_shapes import OpResult, SyncAnswer

if TYPE_CHECKING:
    from soundwave_core import SoundWave

_VERSION = 1  # of what a device gets: with another one, all of them begin anew


def answer(core: SoundWave, user_id: str, prefix: str, since: str | None, results: Sequence[OpResult]) -> bytes:
    """The JSON of a ``SyncAnswer``."""
    mark = None if since is None else _read(core, since)
    changed = Changed(core.db, user_id, prefix)
    found = changed.anew() if mark is None else changed.since(mark)
    if mark is not None and max(mark.rev, mark.buried) < swept_rev(core.db):  # asked last: a sweep may come meanwhile
        mark, found = None, changed.anew()  # what the device missed is forgotten
    head = msgspec.json.encode(
        {
            "results": results, "cursor": _write(core, found.mark), "is_whole": mark is None,
            "is_more": found.is_more, "now": core.clock.stamp(),
        }
    )  # fmt: skip
    lists = {name: msgspec.Raw(getattr(found, name)) for name in ("tracks", "playlists", "positions", "plays", "gone")}
    return head[:-1] + b"," + msgspec.json.encode(lists)[1:]


def results_only(core: SoundWave, since: str | None, results: Sequence[OpResult]) -> bytes:
    """The same for who may not look: as if nothing had changed, with the cursor as it was, or one that begins anew."""
    return msgspec.json.encode(
        SyncAnswer(
            results=[*results], cursor=since or "", is_whole=False, is_more=False, now=core.clock.stamp(),
            tracks=[], playlists=[], positions=[], plays=[], gone=[],
        )
    )  # fmt: skip


def _write(core: SoundWave, mark: Mark) -> str:
    return encode_cursor([_VERSION, core.db.epoch, mark.rev, mark.listening_rev, mark.buried])


def _read(core: SoundWave, cursor: str) -> Mark | None:
    """None where the device has to begin anew: the database was restored, or it is none of ours."""
    try:
        match decode_cursor(cursor):
            case [version, epoch, int(rev), int(heard), int(buried)]:
                mark = Mark(rev, heard, buried)
            case _:
                return None
    except Invalid:
        return None
    is_ours = version == _VERSION and epoch == core.db.epoch
    is_past = 0 <= rev <= core.db.rev() and 0 <= heard <= listening_rev(core.db) and 0 <= buried <= core.db.rev()
    return mark if is_ours and is_past else None
