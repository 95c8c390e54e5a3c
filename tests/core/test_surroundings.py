"""What is said about the place where a server runs, and where it is refused."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from core.toys import toy

from soundwave_core import HealthCheck, StartError, surroundings
from soundwave_core.config import CORE_SETTINGS, Config
from soundwave_core.surroundings import check_folders, ensure_folders, mount_of, read_mounts, tell
from soundwave_core.testing import MakeCore

VOLUME = "0123456789abcdef" * 4
# As Linux wrote them; PLACE is where the data is.
LOCAL = "36 35 98:0 /srv/data PLACE rw,noatime master:1 - ext4 /dev/root rw,errors=continue"
NFS = "91 36 0:49 / PLACE rw,relatime shared:9 - nfs4 nas:/volume1/media rw,vers=4.2,hard"
SMB = "92 36 0:50 / PLACE rw,relatime - cifs //nas/media rw,vers=3.1.1"
SSH = "93 36 0:51 / PLACE rw,nosuid,nodev,relatime - fuse.sshfs me@nas:/media rw,user_id=0"
UNNAMED = f"94 36 98:0 /var/lib/docker/volumes/{VOLUME}/_data PLACE rw - ext4 /dev/root rw"
NAMED = "95 36 98:0 /var/lib/docker/volumes/soundwave_data/_data PLACE rw - ext4 /dev/root rw"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_of(tmp_path)


def config_of(folder: Path, **environ: str) -> Config:
    paths = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
    made = Config({name: str(folder / path) for name, path in paths.items()} | environ, directory=folder)
    made.declare("core", CORE_SETTINGS)
    return made


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of mounts in place of this machine's: the root of a container, and what is written behind it."""
    table = tmp_path / "mountinfo"
    table.write_text("1 0 0:30 / / rw,relatime - overlay overlay rw\n")
    monkeypatch.setattr(surroundings, "MOUNTS", table)
    return table


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if in our image."""
    mark = tmp_path / ".image"
    mark.touch()
    monkeypatch.setattr(surroundings, "IMAGE_MARK", mark)


def mount(table: Path, line: str, place: Path) -> None:
    with table.open("a") as file:
        file.write(line.replace("PLACE", str(place).replace(" ", "\\040")) + "\n")


def line_of(config: Config, name: str) -> HealthCheck:
    return next(check for check in check_folders(config) if check.name == name)


def test_the_last_and_deepest_mount_holds_a_path(tmp_path: Path, mounts: Path) -> None:
    place = tmp_path / "a place"
    mount(mounts, LOCAL, tmp_path)
    mount(mounts, LOCAL, place)
    mount(mounts, NFS, place)
    (place / "data").mkdir(parents=True)
    (tmp_path / "link").symlink_to(place / "data")
    for path in (place, place / "data", place / "not there", tmp_path / "link"):
        found = mount_of(path)
        assert found is not None
        assert (found.place, found.kind, found.is_network) == (place, "nfs4", True)
    beside = mount_of(tmp_path / "a place beside")
    assert beside is not None
    assert beside.kind == "ext4"


def test_this_machine_has_mounts() -> None:
    assert any(mount.place == Path("/") for mount in read_mounts())
    processes = mount_of(Path("/proc/self"))
    assert processes is not None
    assert (processes.place, processes.kind) == (Path("/proc"), "proc")


def test_a_system_that_does_not_tell_is_not_judged(config: Config, mounts: Path, image: None) -> None:
    mounts.unlink()
    ensure_folders(config)
    assert all(check.is_ok for check in check_folders(config))


@pytest.mark.parametrize("line", [NFS, SMB, SSH])
def test_a_database_on_a_network_share_is_refused(tmp_path: Path, config: Config, mounts: Path, line: str) -> None:
    mount(mounts, line, config.data_dir)
    with pytest.raises(StartError, match="is on a network share") as refused:
        ensure_folders(config)
    assert refused.value.code == "data_on_network"
    assert "SOUNDWAVE_DATA_ON_NETWORK=true" in refused.value.sentence
    ensure_folders(config_of(tmp_path, SOUNDWAVE_DATA_ON_NETWORK="true"))
    assert "network share" in line_of(config, "data_dir").detail


def test_a_core_refuses_it_before_anything_is_there(make_core: MakeCore, tmp_path: Path, mounts: Path) -> None:
    mount(mounts, NFS, tmp_path)
    with pytest.raises(StartError, match="is on a network share"):
        make_core()
    assert list((tmp_path / "data").iterdir()) == []


def test_media_may_be_on_a_network_share(config: Config, mounts: Path) -> None:
    mount(mounts, LOCAL, config.data_dir)
    mount(mounts, NFS, config.media_root)
    ensure_folders(config)
    assert "network share nfs4" in line_of(config, "media_root").detail


@pytest.mark.parametrize(
    ("line", "loss"),
    [(None, "is not a mounted folder"), (UNNAMED, "a volume without a name"), (NAMED, ""), (LOCAL, "")],
)
def test_what_goes_with_the_container_is_told(
    config: Config, mounts: Path, image: None, line: str | None, loss: str
) -> None:
    if line is not None:
        mount(mounts, line, config.data_dir)
    mount(mounts, LOCAL, config.media_root)
    ensure_folders(config)  # a warning, and no refusal: somebody may only be trying it out
    told = line_of(config, "data_dir")
    assert told.is_ok is not bool(loss)
    assert loss in told.detail
    assert f"mounted at {config.media_root}" in line_of(config, "media_root").detail
    assert line_of(config, "cache_dir").is_ok  # what can be made again may go


def test_outside_the_image_the_root_is_as_good_as_any(config: Config, mounts: Path) -> None:
    assert line_of(config, "data_dir").is_ok


def test_a_line_has_owner_rights_and_room(config: Config) -> None:
    config.media_root.mkdir(mode=0o750)
    config.media_root.chmod(0o750)
    told = line_of(config, "media_root")
    assert f"of {os.getuid()}:{os.getgid()} mode 750" in told.detail
    assert told.detail.endswith(" GB free")
    assert line_of(config, "data_dir").detail.endswith("will be made at the first start")


def test_audio_without_its_database_is_told(make_core: MakeCore, tmp_path: Path) -> None:
    """A data disk that is not mounted looks like a first start; the audio on another disk tells them apart."""
    core = make_core()
    config, loss = core.config, "see whether the right disk is mounted"
    (config.media_root / "Tones").mkdir()
    core.stop()
    assert line_of(config, "data_dir").is_ok
    config.data_dir.rename(tmp_path / "unmounted")
    told = line_of(config, "data_dir")
    assert (told.is_ok, told.detail.endswith(loss)) == (False, True)
    ensure_folders(config)  # a warning, and no refusal: it may be a new beginning
    (config.media_root / "Tones").rmdir()
    assert line_of(config, "data_dir").is_ok  # a first start that went wrong leaves as much


def test_where_nothing_can_be_written_it_does_not_start(tmp_path: Path) -> None:
    """Nobody makes files in /proc, not even root, whom mode bits do not stop."""
    with pytest.raises(
        StartError, match=r"^/proc cannot be written \(.*\): it belongs to 0:0 .* run chown -R"
    ) as refused:
        ensure_folders(config_of(tmp_path, MEDIA_ROOT="/proc"))
    assert refused.value.code == "folder_not_writable"


def test_the_log_has_one_line_a_fact(make_core: MakeCore, caplog: pytest.LogCaptureFixture) -> None:
    programs = [HealthCheck("lyre", True, "1.0"), HealthCheck("harp", False, "not there")]
    core = make_core(plugins={"toy": toy(register_programs=lambda: programs)})
    caplog.clear()
    caplog.set_level(logging.INFO)
    tell(core)
    lines = {record.getMessage().partition(": ")[0]: record for record in caplog.records}
    assert {"version", "sqlite", "data_dir", "media_root", "cache_dir", "yt-dlp", "ffmpeg", "javascript"} <= set(lines)
    assert lines["lyre"].getMessage() == "lyre: 1.0"
    assert (lines["lyre"].levelname, lines["harp"].levelname) == ("INFO", "WARNING")
