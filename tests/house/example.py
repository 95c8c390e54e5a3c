"""The example plugin as pip installs it, so that a process of its own finds it by its entry point."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from house.tree import EXAMPLE


def run(*command: str | Path, **environ: str) -> str:
    done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def install(source: Path, target: Path) -> Path:
    """``target`` with the installed plugin. Built from a copy: setuptools leaves things beside its sources."""
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    can_build = any(importlib.util.find_spec(name) for name in ("wheel", "setuptools._vendor.wheel"))
    alone = ["--no-build-isolation"] if can_build else []
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", *alone]
    run(*pip, "--target", target, source)
    return target


def python_path(installed: Path) -> str:
    """PYTHONPATH of a process that has the installed plugin, and not its sources."""
    return os.pathsep.join([str(installed), *(entry for entry in sys.path if entry and entry != str(EXAMPLE))])
