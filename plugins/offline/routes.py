"""The routes of this room."""

from __future__ import annotations

from soundwave_core import Public, Raw, Request, Route, SoundWave

from .worker import POLICY, build


def get_worker(core: SoundWave, request: Request) -> Raw:
    """The service worker: the list of files to precache, then the built script."""
    headers = [("Content-Security-Policy", POLICY), ("Cache-Control", "no-cache")]
    return Raw(build(core), "text/javascript; charset=utf-8", headers)


ROUTES = [Route("GET", "/service-worker.js", get_worker, Public, answer=Raw)]
