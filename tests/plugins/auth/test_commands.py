"""``soundwave user``, alone and beside a running server."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from soundwave_auth import Users
from soundwave_auth.commands import user
from soundwave_core import SoundWave, SoundWaveError, StartError, control
from soundwave_core.testing import PASSWORD, Cast, Client, Listening, MakeCore
from tests.plugins.auth.conftest import give_second_factor


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The same directories as ``make_core``'s."""
    folders = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
    paths = {name: str(tmp_path / folder) for name, folder in folders.items()}
    return paths | {"SOUNDWAVE_AUTH_BCRYPT_COST": "4"}


def run(environment: dict[str, str], *arguments: str, typed: str = PASSWORD + "\n") -> Result:
    return CliRunner().invoke(user, arguments, input=typed, env=environment, catch_exceptions=False)


def test_the_shell_makes_an_admin_and_ends_set_up(environment: dict[str, str], make_core: MakeCore) -> None:
    result = run(environment, "add", "--admin", "alice")
    assert (result.exit_code, result.output) == (0, f"Admin alice was added in {environment['DATA_DIR']}.\n")
    core = make_core()
    assert not (core.config.data_dir / "setup-link").exists()
    assert Client(core).sign_in("alice").json.user.is_admin


def test_the_list(environment: dict[str, str]) -> None:
    run(environment, "add", "--admin", "alice")
    run(environment, "add", "bob")
    lines = run(environment, "list").output.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["name", "role", "state"],
        ["bob", "user", "active"],
        ["alice", "admin", "active"],
    ]


def test_the_list_of_nothing_makes_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(StartError, match=f"no SoundWave data in {environment['DATA_DIR']}: .* DATA_DIR"):
        run(environment, "list")
    assert not any(tmp_path.iterdir())


def test_what_is_refused(environment: dict[str, str]) -> None:
    run(environment, "add", "alice")
    for name, typed, code in (("Alice", PASSWORD, "username_taken"), ("bob", "short", "password_too_short")):
        with pytest.raises(SoundWaveError) as refused:
            run(environment, "add", name, typed=typed + "\n")
        assert refused.value.code == code


NEW = "another good password\n"


def test_a_password_is_reset(environment: dict[str, str], make_core: MakeCore) -> None:
    run(environment, "add", "--admin", "alice")
    core = make_core()
    give_second_factor(core, Users(core).list()[0].id)
    core.stop()
    result = run(environment, "reset-password", "ALICE", "--remove-second-factor", typed=NEW)
    assert result.output == "ALICE has a new password, and is signed out everywhere.\n"
    core = make_core()
    assert Client(core).sign_in("alice", NEW.strip()).status == 200
    (line,) = core.db.rows("SELECT username, by_id, by_name, address FROM audit WHERE kind = 'password_reset'")
    assert line == {"username": "alice", "by_id": None, "by_name": "command line", "address": None}


def test_the_second_factor_stays_otherwise(environment: dict[str, str], make_core: MakeCore) -> None:
    run(environment, "add", "--admin", "alice")
    core = make_core()
    give_second_factor(core, Users(core).list()[0].id)
    core.stop()
    run(environment, "reset-password", "alice", typed=NEW)
    core = make_core()
    answer = Client(core).post("/api/user/login/", {"username": "alice", "password": NEW.strip()})
    assert (answer.status, answer.json["code"]) == (401, "totp_required")


def test_a_user_is_disabled_and_enabled(environment: dict[str, str]) -> None:
    run(environment, "add", "--admin", "alice")
    run(environment, "add", "bob")
    assert run(environment, "disable", "bob").output == "bob is disabled.\n"
    assert "disabled" in run(environment, "list").output
    assert run(environment, "enable", "bob").output == "bob may sign in.\n"
    assert "disabled" not in run(environment, "list").output


def test_what_is_refused_of_others(environment: dict[str, str]) -> None:
    run(environment, "add", "--admin", "alice")
    refusals = [
        (("disable", "alice"), NEW, "last_admin"),
        (("disable", "bob"), NEW, "user_not_found"),
        (("reset-password", "bob"), NEW, "user_not_found"),
        (("reset-password", "alice"), "1234567890\n", "password_too_common"),
        (("reset-password", "alice"), "alice alice\n", "password_too_common"),
    ]
    for words, typed, code in refusals:
        with pytest.raises(SoundWaveError) as refused:
            run(environment, *words, typed=typed)
        assert refused.value.code == code


def test_beside_a_running_server(environment: dict[str, str], core: SoundWave, cast: Cast, server: Listening) -> None:
    beside = core.control = control.Control("127.0.0.1", server.server.port, control.new_token())
    control.write(core.config.data_dir, beside)
    assert run(environment, "add", "dora").output == "User dora was added by the running server.\n"
    assert Client(core).sign_in("dora").status == 200
    lines = run(environment, "list").output.splitlines()
    assert [line.split()[0] for line in lines] == ["name", "dora", "carol", "bob", "alice"]
    assert run(environment, "disable", "DORA").exit_code == 0
    assert Client(core).sign_in("dora").status == 401
    assert run(environment, "enable", "dora").exit_code == 0
    give_second_factor(core, cast.bob.user_id)
    assert run(environment, "reset-password", "Bob", "--remove-second-factor", typed=NEW).exit_code == 0
    assert cast.bob.get("/api/user/account/").status == 401
    assert Client(core, address="192.0.2.1").sign_in("bob", NEW.strip()).status == 200
    for words, code in ((("disable", "alice"), "last_admin"), (("enable", "nobody"), "user_not_found")):
        with pytest.raises(SoundWaveError) as refused:
            run(environment, *words)
        assert refused.value.code == code
