"""A worker that fetches nothing: it answers what it is told, at once, and calls back at each step.

And what tests do with the queue, whichever worker serves it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from soundwave_core import SoundWave
from soundwave_core.lock import MEDIA_LOCK
from soundwave_core.testing import Client
from soundwave_downloads.messages import Failed, Fetched, Item, Options, Resolved
from soundwave_downloads.process import WorkerDied, WorkerProcess
from soundwave_downloads.queue import Engine
from tests.site.server import Site

OWN = "/api/playlist/downloads/"
SITE = "https://site.example"
LONGEST = 90


def failure(code: str, when: Literal["never", "later", "now"] = "later", wait: int | None = None) -> Failed:
    return Failed(id="", code=code, when=when, reason=f"It is {code}.", retry_after_seconds=wait)


def item(name: str, **fields: Any) -> Item:
    return Item(url=f"{SITE}/{name}", extractor="site", source_id=name, title=name.title(), **fields)


class StubWorker(WorkerProcess):
    """``lists``: what the links are that lead to more than one; ``link_faults``: those that cannot be resolved;
    ``faults``: items that cannot be fetched, by link.

    ``steps``: called at "resolving", "running" (half of the file is there) and "fetched".
    """

    def __init__(self) -> None:
        self.lists: dict[str, Resolved | list[str]] = {}
        self.faults: dict[str, Failed | Exception] = {}
        self.link_faults: dict[str, Failed] = {}
        self.steps: dict[str, Callable[[], Any]] = {}
        self.asked: list[str] = []
        self.options: list[Options] = []  # of each fetch
        self.is_stopped = False

    def resolve(self, url: str, *, limit: int = 500, options: Any = None) -> Resolved | Failed:
        self.begin(url)
        self.step("resolving")
        fault = self.link_faults.get(url)
        if fault is not None:
            return fault
        found = self.lists.get(url, [url.rpartition("/")[2]])
        if isinstance(found, Resolved):
            return found
        kind: Literal["single", "list"] = "list" if url in self.lists else "single"
        items = [item(name) for name in found]
        return Resolved(id="", kind=kind, title="A list", items=items[:limit], is_cut=len(items) > limit)

    def fetch(
        self, url: str, staging: Path, *, item: Any = None, options: Any = None, on_progress: Any = None
    ) -> Fetched | Failed:
        self.begin(url)
        self.options.append(options)
        staging.mkdir(parents=True, exist_ok=True)
        content = b"sound of " + url.encode()
        (staging / "audio.opus").write_bytes(content)
        self.step("running")
        on_progress(len(content) // 2, len(content))
        fault = self.faults.get(url)
        if isinstance(fault, Exception):
            raise fault
        if fault is not None:
            return fault
        self.step("fetched")
        digest = hashlib.sha256(content).hexdigest()
        return Fetched(
            id="", file="audio.opus", size_bytes=len(content), codec="opus", container_ext="opus",
            mime="audio/ogg", title=item.title, extractor=item.extractor, source_id=item.source_id, source_url=url,
            content_hash=digest, block_hashes=[digest], revision=hashlib.sha256(digest.encode()).hexdigest(),
        )  # fmt: skip

    def begin(self, url: str) -> None:
        self.asked.append(url)
        self.is_stopped = False

    def step(self, name: str) -> None:
        self.steps.get(name, lambda: None)()
        if self.is_stopped:
            raise WorkerDied("Cancelled.", is_cancelled=True)

    def cancel(self) -> None:
        self.is_stopped = True

    def stop(self) -> None:
        self.is_stopped = True

    @property
    def names(self) -> list[str]:
        """What was asked for, without the site."""
        return [url.rpartition("/")[2] for url in self.asked]


def ask(client: Client, name: str, **more: Any) -> str:
    """Something of the stub's site."""
    return ask_url(client, f"{SITE}/{name}", **more)


def ask_url(client: Client, url: str, **more: Any) -> str:
    answer = client.post(OWN, {"url": url, **more})
    assert answer.status == 202, answer.body
    return str(answer.json.id)


def look(client: Client, uid: str) -> Any:
    answer = client.get(f"{OWN}{uid}/")
    assert answer.status == 200, answer.body
    return answer.json


def drain(core: SoundWave, worker: WorkerProcess, most: int | None = None) -> int:
    return core.part(Engine).drain(most, worker)


def ask_slow(core: SoundWave, client: Client, site: Site) -> str:
    """A download whose item, when it is fetched, stops half way until the site's gate is set."""
    site.gate.set()
    uid = ask_url(client, f"{site.url}/slow/tone.mp3")
    assert core.part(Engine).drain(1) == 1
    assert look(client, uid).state == "queued"
    site.gate.clear()
    site.reached_gate.clear()
    return uid


class Background:
    """``with Background(core):`` the queue is worked off in another thread, until nothing is due."""

    def __init__(self, core: SoundWave) -> None:
        self.thread = threading.Thread(target=core.part(Engine).drain)

    def __enter__(self) -> Background:
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.thread.join(timeout=LONGEST)
        assert not self.thread.is_alive()


def files_of(core: SoundWave) -> list[str]:
    """Everything under the media root but pictures and the lock, relative to it."""
    root = core.config.media_root
    found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return sorted(path for path in found if "artwork" not in path and path != MEDIA_LOCK)


def staged(core: SoundWave) -> list[str]:
    return [path for path in files_of(core) if path.startswith(".soundwave/")]


def placed(core: SoundWave) -> list[str]:
    return [path for path in files_of(core) if not path.startswith(".soundwave/")]
