"""What an old deployment leaves behind, and what is known of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from house.tree import ROOT

OLD = ROOT / "tests" / "legacy" / "v1.0"


def facts() -> Any:
    """What is in it, of ``expected.json``."""
    return json.loads((OLD / "expected.json").read_text())


def password_of(username: str) -> str:
    """With which a user of it signs in."""
    return str(next(user for user in facts()["users"] if user["username"] == username)["password"])


def furnish(data: Path, audio: Path) -> None:
    """Its database and avatars into one folder, its media into another."""
    data.mkdir(exist_ok=True)
    shutil.copy2(OLD / "db.sqlite3", data)
    shutil.copytree(OLD / "avatars", data / "avatars")
    shutil.copytree(OLD / "audio", audio)
