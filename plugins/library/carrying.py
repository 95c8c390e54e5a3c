"""What somebody takes along who takes a playlist: every address of it, and what that answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from soundwave_core import NotFound

from .answers import shown_lyrics
from .store import NO_HASH, FileState, Lists
from .store.carried import carried_head, carried_tracks

if TYPE_CHECKING:
    from soundwave_core import Actor, SoundWave


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """What a GET of ``url`` answers. ``revision``: of audio the track's, of all else the SHA-256 of the bytes."""

    kind: Literal["audio", "artwork", "lyrics", "metadata"]
    url: str
    revision: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class CarriedTrack:
    """One track; ``files`` is empty unless its own is ``present``."""

    uid: str
    file_state: FileState
    files: Sequence[CarriedFile]


@dataclass(frozen=True, slots=True)
class CarriedPlaylist:
    """Each track once, in the order in which they are heard first; ``files``: the list's own."""

    rev: int
    tracks: Sequence[CarriedTrack]
    files: Sequence[CarriedFile]


def carried_playlist(core: SoundWave, actor: Actor, uid: str, prefix: str) -> CarriedPlaylist:
    """As this actor sees it, with addresses under the path prefix of their request. NotFound.

    Pictures are the originals, whose bytes the database knows: a smaller one would have to be made before it
    could be named (50 ms each), and might come out otherwise where ffmpeg is another.
    """
    head = carried_head(core.db, uid, prefix)
    if head is None:
        raise NotFound("There is no such playlist.", code="playlist_not_found")
    tracks = [_track(row) for row in carried_tracks(core.db, actor, uid, prefix)]
    body = Lists(core.db, actor.id, prefix).playlist(actor, uid)
    metadata = _answer("metadata", f"{prefix}/api/playlist/{uid}/", body)
    return CarriedPlaylist(head["rev"], tracks, [*_artwork(head), metadata])


def _track(row: dict[str, Any]) -> CarriedTrack:
    state: FileState = row["file_state"]
    if state == "present" and row["revision"] == NO_HASH:
        state = "unread"
    if state != "present":
        return CarriedTrack(row["uid"], state, ())
    audio = CarriedFile("audio", row["audio_url"], row["revision"], row["size_bytes"])
    return CarriedTrack(row["uid"], state, [audio, *_artwork(row), *_lyrics(row)])


def _artwork(row: dict[str, Any]) -> list[CarriedFile]:
    if row["artwork_sha256"] is None:
        return []
    return [CarriedFile("artwork", row["artwork_url"], row["artwork_sha256"], row["artwork_bytes"])]


def _lyrics(row: dict[str, Any]) -> list[CarriedFile]:
    if row["source"] is None:
        return []
    return [_answer("lyrics", row["lyrics_url"], msgspec.json.encode(shown_lyrics(row)))]


def _answer(kind: Literal["lyrics", "metadata"], url: str, body: bytes) -> CarriedFile:
    return CarriedFile(kind, url, hashlib.sha256(body).hexdigest(), len(body))
