"""The Home Assistant add-on: the same image, started as the Supervisor starts it by the config.yaml that we write."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from container.engine import Engine
from container.test_packages import SAID, make

pytestmark = [pytest.mark.rebuild, pytest.mark.xdist_group("rebuild")]

PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def addon(tmp_path_factory: pytest.TempPathFactory) -> Any:
    target = tmp_path_factory.mktemp("packages") / "made"
    assert make(target, **SAID).returncode == 0
    return yaml.safe_load((target / "homeassistant/soundwave/config.yaml").read_text())


def test_the_add_on_runs_from_the_same_image(engine: Engine, image: str, addon: Any, tmp_path: Path) -> None:
    data, media = tmp_path / "data", tmp_path / "media"
    data.mkdir()
    media.mkdir()
    options = data / "options.json"
    options.write_text(json.dumps({"auth_admin_username": "alice", "auth_admin_password": PASSWORD, "threads": 6}))
    options.chmod(0o600)  # as the Supervisor writes it, and of root
    variables = [part for name, value in addon["environment"].items() for part in ("--env", f"{name}={value}")]
    folders = ["--volume", f"{data}:/data", "--volume", f"{media}:/media"]
    container = engine.start("addon", image, "--network", "none", "--tmpfs", "/tmp", *variables, *folders)
    container.wait_for("listens on")
    assert container.is_healthy()
    log = container.log()
    assert "alice" in log
    assert "there is no setting" not in log
    assert "is not a mounted folder" not in log
    assert {path.name for path in data.iterdir()} >= {"db.sqlite3", "cache", "options.json"}
    assert (media / "soundwave").is_dir()
    assert (data / "db.sqlite3").stat().st_uid == options.stat().st_uid == 1000  # nobody's root
    for name in ("backup_pre", "backup_post"):
        container.execute(*shlex.split(addon[name]))
    assert container.is_healthy()
    assert container.stop() == 0
    container.remove()
