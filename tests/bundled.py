"""Runs the app's own modules in node: TypeScript is bundled as it is for the browser, with a database in memory."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
WEBROOT = HERE.parent / "webroot"
CHECKER = WEBROOT / "node_modules/typescript7/bin/tsc"


def node() -> str:
    """The path of node. It and webroot/node_modules are there after ``make test`` began."""
    found = shutil.which("node")
    assert found and CHECKER.is_file(), "This needs node and webroot/node_modules: `make test` gets both."
    return found


def bundle(entry: Path, folder: Path) -> Path:
    """One module of an entry and all that it imports, of the tests, of webroot/src and of webroot/node_modules."""
    made = folder / f"{entry.stem}.mjs"
    command: list[str | Path] = [node(), HERE / "bundle.mjs", entry, made]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert answer.returncode == 0, answer.stderr
    return made


def run_tests(entry: Path, folder: Path, **environ: str) -> str:
    """Every node:test of an entry passes, and there is one; what it printed."""
    command: list[str | Path] = [node(), "--enable-source-maps", "--test-reporter=spec", bundle(entry, folder)]
    answer = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, timeout=240)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "tests 0" not in answer.stdout
    return answer.stdout


def ensure_typed(project: Path) -> None:
    """The TypeScript of a folder of tests is as strict as the app's."""
    answer = subprocess.run([node(), CHECKER, "-p", project], capture_output=True, text=True, timeout=240)
    assert answer.returncode == 0, answer.stdout
