"""The door of sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import IsAuthenticated, Json, Route

from .ops import Ops
from .store import saw_device
from .sync import answer, results_only
from .sync_shapes import SyncAnswer, SyncRequest

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave

LARGEST_BYTES = 4 * 1024 * 1024  # an op with ten thousand items is one and a half


def sync(core: SoundWave, request: Request) -> Json:
    """Apply what a device did, and tell it what changed. A token without the scope read hears of its ops alone."""
    body: SyncRequest = request.body
    saw_device(core, request.user.id, body.device, body.device_name)
    results = Ops(core, request.user).apply(body.ops)
    if request.user.scopes is not None and "read" not in request.user.scopes:
        return Json(results_only(core, body.since, results))
    return Json(answer(core, request.user.id, request.prefix, body.since, results))


ROUTES = [
    Route("POST", "/api/offline/sync/", sync, IsAuthenticated,
          body=SyncRequest, answer=SyncAnswer, scope="play", body_limit=LARGEST_BYTES),
]  # fmt: skip
