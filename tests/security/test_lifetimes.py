"""When access ends, it ends: to the second, at the very next request, and a restart brings nothing back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from security.household import USER_SCOPES, Household

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import PASSWORD, Client, MakeCore, VirtualClock, setup_code_of

MINUTE, HOUR, DAY = 60, 3600, 86400
ACCOUNT = "/api/user/account/"
SESSIONS = "/api/user/sessions/"


@pytest.fixture
def house(core: SoundWave, clock: VirtualClock) -> Household:
    return Household(core, clock)


def is_in(client: Client) -> bool:
    status = client.get(ACCOUNT).status
    assert status in (200, 401)
    return status == 200


def remembered(house: Household) -> Client:
    house.add("bob")
    client = Client(house.core)
    wish = {"username": "bob", "password": PASSWORD, "remember": True}
    assert client.post("/api/user/login/", wish).status == 200
    return client


# To the second


def walk(house: Household, client: Client, until: int, step: int) -> None:
    """Use it again and again, so that it is never idle for long."""
    begun = house.clock.monotonic()
    while house.clock.monotonic() - begun < until:
        house.clock.advance(min(step, until - (house.clock.monotonic() - begun)))
        assert is_in(client)


COMINGS: dict[str, tuple[Callable[[Household], Client], int]] = {
    "an idle session": (lambda house: house.sign_in("bob"), 12 * HOUR),
    "a remembered session": (remembered, 30 * DAY),
    "a token of a day": (lambda house: house.token("bob", "read", days=1), DAY),
    "a token of a year": (lambda house: house.token("bob", "read", days=365), 365 * DAY),
}


@pytest.mark.parametrize(("come", "seconds"), COMINGS.values(), ids=COMINGS)
@pytest.mark.parametrize("is_over", [False, True], ids=["a second before", "to the second"])
def test_it_lasts_so_long(house: Household, come: Callable[[Household], Client], seconds: int, is_over: bool) -> None:
    """Asked once: to look at a session keeps it alive."""
    client = come(house)
    house.clock.advance(seconds - (not is_over))
    assert is_in(client) is not is_over


def test_use_prolongs_a_session_and_no_use_prolongs_it_beyond_180_days(house: Household) -> None:
    client = remembered(house)
    walk(house, client, 180 * DAY - 1, 29 * DAY)
    house.clock.advance(1)
    assert not is_in(client)


def test_use_does_not_prolong_a_token(house: Household) -> None:
    token = house.token("bob", "read", days=1)
    walk(house, token, DAY - 1, HOUR)
    house.clock.advance(1)
    assert not is_in(token)


def test_the_password_counts_for_ten_minutes(house: Household) -> None:
    bob, wish = house.sign_in("bob"), {"name": "x", "scopes": ["read"]}
    house.clock.advance(10 * MINUTE - 1)
    assert bob.post("/api/user/tokens/", wish).status == 201
    house.clock.advance(1)
    assert bob.post("/api/user/tokens/", wish).json["code"] == "confirmation_needed"
    assert bob.post("/api/user/confirm/", {"password": PASSWORD}).status == 204
    assert bob.post("/api/user/tokens/", wish).status == 201
    house.clock.advance(10 * MINUTE)
    assert bob.post("/api/user/tokens/", wish).status == 403


def test_to_confirm_in_one_browser_confirms_no_other(house: Household) -> None:
    bob, other = house.sign_in("bob"), house.sign_in("bob")
    house.clock.advance(10 * MINUTE)
    assert bob.post("/api/user/confirm/", {"password": PASSWORD}).status == 204
    assert other.post("/api/user/tokens/", {"name": "x", "scopes": ["read"]}).status == 403


@pytest.mark.parametrize(("seconds", "status"), [(7 * DAY - 1, 201), (7 * DAY, 403)])
def test_an_invite_lasts_to_the_second(house: Household, seconds: int, status: int) -> None:
    assert house.alice.patch("/api/appsettings/", {"values": {"auth.registration": "invite"}}).status == 200
    code = house.alice.post("/api/user/admin/invites/", {"expires_in_days": 7}).json.code
    house.clock.advance(seconds)
    assert Client(house.core).register("dave", invite_code=code).status == status


@pytest.mark.parametrize(("seconds", "status"), [(HOUR - 1, 201), (HOUR, 403)])
def test_the_setup_code_lasts_to_the_second(core: SoundWave, clock: VirtualClock, seconds: int, status: int) -> None:
    code = setup_code_of(core)
    clock.advance(seconds)
    assert Client(core).register("alice", setup_code=code).status == status


# At the next request


@dataclass
class Bobs:
    """Two browsers and a player, each in the middle of a track."""

    house: Household
    here: Client
    there: Client
    player: Client
    stream: str

    def next_ranges(self) -> tuple[int, int, int]:
        """The next piece of the stream that each has open, and that the door says the same."""
        clients = (self.here, self.there, self.player)
        statuses = [client.get(self.stream, Range="bytes=10-19").status for client in clients]
        assert [200 if status == 206 else status for status in statuses] == [c.get(ACCOUNT).status for c in clients]
        return statuses[0], statuses[1], statuses[2]

    def only(self, path: str) -> str:
        """The id of the one in this list that is not the current session's."""
        rows = self.here.get(path).json.results
        return str(next(row.id for row in rows if not getattr(row, "is_current", False)))


@pytest.fixture
def bobs(house: Household) -> Bobs:
    here, there = house.sign_in("bob"), house.sign_in("bob")
    answer = here.post("/api/user/tokens/", {"name": "x", "scopes": USER_SCOPES})
    player = house.program(answer.json.token, here.user_id)
    bobs = Bobs(house, here, there, player, f"/api/audio/{house.make('track', here)}/stream/")
    assert bobs.next_ranges() == (206, 206, 206)
    return bobs


def change_password(bobs: Bobs) -> None:
    wish = {"old_password": PASSWORD, "new_password": "another good password"}
    answer = bobs.here.post("/api/user/change-password/", wish)
    assert answer.status == 200
    bobs.here.csrf_token = answer.json.csrf_token


def reset_password(bobs: Bobs) -> None:
    path = f"/api/user/admin/users/{bobs.here.user_id}/reset-password/"
    assert bobs.house.alice.post(path, {"password": "another good password"}).status == 204


def remove(bobs: Bobs) -> None:
    assert bobs.house.alice.delete(f"/api/user/admin/users/{bobs.here.user_id}/?tracks=remove").status == 204


def disable(bobs: Bobs) -> None:
    bobs.house.change("bob", state="disabled")


def disable_and_enable(bobs: Bobs) -> None:
    disable(bobs)
    bobs.house.change("bob", state="active")


def promote(bobs: Bobs) -> None:
    bobs.house.change("bob", is_admin=True)


def demote(bobs: Bobs) -> None:
    """After he was one: what he has now he has as an admin."""
    promote(bobs)
    for client in (bobs.here, bobs.there):
        client.cookies.clear()
        client.csrf_token = None
        assert client.sign_in("bob").status == 200
    assert bobs.next_ranges() == (206, 206, 206)
    bobs.house.change("bob", is_admin=False)


def took_away_the_row(bobs: Bobs) -> None:
    """Not by the API: whatever ends an account, its sessions and tokens are looked up together with it."""
    with transaction(bobs.house.core.db) as tx:
        tx.execute("UPDATE users SET state = 'disabled' WHERE uid = :id", id=bobs.here.user_id)


def ask(method: str, path: str, who: str = "here") -> Callable[[Bobs], None]:
    def act(bobs: Bobs) -> None:
        client = bobs.house.alice if who == "alice" else getattr(bobs, who)
        found = path.replace("<session>", bobs.only(SESSIONS)).replace("<token>", bobs.only("/api/user/tokens/"))
        assert client.request(method, found).status == 204

    return act


NO, YES = 401, 206
ENDINGS: dict[str, tuple[Callable[[Bobs], None], tuple[int, int, int]]] = {
    "logout": (ask("POST", "/api/user/logout/"), (NO, YES, YES)),
    "logout elsewhere": (ask("DELETE", f"{SESSIONS}<session>/"), (YES, NO, YES)),
    "logout elsewhere, by an admin": (ask("DELETE", f"{SESSIONS}<session>/", "alice"), (YES, NO, YES)),
    "logout everywhere else": (ask("DELETE", SESSIONS), (YES, NO, YES)),
    "token given up": (ask("POST", "/api/user/logout/", "player"), (YES, YES, NO)),
    "token revoked": (ask("DELETE", "/api/user/tokens/<token>/"), (YES, YES, NO)),
    "token revoked by an admin": (ask("DELETE", "/api/user/tokens/<token>/", "alice"), (YES, YES, NO)),
    "password changed": (change_password, (YES, NO, NO)),
    "password reset": (reset_password, (NO, NO, NO)),
    "disabled": (disable, (NO, NO, NO)),
    "disabled and enabled again": (disable_and_enable, (NO, NO, NO)),
    "disabled beside the API": (took_away_the_row, (NO, NO, NO)),
    "removed": (remove, (NO, NO, NO)),
    "made an admin": (promote, (NO, NO, YES)),
    "made a user again": (demote, (NO, NO, NO)),
}


@pytest.mark.parametrize(("act", "left"), ENDINGS.values(), ids=ENDINGS)
def test_it_ends_at_the_next_request_and_stays_so(
    bobs: Bobs, make_core: MakeCore, act: Callable[[Bobs], None], left: tuple[int, int, int]
) -> None:
    act(bobs)
    assert bobs.next_ranges() == left
    nobody = bobs.there.get("/api/session/").json if left[1] == NO else None
    assert nobody is None or (nobody.user, nobody.csrf_token) == (None, None)
    bobs.house.core.stop()
    bobs.here.core = bobs.there.core = bobs.player.core = make_core()
    assert bobs.next_ranges() == left


def test_a_role_counts_at_the_next_request(house: Household) -> None:
    """An admin's token and session, and the role goes: beside the API too, where no session was ended for it."""
    session, token = house.sign_in("dave", is_admin=True), house.token("dave", "read", "admin")
    admins, own = "/api/user/admin/users/", f"/api/user/sessions/{house.make('session', session)}/"
    assert session.get(admins).status == token.get(admins).status == 200
    with transaction(house.core.db) as tx:
        tx.execute("UPDATE users SET role = 'user' WHERE uid = :id", id=session.user_id)
    assert [client.get(admins).json["code"] for client in (session, token)] == ["admin_only", "admin_only"]
    assert token.get("/api/audio/").status == 200
    assert token.delete(own).json["code"] == "scope_missing"  # a user's token has no such scope


def test_the_old_password_is_old_at_once(bobs: Bobs) -> None:
    change_password(bobs)
    assert Client(bobs.house.core).sign_in("bob").status == 401
    assert Client(bobs.house.core, address="10.0.0.2").sign_in("bob", PASSWORD + " ").status in (401, 429)


def test_what_was_ended_is_not_kept_alive_by_what_was_noted(house: Household) -> None:
    """Last uses are written together, later: none of them brings back what ended in between."""
    bob, token = house.sign_in("bob"), house.token("bob", "read")
    house.clock.advance(11 * MINUTE)
    assert is_in(bob)
    assert is_in(token)
    assert house.alice.sign_in("alice").status == 200
    house.change("bob", state="disabled")
    house.core.jobs.run("auth.flush-last-seen")
    house.change("bob", state="active")
    assert not is_in(bob)
    assert not is_in(token)


def test_a_removed_users_name_gives_a_newcomer_nothing(bobs: Bobs) -> None:
    remove(bobs)
    house = bobs.house
    wish = {"username": "bob", "password": PASSWORD}
    assert house.alice.post("/api/user/admin/users/", wish).status == 201
    newcomer = Client(house.core)
    assert newcomer.sign_in("bob").status == 200
    assert newcomer.user_id != bobs.here.user_id
    assert newcomer.get(bobs.stream).status == 404
    assert newcomer.get("/api/audio/").json.count == 0
    assert bobs.next_ranges() == (NO, NO, NO)
