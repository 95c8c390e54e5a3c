"""First run: one link, one hour, one admin."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from soundwave_auth import Users, accounts, people, setup
from soundwave_core import SoundWave, StartError, transaction
from soundwave_core.testing import PASSWORD, Client, MakeCore, VirtualClock, setup_code_of
from tests.plugins.auth.conftest import race


def link_of(core: SoundWave) -> str:
    return (core.config.data_dir / "setup-link").read_text().strip()


def test_the_link_is_printed_and_in_a_private_file(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(core, "notice", lines.append)
    setup.begin(core)
    assert lines == [f"Set-up: {link_of(core)}"]
    assert link_of(core).startswith("http://localhost:8889/setup?code=")
    assert (core.config.data_dir / "setup-link").stat().st_mode & 0o777 == 0o600


def test_the_link_knows_the_public_address(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_PUBLIC_URL="https://sound.example/audio/")
    assert link_of(core).startswith("https://sound.example/audio/setup?code=")


def test_the_code_itself_is_not_stored(core: SoundWave, setup_code: str) -> None:
    assert len(setup_code) >= 22
    assert setup_code not in str(core.db.rows("SELECT * FROM setup_codes"))


def test_the_code_makes_the_first_admin_and_signs_in(core: SoundWave, client: Client, setup_code: str) -> None:
    assert client.get("/api/session/").json.is_setup_open
    answer = client.register("alice", setup_code=setup_code)
    assert (answer.status, answer.json.user.is_admin, answer.json.token) == (201, True, None)
    session = client.get("/api/session/").json
    assert session.user == answer.json.user
    assert session.csrf_token == answer.json.csrf_token
    assert not session.is_setup_open
    assert (core.config.data_dir / "installed").exists()
    assert not (core.config.data_dir / "setup-link").exists()


def test_the_code_works_once(core: SoundWave, client: Client, setup_code: str) -> None:
    assert client.register("alice", setup_code=setup_code).status == 201
    again = Client(core).register("mallory", setup_code=setup_code)
    assert (again.status, again.json["code"]) == (403, "setup_code_invalid")


def test_what_is_refused_leaves_the_code_good(core: SoundWave, client: Client, setup_code: str) -> None:
    short = client.register("alice", "too short", setup_code=setup_code)
    assert (short.status, short.json["code"]) == (422, "password_too_short")
    nameless = client.register("\u200b", setup_code=setup_code)
    assert (nameless.status, nameless.json["code"]) == (422, "username_invalid")
    assert core.db.value("SELECT count(*) FROM users") == core.db.value("SELECT count(*) FROM sessions") == 0
    assert client.register("alice", setup_code=setup_code).status == 201


def test_the_refusal_says_what_helps(make_core: MakeCore) -> None:
    core = make_core()
    code = setup_code_of(core)

    def said() -> str:
        return str(Client(core).register("mallory", setup_code=code[::-1]).json["detail"])

    assert "expired or wrong. Start the server again" in said()
    Client(core).register("alice", setup_code=code)
    assert "set up already" in said()
    assert "Start the server" not in said()
    with transaction(core.db) as tx:
        tx.execute("DELETE FROM users")
    assert "soundwave user add --admin" in said()


@pytest.mark.parametrize("code", ["", "x", "x" * 256, "é\u0000", "' OR 1=1 --"])
def test_a_wrong_code_opens_nothing(core: SoundWave, client: Client, code: str) -> None:
    answer = client.register("mallory", setup_code=code)
    assert (answer.status, answer.json["code"]) == (403, "setup_code_invalid")
    assert not Users(core).has_any()


def test_without_a_code_nobody_registers_first(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="open")
    answer = Client(core).register("mallory")
    assert (answer.status, answer.json["code"]) == (403, "registration_closed")


@pytest.mark.parametrize(("seconds", "status"), [(3599, 201), (3600, 403)])
def test_the_code_lives_an_hour(
    client: Client, clock: VirtualClock, setup_code: str, seconds: int, status: int
) -> None:
    clock.advance(seconds)
    assert client.get("/api/session/").json.is_setup_open is (status == 201)
    assert client.register("alice", setup_code=setup_code).status == status


def test_of_twenty_at_once_one_wins(core: SoundWave, setup_code: str) -> None:
    statuses = race(core, lambda client, name: client.register(name, setup_code=setup_code).status)
    assert sorted(statuses) == [201] + [403] * 19
    assert core.db.value("SELECT count(*) FROM users") == core.db.value("SELECT count(*) FROM sessions") == 1
    assert core.db.value("SELECT count(*) FROM audit WHERE kind = 'registered'") == 1


def test_whom_the_shell_adds_meanwhile_is_the_first(
    core: SoundWave, client: Client, setup_code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hash_slowly(core: SoundWave, name: str, password: str) -> str:
        monkeypatch.undo()
        people.add_user(core, "alice", PASSWORD, is_admin=True)
        return accounts.hash_for(core, name, password)

    monkeypatch.setattr(accounts, "hash_for", hash_slowly)
    answer = client.register("mallory", setup_code=setup_code)
    assert (answer.status, answer.json["code"]) == (403, "setup_code_invalid")
    assert [user.name for user in Users(core).list()] == ["alice"]


def test_a_new_start_makes_a_new_code(make_core: MakeCore) -> None:
    first = make_core()
    old = setup_code_of(first)
    first.stop()
    core = make_core()
    assert Client(core).register("mallory", setup_code=old).status == 403
    new = setup_code_of(core)
    assert Client(core).register("alice", setup_code=new).status == 201


def test_a_database_without_users_does_not_open_set_up_again(make_core: MakeCore) -> None:
    first = make_core()
    Client(first).register("alice", setup_code=setup_code_of(first))
    with transaction(first.db) as tx:
        tx.execute("DELETE FROM users")
    first.stop()
    core = make_core()
    assert not (core.config.data_dir / "setup-link").exists()
    assert not Client(core).get("/api/session/").json.is_setup_open
    assert Client(core).register("mallory", setup_code="x").status == 403


@pytest.mark.parametrize("fate", ["missing", "empty"])
def test_a_lost_database_does_not_open_set_up_again(make_core: MakeCore, fate: str) -> None:
    first = make_core()
    Client(first).register("alice", setup_code=setup_code_of(first))
    first.stop()
    path = first.config.data_dir / "db.sqlite3"
    path.unlink() if fate == "missing" else path.write_bytes(b"")
    with pytest.raises(StartError, match=f"is {fate}, but SoundWave has been set up here: restore a backup"):
        make_core()
    assert not (first.config.data_dir / "setup-link").exists()


def test_a_database_from_elsewhere_does_not_bring_its_set_up_along(make_core: MakeCore, tmp_path: Path) -> None:
    """One of a server that was just begun: without users, and with a code that is good."""
    elsewhere = make_core(DATA_DIR=str(tmp_path / "elsewhere"))
    code = setup_code_of(elsewhere)
    elsewhere.stop()
    first = make_core()
    Client(first).register("alice", setup_code=setup_code_of(first))
    first.stop()
    shutil.copy(tmp_path / "elsewhere/db.sqlite3", first.config.data_dir / "db.sqlite3")
    core = make_core()
    assert not Users(core).has_any()
    assert not Client(core).get("/api/session/").json.is_setup_open
    answer = Client(core).register("mallory", setup_code=code)
    assert (answer.status, answer.json["code"]) == (403, "setup_code_invalid")
    assert "soundwave user add --admin" in answer.json["detail"]
    assert not (core.config.data_dir / "setup-link").exists()


def test_removing_everybody_does_not_open_it_either(core: SoundWave, client: Client, setup_code: str) -> None:
    client.register("alice", setup_code=setup_code)
    with transaction(core.db) as tx:
        tx.execute("UPDATE users SET state = 'removed'")
    (core.config.data_dir / "installed").unlink()
    setup.begin(core)
    assert not (core.config.data_dir / "setup-link").exists()
    assert core.is_installed


def test_a_stop_before_the_marker_is_made_good(make_core: MakeCore) -> None:
    first = make_core()
    Client(first).register("alice", setup_code=setup_code_of(first))
    first.stop()
    (first.config.data_dir / "installed").unlink()
    core = make_core()
    assert (core.config.data_dir / "installed").exists()
    assert not Client(core).get("/api/session/").json.is_setup_open
    assert Client(core).sign_in("alice", PASSWORD).status == 200
