"""The seed's rebuild test, for real: nothing of a household is lost with its container, nor with its image.

Run by `make rebuild-test`, as root, with podman; where it cannot run it fails.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import itertools
import json
import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from container.engine import HARDENED, IMAGE, Container, Engine
from container.visitor import PASSWORD, Visitor

from soundwave_core import SoundWave, transaction
from soundwave_core.database import open_database
from soundwave_core.migrations import migrate
from soundwave_core.sqlite import driver
from tests.site.fixtures import media, site
from tests.site.media import Media
from tests.site.server import Site

Tell = Callable[[str], None]

__all__ = ["media", "site"]

pytestmark = [pytest.mark.rebuild, pytest.mark.xdist_group("rebuild")]

OWNER = 4242
SEARCH = "/api/search/?q=episode"
OWN = re.compile(r"sqlite_|tracks_fts_")  # SQLite's own, and the pages of the search index: it is asked instead
RIGHTLESS = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "all"]
LABELS = {
    "VERSION": "0.0.0", "REVISION": "0123abc", "CREATED": "2026-01-02T03:04:05Z", "URL": "https://soundwave.example",
    "SOURCE_DATE_EPOCH": "1767323045",
}  # fmt: skip
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

    def start_refused(self) -> Container:
        """One that must end by itself with exit code 1."""
        container = self.engine.start("refused", IMAGE, *HARDENED, *self.volumes(), *self.environment())
        assert container.exit_code() == 1
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


@pytest.fixture
def household(engine: Engine, image: str, site: Site, tmp_path: Path) -> Household:
    """The site comes first: it might be given the port that is free now."""
    for name in FOLDERS:
        (tmp_path / name).mkdir()
        os.chown(tmp_path / name, OWNER, OWNER)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return Household(engine, tmp_path, port)


def ensure_as_described(image: Any) -> None:
    """The image as whoever looks it up sees it: what it is, how it is run, and that nothing is kept in it."""
    config = image["Config"]
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
    wanted = {name.lower(): text for name, text in LABELS.items() if name != "SOURCE_DATE_EPOCH"}
    assert labels.items() >= (wanted | dict.fromkeys(("source", "documentation"), LABELS["URL"])).items()
    assert all(labels[name] for name in ("title", "description", "licenses"))
    assert not config.get("Volumes")
    assert config["Entrypoint"] == ["soundwave"]
    assert config["Cmd"] == ["serve"]
    assert config["StopSignal"] == "SIGTERM"
    assert (image | config)["Healthcheck"]["Test"] == ["CMD", "soundwave-healthcheck"]
    assert list(config["ExposedPorts"]) == ["8889/tcp"]


def static_files(visitor: Visitor) -> dict[str, str]:
    """The SHA-256 of each file that the app's page names, and of the service worker."""
    shell = visitor.get("/login/").decode()
    names = ["/service-worker.js", *(f"/{name}" for name in re.findall(r'(?:src|href)="(static/[^"]+)"', shell))]
    return {name: hashlib.sha256(visitor.get(name)).hexdigest() for name in names}


def test_nothing_is_lost_with_the_container_nor_with_the_image(
    household: Household, checkout: Path, site: Site, tell: Tell
) -> None:
    engine = household.engine
    began = time.monotonic()
    first = household.start()
    assert first.is_healthy()
    tell(f"container: healthy after {time.monotonic() - began:.1f} s")
    tell(f"image: {engine.inspect(IMAGE)['Size'] / 1e6:.0f} MB")
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

    began = time.monotonic()
    assert first.stop() == 0
    tell(f"container: stopped in {time.monotonic() - began:.1f} s, with a download under way")
    rows, files = household.rows(), household.files()
    first.remove()
    engine.run("rmi", "--force", IMAGE)
    assert not engine.image_exists(IMAGE)
    began = time.monotonic()
    engine.build(checkout, IMAGE, "--no-cache", *(f"--build-arg={name}={value}" for name, value in LABELS.items()))
    tell(f"image: built with no cache in {time.monotonic() - began:.0f} s")
    ensure_as_described(engine.inspect(IMAGE))

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
    """The negative control: without the folders, what the tests above look for is not there."""
    bare = [part for part in HARDENED if part != "--read-only"]
    for number in (1, 2):
        server = household.engine.start(f"bare-{number}", IMAGE, *bare, *household.environment())
        server.wait_for("listens on")
        assert "WARNING" in server.wait_for("/app/data, ")
        assert "it is not a mounted folder" in server.lines[-1]
        alice = Visitor(household.port)
        assert alice.get("/api/session/")["is_setup_open"] is True  # the second knows nothing of the first's admin
        alice.set_up(server.execute("cat", "/app/data/setup-link"))
        server.kill()
        server.remove()
    assert list((household.folder / "data").iterdir()) == []


def test_a_volume_without_a_name_is_warned_of(household: Household) -> None:
    others = [part for name in ("audio", "cache") for part in ("-v", f"{household.folder / name}:{FOLDERS[name]}")]
    server = household.engine.start("unnamed", IMAGE, *HARDENED, *others, "-v", "/app/data", *household.environment())
    server.wait_for("listens on")
    [line] = [line for line in server.log().splitlines() if "data_dir" in line]
    assert "WARNING" in line
    assert "a volume without a name" in line
    assert server.stop() == 0


def test_what_cannot_be_written_is_one_clear_sentence(household: Household) -> None:
    engine = household.engine
    missing = engine.start(
        "missing", IMAGE, *HARDENED, *household.volumes(), *household.environment(), "-e", "MEDIA_ROOT=/nowhere/audio"
    )  # fmt: skip
    assert missing.exit_code() == 1
    assert (
        last_line(missing)
        == "soundwave: The folder /nowhere/audio cannot be made (Read-only file system): mount one there."
    )
    nothing = engine.start("nothing", IMAGE, *HARDENED, *household.environment())
    assert nothing.exit_code() == 1
    assert re.search(
        r"^soundwave: /app/\w+ cannot be written .*: nothing is mounted there; mount a", last_line(nothing)
    )
    strange = engine.start(
        "strange", IMAGE, *RIGHTLESS, "--user", "4243:4243", *household.volumes(), *household.environment()
    )  # fmt: skip
    assert strange.exit_code() == 1
    assert f"it belongs to {OWNER}:{OWNER} mode 755, and SoundWave runs as 4243:4243; run chown" in last_line(strange)
    os.chown(household.folder / "audio", 4243, 4243)
    mixed = household.start_refused()
    assert f"it belongs to 4243:4243 mode 755, and SoundWave runs as {OWNER}:{OWNER}; run chown" in last_line(mixed)
    assert list((household.folder / "data").iterdir()) == []


def last_line(container: Container) -> str:
    """What it said before it ended."""
    return container.log().strip().splitlines()[-1]


def test_data_of_an_older_version_are_opened(household: Household) -> None:
    """Made by each plugin's first step alone, with one user in them; a copy is kept of what was there before."""
    data = household.folder / "data"
    make_old_data(data / "db.sqlite3")
    server = household.start()
    alice = Visitor(household.port)
    alice.sign_in("alice")
    assert alice.get("/api/user/account/")["user"]["username"] == "alice"
    assert list((data / "backups").iterdir())
    server.execute("sh", "-c", "soundwave doctor | grep 'database: .*, sound$'")
    assert server.stop() == 0


def make_old_data(path: Path) -> None:
    """A database as of each plugin's first migration."""
    core = SoundWave({"DATA_DIR": str(path.parent)}, directory=path.parent, is_manual=True).assemble()
    database = open_database(path, 4, clock=core.clock)
    for record in core.plugins.enabled():
        migrate(database, record.name, record.contributions.migrations[:1], core.clock)
    digest = base64.b64encode(hashlib.sha256(PASSWORD.encode()).digest())
    hashed = f"bcrypt-sha256${bcrypt.hashpw(digest, bcrypt.gensalt(4)).decode()}"  # as version 0.1 stored it
    user = {"uid": core.clock.new_id(), "hash": hashed}
    with transaction(database) as tx:
        tx.execute(
            "INSERT INTO users (uid, name, name_key, password_hash, role, state, created_at)"
            " VALUES (:uid, 'alice', 'alice', :hash, 'admin', 'active', :at)", at=core.clock.stamp(), **user,
        )  # fmt: skip
    database.close()
    shutil.rmtree(path.parent / "backups", ignore_errors=True)


# Run as a worker runs yt-dlp: with its environment, and nothing else in it.
PROGRAMS = """
import subprocess, sys
from pathlib import Path
from soundwave_downloads.media import keepable
from soundwave_downloads.ytdlp import Extractors
ydl = Extractors("http://127.0.0.1:1", Path("/tmp"))._ready({})
info = ydl._js_runtimes["quickjs"].info
print("runtime:", info.name, info.version, info.supported)
Path("/tmp/sum.js").write_text("console.log([20, 22].reduce((a, b) => a + b))")
print("script:", subprocess.run([info.path, "--script", "/tmp/sum.js"], capture_output=True, text=True).stdout.strip())
for name in ("tone.webm", "tone.wav", "tone.ac3", "tone.mp4"):
    path = Path("/tmp", name)
    path.write_bytes(Path("/media", name).read_bytes())
    print("kept:", name, keepable(path, "ffmpeg", lambda: None).name)
"""


def test_its_programs_do_what_downloads_need(engine: Engine, image: str, media: Media) -> None:
    worker = ["env", "-i", "PATH=/usr/local/bin:/opt/soundwave/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/tmp"]
    python = ["/opt/soundwave/bin/python", "-c", PROGRAMS]
    mounted = ["-v", f"{media.folder}:/media:ro", "--read-only", "--tmpfs", "/tmp", "--network", "none"]
    said = engine.run("run", "--rm", *mounted, "--entrypoint", "env", image, *worker[1:], *python).stdout
    assert re.search(r"^runtime: quickjs \S+ True$", said, re.M), said
    assert "script: 42\n" in said
    kept = dict(re.findall(r"^kept: (\S+) (\S+)$", said, re.M))
    assert kept == {
        "tone.webm": "audio.opus", "tone.wav": "audio.wav", "tone.ac3": "audio.m4a", "tone.mp4": "audio.m4a"
    }  # fmt: skip


def test_it_lists_what_is_in_it(engine: Engine, image: str) -> None:
    """A CycloneDX document of every Python package; Debian's are in dpkg's own list."""
    listed = json.loads(engine.run("run", "--rm", "--entrypoint", "cat", image, "/opt/soundwave/sbom.cdx.json").stdout)
    assert listed["bomFormat"] == "CycloneDX"
    assert {"soundwave", "yt-dlp", "waitress", "imageio-ffmpeg"} <= {one["name"] for one in listed["components"]}


def test_it_runs_without_root(household: Household) -> None:
    """`user:` in place of PUID and PGID: no capability at all."""
    server = household.engine.start(
        "rootless", IMAGE, *RIGHTLESS, "--user", f"{OWNER}:{OWNER}", *household.volumes(), *household.environment()
    )  # fmt: skip
    server.wait_for("listens on")
    assert server.is_healthy()
    assert {path.stat().st_uid for path in (household.folder / "data").iterdir()} == {OWNER}
    assert server.stop() == 0
