"""What these tests share: tracks made out of nothing, and the cast's own libraries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from soundwave_core import Database, SoundWave, transaction
from soundwave_core.testing import Cast, Client
from soundwave_library import Artworks, Channels, Entries, NewTrack, Tracks

PNG = b"\x89PNG\r\n\x1a\n a small picture"


@dataclass
class Shelf:
    """Puts tracks on the server as the downloads plugin does: file first, then one transaction."""

    core: SoundWave
    made: int = 0

    def new(self, title: str, **fields: Any) -> NewTrack:
        """A track's record, its file written; ``source`` is short for the source id of extractor "site"."""
        self.made += 1
        content = fields.pop("content", f"{title} {self.made}".encode())
        if "source" in fields:
            fields |= {"extractor": "site", "source_id": fields.pop("source")}
        path = fields.pop("path", f"Somebody/{self.made} {title.replace('/', ' ')}.opus")
        file = self.core.config.media_root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        block = hashlib.sha256(content).hexdigest()
        values = {
            "uid": self.core.clock.new_id(), "added_at": self.core.clock.stamp(), "title": title, "path": path,
            "size_bytes": len(content), "codec": "opus", "content_hash": block, "block_hashes": [block],
            "revision": hashlib.sha256(block.encode()).hexdigest(), "artist": "Somebody",
            "duration_seconds": 60.0,
        }  # fmt: skip
        return NewTrack(**(values | fields))

    def add(self, title: str, *owners: Client, **fields: Any) -> str:
        """A track in these libraries; its id."""
        new = self.new(title, **fields)
        with transaction(self.core.db) as tx:
            uid = Tracks(tx).add(new)
            for owner in owners:
                Entries(tx).ensure(owner.user_id, uid, self.core.clock, new.added_at)
        return uid

    def channel(self, title: str = "A channel", url: str = "https://site.test/c") -> str:
        with transaction(self.core.db) as tx:
            return Channels(tx).add(title, url, self.core.clock)

    def picture(self, content: bytes = PNG) -> int:
        digest = hashlib.sha256(content).hexdigest()
        path = f".soundwave/artwork/{digest[:2]}/{digest}.png"
        file = self.core.config.media_root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        with transaction(self.core.db) as tx:
            return Artworks(tx).ensure(digest, path, "image/png", 10, 10, len(content))

    def file_of(self, uid: str) -> Any:
        return self.core.config.media_root / Tracks(self.core.db).get(uid).path


@pytest.fixture
def shelf(core: SoundWave) -> Shelf:
    return Shelf(core)


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """The SQL that this thread runs on its reading connection within the block."""
    seen: list[str] = []
    connection = db._connections.raw()
    connection.set_trace_callback(lambda sql: None if sql.startswith("--") else seen.append(sql))
    try:
        yield seen
    finally:
        connection.set_trace_callback(None)


@contextmanager
def announcements(core: SoundWave, *hooks: str) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What is announced by these hooks within the block, in any thread, after the commit: (hook, its arguments)."""
    heard: list[tuple[str, dict[str, Any]]] = []
    announce = core.plugins.announce

    def listen(hook: str, **arguments: Any) -> list[tuple[str, Any]]:
        answers = announce(hook, **arguments)  # raises inside a transaction
        if hook in hooks:
            heard.append((hook, arguments))
        return answers

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core.plugins, "announce", listen)
        yield heard


def titles(answer: Any) -> list[str]:
    assert answer.status == 200, answer.body
    return [track.title for track in answer.json.results]


def items(client: Client, playlist: str) -> list[str]:
    """The titles in a playlist, in order."""
    answer = client.get(f"/api/playlist/{playlist}/")
    assert answer.status == 200, answer.body
    return [item.track.title for item in answer.json.items]


def make_playlist(client: Client, title: str = "Mix", tracks: list[str] | None = None) -> str:
    answer = client.post("/api/playlist/", {"title": title})
    assert answer.status == 201, answer.body
    playlist: str = answer.json.id
    if tracks:
        assert client.post(f"/api/playlist/{playlist}/items/", {"tracks": tracks}).status == 201
    return playlist


def track_count(core: SoundWave, cast: Cast) -> dict[str, int]:
    """What each member's list says it holds."""
    return {name: getattr(cast, name).get("/api/audio/").json.count for name in ("alice", "bob", "carol")}
