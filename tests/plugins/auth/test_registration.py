"""Who may register: nobody, holders of an invite, everybody. What fails half-way leaves nothing behind."""

from __future__ import annotations

import pytest

from soundwave_core import SoundWave
from soundwave_core.testing import PASSWORD, Cast, Client, MakeCore, VirtualClock, make_cast
from tests.plugins.auth.conftest import fail_at_each_statement, race

ACCOUNT = "/api/user/account/"
USERS = "/api/user/admin/users/"
INVITES = "/api/user/admin/invites/"


@pytest.fixture
def invited(make_core: MakeCore) -> Cast:
    """The cast of a server where one registers by invite."""
    return make_cast(make_core(SOUNDWAVE_AUTH_REGISTRATION="invite"))


def invite(client: Client, **wish: int) -> str:
    return str(client.post(INVITES, wish).json.code)


def test_closed_by_default_even_with_an_invite(core: SoundWave, cast: Cast) -> None:
    for codes in ({}, {"invite_code": invite(cast.alice)}):
        answer = Client(core).register("dora", **codes)
        assert (answer.status, answer.json["code"]) == (403, "registration_closed")


def test_an_invite_lets_one_in(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="invite")
    cast = make_cast(core)
    code = invite(cast.alice)
    assert Client(core).register("dora").json["code"] == "invite_code_missing"
    dora = Client(core)
    answer = dora.register("dora", invite_code=code)
    assert (answer.status, answer.json.user.is_admin) == (201, False)
    assert dora.get(ACCOUNT).status == 200
    again = Client(core).register("eve", invite_code=code)
    assert (again.status, again.json["code"]) == (403, "invite_code_invalid")
    (listed,) = cast.alice.get(INVITES).json.results
    assert listed.used_at is not None
    assert code not in str(core.db.rows("SELECT * FROM invites"))


def test_an_invite_ends(make_core: MakeCore, clock: VirtualClock) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="invite")
    cast = make_cast(core)
    code, withdrawn = invite(cast.alice, expires_in_days=1), invite(cast.alice)
    id = cast.alice.get(INVITES).json.results[0].id
    assert cast.bob.delete(f"{INVITES}{id}/").status == 403
    assert cast.alice.delete(f"{INVITES}{id}/").status == 204
    assert cast.alice.delete(f"{INVITES}{id}/").status == 404
    assert Client(core).register("dora", invite_code=withdrawn).status == 403
    clock.advance(86400)
    assert Client(core).register("dora", invite_code=code).status == 403
    assert core.db.value("SELECT count(*) FROM users") == 3


def test_open_registration_makes_users_not_admins(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="open")
    make_cast(core)
    assert Client(core).register("dora").json.user.is_admin is False
    assert Client(core).register("DORA").status == 409


@pytest.mark.parametrize("days", [0, 91, -1, "7", None])
def test_an_invite_that_cannot_be(cast: Cast, days: object) -> None:
    assert cast.alice.post(INVITES, {"expires_in_days": days}).status == 422


def test_twenty_at_once_with_one_invite(invited: Cast) -> None:
    core, code = invited.alice.core, invite(invited.alice)
    statuses = race(core, lambda client, name: client.register(name, invite_code=code).status)
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 403, 429}
    assert core.db.value("SELECT count(*) FROM users") == 3 + 1
    assert core.db.value("SELECT count(*) FROM sessions") == 3 + 1
    assert core.db.value("SELECT count(*) FROM invites WHERE used_by IS NOT NULL") == 1


def test_twenty_at_once_with_one_name(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="open")
    make_cast(core)
    spellings = ("dora", "DORA", " dora ", "\uff44\uff4f\uff52\uff41")
    names = iter(spellings * 5)
    wishes = {f"user{number}": next(names) for number in range(20)}
    statuses = race(core, lambda client, name: client.register(wishes[name]).status)
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 409, 429}
    assert core.db.value("SELECT count(*) FROM users") == 3 + 1


@pytest.mark.parametrize("fate", ["disabled", "demoted", "removed"])
def test_an_invite_is_void_without_its_maker(invited: Cast, fate: str) -> None:
    core, bob = invited.alice.core, f"{USERS}{invited.bob.user_id}/"
    assert invited.alice.patch(bob, {"is_admin": True}).status == 200
    assert invited.bob.sign_in("bob").status == 200
    code = invite(invited.bob)
    if fate == "removed":
        assert invited.alice.delete(f"{bob}?tracks=remove").status == 204
    else:
        change: dict[str, object] = {"state": "disabled"} if fate == "disabled" else {"is_admin": False}
        assert invited.alice.patch(bob, change).status == 200
    answer = Client(core).register("dora", invite_code=code)
    assert (answer.status, answer.json["code"]) == (403, "invite_code_invalid")


def test_a_name_that_looks_like_anothers(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="open")
    make_cast(core)
    for number, name in enumerate(("ALICE", "\uff41lice", "al\u2170ce", "\u24d0lice", " alice")):
        answer = Client(core, address=f"192.0.2.{number}").register(name)
        assert (answer.status, answer.json["code"]) == (409, "username_taken"), name


def test_a_common_password_uses_no_invite_up(invited: Cast) -> None:
    core, code = invited.alice.core, invite(invited.alice)
    for password in ("password123", "doradoradora"):
        answer = Client(core).register("dora", password, invite_code=code)
        assert (answer.status, answer.json["code"]) == (422, "password_too_common")
    assert Client(core).register("dora", PASSWORD, invite_code=code).status == 201


@pytest.mark.parametrize("way", ["setup_code", "invite_code", "open"])
def test_half_way_is_nowhere(make_core: MakeCore, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="open" if way == "open" else "invite")
    codes: dict[str, str] = {}
    if way == "setup_code":
        link = (core.config.data_dir / "setup-link").read_text().strip()
        codes = {"setup_code": link.partition("code=")[2]}
    elif way == "invite_code":
        codes = {"invite_code": invite(make_cast(core).alice)}
    else:
        make_cast(core)
    statements = fail_at_each_statement(core, lambda: Client(core).register("dora", **codes).status, monkeypatch)
    assert statements >= 6  # BEGIN, the code, the user, the session, the line in the trail, COMMIT


def test_makers_of_invites_are_in_the_trail(invited: Cast) -> None:
    core = invited.alice.core
    invite(invited.alice)
    assert invited.alice.delete(f"{INVITES}{invited.alice.get(INVITES).json.results[0].id}/").status == 204
    rows = core.db.rows("SELECT kind, by_name FROM audit WHERE kind LIKE 'invite%' ORDER BY id")
    assert [(row["kind"], row["by_name"]) for row in rows] == [("invite_made", "alice"), ("invite_removed", "alice")]


def test_the_code_of_an_invite_is_in_no_trail(invited: Cast, clock: VirtualClock) -> None:
    core, code = invited.alice.core, invite(invited.alice)
    assert Client(core).register("dora", invite_code=code).status == 201
    clock.advance(60)
    assert code not in str([core.db.rows(f"SELECT * FROM {table}") for table in ("audit", "invites", "throttles")])
