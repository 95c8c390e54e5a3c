"""The old deployment, copied to where a server finds it, and what ``expected.json`` says of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest

from soundwave_core import ImportReport, SoundWave
from soundwave_core.sqlite import driver
from soundwave_core.takeover import import_reports
from soundwave_core.testing import Client, MakeCore

OLD = Path(__file__).parent / "v1.0"


@dataclass
class Home:
    """A data directory with an old database in it, and its media root."""

    data: Path
    audio: Path
    expected: dict[str, Any]

    @property
    def database(self) -> Path:
        return self.data / "db.sqlite3"

    @property
    def kept(self) -> list[Path]:
        return sorted(self.data.glob("db.legacy-*.sqlite3"))

    def change(self, *statements: str, **params: Any) -> None:
        """Change the old database before it is brought over."""
        with self.opened() as raw:
            for statement in statements:
                raw.execute(statement, params)
            raw.commit()

    @contextmanager
    def opened(self, path: Path | None = None) -> Iterator[Any]:
        with closing(driver.connect(str(path or self.database))) as raw:
            yield raw


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    """What the old deployment holds."""
    found: dict[str, Any] = json.loads((OLD / "expected.json").read_text())
    return found


@pytest.fixture
def home(tmp_path: Path, expected: dict[str, Any]) -> Home:
    """The old deployment at ``make_core``'s directory."""
    data, audio = tmp_path / "data", tmp_path / "audio"
    data.mkdir()
    shutil.copyfile(OLD / "db.sqlite3", data / "db.sqlite3")
    shutil.copytree(OLD / "avatars", data / "avatars")
    shutil.copytree(OLD / "audio", audio)
    return Home(data, audio, expected)


@pytest.fixture
def moved(home: Home, make_core: MakeCore) -> SoundWave:
    """A server that was started on the old deployment."""
    return make_core()


def report_of(core: SoundWave) -> ImportReport:
    """What the import told."""
    report = next(iter(import_reports(core.db)), None)
    assert report is not None
    return report


def notes_of(report: ImportReport, section: str) -> str:
    """All that was told of one kind of thing."""
    return "\n".join(next(one for one in report.sections if one.name == section).notes)


def sign_in(core: SoundWave, expected: dict[str, Any], name: str) -> Client:
    """Somebody from the old deployment, with what they knew there."""
    user = next(one for one in expected["users"] if one["username"] == name)
    client = Client(core)
    body = {"username": name, "password": user["password"]}
    if user["two_factor"]["enabled"]:
        body["totp"] = pyotp.TOTP(user["two_factor"]["secret_base32"]).at(core.clock.now())
    answer = client.post("/api/user/login/", body)
    assert answer.status == 200, answer.body
    client.csrf_token, client.user_id = answer.json.csrf_token, answer.json.user.id
    return client
