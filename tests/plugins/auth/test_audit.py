"""The audit trail: what is in it, who reads it, and that nothing rewrites it."""

from __future__ import annotations

from typing import Any

import pytest

import soundwave_auth
from soundwave_auth import audit, refusals
from soundwave_auth.refusals import Refusals
from soundwave_auth.store import Users
from soundwave_core import Actor, SoundWave, from_stamp, transaction
from soundwave_core.testing import PASSWORD, START, Cast, Client, MakeCore, VirtualClock, make_cast
from tests.plugins.auth.conftest import Bearer, give_second_factor

AUDIT = "/api/user/admin/audit/"
LOGIN = "/api/user/login/"
MINUTE, DAY = 60, 86400
BOB = Actor("b" * 32, "bob", is_admin=False)
CAROL = Actor("c" * 32, "carol", is_admin=False)


def lines(cast: Cast, query: str = "") -> list[Any]:
    answer = cast.alice.get(AUDIT + query)
    assert answer.status == 200, answer.body
    found: list[Any] = answer.json.results
    return found


def note(core: SoundWave, kind: Any = "sign_out", **more: Any) -> None:
    with transaction(core.db):
        audit.note(core, kind, **more)


def count_lines(core: SoundWave) -> int:
    return int(core.db.value("SELECT count(*) FROM audit"))


# Lines


def test_a_line_says_who_what_when_and_from_where(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    clock.advance(1)
    bob, alice = Users(core).get(cast.bob.user_id), Users(core).get(cast.alice.user_id)
    note(core, "user_changed", user=bob, by=alice, address="::ffff:192.0.2.1", role="admin")
    (line,) = lines(cast, "?kind=user_changed&limit=1")
    assert (line.user_id, line.username, line.by_id, line.by) == (bob.id, "bob", alice.id, "alice")
    assert (line.address, line.count, line.detail) == ("192.0.2.1", 1, {"role": "admin"})
    assert from_stamp(line.at) == clock.now()


def test_the_line_of_somebody_who_is_gone_stays_readable(core: SoundWave, cast: Cast) -> None:
    note(core, user=Users(core).get(cast.carol.user_id))
    assert cast.alice.delete(f"/api/user/admin/users/{cast.carol.user_id}/?tracks=remove").status == 204
    assert [line.username for line in lines(cast, "?kind=sign_out")] == ["carol"]


def test_a_line_is_in_the_transaction_of_what_it_tells(core: SoundWave) -> None:
    with pytest.raises(RuntimeError, match="outside transaction"):
        audit.note(core, "sign_out", user=BOB)
    with pytest.raises(ZeroDivisionError), transaction(core.db):
        audit.note(core, "sign_out", user=BOB)
        raise ZeroDivisionError
    assert count_lines(core) == 0


def test_a_kind_that_is_none_is_refused(core: SoundWave) -> None:
    with pytest.raises(ValueError, match="made_up"):
        note(core, "made_up")


def test_no_line_forges_another_or_fills_the_disk(core: SoundWave, cast: Cast) -> None:
    name = "bob\n2026 \u202eecila\x1b[2J\u200b" + "x" * 5000
    note(core, user=Actor("c" * 32, name, is_admin=False), word="a\r\nb\u2066c" + "y" * 5000)
    (line,) = lines(cast, "?kind=sign_out")
    assert line.username.startswith("bob\ufffd2026 \ufffdecila\ufffd[2J\ufffdx")
    assert line.detail["word"].startswith("a\ufffd\ufffdb\ufffdcy")
    assert (len(line.username), len(line.detail["word"])) == (300, 500)


def test_other_plugins_add_lines_by_the_same_door(core: SoundWave, cast: Cast) -> None:
    with transaction(core.db):
        soundwave_auth.note_audit(core, "restored", by=BOB, file="backup.zip")
    assert lines(cast, "?kind=restored")[0].detail == {"file": "backup.zip"}


def test_what_the_command_line_does_is_by_nobodys_id(core: SoundWave, cast: Cast) -> None:
    note(core, by=Actor("", "command line", is_admin=True))
    (line,) = lines(cast, "?kind=sign_out")
    assert (line.by_id, line.by) == (None, "command line")


def test_settings_by_name_and_never_by_value(core: SoundWave, cast: Cast) -> None:
    changed = cast.alice.patch("/api/appsettings/", {"values": {"auth.registration": "invite"}})
    assert changed.status == 200, changed.body
    (line,) = lines(cast, "?kind=settings_changed")
    assert (line.by, line.address, line.detail) == ("alice", "127.0.0.1", {"names": "auth.registration"})


def test_settings_that_stay_as_they_are_have_no_line(core: SoundWave, cast: Cast) -> None:
    assert cast.alice.patch("/api/appsettings/", {"values": {"auth.registration": "closed"}}).status == 200
    assert lines(cast, "?kind=settings_changed") == []


def test_no_setting_changes_without_its_line(core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(audit, "add", lambda *args, **more: 1 / 0)
        assert cast.alice.patch("/api/appsettings/", {"values": {"auth.registration": "open"}}).status == 500
    assert core.config["auth.registration"] == "closed"
    assert core.db.rows("SELECT * FROM settings WHERE name = 'auth.registration'") == []


# The list


def test_newest_first_and_on_at_next(core: SoundWave, cast: Cast) -> None:
    for number in range(7):
        note(core, number=str(number))
    path, seen = f"{AUDIT}?kind=sign_out&limit=3", list[str]()
    while path:
        answer = cast.alice.get(path).json
        assert answer.count == 7
        seen += [line.detail["number"] for line in answer.results]
        path = answer.next
    assert seen == list("6543210")


def test_filters(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    clock.advance(DAY)
    carol = Actor("c" * 32, "carol", is_admin=False)
    note(core, user=BOB, address="192.0.2.1")
    clock.advance(60)
    note(core, "password_reset", user=BOB, by=carol, address="2001:db8::1")
    clock.advance(60)
    note(core, user=carol, address="192.0.2.2")
    cast.alice.sign_in("alice")

    def found(query: str) -> list[str]:
        return [f"{line.kind} {line.username}" for line in lines(cast, f"?{query}") if line.username != "alice"]

    assert found("kind=password_reset") == ["password_reset bob"]
    assert found(f"user={BOB.id}") == ["password_reset bob", "sign_out bob"]
    assert found(f"user={carol.id}") == ["sign_out carol", "password_reset bob"]
    assert found("address=2001:DB8:0::1") == ["password_reset bob"]
    assert found("since=2026-01-06T12:01:00Z") == ["sign_out carol", "password_reset bob"]
    assert found("since=2026-01-06T12:01:00Z&until=2026-01-06T12:02:00Z") == ["password_reset bob"]
    assert found("since=2026-01-06T14:02:00%2B02:00") == ["sign_out carol"]
    assert found(f"user={BOB.id}&kind=sign_out&address=192.0.2.1") == ["sign_out bob"]
    assert found(f"user={BOB.id}&address=192.0.2.2") == []


@pytest.mark.parametrize(
    "query",
    [
        "kind=made_up",
        "kind=",
        "user=bob",
        f"user={'B' * 32}",
        "address=localhost",
        "address=192.0.2.0/24",
        "address=",
        "since=yesterday",
        "since=2026-02-30T00:00:00Z",
        "since=2026-01-01T00:00:00",
        "since=2026-01-01",
        "since=1767225600",
        "since=0001-01-01T00:00:00%2B10:00",
        "until=",
        "limit=0",
        "limit=201",
        "cursor=x",
        "colour=red",
        "kind=sign_in&kind=sign_out",
    ],
)
def test_a_filter_that_means_nothing_is_refused(cast: Cast, query: str) -> None:
    assert cast.alice.get(f"{AUDIT}?{query}").status == 422


def test_admins_only(cast: Cast, bearer: Bearer) -> None:
    assert cast.nobody.get(AUDIT).status == 401
    assert cast.bob.get(AUDIT).status == 403
    assert Client(cast.nobody.core).get(AUDIT, **bearer("read", who=cast.alice)).status == 403
    assert Client(cast.nobody.core).get(AUDIT, **bearer("admin", who=cast.alice)).status == 200


def test_nobody_changes_or_removes_a_line(core: SoundWave, cast: Cast) -> None:
    note(core, user=BOB)
    id, before = lines(cast, "?kind=sign_out")[0].id, core.db.rows("SELECT * FROM audit WHERE kind = 'sign_out'")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in (AUDIT, f"{AUDIT}{id}/"):
            assert cast.alice.request(method, path, json={"kind": "sign_in"}).status in (404, 405)
    assert core.db.rows("SELECT * FROM audit WHERE kind = 'sign_out'") == before
    methods = {entry.route.method for entry in core.routes.routes() if entry.route.rule.startswith(AUDIT)}
    assert methods == {"GET"}


# Refusals


def test_who_was_refused_what(core: SoundWave, cast: Cast) -> None:
    assert cast.bob.get("/api/user/admin/users/").status == 403
    (line,) = lines(cast, "?kind=refused")
    assert (line.user_id, line.username, line.address) == (cast.bob.user_id, "bob", "127.0.0.1")
    assert line.detail == {"code": "admin_only", "route": "GET /api/user/admin/users/"}


def test_not_being_signed_in_is_no_refusal_but_a_bad_credential_is(core: SoundWave, cast: Cast) -> None:
    assert cast.nobody.get("/api/user/account/").status == 401
    assert lines(cast, "?kind=refused") == []
    Client(core, cookies={"soundwave_session": "over"}).get("/api/user/account/")
    Client(core).get("/api/user/account/", Authorization="Bearer swt_over")
    assert [line.detail["code"] for line in lines(cast, "?kind=refused")] == ["token_invalid", "unauthorized"]


def test_what_has_a_line_of_its_own_is_not_told_twice(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    stale = Client(core, cookies={"soundwave_session": "over"})
    assert stale.post(LOGIN, {"username": "bob", "password": "wrong"}).status == 401
    clock.advance(10 * MINUTE)
    wish = {"name": "a player", "scopes": ["read"]}
    assert cast.bob.post("/api/user/tokens/", wish).json["code"] == "confirmation_needed"
    assert lines(cast, "?kind=refused") == []


def test_a_right_password_without_its_code_leaves_a_trace(core: SoundWave, cast: Cast) -> None:
    give_second_factor(core, cast.bob.user_id)
    answer = Client(core, address="192.0.2.9").post(LOGIN, {"username": "BOB", "password": PASSWORD})
    assert (answer.status, answer.json["code"]) == (401, "totp_required")
    (line,) = lines(cast, "?kind=refused")
    assert (line.user_id, line.username, line.address) == (cast.bob.user_id, "bob", "192.0.2.9")
    assert line.detail == {"code": "totp_required", "route": "POST /api/user/login/"}
    assert lines(cast, "?kind=sign_in_failed") == []


def test_signing_in_again_ends_the_session_before_and_says_so(core: SoundWave, cast: Cast) -> None:
    cast.bob.address = "192.0.2.9"
    assert cast.bob.sign_in("carol").status == 200
    line, *_ = lines(cast, "?kind=session_ended")
    assert (line.username, line.by, line.address, line.detail["device"]) == ("bob", None, "192.0.2.9", "Unknown device")
    assert lines(cast, "?kind=sign_in&limit=1")[0].username == "carol"


def test_a_throttled_sign_in_is_a_refusal(core: SoundWave, cast: Cast) -> None:
    for _ in range(3):
        Client(core).post(LOGIN, {"username": "bob", "password": "wrong"})
    (line,) = lines(cast, "?kind=refused")
    assert (line.user_id, line.count, line.detail["code"]) == (None, 2, "too_many_sign_ins")


def test_a_flood_is_two_lines_in_ten_minutes(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    before = count_lines(core)
    for _ in range(12 * MINUTE):
        cast.bob.get("/api/user/admin/users/")
        clock.advance(1)
        if from_stamp(core.clock.stamp()).second == 0:
            core.part(Refusals).flush()
    counts = [row["count"] for row in core.db.rows("SELECT count FROM audit WHERE kind = 'refused' ORDER BY id")]
    assert counts == [60, 540, 60]
    assert count_lines(core) == before + 3
    assert sum(line.count for line in lines(cast, "?kind=refused")) == 12 * MINUTE


def test_refusals_cost_no_write_of_their_own(core: SoundWave, cast: Cast) -> None:
    before = core.db.value("PRAGMA data_version")
    for _ in range(50):
        Client(core).get("/api/user/account/", Authorization="Bearer swt_guess")
    assert core.db.value("PRAGMA data_version") == before


def test_memory_stays_small_and_nothing_is_lost(core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST", 20)
    for number in range(100):
        Client(core, address=f"10.0.0.{number}").get("/api/user/account/", Authorization="Bearer swt_guess")
    found = lines(cast, "?kind=refused")
    assert len(found) == 21
    assert sum(line.count for line in found) == 100
    assert (found[0].address, found[0].count, found[0].detail["route"]) == (None, 80, "")


def test_a_groups_time_ends(core: SoundWave, clock: VirtualClock) -> None:
    kept = core.part(Refusals)
    kept.note(BOB, "192.0.2.1", "forbidden", "GET /")
    kept.flush()
    clock.advance(10 * MINUTE)
    kept.note(BOB, "192.0.2.2", "forbidden", "GET /")
    kept.flush()
    assert len(kept._groups) == 1


def test_a_household_is_one_address(core: SoundWave) -> None:
    kept = core.part(Refusals)
    for last in range(50):
        kept.note(None, f"2001:db8::{last:x}", "token_invalid", "GET /")
    kept.flush()
    assert count_lines(core) == 1


def test_a_flush_that_fails_loses_nothing(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = core.part(Refusals)
    kept.note(BOB, "192.0.2.1", "forbidden", "GET /")
    with monkeypatch.context() as patch:
        patch.setattr(audit, "add", lambda *args, **more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            kept.flush()
    kept.flush()
    assert core.db.value("SELECT count FROM audit WHERE kind = 'refused'") == 1


def test_a_stop_writes_what_waits(make_core: MakeCore) -> None:
    core = make_core()
    cast = make_cast(core)
    cast.bob.get("/api/user/admin/users/")
    core.stop()
    core = make_core()
    assert core.db.value("SELECT count(*) FROM audit WHERE kind = 'refused'") == 1


def test_the_job_writes_them(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    cast.bob.get("/api/user/admin/users/")
    clock.advance(MINUTE)
    core.jobs.run_due()
    assert core.db.value("SELECT count(*) FROM audit WHERE kind = 'refused'") == 1


# Keeping


def test_half_a_year_is_kept(core: SoundWave, clock: VirtualClock) -> None:
    note(core, user=BOB)
    clock.advance(180 * DAY)
    audit.sweep(core)
    assert count_lines(core) == 1
    clock.advance(1)
    audit.sweep(core)
    assert count_lines(core) == 0


def test_no_flood_washes_away_what_admins_did(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_LINES", 20)
    note(core, "user_removed", user=BOB)
    for _ in range(50):
        note(core, "sign_in", user=BOB)
    audit.sweep(core)
    kinds = [row["kind"] for row in core.db.rows("SELECT kind FROM audit ORDER BY id")]
    assert kinds == ["user_removed", *["sign_in"] * 5]


def test_no_user_washes_away_what_others_did(core: SoundWave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_OF_A_USER", 3)
    note(core, "sign_in_failed", user=BOB)
    note(core, "sign_in_failed")
    for _ in range(50):
        note(core, "token_made", user=CAROL)
    audit.sweep(core)
    kept = [(row["kind"], row["username"]) for row in core.db.rows("SELECT * FROM audit ORDER BY id")]
    assert kept == [("sign_in_failed", "bob"), ("sign_in_failed", None), *[("token_made", "carol")] * 3]


def kept_of(core: SoundWave) -> list[tuple[str, str | None]]:
    audit.sweep(core)
    return [(row["kind"], row["username"]) for row in core.db.rows("SELECT * FROM audit ORDER BY id")]


def test_no_stranger_without_a_name_washes_away_what_others_did(
    core: SoundWave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_OF_A_USER", 3)
    monkeypatch.setattr(audit, "MOST_LINES", 20)
    note(core, "sign_in_failed", user=BOB)
    for _ in range(50):
        note(core, "sign_in_failed")
    assert kept_of(core) == [("sign_in_failed", "bob"), *[("sign_in_failed", None)] * 3]


@pytest.mark.parametrize("guessed", [[BOB], [BOB, CAROL, *(Actor(f"{n:032}", f"user {n}") for n in range(5))]])
@pytest.mark.parametrize("kind", ["sign_in_failed", "refused"])
def test_guesses_at_a_name_wash_away_nothing_that_its_owner_did(
    core: SoundWave, monkeypatch: pytest.MonkeyPatch, kind: str, guessed: list[Actor]
) -> None:
    monkeypatch.setattr(audit, "MOST_OF_A_USER", 3)
    monkeypatch.setattr(audit, "MOST_LINES", 20)
    note(core, "token_made", user=BOB)
    for _ in range(50):
        for user in guessed:
            note(core, kind, user=user)
    kept = kept_of(core)
    assert kept[0] == ("token_made", "bob")
    assert len(kept) == 1 + min(5, 3 * len(guessed))


def test_registering_is_no_room_for_strangers_among_what_admins_did(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_AUTH_REGISTRATION="open")
    make_cast(core)
    assert Client(core, address="192.0.2.9").register("dora").status == 201
    (line,) = core.db.rows("SELECT * FROM audit WHERE username = 'dora' AND kind <> 'sign_in'")
    assert (line["kind"], line["address"], line["by_id"]) == ("registered", "192.0.2.9", None)
    assert "registered" not in audit.OF_ADMINS
    assert "user_added" in audit.OF_ADMINS


# The story of an account


def test_sign_ins_right_and_wrong(core: SoundWave, cast: Cast) -> None:
    visitor = Client(core, address="192.0.2.9")
    visitor.post(LOGIN, {"username": "Bob", "password": "a wrong one"})
    visitor.post(LOGIN, {"username": "my secret, mistyped", "password": "a wrong one"})
    cast.bob.sign_in("bob")
    failed = lines(cast, "?kind=sign_in_failed")
    assert [(line.username, line.address) for line in failed] == [(None, "192.0.2.9"), ("bob", "192.0.2.9")]
    assert lines(cast, f"?kind=sign_in&user={cast.bob.user_id}&limit=1")[0].address == "127.0.0.1"


def test_no_line_has_a_secret(core: SoundWave, cast: Cast) -> None:
    secrets = {PASSWORD, "a wrong one", "mistyped"}
    Client(core).post(LOGIN, {"username": "mistyped", "password": "a wrong one"})
    token = cast.bob.post("/api/user/tokens/", {"name": "a player", "scopes": ["read"]}).json.token
    invite = cast.alice.post("/api/user/admin/invites/", {}).json.code
    Client(core).get("/api/user/account/", Authorization=f"Bearer {token}x")
    lines(cast)
    stored = str(core.db.rows("SELECT * FROM audit"))
    kept = {*cast.bob.cookies.values(), *cast.alice.cookies.values()}
    assert not [secret for secret in (*secrets, token, invite, *kept) if secret in stored]


def test_the_clock_of_the_trail_is_the_servers(core: SoundWave, cast: Cast) -> None:
    assert {from_stamp(line.at) for line in lines(cast)} <= {START}
