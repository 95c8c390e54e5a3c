"""Changing a password, the admin's list, the plugins that are told."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from core.toys import toy

from soundwave_auth import UserRow, Users
from soundwave_core import SoundWave, hookimpl
from soundwave_core.testing import PASSWORD, Cast, Client, MakeCore, VirtualClock, make_cast

Bearer = Callable[..., dict[str, str]]
ACCOUNT = "/api/user/account/"
CHANGE = "/api/user/change-password/"
USERS = "/api/user/admin/users/"
NEW = "another good password"


def change(client: Client, old: str = PASSWORD, new: str = NEW) -> tuple[int, str]:
    answer = client.post(CHANGE, {"old_password": old, "new_password": new})
    if answer.status == 200:
        client.csrf_token = answer.json.csrf_token
        return 200, ""
    return answer.status, answer.json["code"]


def test_a_new_password_ends_every_other_session_and_token(
    core: SoundWave, cast: Cast, bearer: Bearer, clock: VirtualClock
) -> None:
    phone, token, old = Client(core), bearer("read"), dict(cast.bob.cookies)
    phone.sign_in("bob")
    assert change(cast.bob) == (200, "")
    assert cast.bob.get(ACCOUNT).status == 200
    assert cast.bob.cookies != old
    assert phone.get(ACCOUNT).status == 401
    assert cast.nobody.get(ACCOUNT, **token).status == 401
    assert Client(core, cookies=old).get(ACCOUNT).status == 401
    assert cast.carol.get(ACCOUNT).status == 200
    assert Client(core).sign_in("bob", PASSWORD).status == 401
    clock.advance(1)
    assert Client(core).sign_in("bob", NEW).status == 200
    assert change(cast.bob, NEW, PASSWORD) == (200, "")


def test_a_password_that_is_not_changed(cast: Cast, bearer: Bearer) -> None:
    assert change(cast.bob, old="not the password") == (403, "wrong_password")
    assert change(cast.bob, new="too short") == (422, "password_too_short")
    assert change(cast.bob, new="é" * 513) == (422, "password_too_long")
    wish = {"old_password": PASSWORD, "new_password": NEW}
    answer = cast.nobody.post(CHANGE, wish, **bearer("admin", who=cast.alice))
    assert (answer.status, answer.json["code"]) == (403, "session_required")


def test_a_disabled_user_is_out_at_once_and_stays_out(core: SoundWave, cast: Cast, bearer: Bearer) -> None:
    token, path = bearer("read"), f"{USERS}{cast.bob.user_id}/"
    assert cast.alice.patch(path, {"state": "disabled"}).json.state == "disabled"
    assert cast.bob.get(ACCOUNT).status == cast.nobody.get(ACCOUNT, **token).status == 401
    assert cast.alice.patch(path, {"state": "active"}).json.state == "active"
    assert cast.bob.get(ACCOUNT).status == cast.nobody.get(ACCOUNT, **token).status == 401
    assert Client(core).sign_in("bob").status == 200


def test_another_role_needs_a_new_sign_in(cast: Cast) -> None:
    assert cast.alice.patch(f"{USERS}{cast.bob.user_id}/", {"is_admin": True}).json.is_admin
    assert cast.bob.get(ACCOUNT).status == 401
    cast.bob.csrf_token = None
    cast.bob.sign_in("bob")
    assert cast.bob.get(USERS).status == 200


@pytest.mark.parametrize("patch", [{"state": "disabled"}, {"is_admin": False}])
def test_the_last_active_admin_stays(cast: Cast, patch: dict[str, object]) -> None:
    answer = cast.alice.patch(f"{USERS}{cast.alice.user_id}/", patch)
    assert (answer.status, answer.json["code"]) == (409, "last_admin")
    assert cast.alice.get(USERS).status == 200


def test_the_admins_list(core: SoundWave, cast: Cast) -> None:
    listed = cast.alice.get(USERS).json
    assert [(u.username, u.is_admin, u.state) for u in listed.results] == [
        ("carol", False, "active"),
        ("bob", False, "active"),
        ("alice", True, "active"),
    ]
    assert cast.bob.get(USERS).status == cast.bob.post(USERS, {}).status == 403
    assert cast.nobody.get(USERS).status == 401
    user = Users(core).get(cast.bob.user_id)
    assert isinstance(user, UserRow)
    assert (user.name, user.is_admin) == ("bob", False)


@pytest.mark.parametrize("name", ["bob", "BOB", " bob ", "\uff42\uff4f\uff42"])
def test_a_name_is_taken_however_it_is_written(cast: Cast, name: str) -> None:
    answer = cast.alice.post(USERS, {"username": name, "password": PASSWORD})
    assert (answer.status, answer.json["code"]) == (409, "username_taken")


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\u202eb", "x" * 65, "a\0", "\ufeff"])
def test_a_name_that_cannot_be(cast: Cast, name: str) -> None:
    answer = cast.alice.post(USERS, {"username": name, "password": PASSWORD})
    assert (answer.status, answer.json["code"]) == (422, "username_invalid")


def test_a_new_user_is_announced_after_commit(make_core: MakeCore) -> None:
    seen: list[UserRow | None] = []
    witness = ModuleType("witness")

    @hookimpl
    def user_added(core: SoundWave, user_id: str) -> None:
        seen.append(Users(core).find(user_id))

    witness.user_added = user_added
    make_cast(make_core(plugins={"witness": witness}))
    assert [user.name for user in seen if user] == ["alice", "bob", "carol"]


def test_a_removed_user_is_gone_and_the_plugins_are_told(make_core: MakeCore) -> None:
    heard: list[str] = []
    core = make_core(plugins={"toy": toy(user_removed=lambda user_id: heard.append(user_id))})
    cast = make_cast(core)
    path = f"/api/user/admin/users/{cast.bob.user_id}/?tracks=remove"
    assert cast.carol.delete(path).status == 403
    assert cast.alice.delete(path).status == 204
    assert heard == [cast.bob.user_id]
    assert cast.bob.get("/api/user/account/").status == 401
    assert cast.bob.sign_in("bob").status == 401
    assert cast.alice.delete(path).status == 404
    assert cast.alice.delete(f"/api/user/admin/users/{cast.alice.user_id}/?tracks=remove").json["code"] == "last_admin"
    again = cast.alice.post("/api/user/admin/users/", {"username": "bob", "password": PASSWORD})
    assert (again.status, again.json.id != cast.bob.user_id) == (201, True)
