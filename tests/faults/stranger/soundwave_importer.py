"""A plugin for the faults: files of random bytes go into the library the way downloads do, one for each POST.

``FAULTS_WITHOUT`` makes it the control: ``sync``, SQLite waits for no disk; ``fsync``, no file does.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

import soundwave_downloads.staging
from soundwave_core import IsAuthenticated, Route, hookimpl, sqlite, transaction
from soundwave_downloads.importing import adopt
from soundwave_downloads.messages import Fetched
from soundwave_downloads.store import DownloadItems, Downloads
from soundwave_library import Tracks

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave

REQUIRES = ("downloads",)
LARGEST = 300_000
WITHOUT = os.environ.get("FAULTS_WITHOUT", "")

if WITHOUT == "sync":
    sqlite._PRAGMAS = tuple(p.replace("synchronous=FULL", "synchronous=OFF") for p in sqlite._PRAGMAS)
if WITHOUT == "fsync":
    soundwave_downloads.staging.sync = lambda path: None


class Imported(msgspec.Struct, frozen=True):
    track: str
    path: str
    sha256: str


def import_one(core: SoundWave, request: Request) -> Imported:
    """Stage a file for an item that is running, adopt it, clear up: what the worker's thread does at the end."""
    item = _running_item(core, request.user.id)
    staging = core.config.media_root / ".soundwave" / f"{item['uid']}-1"
    staging.mkdir(parents=True)
    content = random.randbytes(random.randint(1, LARGEST))
    (staging / "file.opus").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    fetched = Fetched(
        id=item["uid"], file="file.opus", size_bytes=len(content), codec="opus", container_ext="opus",
        mime="audio/ogg", title=f"Imported {item['uid'][-6:]}", extractor="faults", source_id=item["source_id"],
        source_url="https://example.org/", content_hash=digest, block_hashes=[digest], revision=digest,
        duration_seconds=1.0, channel="Imported",
    )  # fmt: skip
    track = adopt(core, item, fetched, staging)
    shutil.rmtree(staging)
    assert track is not None
    return Imported(track, Tracks(core.db).get(track).path, digest)


def _running_item(core: SoundWave, user_id: str) -> dict[str, Any]:
    now, uid = core.clock.stamp(), core.clock.new_id()
    with transaction(core.db) as tx:
        download = Downloads(tx).add(
            uid=core.clock.new_id(), user_id=user_id, url=f"https://example.org/{uid}", state="running",
            is_resolved=1, created_at=now, updated_at=now,
        )  # fmt: skip
        tx["download_items"].insert(
            {"uid": uid, "download_id": download, "user_id": user_id, "is_quiet": 0, "position": 0, "fence": 1,
             "url": f"https://example.org/{uid}", "extractor": "faults", "source_id": uid, "item": "{}",
             "state": "running", "attempts": 1, "lease_until": core.clock.stamp_after(minutes=15), "updated_at": now}
        )  # fmt: skip
        found = DownloadItems(tx).find(uid)
    assert found is not None
    return found


@hookimpl
def register_routes(core: SoundWave) -> Sequence[Route]:
    return [Route("POST", "/api/importer/", import_one, IsAuthenticated, answer=Imported, status=201)]
