"""The routes of downloads and of the queue; ``channel_routes.py`` has the channels'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from soundwave_core import (
    AdminOnly,
    Answer,
    IsAuthenticated,
    IsOwnerOrAdmin,
    Json,
    Listing,
    Request,
    Route,
    next_url,
    row_before,
)

from . import actions, channel_routes, downloads
from .list_store import DownloadLists, Rows
from .queue import Engine
from .shapes import Download, DownloadQuery, NewDownload, OwnerQuery, QueueItem, QueueQuery
from .store import ACTIVE

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def list_downloads(core: SoundWave, request: Request) -> Json:
    """The actor's downloads, newest first; one state of them with `state`, another's with `user` (admins)."""
    return _page(core, request, [request.query.state] if request.query.state else None)


def list_active(core: SoundWave, request: Request) -> Json:
    """What is resolving, queued, running or paused."""
    return _page(core, request, ACTIVE)


def list_completed(core: SoundWave, request: Request) -> Json:
    """What is done."""
    return _page(core, request, ["done"])


def add_download(core: SoundWave, request: Request) -> Answer:
    """Ask for a link, a list, a feed, or for the rest of a mirrored playlist."""
    uid = downloads.ask(core, request.user, request.body)
    core.part(Engine).wake()
    location = f"{request.prefix}{OWN}{uid}/"
    return Answer(Json(DownloadLists(core.db).download(uid)), headers=[("Location", location)])


def get_download(core: SoundWave, request: Request) -> Json:
    """One download with its items."""
    uid, lists = request.params["download"], DownloadLists(core.db)
    etag = request.revalidate(lists.rev_of(uid))
    return Json(lists.download(uid), etag)


def remove_download(core: SoundWave, request: Request) -> None:
    """Take it off the list; what was fetched stays."""
    core.part(Engine).cancel(actions.remove(core, request.params["download"]))


def pause_download(core: SoundWave, request: Request) -> Json:
    """Hold it; what is half fetched is kept."""
    core.part(Engine).cancel(actions.pause(core, request.params["download"]))
    return _shown(core, request)


def resume_download(core: SoundWave, request: Request) -> Json:
    """Go on where it was paused."""
    actions.resume(core, request.params["download"])
    core.part(Engine).wake()
    return _shown(core, request)


def cancel_download(core: SoundWave, request: Request) -> Json:
    """End it for good; what was fetched stays."""
    core.part(Engine).cancel(actions.cancel(core, request.params["download"]))
    return _shown(core, request)


def retry_download(core: SoundWave, request: Request) -> Json:
    """Try again what failed or was cancelled."""
    actions.retry(core, request.params["download"])
    core.part(Engine).wake()
    return _shown(core, request)


def list_queue(core: SoundWave, request: Request) -> Json:
    """Every item of every user, newest first."""
    lists = DownloadLists(core.db)
    etag = request.revalidate(lists.rev(None))
    return _list(request, lists.queue(request.query.state, row_before(request), request.query.limit), etag)


def get_queue_item(core: SoundWave, request: Request) -> Json:
    """One item of the queue."""
    return Json(DownloadLists(core.db).queue_item(request.params["download_item"]))


def retry_queue_item(core: SoundWave, request: Request) -> Json:
    """Try one item again, whoever's it is."""
    actions.retry_item(core, request.params["download_item"])
    core.part(Engine).wake()
    return get_queue_item(core, request)


def _shown(core: SoundWave, request: Request) -> Json:
    return Json(DownloadLists(core.db).download(request.params["download"]))


def _page(core: SoundWave, request: Request, states: Sequence[str] | None) -> Json:
    lists, owner = DownloadLists(core.db), downloads.whose(request.user, request.query.user)
    etag = request.revalidate(lists.rev(owner))
    return _list(request, lists.page(owner, states, row_before(request), request.query.limit), etag)


def _list(request: Request, rows: Rows, etag: str) -> Json:
    following = msgspec.json.encode(None if rows.last is None else next_url(request, [rows.last]))
    body = b'{"count":%d,"next":%s,"previous":null,"results":[%s]}'
    return Json(body % (rows.count, following, b",".join(rows.bodies)), etag)


OWN = "/api/playlist/downloads/"
ONE = OWN + "<download:id>/"
ITEM = "/api/download/<download_item:id>/"

ROUTES = [
    Route("GET", OWN, list_downloads, IsAuthenticated, query=DownloadQuery, answer=Listing[Download]),
    Route("POST", OWN, add_download, IsAuthenticated, body=NewDownload, answer=Download, status=202,
          scope="download"),
    Route("GET", OWN + "active/", list_active, IsAuthenticated, query=OwnerQuery, answer=Listing[Download]),
    Route("GET", OWN + "completed/", list_completed, IsAuthenticated, query=OwnerQuery,
          answer=Listing[Download]),
    Route("GET", ONE, get_download, IsOwnerOrAdmin, resource="download", answer=Download),
    Route("DELETE", ONE, remove_download, IsOwnerOrAdmin, resource="download", scope="download"),
    *(
        Route("POST", f"{ONE}{name}/", handler, IsOwnerOrAdmin, resource="download", answer=Download,
              scope="download")
        for name, handler in (("pause", pause_download), ("resume", resume_download),
                              ("cancel", cancel_download), ("retry", retry_download))
    ),
    Route("GET", "/api/download/", list_queue, AdminOnly, query=QueueQuery, answer=Listing[QueueItem]),
    Route("GET", ITEM, get_queue_item, AdminOnly, resource="download_item", answer=QueueItem),
    Route("POST", ITEM + "retry/", retry_queue_item, AdminOnly, resource="download_item", answer=QueueItem),
    *channel_routes.ROUTES,
]  # fmt: skip
