"""What sync sends and takes, field by field as ``webroot/src/offline/wire.ts`` has it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from soundwave_core import Body, Id
from soundwave_library import Moment, Play, Playlist, Seconds, Text, Title, Track, ensure_moment, is_key

from .shapes import DeviceName

MOST_OPS = 100
MOST_ITEMS = 10_000  # of one op
_TEXT = r"^[^\x00]*$"
_Heard = Annotated[str, Meta(max_length=4096, pattern=_TEXT)]  # as long as an import takes a track's (taken.py)
_Count = Annotated[float, Meta(ge=-1e15, le=1e15)]
# Longer than any that a device makes beside keys of 200 characters; a list that has longer ones gets new ones.
_Position = Annotated[str, Meta(min_length=1, max_length=500)]


class GivenItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place in a playlist as its device made it."""

    id: Id
    track: Id
    position: _Position

    def __post_init__(self) -> None:
        _ensure_key(self.position)


class AnyOp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What a device did. ``at``: when, by the server's clock as far as the device knows it."""

    id: Id
    at: Moment

    def __post_init__(self) -> None:
        ensure_moment(self.at)


class PlayOp(AnyOp, frozen=True, kw_only=True, tag="play"):
    """A track was heard. The op's id is the play's."""

    track: Id
    title: _Heard
    artist: _Heard
    seconds: Seconds
    is_offline: bool


class PositionOp(AnyOp, frozen=True, kw_only=True, tag="position"):
    """The listener got so far."""

    track: Id
    seconds: Seconds


class FavoriteOp(AnyOp, frozen=True, kw_only=True, tag="favorite"):
    """A track was marked, or the mark taken off."""

    track: Id
    is_favorite: bool


class CreateOp(AnyOp, frozen=True, kw_only=True, tag="playlist-create"):
    """A playlist was made, or brought back."""

    playlist: Id
    title: Title
    description: Text
    items: Annotated[list[GivenItem], Meta(max_length=MOST_ITEMS)]


class Fields(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a playlist may be written."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class PatchOp(AnyOp, frozen=True, kw_only=True, tag="playlist-patch"):
    """A playlist was renamed or described. ``was``: what the device took for true."""

    playlist: Id
    was: Fields
    title: Title | UnsetType = UNSET
    description: Text | UnsetType = UNSET


class RemoveOp(AnyOp, frozen=True, kw_only=True, tag="playlist-remove"):
    """A playlist was removed."""

    playlist: Id


class AddOp(AnyOp, frozen=True, kw_only=True, tag="items-add"):
    """Items were added."""

    playlist: Id
    items: Annotated[list[GivenItem], Meta(min_length=1, max_length=MOST_ITEMS)]


class MoveOp(AnyOp, frozen=True, kw_only=True, tag="item-move"):
    """An item was moved."""

    playlist: Id
    item: Id
    position: _Position

    def __post_init__(self) -> None:
        super().__post_init__()
        _ensure_key(self.position)


class TakeOp(AnyOp, frozen=True, kw_only=True, tag="item-remove"):
    """An item was taken out."""

    playlist: Id
    item: Id


class StatsOp(AnyOp, frozen=True, kw_only=True, tag="stats"):
    """What the device's worker counted, as increments of one of its days."""

    day: Annotated[str, Meta(max_length=10)]
    counts: Annotated[dict[str, _Count], Meta(max_length=100)]


Op = PlayOp | PositionOp | FavoriteOp | CreateOp | PatchOp | RemoveOp | AddOp | MoveOp | TakeOp | StatsOp
_ONE_OF = "Each one of: play, position, favorite, playlist-create, playlist-patch, playlist-remove, items-add, \
item-move, item-remove, stats. They are judged one by one."


class SyncRequest(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device's ops in order, and where it got to: `since` is the last `cursor`, or null to begin anew."""

    device: Id
    device_name: DeviceName
    since: Annotated[str, Meta(max_length=500)] | None
    ops: Annotated[list[Any], Meta(max_length=MOST_OPS, description=_ONE_OF)]


class OpResult(Struct, frozen=True, kw_only=True):
    """`applied`: it holds. `gone`: what it was about is no more. `rejected`: the server will not, `code` says why.

    `theirs`: it was applied, and somebody else had changed the same field meanwhile, to this.
    """

    id: str
    status: Literal["applied", "gone", "rejected"]
    is_duplicate: bool = False
    code: str | None = None
    detail: str | None = None
    theirs: Fields | None = None


class SyncTrack(Track, frozen=True, kw_only=True):
    """A track; `is_own` where it is in one's own library, and not only the household's."""

    is_own: bool


class SyncItem(Struct, frozen=True, kw_only=True):
    """One place in a playlist."""

    id: str
    track: str
    position: str


class SyncPlaylist(Playlist, frozen=True, kw_only=True):
    """A playlist whole; its items by (position, id), compared as bytes."""

    items: list[SyncItem]


class SyncPosition(Struct, frozen=True, kw_only=True):
    """Where the listener is in a track."""

    track: str
    seconds: float
    at: str


class Gone(Struct, frozen=True, kw_only=True):
    """What is not there, or not there for this user; a position is named by its track."""

    kind: Literal["track", "playlist", "position"]
    id: str


class SyncAnswer(Struct, frozen=True, kw_only=True):
    """What became of the ops, then the state of everything that changed after `since`.

    `is_whole`: this begins anew, and what the device does not get again is gone. `is_more`: ask again.
    """

    results: list[OpResult]
    cursor: str
    is_whole: bool
    is_more: bool
    now: str
    tracks: list[SyncTrack]
    playlists: list[SyncPlaylist]
    positions: list[SyncPosition]
    plays: list[Play]
    gone: list[Gone]


def _ensure_key(position: str) -> None:
    if not is_key(position):
        raise ValueError(f"Expected an order key, got `{position}`")
