"""Where the server runs: what holds its folders and whose they are, and its SQLite. Said at each start, and by doctor.

Linux tells in /proc/self/mountinfo (proc_pid_mountinfo(5)) what holds a folder; elsewhere that is not looked at.
"""

from __future__ import annotations

import errno
import logging
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import StartError
from .lock import MEDIA_LOCK
from .records import HealthCheck
from .sqlite import driver
from .version import __version__

if TYPE_CHECKING:
    from .app import SoundWave
    from .config import Config

log = logging.getLogger(__name__)

MOUNTS = Path("/proc/self/mountinfo")
IMAGE_MARK = Path("/app/.image")  # docker/Dockerfile makes it
SMALLEST_FREE_BYTES = 1 << 30
# The -shm file of a WAL is memory that all users of a database share: on these nobody does, and locks may be
# forgotten (sqlite.org/wal.html, sqlite.org/useovernet.html).
NETWORK = frozenset((
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "prl_fs",
    "smb3", "smbfs", "vboxsf", "vmhgfs",
    "fuse.ceph", "fuse.ceph-fuse", "fuse.curlftpfs", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys",
    "fuse.juicefs", "fuse.rclone", "fuse.s3fs", "fuse.smbnetfs", "fuse.sshfs", "fuse.vmhgfs-fuse",
))  # fmt: skip
_FULL = (errno.ENOSPC, errno.EDQUOT)
_ANONYMOUS = re.compile(r"/volumes/[0-9a-f]{64}/_data\Z")  # as Docker and Podman name a volume that nobody named
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """``place``: where it is mounted; ``origin``: which folder of its file system is seen there; ``kind``: as ext4."""

    place: Path
    origin: str
    kind: str

    @property
    def is_network(self) -> bool:
        return self.kind in NETWORK

    @property
    def is_anonymous(self) -> bool:
        """Whether a container engine made it for want of a name: the next container gets another."""
        return _ANONYMOUS.search(self.origin) is not None


def read_mounts() -> list[Mount]:
    """What is mounted, the later over the earlier; nothing where the system does not tell."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        head, _, tail = line.partition(" - ")
        origin, place = (_ESCAPE.sub(lambda match: chr(int(match[1], 8)), part) for part in head.split(" ")[3:5])
        found.append(Mount(Path(place), origin, tail.partition(" ")[0]))
    return found


def mount_of(path: Path) -> Mount | None:
    """What holds a path, links followed; None where the system does not tell."""
    whole = path.resolve()
    around = [mount for mount in read_mounts() if whole.is_relative_to(mount.place)]
    deepest = max((len(mount.place.parts) for mount in around), default=0)
    return next((mount for mount in reversed(around) if len(mount.place.parts) == deepest), None)


def is_image() -> bool:
    """Whether this is our image, where only what is mounted outlasts the container."""
    return IMAGE_MARK.exists()


def check_machine() -> list[HealthCheck]:
    """Versions."""
    return [
        HealthCheck("version", True, f"SoundWave {__version__}, Python {platform.python_version()}"),
        HealthCheck("sqlite", True, f"SQLite {driver.sqlite_version} by {driver.__name__.partition('.')[0]}"),
    ]


def check_folders(config: Config) -> list[HealthCheck]:
    """The three folders, each in one line."""
    return [
        _check_folder("data_dir", config.data_dir, is_kept=True, absence=_absence(config)),
        _check_folder("media_root", config.media_root, is_kept=True),
        _check_folder("cache_dir", config.cache_dir, is_kept=False),
    ]


def _check_folder(name: str, folder: Path, is_kept: bool, absence: str | None = None) -> HealthCheck:
    """It, or where it is still to be made the first folder above it that we may see.

    ``is_kept``: it must outlast a container. ``absence``: what should be in it and is not, as a sentence's end.
    """
    there = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    if fault := _fault_of(there):
        return HealthCheck(name, False, fault)
    mount, free = mount_of(there), shutil.disk_usage(there).free
    parts = [str(folder), *_place(mount), f"of {_owner(there)}", f"{free / 1e9:.1f} GB free"]
    if there != folder:
        parts.append("will be made at the first start")
    fault = (_loss(mount) if is_kept else None) or absence
    if fault is None and free <= SMALLEST_FREE_BYTES:
        fault = "make room there"
    return HealthCheck(name, fault is None, ", ".join(parts) + (f": {fault}" if fault else ""))


def _fault_of(there: Path, passes: tuple[int, ...] = ()) -> str | None:
    """Why nothing can be written there, and what to do; found out by trying, for disks are read-only or full too.

    ``passes``: the errors of the system that are none.
    """
    if not there.is_dir():
        return f"{there} is a file, and must be a folder: move it away"
    try:
        with tempfile.TemporaryFile(dir=there):
            return None
    except OSError as error:
        if error.errno in passes:
            return None
        return f"{there} cannot be written ({error.strerror}): {_advice(there, error.errno)}"


def _advice(there: Path, number: int | None) -> str:
    if number in _FULL:
        return "make room there"
    if number == errno.EROFS:
        mount = mount_of(there)
        is_bare = is_image() and mount is not None and mount.place == Path("/")
        return "nothing is mounted there; mount a folder" if is_bare else "it is mounted read-only"
    us, on_host = f"{os.getuid()}:{os.getgid()}", ""
    if is_image():
        on_host = " where it is on the host, or set PUID and PGID (or user:) to its owner"
    return f"it belongs to {_owner(there)}, and SoundWave runs as {us}; run chown -R {us} on it{on_host}"


def _owner(folder: Path) -> str:
    found = folder.stat()
    return f"{found.st_uid}:{found.st_gid} mode {found.st_mode & 0o7777:03o}"


def _place(mount: Mount | None) -> Iterator[str]:
    if mount is not None:
        yield f"{'network share' if mount.is_network else 'on'} {mount.kind}"
        if is_image() and mount.place != Path("/"):
            yield f"mounted at {mount.place}"


def _loss(mount: Mount | None) -> str | None:
    """Why what is kept there would go with a container."""
    if mount is None or not is_image():
        return None
    if mount.place == Path("/"):
        return "it is not a mounted folder, and what is kept there is lost with this container; mount one there"
    if mount.is_anonymous:
        return "it is a volume without a name, and the next container gets another; mount a folder or name the volume"
    return None


def _absence(config: Config) -> str | None:
    """A SoundWave has kept audio, and there is no database: a disk that is not mounted looks like a first start."""
    kept = (config.data_dir / "db.sqlite3", config.data_dir / "installed")
    if any(map(os.path.exists, kept)) or not os.path.exists(config.media_root / MEDIA_LOCK):
        return None
    if all(name.startswith(".") for name in os.listdir(config.media_root)):
        return None
    return f"it has no database, but {config.media_root} has a SoundWave's audio; see whether the right disk is mounted"


def ensure_folders(config: Config) -> None:
    """Makes the three. StartError where one cannot be written, or where the data is on a network share unallowed."""
    for folder in (config.data_dir, config.media_root, config.cache_dir):
        _make(folder)
        if fault := _fault_of(folder, passes=_FULL):  # a server on a full disk still plays
            raise StartError(f"{fault}.", code="folder_not_writable")
    mount = mount_of(config.data_dir)
    if mount is not None and mount.is_network and not config["data_on_network"]:
        raise StartError(
            f"{config.data_dir} is on a network share ({mount.kind}), where SQLite damages databases: put DATA_DIR on "
            "a local disk (MEDIA_ROOT may stay), or set SOUNDWAVE_DATA_ON_NETWORK=true and take the risk.",
            code="data_on_network",
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise StartError(f"{folder} is a file, and must be a folder: move it away.") from None
    except OSError as error:
        fix = ": mount one there" if is_image() else ""
        raise StartError(f"The folder {folder} cannot be made ({error.strerror}){fix}.") from error


def check_programs(core: SoundWave) -> list[HealthCheck]:
    """What plugins need of the machine: ``register_programs``, asked of each."""
    found: list[HealthCheck] = []
    core.plugins.collect("register_programs", lambda record, checks: found.extend(checks))
    return found


def tell(core: SoundWave) -> None:
    """All of this in the log, one line a fact; what is wrong as a warning."""
    for check in (*check_machine(), *check_folders(core.config), *check_programs(core)):
        log.log(logging.INFO if check.is_ok else logging.WARNING, "%s: %s", check.name, check.detail)
