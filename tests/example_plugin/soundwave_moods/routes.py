"""What comes in and goes out: parse, one call, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from soundwave_core import Body, IsAuthenticated, IsOwnerOrAdmin, Route

from . import moods
from .store import Moods

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave


class NewMood(Body, frozen=True):
    """A track, and what it feels like."""

    track: Annotated[str, Meta(max_length=32)]
    word: Annotated[str, Meta(min_length=1, max_length=50)]


class Mood(msgspec.Struct, frozen=True, kw_only=True):
    """What a user once felt."""

    id: str
    track_id: str
    title: str
    word: str
    added_at: str


class MoodPage(msgspec.Struct, frozen=True, kw_only=True):
    """One user's moods."""

    count: int
    next: str | None
    previous: str | None
    results: list[Mood]


def list_moods(core: SoundWave, request: Request) -> MoodPage:
    """The actor's own moods, newest first."""
    found = msgspec.convert(Moods(core.db).list(request.user.id), list[Mood])
    return MoodPage(count=len(found), next=None, previous=None, results=found)


def add_mood(core: SoundWave, request: Request) -> Mood:
    """Say what a track feels like."""
    mood_id = moods.add(core, request.user, request.body.track, request.body.word)
    return next(mood for mood in list_moods(core, request).results if mood.id == mood_id)


def remove_mood(core: SoundWave, request: Request) -> None:
    """Take it back."""
    moods.remove(core, request.params["mood"])


ROUTES = [
    Route("GET", "/api/mood/", list_moods, IsAuthenticated, answer=MoodPage),
    Route("POST", "/api/mood/", add_mood, IsAuthenticated, body=NewMood, answer=Mood, status=201),
    Route("DELETE", "/api/mood/<mood:id>/", remove_mood, IsOwnerOrAdmin, resource="mood"),
]
