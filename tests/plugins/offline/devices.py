"""A device as far as sync goes: it sends ops, and has only what it was told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from soundwave_core.testing import Client, ClientAnswer

SYNC = "/api/offline/sync/"
AT = "2026-01-05T11:00:00.000Z"
Kept = dict[str, dict[str, Any]]  # by id


def one(number: int) -> str:
    """An id."""
    return f"{number:032x}"


@dataclass
class Device:
    """One device of one user; ``pull`` until there is no more, or one page only."""

    client: Client
    id: str = one(1)
    cursor: str | None = None
    tracks: Kept = field(default_factory=dict)
    playlists: Kept = field(default_factory=dict)
    positions: Kept = field(default_factory=dict)
    plays: Kept = field(default_factory=dict)
    pages: int = 0
    wholes: int = 0
    made: int = 0

    def send(self, *ops: dict[str, Any], **headers: str) -> ClientAnswer:
        """One request, and nothing kept of its answer."""
        body = {"device": self.id, "device_name": "A phone", "since": self.cursor, "ops": list(ops)}
        return self.client.post(SYNC, body, **headers)

    def pull_page(self, *ops: dict[str, Any]) -> Any:
        """One request and what it changes here; the answer."""
        answer = self.send(*ops)
        assert answer.status == 200, answer.body
        told = answer.json
        self.pages += 1
        if told.is_whole:
            self.wholes += 1
            self.tracks, self.playlists, self.positions, self.plays = {}, {}, {}, {}
        for gone in told.gone:
            {"track": self.tracks, "playlist": self.playlists, "position": self.positions}[gone.kind].pop(gone.id, None)
        for name, key in (("tracks", "id"), ("playlists", "id"), ("positions", "track"), ("plays", "id")):
            kept: Kept = getattr(self, name)
            kept |= {getattr(record, key): msgspec.to_builtins(record) for record in getattr(told, name)}
        self.cursor = told.cursor
        return told

    def pull(self, *ops: dict[str, Any]) -> list[Any]:
        """Until there is no more; the results of the ops."""
        told = self.pull_page(*ops)
        results = told.results
        for _ in range(10_000):
            if not told.is_more:
                return list(results)
            told = self.pull_page()
        raise AssertionError("a device never comes to the end of what changed")

    def result(self, **op: Any) -> Any:
        """What becomes of one op, which gets an id and a moment where it has none."""
        self.made += 1
        [result] = self.pull({"id": one(int(self.id, 16) * 10_000 + self.made), "at": AT} | op)
        return result

    @property
    def knows(self) -> dict[str, Kept]:
        return {name: getattr(self, name) for name in ("tracks", "playlists", "positions", "plays")}


def seen(client: Client) -> dict[str, Kept]:
    """What this user sees by the routes of the library, in the form of what a device knows."""

    def every(path: str) -> list[dict[str, Any]]:
        answer = client.get(f"{path}?limit=200")
        assert answer.status == 200, answer.body
        assert answer.json.next is None
        return [msgspec.to_builtins(record) for record in answer.json.results]

    tracks = {track["id"]: track for track in every("/api/audio/")}
    playlists = {playlist["id"]: playlist for playlist in every("/api/playlist/")}
    for uid, playlist in playlists.items():
        items = client.get(f"/api/playlist/{uid}/").json.items
        playlist["items"] = [{"id": i.id, "track": i.track.id, "position": i.position} for i in items]
    positions = {uid: client.get(f"/api/audio/{uid}/").json.position_seconds for uid in tracks}
    return {
        "tracks": tracks, "playlists": playlists,
        "positions": {uid: {"seconds": seconds} for uid, seconds in positions.items() if seconds is not None},
        "plays": {play["id"]: play for play in every("/api/play/")},
    }  # fmt: skip


def in_the_form_of_seen(knows: dict[str, Kept]) -> dict[str, Kept]:
    """What a device knows, without what the library's routes do not tell."""
    return knows | {
        "tracks": {
            uid: {name: value for name, value in track.items() if name != "is_own"}
            for uid, track in knows["tracks"].items()
        },
        "positions": {uid: {"seconds": position["seconds"]} for uid, position in knows["positions"].items()},
    }
