"""Disks of a test's own: an ext4 image on a loop device that loses its power, and small ones that get full."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32): FS_IOC_SHUTDOWN, linux/fs.h
WITHOUT_LOG_FLUSH = 2  # EXT4_GOING_FLAGS_NOLOGFLUSH, fs/ext4/ext4.h: what is not on the disk yet never will be
NEEDED = ("losetup", "mkfs.ext4", "mount", "umount")
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def ensure_possible() -> None:
    """Fails with a sentence where no disks can be made; nothing is skipped."""
    assert os.getuid() == 0, "the tests with disks of their own must be run by root, who may mount"
    missing = [name for name in NEEDED if shutil.which(name, path=PATH) is None]
    assert not missing, f"the tests with disks of their own need {' and '.join(missing)}: install e2fsprogs and mount"


class Disk:
    """An ext4 file system in a file. ``path`` is where it is mounted."""

    def __init__(self, folder: Path, megabytes: int = 96) -> None:
        ensure_possible()
        self.path, self._image = folder / "disk", folder / "disk.img"
        self.path.mkdir()
        with self._image.open("wb") as file:
            file.truncate(megabytes * 1024 * 1024)
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(self._image))
        self.mount()

    def mount(self) -> None:
        """On a loop device of its own each time: what still holds the earlier one, in a container say, is not asked."""
        device = _run("losetup", "--find", "--show", str(self._image)).strip()
        _run("mount", "-o", "noatime,errors=remount-ro", device, str(self.path))
        _run("losetup", "--detach", device)  # as soon as it is not mounted any more

    def unmount(self) -> None:
        _run("umount", str(self.path))

    def cut(self) -> None:
        """The power goes: from now on nothing reaches the disk, not even what was written and not synced before."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", WITHOUT_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def fail(self) -> None:
        """The file system finds an error in itself and goes read-only under whoever uses it."""
        device = os.stat(self.path).st_dev
        name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
        Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("1")

    def remount(self, options: str) -> None:
        """``ro`` or ``rw``, under whoever uses it."""
        _run("mount", "-o", f"remount,{options}", str(self.path))


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """Mounted, and unmounted at the end whatever is left on it."""
    made = Disk(folder)
    try:
        yield made
    finally:
        subprocess.run(["umount", "-l", str(made.path)], env={"PATH": PATH}, check=False, capture_output=True)


class SmallDisk:
    """A tmpfs of so many bytes. ``fill()`` takes all of the room that is left, ``free()`` gives it back."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        ensure_possible()
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0755", "tmpfs", str(path))

    def fill(self) -> None:
        """Somebody else's file takes the rest, to the last byte."""
        with (self.path / "somebody-elses.bin").open("ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def free(self) -> None:
        (self.path / "somebody-elses.bin").unlink(missing_ok=True)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.path).free


@contextmanager
def small_disk(path: Path, size_bytes: int) -> Iterator[SmallDisk]:
    made = SmallDisk(path, size_bytes)
    try:
        yield made
    finally:
        subprocess.run(["umount", "-l", str(path)], env={"PATH": PATH}, check=False, capture_output=True)


def _run(*command: str) -> str:
    """What it printed."""
    done = subprocess.run(command, env={"PATH": PATH}, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
