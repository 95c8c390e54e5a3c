"""The types of the app's API client are those of the server's own description."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

WEBROOT = Path(__file__).resolve().parents[2] / "webroot"
GENERATOR = WEBROOT / "node_modules/openapi-typescript/bin/cli.js"


def test_the_types_fit_the_routes(tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node and GENERATOR.is_file(), "This needs node and webroot/node_modules: `make test` gets both."
    folders = {name: str(tmp_path / name) for name in ("DATA_DIR", "MEDIA_ROOT", "CACHE_DIR")}
    command = [sys.executable, "-m", "soundwave_core", "routes", "--openapi"]
    document = subprocess.run(command, env=os.environ | folders, stdout=subprocess.PIPE, check=True).stdout
    (tmp_path / "openapi.json").write_bytes(document)
    script = json.loads((WEBROOT / "package.json").read_text())["scripts"]["types"]
    _, *flags, committed = shlex.split(script)
    made = tmp_path / "schema.d.ts"
    subprocess.run([node, GENERATOR, tmp_path / "openapi.json", *flags, made], cwd=WEBROOT, check=True)
    is_fresh = made.read_text() == (WEBROOT / committed).read_text()
    assert is_fresh, f"The routes have changed and webroot/{committed} has not: run `make types`, and commit the file."
