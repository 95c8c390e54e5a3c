"""Podman as the rebuild test uses it: a storage of its own, the real Dockerfile, a base from Debian's archive.

It needs root, podman, runc, mmdebstrap and iproute2; `.ci/run` installs them. Outside its folder there are only the
bridges of its networks, which go with it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Any

from house.tree import ROOT, tracked

BASE = "docker.io/library/debian:trixie-slim"
SUITE = "trixie"
IMAGE = "localhost/soundwave:local"  # what compose.yaml calls soundwave:local
LEFT_OUT = ("doc", "info", "linda", "lintian", "locale", "man")  # as Debian's own slim images
NEEDED = ("podman", "runc", "mmdebstrap", "ip")
SUBNET = "172.31.213.0/29"  # the network of compose.https.yaml
KEPT_DAYS = 7  # of the base that earlier runs made
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PIP = Path("/etc/pip.conf")
# As compose.yaml has it.
HARDENED = [
    "--read-only", "--tmpfs", "/tmp", "--cap-drop", "all", "--security-opt", "no-new-privileges",
    *(part for name in ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID") for part in ("--cap-add", name)),
]  # fmt: skip
CONTAINERS = """[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_config_dir = "{folder}/networks"
"""
STORAGE = """[storage]
driver = "overlay"
graphroot = "{folder}/graph"
runroot = "{folder}/run"
"""


@dataclass
class Container:
    """One that was started. ``lines`` is its log so far, as ``wait_for`` read it."""

    engine: Engine
    name: str
    lines: list[str] = field(default_factory=list)

    def wait_for(self, text: str, seconds: float = 60) -> str:
        """The first line of the log with this text in it, as soon as it is there."""
        command = self.engine.command("logs", "--follow", self.name)
        with subprocess.Popen(
            command, env=self.engine.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            end = time.monotonic() + seconds
            for line in process.stdout:
                self.lines.append(line.rstrip())
                if text in line or time.monotonic() > end:
                    break
            process.kill()
        found = [line for line in self.lines if text in line]
        assert found, f"{self.name} never said {text!r}:\n" + "\n".join(self.lines)
        return found[-1]

    def log(self) -> str:
        """Everything that it said."""
        done = self.engine.run("logs", self.name)
        return done.stdout + done.stderr

    def is_healthy(self) -> bool:
        """By the image's own check, asked once."""
        return self.engine.run("healthcheck", "run", self.name, is_checked=False).returncode == 0

    def execute(self, *command: str) -> str:
        """Run something inside; what it printed."""
        return self.engine.run("exec", self.name, *command).stdout

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.engine.run("stop", "--time", "20", self.name)
        return self.exit_code()

    def kill(self) -> None:
        """SIGKILL."""
        self.engine.run("kill", "--signal", "KILL", self.name)
        self.engine.run("wait", self.name)

    def exit_code(self) -> int:
        """Of a container that has ended, or as soon as it has."""
        return int(self.engine.run("wait", self.name).stdout)

    def remove(self) -> None:
        """The container; its image and folders stay."""
        self.engine.run("rm", "--force", self.name)


@dataclass
class Engine:
    """``folder`` holds everything that it makes."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    containers: list[Container] = field(default_factory=list)

    @classmethod
    def make(cls, folder: Path) -> Engine:
        """An engine with the base image in it. AssertionError names what is missing: it never skips."""
        missing = [name for name in NEEDED if shutil.which(name) is None]
        assert not missing, f"The rebuild test needs {', '.join(missing)}; .ci/run names their packages."
        assert os.getuid() == 0, "The rebuild test needs root."
        (folder / "containers.conf").write_text(CONTAINERS.format(folder=folder))
        (folder / "storage.conf").write_text(STORAGE.format(folder=folder))
        ours = {
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "BUILDAH_ISOLATION": "chroot",
        }
        engine = cls(folder, os.environ | ours)
        engine.run("import", "--quiet", str(_base()), BASE)
        _remove_left_bridges()
        return engine

    def command(self, *arguments: str) -> list[str]:
        """A command line of podman's."""
        return ["podman", *arguments]

    def run(self, *arguments: str, is_checked: bool = True, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        """One command, to its end; where it fails, what it said is the error (without anybody's addresses)."""
        done = subprocess.run(
            self.command(*arguments), env=self.environ, capture_output=True, text=True, timeout=seconds, check=False
        )
        said = re.sub(r"\w+://[^\s/]+", "://…", done.stdout[-6000:] + done.stderr[-6000:])
        assert done.returncode == 0 or not is_checked, f"podman {' '.join(arguments)}:\n{said}"
        return done

    def build_arguments(self) -> list[str]:
        """What lets a build reach the package indexes as this machine does; none of it is in the image."""
        mounts = (part for path in (PIP, CERTIFICATES) if path.exists() for part in ("-v", f"{path}:{path}:ro"))
        return ["--format", "docker", "--pull=never", *mounts]

    def build(self, checkout: Path, tag: str, *more: str) -> None:
        """The image, from the real Dockerfile."""
        dockerfile = str(checkout / "docker" / "Dockerfile")
        self.run("build", *self.build_arguments(), *more, "-f", dockerfile, "-t", tag, str(checkout), seconds=1500)

    def start(self, name: str, image: str, *arguments: str, command: tuple[str, ...] = ()) -> Container:
        """Start a container in the background."""
        self.run("run", "--detach", "--name", name, "--health-interval=disable", *arguments, image, *command)
        container = Container(self, name)
        self.containers.append(container)
        return container

    def inspect(self, tag: str) -> Any:
        """What there is to know of an image."""
        return json.loads(self.run("image", "inspect", tag).stdout)[0]

    def image_exists(self, tag: str) -> bool:
        """Whether there is one of that name."""
        return self.run("image", "exists", tag, is_checked=False).returncode == 0

    def remove_containers(self) -> None:
        """All of them, and their networks: those that depend on others go first."""
        for _ in range(2):
            self.run("rm", "--all", "--force", "--time", "1", is_checked=False)
        assert not self.run("ps", "--all", "--quiet").stdout
        self.run("network", "prune", "--force")

    def close(self) -> None:
        """Everything that it made goes."""
        self.remove_containers()
        self.run("rmi", "--all", "--force", is_checked=False)
        subprocess.run(["umount", "--quiet", str(self.folder / "graph" / "overlay")], check=False)


def copy_checkout(target: Path) -> Path:
    """What is committed, or will be, in a folder of its own; npm is told there whom this machine trusts."""
    for path in tracked():
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    (target / "webroot" / ".npmrc").write_text(f"cafile={CERTIFICATES}\n")
    return target


def _base() -> Path:
    """A root file system of the release that the Dockerfile names, from the archive that this machine uses."""
    archive = ROOT / "build" / f"base-{SUITE}-slim.tar"
    if archive.exists() and time.time() - archive.stat().st_mtime < KEPT_DAYS * 86_400:
        return archive
    archive.parent.mkdir(exist_ok=True)
    part = archive.with_suffix(".part")
    options = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT]
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", "--include=ca-certificates", *options]
    done = subprocess.run([*command, SUITE, str(part), _mirror()], capture_output=True, text=True, check=False)
    assert done.returncode == 0, re.sub(r"\w+://[^\s/]+", "://…", done.stderr[-4000:])
    part.rename(archive)
    return archive


def _remove_left_bridges() -> None:
    """Of a run that was killed: its network's configuration went with its folder, its bridge keeps the subnet."""
    said = subprocess.run(["ip", "-json", "address", "show", "type", "bridge"], capture_output=True, check=True).stdout
    for link in json.loads(said or "[]"):
        addresses = {ip_interface(f"{a['local']}/{a['prefixlen']}").network for a in link.get("addr_info", ())}
        if ip_network(SUBNET) in addresses and "NO-CARRIER" in link["flags"]:
            subprocess.run(["ip", "link", "delete", link["ifname"]], check=True)


def _mirror() -> str:
    for path in (*Path("/etc/apt/sources.list.d").glob("*.sources"), Path("/etc/apt/sources.list")):
        if path.exists() and (found := re.search(r"^(?:URIs:|deb(?: \[.*\])?) *(\S+)", path.read_text(), re.M)):
            return found.group(1)
    raise AssertionError("This machine names no Debian archive in its apt sources.")
