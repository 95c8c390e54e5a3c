"""Volumes that cannot be written, or are not there: a sentence before the start, answers while it runs, no new data."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from faults.checking import snapshot
from faults.disks import Disk
from faults.furnished import Furnished
from faults.serving import Home, refusal, serving

pytestmark = pytest.mark.machine

# Root that may not do all: modes and owners count, as they do for everybody else.
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
STRANGER = 12345


@pytest.fixture
def on_disk(first: Furnished, ground: Disk, tmp_path: Path) -> Furnished:
    """Data and media on the disk, the rest beside it."""
    furnished = first.placed(Home.within(tmp_path, data=ground.path / "data", media=ground.path / "audio"))
    ground.unmount()  # all of it is on the disk
    ground.mount()
    return furnished


def test_read_only_before_the_start(on_disk: Furnished, ground: Disk) -> None:
    ground.remount("ro")
    before = snapshot(on_disk.home)
    refused = refusal(on_disk.home)
    assert refused.exit_code == 1
    assert "Read-only file system" in refused.sentence
    assert str(on_disk.home.data) in refused.sentence
    assert snapshot(on_disk.home) == before
    ground.remount("rw")
    with serving(on_disk.home) as served:
        assert served.stop() == 0


def test_read_only_while_it_runs(on_disk: Furnished, ground: Disk) -> None:
    """As a failing disk is: ext4 found an error and went read-only under us. Reading goes on."""
    with serving(on_disk.home) as served:
        alice = served.browser(on_disk.members["alice"])
        assert alice.send("POST", "/api/playlist/", {"title": "before"}).status == 201
        ground.fail()
        for _ in range(2):
            refused = alice.send("POST", "/api/playlist/", {"title": "lost"})
            assert (refused.status, refused.code) == (503, "disk_failed"), refused.body
            assert "cannot be written" in refused.body["detail"]
        assert [one["title"] for one in alice.get("/api/playlist/")["results"]] == ["before"]
        assert alice.send("GET", f"/api/audio/{on_disk.tracks[0]}/stream/").status == 200
        served.stop()
    ground.unmount()  # no kernel since 6.15 lets it be written again before
    ground.mount()
    with serving(on_disk.home) as served:
        alice = served.browser(on_disk.members["alice"])
        assert alice.send("POST", "/api/playlist/", {"title": "after"}).status == 201
        assert [one["title"] for one in alice.get("/api/playlist/")["results"]] == ["after", "before"]


@pytest.mark.parametrize("which", ["data", "media", "database"])
def test_without_permission(furnished: Furnished, which: str) -> None:
    home = furnished.home
    path: Path = getattr(home, which)
    os.chown(path, STRANGER, STRANGER)
    path.chmod(0o700 if path.is_dir() else 0o600)
    before = snapshot(home)
    refused = refusal(home, WITHOUT_RIGHTS)
    assert refused.exit_code == 1
    assert str(path) in refused.sentence
    assert snapshot(home) == before
    os.chown(path, 0, 0)
    with serving(home, WITHOUT_RIGHTS) as served:
        assert served.stop() == 0


def test_a_database_that_was_there_is_not_made_anew(furnished: Furnished) -> None:
    """The mark is there and the file is not: half of a volume."""
    furnished.home.database.unlink()
    refused = refusal(furnished.home)
    assert refused.exit_code == 1
    assert "is missing, but SoundWave has been set up here" in refused.sentence
    assert not furnished.home.database.exists()


def test_data_that_were_not_mounted_are_there_when_they_are(first: Furnished, ground: Disk, tmp_path: Path) -> None:
    """The folder below the mount point is a new one to the server: what is made in it harms nothing of the volume."""
    furnished = first.placed(Home.within(tmp_path, data=ground.path / "data"))
    ground.unmount()
    with serving(furnished.home) as served:
        assert any("code=" in line for line in served.lines)
        assert served.stop() == 0
    assert f"{furnished.home.media} has a SoundWave's audio" in furnished.home.log.read_text()
    ground.mount()
    with serving(furnished.home) as served:
        assert not any("code=" in line for line in served.lines)
        bob = served.browser(furnished.members["bob"])
        assert bob.get("/api/audio/")["count"] == len(furnished.tracks)


def test_media_that_are_not_mounted_are_missed_and_nothing_is_forgotten(furnished: Furnished, tmp_path: Path) -> None:
    media, away = furnished.home.media, tmp_path / "not mounted"
    shutil.move(media, away)
    media.mkdir()
    with serving(furnished.home) as served:
        alice = served.browser(furnished.members["alice"])
        for task in alice.get("/api/task/")["results"]:
            assert alice.send("POST", f"/api/task/{task['id']}/run/").status in (200, 202, 409)
        missing = alice.send("GET", f"/api/audio/{furnished.tracks[0]}/stream/")
        assert (missing.status, missing.code) == (410, "track_file_missing"), missing.body
        assert alice.get("/api/audio/")["count"] == len(furnished.tracks)
        assert served.stop() == 0
    shutil.rmtree(media)
    shutil.move(away, media)
    with serving(furnished.home) as served:
        bob = served.browser(furnished.members["bob"])
        assert all(bob.send("GET", f"/api/audio/{track}/stream/").status == 200 for track in furnished.tracks)
