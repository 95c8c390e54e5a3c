"""A track with a real file in somebody's library, in one line."""

from __future__ import annotations

import hashlib
from typing import Any

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Client
from soundwave_library import Entries, NewTrack, Tracks


def add_track(core: SoundWave, owner: Client, name: str = "a.opus", **fields: Any) -> str:
    """Its uid; the file's content is its name, many times."""
    content = name.encode() * 500
    digest = hashlib.sha256(content).hexdigest()
    path = core.config.media_root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    values = {
        "uid": core.clock.new_id(), "added_at": core.clock.stamp(), "title": name, "path": name, "codec": "opus",
        "size_bytes": len(content), "content_hash": digest, "revision": digest, "block_hashes": [digest],
    } | fields  # fmt: skip
    with transaction(core.db) as tx:
        uid = Tracks(tx).add(NewTrack(**values))
        Entries(tx).ensure(owner.user_id, uid, core.clock)
    return uid
