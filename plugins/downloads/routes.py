"""The routes of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from soundwave_core import (
    AdminOnly,
    AdminWriteOnly,
    Answer,
    Invalid,
    IsAuthenticated,
    IsOwnerOrAdmin,
    Json,
    ListQuery,
    Request,
    Route,
    decode_cursor,
    encode_cursor,
)

from . import channels, downloads, sources
from .queue import Engine
from .shapes import (
    Channel,
    ChannelPage,
    ChannelPatch,
    Download,
    DownloadPage,
    DownloadQuery,
    NewChannel,
    NewDownload,
    QueueItem,
    QueuePage,
    QueueQuery,
)
from .store import ACTIVE, DownloadItems, Downloads

if TYPE_CHECKING:
    from soundwave_core import SoundWave

STATES = (*ACTIVE, "done", "failed", "cancelled")
NEWEST = 2**62


def list_downloads(core: SoundWave, request: Request) -> Json:
    """The actor's downloads, newest first; one state of them with `state`."""
    return _page(core, request, [request.query.state] if request.query.state else STATES)


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
    location = f"{request.prefix}/api/playlist/downloads/{uid}/"
    return Answer(Json(Downloads(core.db).json(uid)), headers=[("Location", location)])


def get_download(core: SoundWave, request: Request) -> Json:
    """One download with its items."""
    return Json(Downloads(core.db).json(request.params["download"]))


def remove_download(core: SoundWave, request: Request) -> None:
    """Take it off the list; what was fetched stays."""
    core.part(Engine).cancel(downloads.remove(core, request.params["download"]))


def pause_download(core: SoundWave, request: Request) -> Json:
    """Hold it; what is half fetched is kept."""
    core.part(Engine).cancel(downloads.pause(core, request.params["download"]))
    return get_download(core, request)


def resume_download(core: SoundWave, request: Request) -> Json:
    """Go on where it was paused."""
    downloads.resume(core, request.params["download"])
    core.part(Engine).wake()
    return get_download(core, request)


def cancel_download(core: SoundWave, request: Request) -> Json:
    """End it for good; what was fetched stays."""
    core.part(Engine).cancel(downloads.cancel(core, request.params["download"]))
    return get_download(core, request)


def retry_download(core: SoundWave, request: Request) -> Json:
    """Try again what failed or was cancelled."""
    downloads.retry(core, request.params["download"])
    core.part(Engine).wake()
    return get_download(core, request)


def list_queue(core: SoundWave, request: Request) -> Json:
    """Every item of every user, newest first."""
    body, last, count = DownloadItems(core.db).page(request.query.state, _before(request), request.query.limit)
    return _list(request, body, last, count)


def get_queue_item(core: SoundWave, request: Request) -> Json:
    """One item of the queue."""
    return Json(DownloadItems(core.db).json(request.params["download_item"]))


def retry_queue_item(core: SoundWave, request: Request) -> Json:
    """Try one item again, whoever's it is."""
    downloads.retry_item(core, request.params["download_item"])
    core.part(Engine).wake()
    return get_queue_item(core, request)


def list_channels(core: SoundWave, request: Request) -> ChannelPage:
    """The household's channels, by title."""
    found = channels.view_all(core, request.prefix)
    return ChannelPage(count=len(found), next=None, previous=None, results=found)


def add_channel(core: SoundWave, request: Request) -> Channel:
    """Follow a publisher for the household."""
    uid = channels.add(core, request.user, request.body)
    core.part(Engine).wake()
    return channels.view(core, uid, request.prefix)


def get_channel(core: SoundWave, request: Request) -> Channel:
    """One channel and how its checks are going."""
    return channels.view(core, request.params["channel"], request.prefix)


def change_channel(core: SoundWave, request: Request) -> Channel:
    """Rename it, or change when it is checked."""
    channels.change(core, request.params["channel"], request.body)
    return get_channel(core, request)


def remove_channel(core: SoundWave, request: Request) -> None:
    """Follow it no longer; its tracks stay."""
    channels.remove(core, request.user, request.params["channel"])


def refresh_channel(core: SoundWave, request: Request) -> Channel:
    """Check it now."""
    sources.refresh_channel(core, request.params["channel"])
    core.part(Engine).wake()
    return get_channel(core, request)


def _page(core: SoundWave, request: Request, states: list[str] | tuple[str, ...]) -> Json:
    store = Downloads(core.db)
    body, last = store.page(request.user.id, states, _before(request), request.query.limit)
    return _list(request, body, last, store.count(request.user.id, states))


def _before(request: Request) -> int:
    if request.query.cursor is None:
        return NEWEST
    values = decode_cursor(request.query.cursor)
    if len(values) != 1 or not isinstance(values[0], int):
        raise Invalid("The cursor is not one of ours.", code="cursor_invalid")
    return values[0]


def _list(request: Request, body: bytes, last: int | None, count: int) -> Json:
    following = b"null"
    if last is not None:
        state = getattr(request.query, "state", None)
        query = {"limit": request.query.limit, "cursor": encode_cursor([last])} | ({"state": state} if state else {})
        following = f'"{request.prefix}{request.path}?{urlencode(query)}"'.encode()
    return Json(b'{"count":%d,"next":%s,"previous":null,"results":%s}' % (count, following, body))


OWN = "/api/playlist/downloads/"
ONE = OWN + "<download:id>/"
CHANNEL = "/api/channel/<channel:id>/"
ITEM = "/api/download/<download_item:id>/"

ROUTES = [
    Route("GET", OWN, list_downloads, IsAuthenticated, query=DownloadQuery, answer=DownloadPage),
    Route("POST", OWN, add_download, IsAuthenticated, body=NewDownload, answer=Download, status=202,
          scope="download"),
    Route("GET", OWN + "active/", list_active, IsAuthenticated, query=ListQuery, answer=DownloadPage),
    Route("GET", OWN + "completed/", list_completed, IsAuthenticated, query=ListQuery, answer=DownloadPage),
    Route("GET", ONE, get_download, IsOwnerOrAdmin, resource="download", answer=Download),
    Route("DELETE", ONE, remove_download, IsOwnerOrAdmin, resource="download", scope="download"),
    *(
        Route("POST", f"{ONE}{name}/", handler, IsOwnerOrAdmin, resource="download", answer=Download,
              scope="download")
        for name, handler in (("pause", pause_download), ("resume", resume_download),
                              ("cancel", cancel_download), ("retry", retry_download))
    ),
    Route("GET", "/api/download/", list_queue, AdminOnly, query=QueueQuery, answer=QueuePage),
    Route("GET", ITEM, get_queue_item, AdminOnly, resource="download_item", answer=QueueItem),
    Route("POST", ITEM + "retry/", retry_queue_item, AdminOnly, resource="download_item", answer=QueueItem),
    Route("GET", "/api/channel/", list_channels, AdminWriteOnly, answer=ChannelPage),
    Route("POST", "/api/channel/", add_channel, AdminWriteOnly, body=NewChannel, answer=Channel, status=201),
    Route("GET", CHANNEL, get_channel, AdminWriteOnly, resource="channel", answer=Channel),
    Route("PATCH", CHANNEL, change_channel, AdminWriteOnly, resource="channel", body=ChannelPatch,
          answer=Channel),
    Route("DELETE", CHANNEL, remove_channel, AdminWriteOnly, resource="channel"),
    Route("POST", CHANNEL + "refresh/", refresh_channel, AdminWriteOnly, resource="channel", answer=Channel,
          status=202),
]  # fmt: skip
