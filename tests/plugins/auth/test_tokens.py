"""Personal tokens: named, scoped, expiring, hashed, shown once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soundwave_auth.store.credentials import MOST_TOKENS
from soundwave_core import SoundWave
from soundwave_core.testing import PASSWORD, Cast, Client, VirtualClock

Bearer = Callable[..., dict[str, str]]
TOKENS = "/api/user/tokens/"
ACCOUNT = "/api/user/account/"
LOGIN = "/api/user/login/"


def test_it_is_shown_once_and_stored_hashed(core: SoundWave, cast: Cast) -> None:
    made = cast.bob.post(TOKENS, {"name": "kitchen", "scopes": ["play", "read", "read"]}).json
    assert made.scopes == ["play", "read"]
    listed = cast.bob.get(TOKENS)
    assert [(t.id, t.name, t.last_used_at) for t in listed.json.results] == [(made.id, "kitchen", None)]
    assert made.token not in listed.body.decode() + str(core.db.rows("SELECT * FROM tokens"))
    assert cast.carol.get(TOKENS).json.count == 0


def test_a_read_token_cannot_write(cast: Cast, bearer: Bearer) -> None:
    token = bearer("read", who=cast.alice)
    assert cast.nobody.get(ACCOUNT, **token).status == 200
    wish = {"username": "dora", "password": "correct horse battery"}
    for path, body in (("/api/user/admin/users/", wish), (TOKENS, {"name": "x", "scopes": ["read"]})):
        answer = cast.nobody.post(path, body, **token)
        assert answer.status == 403


def test_a_write_token_makes_no_tokens(cast: Cast, bearer: Bearer) -> None:
    token = bearer("read", "write")
    answer = cast.nobody.post(TOKENS, {"name": "x", "scopes": ["read"]}, **token)
    assert (answer.status, answer.json["code"]) == (403, "scope_missing")


def test_an_admins_token_without_the_scope_is_no_admin(cast: Cast, bearer: Bearer) -> None:
    (session,) = cast.bob.get("/api/user/sessions/").json.results
    without, having = bearer("read", "write", who=cast.alice), bearer("read", "admin", who=cast.alice)
    assert cast.nobody.get("/api/user/admin/users/", **without).status == 403
    assert cast.nobody.get("/api/user/admin/users/", **having).status == 200
    assert cast.nobody.delete(f"/api/user/sessions/{session.id}/", **without).status in (403, 404)
    assert cast.nobody.delete(f"/api/user/sessions/{session.id}/", **having).status == 204


def test_nobody_gives_more_than_they_have(cast: Cast, bearer: Bearer) -> None:
    answer = cast.bob.post(TOKENS, {"name": "x", "scopes": ["admin"]})
    assert (answer.status, answer.json["code"]) == (403, "scope_not_allowed")
    token = bearer("admin", who=cast.alice)
    answer = cast.nobody.post(TOKENS, {"name": "x", "scopes": ["admin", "write"]}, **token)
    assert answer.json["code"] == "scope_not_allowed"
    assert cast.nobody.post(TOKENS, {"name": "x", "scopes": ["admin"]}, **token).status == 201


@pytest.mark.parametrize(
    "wish",
    [
        {"name": "", "scopes": ["read"]},
        {"name": " ", "scopes": ["read"]},
        {"name": "a\0b", "scopes": ["read"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "scopes": ["read"], "expires_in_days": 366},
        {"name": "x", "scopes": ["read"], "user_id": "alice"},
    ],
)
def test_a_wish_that_cannot_be(cast: Cast, wish: dict[str, object]) -> None:
    assert cast.bob.post(TOKENS, wish).status == 422


def test_a_revoked_one_is_over_at_once(cast: Cast, bearer: Bearer) -> None:
    token = bearer("read")
    (listed,) = cast.bob.get(TOKENS).json.results
    assert cast.carol.delete(f"{TOKENS}{listed.id}/").status == 404
    assert cast.nobody.get(ACCOUNT, **token).status == 200
    assert cast.bob.delete(f"{TOKENS}{listed.id}/").status == 204
    answer = cast.nobody.get(ACCOUNT, **token)
    assert (answer.status, answer.json["code"]) == (401, "token_invalid")
    assert "www-authenticate" in [name.lower() for name in answer.headers]


def test_it_expires(core: SoundWave, cast: Cast, bearer: Bearer, clock: VirtualClock) -> None:
    token = bearer("read", days=1)
    clock.advance(86399)
    assert cast.nobody.get(ACCOUNT, **token).status == 200
    clock.advance(1)
    assert cast.nobody.get(ACCOUNT, **token).status == 401
    core.jobs.run("auth.remove-expired")
    assert core.db.value("SELECT count(*) FROM tokens") == 0


@pytest.mark.parametrize("secret", ["swt_x", "", "x" * 5000, "40hex", "swt_é"])
def test_one_that_never_was(cast: Cast, secret: str) -> None:
    assert cast.nobody.get(ACCOUNT, Authorization=f"Bearer {secret}").status == 401


def test_sign_out_gives_it_up(cast: Cast, bearer: Bearer) -> None:
    token = bearer("read")
    assert cast.nobody.post("/api/user/logout/", **token).status == 204
    assert cast.nobody.get(ACCOUNT, **token).status == 401
    assert cast.bob.get(ACCOUNT).status == 200


def test_last_use_is_written_behind_the_request(
    core: SoundWave, cast: Cast, bearer: Bearer, clock: VirtualClock
) -> None:
    cast.nobody.get(ACCOUNT, **bearer("read"))
    assert cast.bob.get(TOKENS).json.results[0].last_used_at is None
    core.jobs.run("auth.flush-last-seen")
    assert cast.bob.get(TOKENS).json.results[0].last_used_at == clock.stamp()


def test_the_first_use_from_another_address_is_told_once(core: SoundWave, cast: Cast, bearer: Bearer) -> None:
    token = bearer("read")
    secret = token["Authorization"].removeprefix("Bearer ")

    def moves() -> list[str]:
        lines = cast.alice.get("/api/user/admin/audit/?kind=token_moved").json.results
        assert secret not in str(lines)
        assert all((line.username, line.detail) == ("bob", {"token": "a player"}) for line in lines)
        return [line.address for line in reversed(lines)]

    home, away, v6, same_house = "192.0.2.1", "198.51.100.7", "2001:db8:1:2::1", "2001:db8:1:2:ffff::2"
    for address, told in (
        (home, []), (home, []), (away, [away]), (home, [away]), (away, [away]), (f"::ffff:{home}", [away]),
        (v6, [away, v6]), (same_house, [away, v6]),
    ):  # fmt: skip
        assert Client(core, address=address).get(ACCOUNT, **token).status == 200
        assert moves() == told
    assert cast.bob.delete(f"{TOKENS}{cast.bob.get(TOKENS).json.results[0].id}/").status == 204
    assert core.db.value("SELECT count(*) FROM token_addresses") == 0


def test_what_becomes_of_tokens_is_told(core: SoundWave, cast: Cast, bearer: Bearer) -> None:
    first, second = bearer("read", "play"), bearer("read")
    assert cast.nobody.post("/api/user/logout/", **first).status == 204
    assert cast.alice.delete(f"{TOKENS}{cast.bob.get(TOKENS).json.results[0].id}/").status == 204
    assert cast.nobody.get(ACCOUNT, **second).status == 401
    lines = cast.alice.get("/api/user/admin/audit/").json.results
    assert [(line.kind, line.username, line.by, line.detail) for line in reversed(lines) if "token" in line.kind] == [
        ("token_made", "bob", None, {"token": "a player", "scopes": "play read"}),
        ("token_made", "bob", None, {"token": "a player", "scopes": "read"}),
        ("token_revoked", "bob", None, {"token": "a player"}),
        ("token_revoked", "bob", "alice", {"token": "a player"}),
    ]


def test_there_is_room_for_so_many(cast: Cast, bearer: Bearer, clock: VirtualClock) -> None:
    for _ in range(MOST_TOKENS):
        bearer("read")
    login = {"username": "bob", "password": PASSWORD, "return_token": True}
    for answer in (cast.bob.post(TOKENS, {"name": "x", "scopes": ["read"]}), cast.nobody.post(LOGIN, login)):
        assert (answer.status, answer.json["code"]) == (409, "tokens_full")
    one, *_ = cast.bob.get(TOKENS).json.results
    assert cast.bob.delete(f"{TOKENS}{one.id}/").status == 204
    assert cast.bob.post(TOKENS, {"name": "x", "scopes": ["read"]}).status == 201
    clock.advance(90 * 24 * 3600)
    assert cast.nobody.post(LOGIN, login).status == 200
