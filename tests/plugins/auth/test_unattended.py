"""The first admin by SOUNDWAVE_ADMIN_USERNAME and SOUNDWAVE_ADMIN_PASSWORD: once, on a new data directory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soundwave_auth import Users
from soundwave_core import SoundWave, StartError, transaction
from soundwave_core.testing import PASSWORD, Client, VirtualClock

USERNAME_VARIABLE, PASSWORD_VARIABLE = "SOUNDWAVE_ADMIN_USERNAME", "SOUNDWAVE_ADMIN_PASSWORD"
BOTH = {USERNAME_VARIABLE: "alice", PASSWORD_VARIABLE: PASSWORD}
Start = Callable[..., SoundWave]


@pytest.fixture
def notices() -> list[str]:
    """What was printed at the starts."""
    return []


@pytest.fixture
def start(tmp_path: Path, clock: VirtualClock, notices: list[str]) -> Iterator[Start]:
    """A server on the same directories each time; the one before it is stopped."""
    started: list[SoundWave] = []

    def begin(**variables: str) -> SoundWave:
        for core in started:
            core.stop()
        folders = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
        paths = {name: str(tmp_path / folder) for name, folder in folders.items()}
        environ = {**paths, "SOUNDWAVE_AUTH_BCRYPT_COST": "4", **variables}
        core = SoundWave(environ, clock=clock, directory=tmp_path, is_manual=True, notice=notices.append)
        started.append(core)
        return core.start()

    yield begin
    for core in started:
        core.stop()


def test_the_admin_is_made_instead_of_a_link(start: Start, notices: list[str]) -> None:
    core = start(**BOTH)
    assert notices == ["Set-up: the admin alice was made of SOUNDWAVE_ADMIN_USERNAME."]
    assert core.is_installed
    assert not (core.config.data_dir / "setup-link").exists()
    assert Client(core).sign_in("alice").json.user.is_admin
    (line,) = core.db.rows("SELECT username, by_name FROM audit WHERE kind = 'user_added'")
    assert line == {"username": "alice", "by_name": "environment"}


def test_the_password_may_be_in_a_file(start: Start, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(PASSWORD + "\n")
    core = start(SOUNDWAVE_ADMIN_USERNAME="alice", SOUNDWAVE_ADMIN_PASSWORD_FILE=str(tmp_path / "secret"))
    assert Client(core).sign_in("alice").status == 200


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({USERNAME_VARIABLE: "alice"}, "Set both .* or neither"),
        ({PASSWORD_VARIABLE: PASSWORD}, "Set both .* or neither"),
        (BOTH | {PASSWORD_VARIABLE: "short"}, "No admin .*: A password has at least 10 characters"),
        (BOTH | {PASSWORD_VARIABLE: "1234567890"}, "No admin .*: This password is among the first"),
        (BOTH | {PASSWORD_VARIABLE: "alice alice!"}, "No admin .*: .* besides the user name"),
        (BOTH | {USERNAME_VARIABLE: "a\u202eb"}, "No admin .*: A user name has no control"),
    ],
)
def test_a_start_that_is_refused_leaves_set_up_open(
    start: Start, notices: list[str], variables: dict[str, str], sentence: str
) -> None:
    with pytest.raises(StartError, match=sentence) as refused:
        start(**variables)
    assert PASSWORD not in str(refused.value)
    assert notices == []
    core = start()
    assert not Users(core).has_any()
    assert [line.partition("http")[0] for line in notices] == ["Set-up: "]


def test_once_there_is_a_user_they_count_no_more(start: Start, notices: list[str]) -> None:
    start(**BOTH)
    del notices[:]
    for variables in (BOTH, BOTH | {USERNAME_VARIABLE: "mallory"}, {USERNAME_VARIABLE: "mallory"}):
        core = start(**variables)
        assert [user.name for user in Users(core).list()] == ["alice"]
    core = start(**BOTH | {PASSWORD_VARIABLE: "another good password"})
    assert Client(core).sign_in("alice", PASSWORD).status == 200
    assert notices == []


def test_an_emptied_database_is_not_opened_by_them(start: Start, notices: list[str]) -> None:
    core = start(**BOTH)
    with transaction(core.db) as tx:
        tx.execute("DELETE FROM users")
    del notices[:]
    core = start(**BOTH)
    assert not Users(core).has_any()
    assert notices == ["There is no user, but this server was set up before: soundwave user add --admin NAME"]


@pytest.mark.parametrize("content", [None, b""])
def test_nor_is_a_lost_one(start: Start, content: bytes | None) -> None:
    core = start(**BOTH)
    core.stop()
    path = core.config.data_dir / "db.sqlite3"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StartError, match="has been set up here: restore a backup"):
        start(**BOTH)


def test_the_public_host_is_answered_at_once(start: Start) -> None:
    core = start(**BOTH, SOUNDWAVE_PUBLIC_URL="https://sound.example/")
    assert core.is_host_allowed("sound.example")
    assert not core.is_host_allowed("other.example")


def test_the_password_is_nowhere(
    start: Start, notices: list[str], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    core = start(**BOTH)
    client = Client(core)
    client.sign_in("alice")
    settings = client.get("/api/appsettings/").body.decode()
    assert "auth.admin_password" in settings
    core.stop()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]
    assert PASSWORD not in "".join([settings, caplog.text, *notices, str(core.config.describe())])
