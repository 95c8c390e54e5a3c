"""The seed's rebuild test, for real: nothing of a household is lost with its container, nor with its image.

Run by `make rebuild-test`, as root, with podman; where it cannot run it fails.
"""

from __future__ import annotations

import hashlib
import http.client
import itertools
import os
import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from container.engine import HARDENED, Container, Engine
from container.visitor import Visitor

from soundwave_core.sqlite import driver
from tests.site.fixtures import media, site
from tests.site.server import Site

__all__ = ["media", "site"]

pytestmark = [pytest.mark.rebuild, pytest.mark.xdist_group("rebuild")]

IMAGE = "localhost/soundwave:local"
OWNER = 4242
SEARCH = "/api/search/?q=episode"
OWN = re.compile(r"sqlite_|tracks_fts_")  # SQLite's own, and the pages of the search index: it is asked instead
RIGHTLESS = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "all"]
ENOUGH = 40  # writes before the server is killed
FOLDERS = {"data": "/app/data", "audio": "/app/audio", "cache": "/app/cache"}
# What changes by itself while a server runs and its queue goes on. Of these each row must still be there, by its uid.
LIVELY = {
    "attempts", "counters", "download_items", "download_revs", "downloads", "job_runs", "job_states", "library_counts",
    "placed_files", "sessions", "sources",
}  # fmt: skip


@dataclass
class Household:
    """Three folders on the host, and a port; the container changes, these stay."""

    engine: Engine
    folder: Path
    port: int

    def start(self, *arguments: str, image: str = IMAGE) -> Container:
        """A container on these folders, with the rights that compose.yaml gives; ready to answer."""
        container = self.engine.start(
            f"soundwave-{len(self.engine.containers)}",
            image,
            *HARDENED,
            *self.volumes(),
            *self.environment(),
            *arguments,
        )
        container.wait_for("listens on")
        return container

    def volumes(self) -> list[str]:
        """The three folders, mounted."""
        return [part for name, path in FOLDERS.items() for part in ("-v", f"{self.folder / name}:{path}")]

    def environment(self) -> list[str]:
        """Loopback only, on a free port; the test site is on loopback too."""
        variables = {
            "SOUNDWAVE_PORT": self.port, "SOUNDWAVE_HOST": "127.0.0.1", "PUID": OWNER, "PGID": OWNER,
            "SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS": "127.0.0.1/32",
        }  # fmt: skip
        return ["--network", "host", *(part for n, v in variables.items() for part in ("-e", f"{n}={v}"))]

    def setup_link(self) -> str:
        """What the first start wrote into the data folder."""
        return (self.folder / "data" / "setup-link").read_text()

    def rows(self) -> dict[str, set[str]]:
        """Every row of every table, of a stopped server; of the lively ones the uid alone."""
        database = driver.connect(f"file:{self.folder / 'data' / 'db.sqlite3'}?mode=ro", uri=True)
        try:
            tables = database.execute("SELECT name, sql LIKE '% uid %' FROM sqlite_master WHERE type = 'table'")
            return {name: _rows(database, name, has_uid) for name, has_uid in tables.fetchall() if not OWN.match(name)}
        finally:
            database.close()

    def files(self) -> dict[str, str]:
        """The SHA-256 of everything that a household would miss."""
        audio = self.folder / "audio"
        return {
            str(path.relative_to(audio)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(audio.rglob("*"))
            if path.is_file() and ".soundwave" not in path.parts
        }


def _rows(database: Any, table: str, has_uid: bool) -> set[str]:
    columns = "*" if table not in LIVELY else "uid" if has_uid else "NULL"
    return {repr(row) for row in database.execute(f'SELECT {columns} FROM "{table}"')}


@pytest.fixture(scope="module")
def image(engine: Engine, checkout: Path) -> str:
    engine.build(checkout, IMAGE)
    return IMAGE


@pytest.fixture
def household(engine: Engine, image: str, site: Site, tmp_path: Path) -> Household:
    """The site comes first: it might be given the port that is free now."""
    for name in FOLDERS:
        (tmp_path / name).mkdir()
        os.chown(tmp_path / name, OWNER, OWNER)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return Household(engine, tmp_path, port)


def static_files(visitor: Visitor) -> dict[str, str]:
    """The SHA-256 of each file that the app's page names, and of the service worker."""
    shell = visitor.get("/login/").decode()
    names = ["/service-worker.js", *(f"/{name}" for name in re.findall(r'(?:src|href)="(static/[^"]+)"', shell))]
    return {name: hashlib.sha256(visitor.get(name)).hexdigest() for name in names}


def test_nothing_is_lost_with_the_container_nor_with_the_image(
    household: Household, checkout: Path, site: Site
) -> None:
    engine = household.engine
    first = household.start()
    assert first.is_healthy()
    alice = Visitor(household.port)
    alice.set_up(household.setup_link())
    bob_id = alice.post("/api/user/admin/users/", {"username": "bob", "password": "correct horse battery"})["id"]
    bob = Visitor(household.port)
    bob.sign_in("bob")
    feed = bob.post("/api/playlist/downloads/", {"url": f"{site.url}/feed.xml", "follow": True}, 202)
    assert bob.wait_for_download(feed["id"], "done", "failed")["items_done"] == 5
    mix = bob.post("/api/playlist/", {"title": "A mix – ✓"})
    ids = [track["id"] for track in bob.get("/api/audio/")["results"]]
    bob.post(f"/api/playlist/{mix['id']}/items/", {"tracks": ids[::-1]})
    assert bob.ask("PUT", f"/api/audio/{ids[0]}/favorite/")[0] in (200, 204)
    slow = bob.post("/api/playlist/downloads/", {"url": f"{site.url}/slow/tone.mp3"}, 202)
    assert site.reached_gate.wait(60), "the slow download never began"
    tracks, static, found = bob.tracks(), static_files(bob), bob.get(SEARCH)
    assert len(found["tracks"]) == 5

    assert first.stop() == 0
    rows, files = household.rows(), household.files()
    first.remove()
    engine.run("rmi", "--force", IMAGE)
    assert not engine.image_exists(IMAGE)
    engine.build(checkout, IMAGE, "--no-cache")

    site.gate.set()
    second = household.start()
    assert bob.get("/api/user/account/")["user"]["id"] == bob_id, "the session is over"
    assert bob.wait_for_download(slow["id"], "done", "failed")["state"] == "done", "the queue did not go on"
    again = bob.tracks()
    assert {title: again[title] for title in tracks} == tracks
    assert len(again) == len(tracks) + 1
    assert static_files(bob) == static
    assert {one["id"] for one in bob.get(SEARCH)["tracks"]} == {one["id"] for one in found["tracks"]}
    assert second.stop() == 0
    now, kept = household.rows(), household.files()
    assert {name: kept.get(name) for name in files} == files
    lost = {table: found - now.get(table, set()) for table, found in rows.items() if found - now.get(table, set())}
    assert lost == {}


def test_a_killed_server_kept_all_that_it_acknowledged(household: Household) -> None:
    server = household.start()
    alice = Visitor(household.port)
    alice.set_up(household.setup_link())
    acknowledged: list[str] = []
    enough = threading.Event()

    def write() -> None:
        with suppress(OSError, http.client.HTTPException):  # until it is killed
            for number in itertools.count():
                acknowledged.append(alice.post("/api/playlist/", {"title": f"Mix {number}"})["id"])
                if number == ENOUGH:
                    enough.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert enough.wait(60)
    server.kill()
    writer.join(30)
    server.remove()

    again = household.start()
    for playlist in acknowledged:
        alice.get(f"/api/playlist/{playlist}/")
    again.execute("soundwave", "doctor")  # raises where it finds something wrong, the database's integrity included
    print(f"{len(acknowledged)} writes were acknowledged before SIGKILL, {len(acknowledged)} are there")
    assert again.stop() == 0


def test_without_the_folders_it_is_another_server(household: Household) -> None:
    """The negative control: what the test above sees is in the folders, and nowhere else."""
    server = household.start()
    Visitor(household.port).set_up(household.setup_link())
    assert server.stop() == 0
    writable = [part for part in HARDENED if part != "--read-only"]
    bare = household.engine.start("bare", IMAGE, *writable, *household.environment())
    bare.wait_for("listens on")
    assert Visitor(household.port).get("/api/session/")["is_setup_open"] is True
    assert "/app/data is not a mounted folder" in bare.log()
    assert bare.stop() == 0


def test_what_cannot_be_written_is_one_clear_sentence(household: Household) -> None:
    engine = household.engine
    nothing = engine.start("nothing", IMAGE, *HARDENED, *household.environment(), "-e", "MEDIA_ROOT=/nowhere/audio")
    assert nothing.exit_code() == 1
    assert "there is no folder /nowhere/audio" in nothing.log()
    strange = engine.start(
        "strange", IMAGE, *RIGHTLESS, "--user", "4243:4243", *household.volumes(), *household.environment()
    )  # fmt: skip
    assert strange.exit_code() == 1
    assert re.search(rf"cannot write to /app/\w+: it belongs to {OWNER}:{OWNER}", strange.log())
    assert len(strange.log().strip().splitlines()) == 1
    assert list((household.folder / "data").iterdir()) == []


def test_it_runs_without_root(household: Household) -> None:
    """`user:` in place of PUID and PGID: no capability at all."""
    server = household.engine.start(
        "rootless", IMAGE, *RIGHTLESS, "--user", f"{OWNER}:{OWNER}", *household.volumes(), *household.environment()
    )  # fmt: skip
    server.wait_for("listens on")
    assert server.is_healthy()
    assert {path.stat().st_uid for path in (household.folder / "data").iterdir()} == {OWNER}
    assert server.stop() == 0
