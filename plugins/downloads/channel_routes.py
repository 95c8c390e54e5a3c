"""The routes of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import AdminWriteOnly, Answer, Listing, ListQuery, Request, Route

from . import channels, sources
from .queue import Engine
from .shapes import Channel, ChannelPatch, NewChannel

if TYPE_CHECKING:
    from soundwave_core import SoundWave


def list_channels(core: SoundWave, request: Request) -> Listing[Channel]:
    """The household's channels, by title."""
    return channels.page(core, request)


def add_channel(core: SoundWave, request: Request) -> Answer:
    """Follow a publisher for the household."""
    uid = channels.add(core, request.user, request.body)
    core.part(Engine).wake()
    location = f"{request.prefix}{ALL}{uid}/"
    return Answer(channels.view(core, uid, request.prefix), headers=[("Location", location)])


def get_channel(core: SoundWave, request: Request) -> Channel:
    """One channel and how its checks are going."""
    return channels.view(core, request.params["channel"], request.prefix)


def change_channel(core: SoundWave, request: Request) -> Channel:
    """Rename it, or change when it is checked."""
    channels.change(core, request.params["channel"], request.body)
    return get_channel(core, request)


def remove_channel(core: SoundWave, request: Request) -> None:
    """Follow it no longer; its tracks stay."""
    core.part(Engine).cancel(channels.remove(core, request.user, request.params["channel"]))


def refresh_channel(core: SoundWave, request: Request) -> Channel:
    """Check it now."""
    sources.refresh_channel(core, request.params["channel"])
    core.part(Engine).wake()
    return get_channel(core, request)


ALL = "/api/channel/"
ONE = ALL + "<channel:id>/"

ROUTES = [
    Route("GET", ALL, list_channels, AdminWriteOnly, query=ListQuery, answer=Listing[Channel]),
    Route("POST", ALL, add_channel, AdminWriteOnly, body=NewChannel, answer=Channel, status=201),
    Route("GET", ONE, get_channel, AdminWriteOnly, resource="channel", answer=Channel),
    Route("PATCH", ONE, change_channel, AdminWriteOnly, resource="channel", body=ChannelPatch, answer=Channel),
    Route("DELETE", ONE, remove_channel, AdminWriteOnly, resource="channel"),
    Route("POST", ONE + "refresh/", refresh_channel, AdminWriteOnly, resource="channel", answer=Channel,
          status=202),
]  # fmt: skip
