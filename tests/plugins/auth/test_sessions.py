"""Sessions: where one is signed in, and for how long."""

from __future__ import annotations

from soundwave_auth.jobs import flush_last_seen
from soundwave_auth.store.credentials import MOST_SESSIONS
from soundwave_core import SoundWave
from soundwave_core.testing import PASSWORD, Cast, Client, MakeCore, VirtualClock, make_cast

HOUR, DAY = 3600, 86400
SESSIONS = "/api/user/sessions/"
FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"


def is_in(client: Client) -> bool:
    return client.get("/api/user/account/").status == 200


def remembered(core: SoundWave) -> Client:
    client = Client(core)
    wish = {"username": "bob", "password": PASSWORD, "remember": True}
    client.csrf_token = client.post("/api/user/login/", wish).json.csrf_token
    return client


def test_the_list_names_devices_and_marks_this_one(core: SoundWave, cast: Cast) -> None:
    phone = Client(core, address="192.168.1.20")
    phone.post("/api/user/login/", {"username": "bob", "password": PASSWORD}, User_Agent=FIREFOX)
    mine = phone.get(SESSIONS).json
    assert mine.count == 2
    assert [(s.device, s.address, s.is_current) for s in mine.results] == [
        ("Firefox on Android", "192.168.1.20", True),
        ("Unknown device", "127.0.0.1", False),
    ]


def test_the_list_goes_on_at_next(core: SoundWave, cast: Cast) -> None:
    for _ in range(4):
        Client(core).sign_in("bob")
    path, seen = f"{SESSIONS}?limit=2", list[str]()
    while path:
        page = cast.bob.get(path).json
        assert page.count == 5
        seen += [session.id for session in page.results]
        path = page.next
    assert len(set(seen)) == len(seen) == 5


def test_a_cursor_from_elsewhere_is_refused(cast: Cast) -> None:
    for cursor in ("x", "!", "W10", "WyJ4Il0", "Wy0xXQ", "WzFlOTld"):
        assert cast.bob.get(f"{SESSIONS}?cursor={cursor}").status == 422


def test_end_one(core: SoundWave, cast: Cast) -> None:
    phone = Client(core)
    phone.sign_in("bob")
    (id,) = [session.id for session in phone.get(SESSIONS).json.results if session.is_current]
    assert cast.carol.delete(f"{SESSIONS}{id}/").status == 404
    assert is_in(phone)
    assert cast.bob.delete(f"{SESSIONS}{id}/").status == 204
    assert not is_in(phone)
    assert is_in(cast.bob)


def test_an_admin_may_end_anyones(cast: Cast) -> None:
    (session,) = cast.bob.get(SESSIONS).json.results
    assert cast.alice.delete(f"{SESSIONS}{session.id}/").status == 204
    assert not is_in(cast.bob)


def test_end_all_others(core: SoundWave, cast: Cast) -> None:
    phone = Client(core)
    phone.sign_in("bob")
    assert phone.delete(SESSIONS).status == 204
    assert is_in(phone)
    assert not is_in(cast.bob)
    assert is_in(cast.carol)


def test_an_idle_session_ends(cast: Cast, clock: VirtualClock) -> None:
    clock.advance(12 * HOUR - 1)
    assert is_in(cast.bob)
    clock.advance(1)
    assert not is_in(cast.carol)


def test_use_keeps_it_alive_written_or_not(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    for _ in range(3):
        clock.advance(11 * HOUR)
        assert is_in(cast.bob)
    core.jobs.run("auth.flush-last-seen")
    clock.advance(12 * HOUR - 1)
    assert is_in(cast.bob)
    clock.advance(13 * HOUR)
    assert not is_in(cast.bob)


def test_a_remembered_one_idles_thirty_days(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    client = remembered(core)
    clock.advance(30 * DAY - 1)
    assert is_in(client)
    clock.advance(30 * DAY)
    assert not is_in(client)


def test_none_lasts_longer_than_180_days(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    client = remembered(core)
    for day in range(20, 181, 20):
        clock.advance(20 * DAY)
        assert is_in(client) is (day < 180)
        core.jobs.run("auth.flush-last-seen")


def test_last_seen_is_written_rarely_and_together(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    def last_seen() -> str:
        (session,) = cast.bob.get(SESSIONS).json.results
        return str(session.last_seen_at)

    before = last_seen()
    clock.advance(599)
    assert last_seen() == before
    core.jobs.run("auth.flush-last-seen")
    assert last_seen() == before
    clock.advance(1)
    moment = clock.stamp()
    assert last_seen() == before
    core.jobs.run("auth.flush-last-seen")
    assert last_seen() == moment


def test_a_stop_writes_what_was_seen(make_core: MakeCore, clock: VirtualClock) -> None:
    first = make_core()
    cast = make_cast(first)
    clock.advance(11 * HOUR)
    assert is_in(cast.bob)
    first.stop()
    cast.bob.core = make_core()
    clock.advance(11 * HOUR)
    assert is_in(cast.bob)


def test_what_has_expired_is_removed(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    client = remembered(core)
    clock.advance(13 * HOUR)
    core.jobs.run("auth.remove-expired")
    assert core.db.value("SELECT count(*) FROM sessions") == 1
    assert is_in(client)


def test_the_secret_itself_is_not_stored(core: SoundWave, cast: Cast) -> None:
    assert cast.bob.cookies["soundwave_session"] not in str(core.db.rows("SELECT * FROM sessions"))


def test_how_sessions_end_is_told(core: SoundWave, cast: Cast) -> None:
    for _ in range(2):
        Client(core).sign_in("bob")
    phone = Client(core)
    phone.post("/api/user/login/", {"username": "bob", "password": PASSWORD}, User_Agent=FIREFOX)
    (id,) = [session.id for session in phone.get(SESSIONS).json.results if session.is_current]
    for _ in range(2):
        cast.alice.delete(f"{SESSIONS}{id}/")
    for _ in range(2):
        assert cast.bob.delete(SESSIONS).status == 204
    assert cast.bob.post("/api/user/logout/").status == 204
    lines = cast.alice.get("/api/user/admin/audit/?limit=4").json.results
    assert [(line.kind, line.username, line.by, line.detail) for line in reversed(lines)] == [
        ("sign_in", "bob", None, {"device": "Firefox on Android"}),
        ("session_ended", "bob", "alice", {"device": "Firefox on Android"}),
        ("session_ended", "bob", None, {"sessions": "2"}),
        ("sign_out", "bob", None, {}),
    ]


def test_of_the_sessions_those_used_last_stay(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    """A script that signs in for each of its errands ends its own, not the browser that somebody uses."""
    for _ in range(MOST_SESSIONS + 10):
        clock.advance(700)
        assert cast.bob.get("/api/session/").json.user is not None
        flush_last_seen(core)
        assert Client(core).sign_in("bob").status == 200
    assert core.db.value("SELECT count(*) FROM sessions WHERE user_id = :id", id=cast.bob.user_id) == MOST_SESSIONS
    assert cast.bob.get("/api/user/account/").status == 200
