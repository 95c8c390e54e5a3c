"""The commands of docker/README.md, typed as they stand there, on a copy of the checkout."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from container.engine import Engine
from container.visitor import Visitor

pytestmark = [pytest.mark.rebuild, pytest.mark.xdist_group("rebuild")]

PORT = 8889
DOWN = "docker compose -f docker/compose.yaml down"
# `docker` is podman here; `docker compose` is podman-compose, told how this machine reaches its package indexes.
SHIM = """#!/bin/sh
if [ "$1" = compose ]; then
    shift
    exec "{compose}" --podman-build-args="{build}" --podman-run-args="--health-interval=disable" "$@"
fi
exec podman "$@"
"""


@dataclass
class Shell:
    """A shell in the root of a checkout, in which docker is there."""

    engine: Engine
    folder: Path
    commands: Path

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

    def block(self, section: str) -> str:
        """The commands of a section of docker/README.md."""
        text = (self.folder / "docker" / "README.md").read_text()
        found = re.search(rf"^## {section}\n.*?```sh\n(.*?)```", text, re.M | re.S)
        assert found, f"docker/README.md has no commands under {section}"
        return found.group(1)


@pytest.fixture(scope="module")
def shell(engine: Engine, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    commands = tmp_path_factory.mktemp("commands")
    compose = Path(sys.executable).with_name("podman-compose")
    shim = commands / "docker"
    shim.write_text(SHIM.format(compose=compose, build=" ".join(engine.build_arguments())))
    shim.chmod(0o755)
    return Shell(engine, checkout, commands)


def update_without_the_network(block: str) -> str:
    """There is neither a newer checkout nor a newer base; the container goes all the same."""
    assert "git pull\n" in block
    assert " --pull" in block
    return block.replace("git pull\n", f"{DOWN}\n").replace(" --pull", "")


def test_the_readme_is_true(shell: Shell) -> None:
    shell.type(shell.block("Run").replace("docker logs soundwave\n", ""))
    Visitor(PORT).wait_until_up()
    link = re.search(r"\S+/setup\?code=\S+", shell.type("docker logs soundwave"))
    assert link
    alice = Visitor(PORT)
    alice.set_up(link.group())
    mix = alice.post("/api/playlist/", {"title": "A mix"})["id"]
    said = shell.type(shell.block("Look at it"))
    assert "db.sqlite3" in said
    for folder in ("audio", "cache", "data"):
        assert f"/app/{folder}" in said

    shell.type(update_without_the_network(shell.block("Update")))
    alice.wait_until_up()
    assert alice.get(f"/api/playlist/{mix}/")["title"] == "A mix"

    shell.type(shell.block("Back up"))
    alice.wait_until_up()
    copies = list(shell.folder.glob("data-*/db.sqlite3"))
    assert len(copies) == 1
    assert alice.get(f"/api/playlist/{mix}/")["title"] == "A mix"
    shell.type(DOWN)
    assert (shell.folder / "data" / "db.sqlite3").is_file()
