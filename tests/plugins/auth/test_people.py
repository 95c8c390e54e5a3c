"""What admins do with other people's accounts, and that the last active admin stays."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from core.toys import toy

from soundwave_auth import Users, people
from soundwave_auth.shapes import UserPatch
from soundwave_auth.store import KnownDevices, SecondFactors, UserConfig
from soundwave_core import Conflict, SoundWave, SoundWaveError, transaction
from soundwave_core.testing import PASSWORD, Cast, Client, MakeCore, VirtualClock, make_cast
from tests.plugins.auth.conftest import Bearer, fail_at_each_statement, give_second_factor

ACCOUNT = "/api/user/account/"
USERS = "/api/user/admin/users/"
NEW = "another good password"
GIBIBYTE = 1024**3


def path_of(client: Client) -> str:
    return f"{USERS}{client.user_id}/"


def audited(core: SoundWave, kind: str) -> list[dict[str, object]]:
    sql = "SELECT username, by_name, address, detail FROM audit WHERE kind = :kind ORDER BY id"
    return core.db.rows(sql, kind=kind)


# Looking


def test_one_is_shown_as_in_the_list(cast: Cast, clock: VirtualClock) -> None:
    one = cast.alice.get(path_of(cast.bob)).json
    assert (one.username, one.is_admin, one.state) == ("bob", False, "active")
    assert (one.quota_bytes, one.has_second_factor, one.last_seen_at) == (None, False, clock.stamp())
    assert one in cast.alice.get(USERS).json.results
    assert cast.alice.get(f"{USERS}{'0' * 32}/").json["code"] == "user_not_found"


def test_who_has_a_second_factor(core: SoundWave, cast: Cast) -> None:
    give_second_factor(core, cast.bob.user_id)
    with transaction(core.db):
        SecondFactors(core).begin(cast.carol.user_id, "A" * 32, core.clock.stamp())
    assert [u.username for u in cast.alice.get(USERS).json.results if u.has_second_factor] == ["bob"]


def test_when_somebody_was_last_seen(core: SoundWave, cast: Cast, clock: VirtualClock, bearer: Bearer) -> None:
    new = cast.alice.post(USERS, {"username": "dora", "password": PASSWORD}).json

    def seen(user_id: str) -> str | None:
        at = cast.alice.get(f"{USERS}{user_id}/").json.last_seen_at
        return None if at is None else str(at)

    assert (new.last_seen_at, seen(new.id)) == (None, None)
    token, player = bearer("read"), Client(core)
    clock.advance(3600)
    assert seen(cast.bob.user_id) != clock.stamp()
    cast.bob.get(ACCOUNT)
    assert seen(cast.bob.user_id) == (by_session := clock.stamp())  # noted, not yet written
    clock.advance(3600)
    core.jobs.run("auth.flush-last-seen")
    assert cast.bob.post("/api/user/logout/").status == 204
    assert seen(cast.bob.user_id) == by_session  # the session is gone
    assert player.get(ACCOUNT, **token).status == 200
    assert seen(cast.bob.user_id) == clock.stamp()


# Changing


def test_a_new_name_ends_nothing(core: SoundWave, cast: Cast) -> None:
    renamed = cast.alice.patch(path_of(cast.bob), {"username": " Robert "}).json
    assert (renamed.username, renamed.id) == ("Robert", cast.bob.user_id)
    assert cast.bob.get(ACCOUNT).json.user.username == "Robert"
    assert Client(core).sign_in("ROBERT").status == 200
    assert Client(core).sign_in("bob").status == 401
    assert cast.alice.post(USERS, {"username": "bob", "password": PASSWORD}).status == 201


def test_ones_own_name_can_be_written_otherwise(cast: Cast) -> None:
    assert cast.alice.patch(path_of(cast.bob), {"username": "BOB"}).json.username == "BOB"


@pytest.mark.parametrize("name", ["carol", "CAROL", "\uff43\uff41\uff52\uff4f\uff4c"])
def test_a_name_that_is_taken(cast: Cast, name: str) -> None:
    answer = cast.alice.patch(path_of(cast.bob), {"username": name})
    assert (answer.status, answer.json["code"]) == (409, "username_taken")
    assert cast.bob.get(ACCOUNT).json.user.username == "bob"


def test_a_quota_is_set_and_ended(cast: Cast) -> None:
    path = path_of(cast.bob)
    assert cast.alice.patch(path, {"quota_bytes": GIBIBYTE}).json.quota_bytes == GIBIBYTE
    assert cast.alice.patch(path, {"state": "active"}).json.quota_bytes == GIBIBYTE
    assert cast.alice.patch(path, {"quota_bytes": 0}).json.quota_bytes == 0
    assert cast.alice.patch(path, {"quota_bytes": None}).json.quota_bytes is None
    wish = {"username": "dora", "password": PASSWORD, "quota_bytes": 5}
    assert cast.alice.post(USERS, wish).json.quota_bytes == 5


@pytest.mark.parametrize("quota", [-1, 2**53, 2**63, 1.5, "5", True, []])
def test_what_is_no_quota(cast: Cast, quota: object) -> None:
    assert cast.alice.patch(path_of(cast.bob), {"quota_bytes": quota}).status == 422


def test_who_is_no_admin_any_more_has_no_token_left(core: SoundWave, cast: Cast, bearer: Bearer) -> None:
    assert cast.alice.patch(path_of(cast.bob), {"is_admin": True}).status == 200
    assert cast.bob.sign_in("bob").status == 200
    token = bearer("admin", "read")
    assert Client(core).get(USERS, **token).status == 200
    assert cast.alice.patch(path_of(cast.bob), {"is_admin": False}).status == 200
    assert Client(core).get(ACCOUNT, **token).status == cast.bob.get(ACCOUNT).status == 401


def test_a_change_is_told_once_it_is_stored(make_core: MakeCore) -> None:
    heard: list[str] = []
    core = make_core(
        plugins={"toy": toy(user_changed=lambda core, user_id: heard.append(Users(core).get(user_id).name))}
    )
    cast = make_cast(core)
    assert cast.alice.patch(path_of(cast.bob), {"username": "robert"}).status == 200
    assert cast.alice.patch(path_of(cast.bob), {}).status == 200
    assert heard == ["robert"]


FIELDS = [
    "id", "uid", "number", "role", "password_hash", "name_key", "created_at", "has_second_factor", "used_bytes",
    "last_seen_at", "heir_id", "csrf_token", "isAdmin", "is_Admin", "",
]  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_nobody_sets_what_is_not_theirs_to_set(core: SoundWave, cast: Cast, field: str) -> None:
    before = core.db.rows("SELECT * FROM users")
    refused = [
        cast.alice.patch(path_of(cast.bob), {field: "x"}),
        cast.alice.post(USERS, {"username": "dora", "password": PASSWORD, field: "x"}),
        cast.alice.post(path_of(cast.bob) + "reset-password/", {"password": NEW, field: "x"}),
        Client(core).post("/api/user/register/", {"username": "dora", "password": PASSWORD, field: "x"}),
        cast.alice.delete(f"{path_of(cast.bob)}?tracks=remove&{field or 'x'}=x"),
    ]
    assert [answer.status for answer in refused] == [422] * len(refused)
    assert core.db.rows("SELECT * FROM users") == before


# A password for who lost theirs


def reset(client: Client, whom: Client, password: str = NEW, **more: object) -> tuple[int, str]:
    answer = client.post(path_of(whom) + "reset-password/", {"password": password, **more})
    return answer.status, answer.json["code"] if answer.status != 204 else ""


def test_a_reset_password_ends_everything(core: SoundWave, cast: Cast, bearer: Bearer) -> None:
    token = bearer("read")
    assert reset(cast.alice, cast.bob) == (204, "")
    assert cast.bob.get(ACCOUNT).status == Client(core).get(ACCOUNT, **token).status == 401
    assert cast.carol.get(ACCOUNT).status == cast.alice.get(ACCOUNT).status == 200
    assert Client(core).sign_in("bob", NEW).status == 200
    assert Client(core, address="192.0.2.9").sign_in("bob", PASSWORD).status == 401


def test_the_second_factor_goes_only_where_it_is_said(core: SoundWave, cast: Cast) -> None:
    give_second_factor(core, cast.bob.user_id)
    assert reset(cast.alice, cast.bob) == (204, "")
    assert SecondFactors(core).is_on(cast.bob.user_id)
    assert reset(cast.alice, cast.bob, remove_second_factor=True) == (204, "")
    assert not SecondFactors(core).is_on(cast.bob.user_id)
    assert len(audited(core, "second_factor_off")) == 1
    assert Client(core).sign_in("bob", NEW).status == 200


def test_a_reset_that_is_refused(core: SoundWave, cast: Cast) -> None:
    assert reset(cast.alice, cast.alice) == (409, "own_account")
    assert reset(cast.bob, cast.carol) == (403, "admin_only")
    assert reset(cast.alice, cast.bob, "short") == (422, "password_too_short")
    assert reset(cast.alice, cast.bob, "1234567890") == (422, "password_too_common")
    assert reset(cast.alice, cast.bob, "bobbobbobbob") == (422, "password_too_common")
    assert reset(cast.alice, Client(core, user_id="0" * 32)) == (404, "user_not_found")
    assert cast.bob.get(ACCOUNT).status == 200
    assert audited(core, "password_reset") == []


def test_nothing_of_a_password_stays(core: SoundWave, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    answer = cast.alice.post(path_of(cast.bob) + "reset-password/", {"password": NEW}, Idempotency_Key="reset")
    assert answer.status == 204
    assert NEW not in str([core.db.rows(f"SELECT * FROM {table}") for table in ("audit", "operations", "users")])
    assert NEW not in caplog.text


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
def test_the_password_is_asked_for_again(cast: Cast, clock: VirtualClock, method: str) -> None:
    clock.advance(601)
    path = path_of(cast.bob) + {"POST": "reset-password/", "DELETE": "?tracks=remove"}.get(method, "")
    body = {"POST": {"password": NEW}, "PATCH": {"is_admin": True}}.get(method)
    answer = cast.alice.request(method, path, json=body)
    assert (answer.status, answer.json["code"]) == (403, "confirmation_needed")
    assert cast.alice.post("/api/user/confirm/", {"password": PASSWORD}).status == 204
    assert cast.alice.request(method, path, json=body).status in (200, 204)


# Removing


def test_who_gets_the_tracks_is_told_and_stored(make_core: MakeCore) -> None:
    heard: list[tuple[str, str | None]] = []
    core = make_core(plugins={"toy": toy(user_removed=lambda user_id, heir_id: heard.append((user_id, heir_id)))})
    cast = make_cast(core)
    assert cast.alice.delete(f"{path_of(cast.bob)}?tracks=give&to={cast.carol.user_id}").status == 204
    assert cast.alice.delete(f"{path_of(cast.carol)}?tracks=remove").status == 204
    assert heard == [(cast.bob.user_id, cast.carol.user_id), (cast.carol.user_id, None)]
    removed = {user.name: user.heir_id for user in Users(core).list_removed()}
    assert removed == {"bob": None, "carol": None}  # what carol was to get goes where hers goes


def test_an_heir_who_goes_hands_on(core: SoundWave, cast: Cast) -> None:
    assert cast.alice.delete(f"{path_of(cast.bob)}?tracks=give&to={cast.carol.user_id}").status == 204
    assert [user.heir_id for user in Users(core).list_removed()] == [cast.carol.user_id]
    assert cast.alice.delete(f"{path_of(cast.carol)}?tracks=give&to={cast.alice.user_id}").status == 204
    (told,) = core.plugins.decide("removed_users")
    assert told == {cast.bob.user_id: cast.alice.user_id, cast.carol.user_id: cast.alice.user_id}


def test_an_heir_who_cannot_be(core: SoundWave, cast: Cast) -> None:
    gone = cast.alice.post(USERS, {"username": "dora", "password": PASSWORD}).json.id
    assert cast.alice.delete(f"{USERS}{gone}/?tracks=remove").status == 204
    for query in (
        "tracks=give", f"tracks=remove&to={cast.carol.user_id}",
        f"tracks=give&to={cast.bob.user_id}", f"tracks=give&to={gone}", f"tracks=give&to={'0' * 32}",
    ):  # fmt: skip
        answer = cast.alice.delete(f"{path_of(cast.bob)}?{query}")
        assert (answer.status, answer.json["code"]) == (422, "heir_invalid"), query
    for query in (
        "",
        f"to={cast.carol.user_id}",
        "tracks=keep",
        "tracks=give&to=bob",
        "tracks=give&tracks=remove",
        "tracks=remove&force=1",
    ):
        assert cast.alice.delete(f"{path_of(cast.bob)}?{query}").json["code"] == "query_invalid"
    assert cast.bob.get(ACCOUNT).status == 200


def test_a_disabled_user_may_inherit(core: SoundWave, cast: Cast) -> None:
    assert cast.alice.patch(path_of(cast.carol), {"state": "disabled"}).status == 200
    assert cast.alice.delete(f"{path_of(cast.bob)}?tracks=give&to={cast.carol.user_id}").status == 204


def test_what_was_theirs_alone_goes_with_them(core: SoundWave, cast: Cast) -> None:
    user_id = cast.bob.user_id
    assert cast.bob.patch("/api/user/config/", {"values": {"theme": "dark"}}).status == 200
    give_second_factor(core, user_id)
    with transaction(core.db):
        KnownDevices(core).put("hash", user_id, core.clock.stamp(), core.clock.stamp_after(days=1))
    assert cast.alice.delete(f"{path_of(cast.bob)}?tracks=remove").status == 204
    assert UserConfig(core, user_id).count() == 0
    for table in ("sessions", "tokens", "second_factors", "known_devices"):
        assert core.db.value(f"SELECT count(*) FROM {table} WHERE user_id = :id", id=user_id) == 0
    assert core.db.value("SELECT password_hash FROM users WHERE uid = :id", id=user_id) == ""
    assert Client(core).sign_in("bob", "").status == 401


# The last active admin


def test_an_admin_who_is_not_the_last_may_go(core: SoundWave, cast: Cast) -> None:
    assert cast.alice.patch(path_of(cast.bob), {"is_admin": True}).status == 200
    assert cast.alice.delete(f"{path_of(cast.alice)}?tracks=remove").status == 204
    assert cast.alice.get(ACCOUNT).status == 401
    assert cast.bob.sign_in("bob").status == 200
    answer = cast.bob.delete(f"{path_of(cast.bob)}?tracks=give&to={cast.carol.user_id}")
    assert (answer.status, answer.json["code"]) == (409, "last_admin")
    assert cast.bob.get(USERS).json.count == 2


def test_a_disabled_admin_is_none_to_count_on(cast: Cast) -> None:
    assert cast.alice.patch(path_of(cast.bob), {"is_admin": True}).status == 200
    assert cast.alice.patch(path_of(cast.bob), {"state": "disabled"}).status == 200
    for patch in ({"is_admin": False}, {"state": "disabled"}, {"state": "disabled", "username": "x"}):
        assert cast.alice.patch(path_of(cast.alice), patch).json["code"] == "last_admin"
    assert cast.alice.delete(f"{path_of(cast.alice)}?tracks=remove").json["code"] == "last_admin"
    assert cast.alice.get(ACCOUNT).json.user.username == "alice"


Leaving = Callable[[SoundWave, str], object]
WAYS: dict[str, Leaving] = {
    "demoted": lambda core, id: people.change_user(core, id, UserPatch(is_admin=False)),
    "disabled": lambda core, id: people.change_user(core, id, UserPatch(state="disabled")),
    "removed": lambda core, id: people.remove_user(core, id),
}


@pytest.mark.parametrize("one", WAYS)
@pytest.mark.parametrize("other", WAYS)
def test_of_two_admins_at_once_one_stays(core: SoundWave, cast: Cast, one: str, other: str) -> None:
    assert cast.alice.patch(path_of(cast.bob), {"is_admin": True}).status == 200
    barrier, refused = threading.Barrier(2), list[SoundWaveError]()

    def leave(way: str, user_id: str) -> None:
        barrier.wait(timeout=10)
        try:
            WAYS[way](core, user_id)
        except Conflict as error:
            refused.append(error)

    leavers = [(one, cast.alice.user_id), (other, cast.bob.user_id)]
    threads = [threading.Thread(target=leave, args=leaver) for leaver in leavers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert [error.code for error in refused] == ["last_admin"]
    sql = "SELECT count(*) FROM users WHERE role = 'admin' AND state = 'active'"
    assert core.db.value(sql) == 1


# The audit trail


def test_each_change_has_its_line(core: SoundWave, cast: Cast) -> None:
    cast.alice.address = "192.0.2.1"
    patch = {"username": "robert", "is_admin": True, "state": "disabled", "quota_bytes": 7}
    assert cast.alice.patch(path_of(cast.bob), patch).status == 200
    assert cast.alice.patch(path_of(cast.bob), patch | {"quota_bytes": None}).status == 200
    assert reset(cast.alice, cast.bob) == (204, "")
    assert cast.alice.delete(f"{path_of(cast.bob)}?tracks=give&to={cast.carol.user_id}").status == 204
    by = {"by_name": "alice", "address": "192.0.2.1"}
    assert audited(core, "user_changed") == [
        {"username": "bob", **by,
         "detail": '{"username":"robert","role":"admin","state":"disabled","quota_bytes":"7"}'},
        {"username": "robert", **by, "detail": '{"quota_bytes":"none"}'},
    ]  # fmt: skip
    assert audited(core, "password_reset") == [{"username": "robert", **by, "detail": "{}"}]
    assert audited(core, "user_removed") == [{"username": "robert", **by, "detail": '{"tracks":"to carol"}'}]
    added = [row for row in audited(core, "user_added") if row["by_name"]]
    assert [(row["username"], row["by_name"], row["detail"]) for row in added] == [
        ("bob", "alice", '{"role":"user"}'), ("carol", "alice", '{"role":"user"}'),
    ]  # fmt: skip


@pytest.mark.parametrize("call", ["change", "reset", "remove", "add", "invite"])
def test_no_change_without_its_line(core: SoundWave, cast: Cast, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that fails, whichever it is, and nothing happened: neither the change nor the line."""
    calls: dict[str, Callable[[], int]] = {
        "change": lambda: cast.alice.patch(path_of(cast.bob), {"is_admin": True, "quota_bytes": 7}).status,
        "reset": lambda: reset(cast.alice, cast.bob)[0],
        "remove": lambda: cast.alice.delete(f"{path_of(cast.bob)}?tracks=remove").status,
        "add": lambda: cast.alice.post(USERS, {"username": "dora", "password": PASSWORD}).status,
        "invite": lambda: cast.alice.post("/api/user/admin/invites/", {}).status,
    }
    failures = fail_at_each_statement(core, calls[call], monkeypatch)
    assert failures >= 4  # BEGIN, the change, its line, COMMIT
