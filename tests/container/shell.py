"""A shell in which `docker` is there, and the commands of docker/README.md to type into it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from container.engine import Engine

DOWN = "docker compose -f docker/compose.yaml down"
# `docker` is podman here; `docker compose` is podman-compose, told how this machine reaches its package indexes.
SHIM = """#!/bin/sh
if [ "$1" = compose ]; then
    shift
    exec "{compose}" --podman-build-args="{build}" --podman-run-args="--health-interval=disable" "$@"
fi
exec podman "$@"
"""
KEPT = ("audio", "cache", "data", "backend", "docker/certs")


@dataclass
class Shell:
    """A shell in the root of a checkout."""

    engine: Engine
    folder: Path
    commands: Path

    @classmethod
    def make(cls, engine: Engine, checkout: Path, commands: Path, compose: Path) -> Shell:
        """``commands``: an empty folder for `docker`; ``compose``: podman-compose."""
        shim = commands / "docker"
        shim.write_text(SHIM.format(compose=compose, build=" ".join(engine.build_arguments())))
        shim.chmod(0o755)
        return cls(engine, checkout, commands)

    def type(self, block: str) -> str:
        """Everything of a block, one command after the other; what was printed."""
        environ = self.engine.environ | {"PATH": f"{self.commands}:{self.engine.environ['PATH']}"}
        done = subprocess.run(
            ["sh", "-eu", "-c", block], cwd=self.folder, env=environ, capture_output=True, text=True, timeout=1500,
            check=False,
        )  # fmt: skip
        said = re.sub(r"\w+://[^\s/]+", "://…", done.stdout[-6000:] + done.stderr[-6000:])
        assert done.returncode == 0, f"{block}\n{said}"
        return done.stdout + done.stderr

    def blocks(self, section: str) -> list[str]:
        """The commands of a section of docker/README.md, block by block."""
        found = blocks_of((self.folder / "docker" / "README.md").read_text())
        assert section in found, f"docker/README.md has no commands under {section}"
        return found[section]

    def clear(self) -> None:
        """As a fresh checkout: containers, what they kept, and what was written for them."""
        self.engine.remove_containers()
        self.engine.run("volume", "prune", "--force")
        for name in (*KEPT, *(path.name for path in self.folder.glob("data-*"))):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for path in (
            *self.folder.glob("docker/.env"),
            *self.folder.glob("*.crt"),
            *self.folder.glob("docker/compose.own.*"),
        ):
            path.unlink()


def blocks_of(text: str) -> dict[str, list[str]]:
    """The shell commands of a Markdown text, block by block, by the section that they are in."""
    sections = re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    found = {title: re.findall(r"^```sh\n(.*?)^```", body, re.M | re.S) for title, body in sections}
    return {title: blocks for title, blocks in found.items() if blocks}
