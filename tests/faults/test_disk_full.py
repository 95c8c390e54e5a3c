"""Full disks: one can read, sign in and remove; all else is refused in a sentence, and goes on once there is room."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.checking import ensure_sound, recovered
from faults.disks import SmallDisk, small_disk
from faults.furnished import Furnished
from faults.serving import Browser, Home, refusal, serving

from soundwave_core.ballast import SIZE_BYTES
from soundwave_core.testing import PASSWORD

pytestmark = pytest.mark.machine

Tell = Callable[[str], None]
ROOM = 3 * SIZE_BYTES  # for the ballast, and twice as much before it is taken
LEGACY = Path(__file__).resolve().parents[1] / "legacy" / "v1.0"
MANY = 300  # writes that are refused, one after the other


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "small", ROOM) as made:
        yield made


@pytest.fixture
def on_small(first: Furnished, small: SmallDisk, tmp_path: Path) -> Furnished:
    """The data on the small disk, the media and the cache on the large one."""
    return first.placed(Home.within(tmp_path, data=small.path / "data"))


def fill(browser: Browser, small: SmallDisk) -> str:
    """Somebody fills the disk, and the first write finds that out. What was refused."""
    small.fill()
    for _ in range(MANY):
        reply = browser.send("POST", "/api/playlist/", {"title": "no room"})
        if reply.status != 201:
            return ensure_full(reply.status, reply.code, reply.body["detail"])
    raise AssertionError("there was room for everything")


def ensure_full(status: int, code: str, sentence: str) -> str:
    assert (status, code) == (507, "disk_full"), (status, code, sentence)
    assert sentence == "The disk with the data directory is full."
    return sentence


def titles(browser: Browser) -> list[str]:
    return [one["title"] for one in browser.get("/api/playlist/?limit=200")["results"]]


def test_a_full_data_disk(on_small: Furnished, small: SmallDisk, tmp_path: Path, tell: Tell) -> None:
    members, tracks = on_small.members, on_small.tracks
    with serving(on_small.home) as served:
        alice, bob = served.browser(members["alice"]), served.browser(members["bob"])
        kept = alice.send("POST", "/api/playlist/", {"title": "kept"}).body["id"]
        gone = alice.send("POST", "/api/playlist/", {"title": "to be removed"}).body["id"]
        fill(alice, small)
        before = titles(alice)
        # reading
        assert alice.get(f"/api/audio/{tracks[0]}/")["id"] == tracks[0]
        assert alice.send("GET", f"/api/audio/{tracks[0]}/stream/").status == 200
        assert alice.get("/api/search/?q=track")["tracks"]
        assert alice.get("/api/health/")["status"] == "degraded"
        # coming in and going
        for number in range(20):
            visitor = served.browser()
            assert visitor.sign_in("carol", PASSWORD).status == 200, number
            assert visitor.send("POST", "/api/user/logout/").status == 204
        assert served.browser().sign_in("carol", "the wrong password").status == 401
        # removing
        assert alice.send("DELETE", f"/api/playlist/{gone}/").status == 204
        assert bob.send("DELETE", f"/api/audio/{tracks[0]}/").status == 204
        # and nothing else, however often
        for number in range(MANY):
            for reply in (
                alice.send("POST", "/api/playlist/", {"title": f"no {number}"}),
                bob.send("PUT", f"/api/audio/{tracks[1]}/position/", {"seconds": 3}),
                bob.send("PATCH", f"/api/playlist/{kept}/", {"title": "x"}),
            ):
                if reply.status != 404:
                    ensure_full(reply.status, reply.code, reply.body["detail"])
        assert titles(alice) == [title for title in before if title != "to be removed"]
        small.free()
        assert alice.send("POST", "/api/playlist/", {"title": "after"}).status == 201
        assert bob.send("PUT", f"/api/audio/{tracks[1]}/position/", {"seconds": 3}).status == 204
        assert (on_small.home.data / "ballast").stat().st_size == SIZE_BYTES
        fill(alice, small)  # once more, for it is back
        assert served.browser().sign_in("carol", PASSWORD).status == 200
        assert served.stop() == 0
    with recovered(on_small.home.database, tmp_path / "copy") as raw:
        ensure_sound(raw)
    tell(f"disk full: 21 sign-ins and 2 removals in the room kept back, {3 * MANY} writes refused, healed by itself")


def test_a_start_on_a_full_data_disk(on_small: Furnished, small: SmallDisk) -> None:
    """Whoever meets a full disk restarts the server first: it comes up, and lets them make room."""
    with serving(on_small.home) as served:
        assert served.browser(on_small.members["alice"]).send("POST", "/api/playlist/", {"title": "one"}).status == 201
        assert served.stop() == 0
    small.fill()
    with serving(on_small.home) as served:
        alice = served.browser(on_small.members["alice"])
        assert titles(alice) == ["one"]
        assert served.browser().sign_in("bob", PASSWORD).status == 200
        refused = alice.send("POST", "/api/playlist/", {"title": "two"})
        ensure_full(refused.status, refused.code, refused.body["detail"])
        small.free()
        assert alice.send("POST", "/api/playlist/", {"title": "two"}).status == 201
        assert served.stop() == 0


def test_a_first_start_without_room_is_one_sentence(small: SmallDisk, tmp_path: Path) -> None:
    home = Home.within(tmp_path, data=small.path / "data")
    small.fill()
    refused = refusal(home)
    assert refused.exit_code == 1
    assert "No space left on device" in refused.sentence or "is full" in refused.sentence, refused.sentence
    small.free()
    with serving(home) as served:
        assert any("code=" in line for line in served.lines)
        assert served.stop() == 0


def test_commands_on_a_full_data_disk(on_small: Furnished, small: SmallDisk, tmp_path: Path) -> None:
    """No command does half of it, and each says what is the matter: the disk, and no other program."""
    home = on_small.home
    assert (made := command(home, "backup")).returncode == 0, made.stderr
    [backup] = (home.data / "backups").iterdir()
    before = home.database.read_bytes()
    small.fill()
    refused = {
        name: told(command(home, *words))
        for name, words in {
            "backup": ["backup"],
            "restore": ["restore", backup.name],
            "export": ["export", str(home.data / "all.zip")],
            "import": ["import-legacy", str(LEGACY)],
        }.items()
    }
    assert "make room on its disk, which is full" in refused["backup"]
    assert "(No space left on device). Nothing was changed." in refused["restore"]
    assert f"data_dir: {home.data}, " in (doctor := command(home, "doctor").stdout)
    assert "0.0 GB free: make room there" in doctor
    assert [path.name for path in (home.data / "backups").iterdir()] == [backup.name]
    assert not {"restore.json", "db.restoring.sqlite3", "all.zip", "all.zip.part"} & set(os.listdir(home.data))
    small.free()
    assert home.database.read_bytes() == before
    assert (restored := command(home, "restore", backup.name)).returncode == 0, restored.stderr


def command(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "soundwave_core", *words], env=home.environ, capture_output=True, text=True, check=False
    )


def told(ended: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a command that was refused."""
    assert ended.returncode == 1, ended
    assert "Traceback" not in ended.stderr
    [sentence] = [line for line in ended.stderr.splitlines() if line.startswith("soundwave: ")]
    return sentence


def test_a_full_cache_disk_does_no_harm(furnished: Furnished, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 1 << 20) as small:
        home = Home.within(tmp_path, cache=small.path / "cache")
        home.cache.mkdir()
        small.fill()
        with serving(home) as served:
            alice = served.browser(furnished.members["alice"])
            assert alice.send("POST", "/api/playlist/", {"title": "one"}).status == 201
            assert alice.send("GET", f"/api/audio/{furnished.tracks[0]}/stream/").status == 200
            assert served.stop() == 0


PLUGINS = Path(__file__).parent / "stranger"


def test_a_full_media_disk(first: Furnished, tmp_path: Path) -> None:
    """No half a file gets a name, nothing is promised, and everything that is not a file goes on."""
    with small_disk(tmp_path / "small", 2 << 20) as small:
        furnished = first.placed(Home.within(tmp_path, media=small.path / "audio"))
        python = f"{PLUGINS}:{furnished.home.environ.get('PYTHONPATH', '')}"
        with serving(furnished.home, PYTHONPATH=python) as served:
            alice = served.browser(furnished.members["alice"])
            arrived = import_until_full(alice)
            assert 0 < len(arrived) < MANY
            files = [p for p in furnished.home.media.rglob("*.opus") if ".soundwave" not in p.parts]
            assert len(files) == len(arrived) + len(furnished.tracks)
            assert alice.send("POST", "/api/playlist/", {"title": "one"}).status == 201
            assert alice.send("GET", f"/api/audio/{arrived[-1]}/stream/").status == 200
            for track in arrived:  # removing makes room, on the same disk
                assert alice.send("DELETE", f"/api/audio/{track}/").status == 204
            assert import_until_full(alice)
            assert served.stop() == 0
        with recovered(furnished.home.database, tmp_path / "copy") as raw:
            ensure_sound(raw)


def import_until_full(browser: Browser) -> list[str]:
    """The tracks that came in."""
    arrived = []
    for _ in range(MANY):
        reply = browser.send("POST", "/api/importer/")
        if reply.status != 201:
            break
        arrived.append(reply.body["track"])
    return arrived
