"""The commands of docker/README.md, typed as they stand there, on a copy of the checkout."""

from __future__ import annotations

import hashlib
import re

import pyotp
import pytest
from container.legacy import facts, furnish, password_of
from container.shell import DOWN, Shell
from container.visitor import Visitor

pytestmark = [pytest.mark.rebuild, pytest.mark.xdist_group("rebuild")]

PORT = 8889


def update_without_the_network(block: str) -> str:
    """There is neither a newer checkout nor a newer base; the container goes all the same."""
    assert "git pull\n" in block
    assert " --pull" in block
    return block.replace("git pull\n", f"{DOWN}\n").replace(" --pull", "")


def test_the_readme_is_true(shell: Shell) -> None:
    [run] = shell.blocks("Run")
    shell.type(run.replace("docker logs soundwave\n", ""))
    Visitor(PORT).wait_until_up()
    log = shell.type("docker logs soundwave")
    for name in ("version", "data_dir", "media_root", "cache_dir", "sqlite", "yt-dlp", "ffmpeg", "javascript"):
        assert re.search(rf" INFO .*: {name}: ", log), f"the log says nothing of {name}:\n{log}"
    alice = Visitor(PORT)
    alice.set_up(re.search(r"\S+/setup\?code=\S+", log).group())
    mix = alice.post("/api/playlist/", {"title": "A mix"})["id"]

    folders, database, routes = map(shell.type, shell.blocks("When something is wrong"))
    for folder in ("audio", "cache", "data"):
        assert f"{shell.folder / folder} /app/{folder}\n" in folders
    assert "db.sqlite3" in folders
    assert "database: /app/data/db.sqlite3, " in database
    assert "FAIL" not in database
    assert routes.count('"status":401') == 2
    assert "/api/playlist/downloads/<download:id>/" in routes

    [update] = shell.blocks("Update")
    shell.type(update_without_the_network(update))
    alice.wait_until_up()
    assert alice.get(f"/api/playlist/{mix}/")["title"] == "A mix"

    for block in shell.blocks("Back up"):
        shell.type(block)
    alice.wait_until_up()
    assert list((shell.folder / "data" / "backups").iterdir())
    alice.post("/api/playlist/", {"title": "Writers go on"})
    assert len(list(shell.folder.glob("data-*/db.sqlite3"))) == 1
    assert alice.get(f"/api/playlist/{mix}/")["title"] == "A mix"


def test_an_old_deployment_is_brought_over(shell: Shell) -> None:
    """The seed's migration steps, literally; then who was there before signs in, and hears what was there."""
    furnish(shell.folder / "backend", shell.folder / "audio")
    (shell.folder / "cache").mkdir()
    expected = facts()
    old = (shell.folder / "backend" / "db.sqlite3").read_bytes()
    folder, database, rebuild, verify = shell.blocks("Coming from the old SoundWave")
    for block in (folder, database, rebuild):
        shell.type(block)
    Visitor(PORT).wait_until_up()
    log = shell.type("docker logs soundwave")
    assert re.search(r"db\.legacy-[\d-]+\.sqlite3", log), log
    assert "setup?code=" not in log
    [kept] = (shell.folder / "data").glob("db.legacy-*.sqlite3")
    assert kept.read_bytes() == old

    said = shell.type(verify)
    assert said.count("data/db.sqlite3") == 2
    alice = Visitor(PORT)
    alice.wait_until_up()
    secret = next(user for user in expected["users"] if user["username"] == "alice")["two_factor"]["secret_base32"]
    alice.sign_in("alice", password_of("alice"), totp=pyotp.TOTP(secret).now())
    present = {
        one["sha256"]
        for one in expected["files"]["present"]
        if any(row["owner"] == "alice" for row in one.get("rows", ()))
    }
    assert present
    answers = [alice.ask("GET", "/" + one["audio_url"].lstrip("/")) for one in alice.list("/api/audio/")]
    assert {status for status, _ in answers} == {200, 410}  # some files were missing before
    streamed = {hashlib.sha256(body).hexdigest() for status, body in answers if status == 200}
    assert present <= streamed
    playlists = {one["title"] for one in alice.list("/api/playlist/")}
    assert {one["title"] for one in expected["library"]["alice"]["playlists"]} <= playlists
