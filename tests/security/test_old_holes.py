"""The holes of the first SoundWave, by their numbers in the list that was made of them; each is closed here.

What is no part of this server stays so: 1 and 7 wrote pictures, 9 lyrics, 14 the cookies of other sites.
"""

from __future__ import annotations

import base64
import json

import pyotp
import pytest
from security.household import SITE, Household
from security.rows import changed, stored

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import PASSWORD, Client, ClientAnswer, VirtualClock
from soundwave_downloads.addresses import is_allowed
from soundwave_library import Entries

ACCOUNT = "/api/user/account/"
LOGIN = "/api/user/login/"
DAY = 86400


@pytest.fixture
def bob(house: Household) -> Client:
    """A new account each time."""
    return house.sign_in(house.new_name())


def name_of(client: Client) -> str:
    return str(client.get(ACCOUNT).json.user.username)


def said(answer: ClientAnswer) -> tuple[int, str]:
    return answer.status, answer.json["code"] if answer.status >= 400 else ""


def fields_of(core: SoundWave) -> set[str]:
    """The name of every field that any body has."""
    return {name for e in core.routes.routes() if e.route.body for name in e.route.body.__struct_fields__}


def test_1_no_body_names_a_file(house: Household, bob: Client) -> None:
    """A picture with an absolute path, embedded and downloaded, was any file of the machine."""
    assert not {name for name in fields_of(house.core) if "path" in name or "file" in name}
    track = house.make("track", bob)
    for body in ({"local_path": "/etc/passwd"}, {"path": "/etc/passwd"}):
        for path in (f"/api/audio/{track}/", f"/api/audio/{track}/artwork/"):
            assert bob.patch(path, body).status == bob.post(path, body).status == 405


@pytest.mark.parametrize("base", ["http://localhost:8889", "https://localhost"])
def test_2_basic_is_accepted_nowhere(house: Household, bob: Client, base: str) -> None:
    """It took the password alone, past the second factor and the lockout. Here it is not even a wrong try."""
    pair = base64.b64encode(f"{name_of(bob)}:{PASSWORD}".encode()).decode()
    client, before, wrong = Client(house.core, base=base), stored(house.core), []
    for entry in house.core.routes.routes():
        if entry.route.permission.name == "Public" or entry.rule.wildcards:
            continue
        for header in (f"Basic {pair}", f"basic {pair}", f"Digest {pair}"):
            answer = client.request(entry.route.method, entry.rule.text, headers={"Authorization": header})
            if answer.status != 401:
                wrong.append(f"{entry.label} {answer.status}")
            challenge = answer.headers["WWW-Authenticate"]
            assert challenge.startswith("Bearer")  # no browser asks for a name and a password
    assert wrong == []
    assert changed(before, stored(house.core)) == set()


def test_3_a_second_factor_is_not_replaced_without_it(house: Household, bob: Client) -> None:
    secret = house.begin_second_factor(bob)
    totp, path = pyotp.TOTP(secret), "/api/user/second-factor/"
    assert bob.put(path, {"code": totp.at(house.clock.now())}).status == 200
    before = stored(house.core)
    for body in ({}, {"code": ""}, {"code": "000000"}, {"code": None}, {"code": "x" * 20}):
        answer = bob.post(path, body)
        assert 400 <= answer.status < 500, body
        assert answer.json.get("secret") is None
    house.clock.advance(30)
    for body in ({}, {"code": "000000"}):
        assert 400 <= bob.request("DELETE", path, json=body).status < 500
    assert changed(before, stored(house.core)) <= {"sqlite_sequence"}
    house.clock.advance(60)
    name = name_of(bob)
    assert said(Client(house.core).sign_in(name)) == (401, "totp_required")
    signed_in = Client(house.core).post(
        LOGIN, {"username": name, "password": PASSWORD, "totp": totp.at(house.clock.now())}
    )
    assert signed_in.status == 200


def test_4_there_is_no_password_that_everybody_knows(core: SoundWave) -> None:
    """It was to be changed at the first sign-in, which only the browser saw to."""
    assert core.db.value("SELECT count(*) FROM users") == 0
    for number, name in enumerate(("admin", "soundwave", "root", "alice")):
        for password in ("soundwave", "admin", "password", "changeme", ""):
            client = Client(core, address=f"10.0.{number}.1")
            assert client.sign_in(name, password).status in (401, 422, 429)
    for path in (ACCOUNT, "/api/audio/", "/api/appsettings/"):
        assert Client(core).get(path).status == 401


def test_5_a_forwarded_address_gives_no_fresh_tries(core: SoundWave, clock: VirtualClock) -> None:
    """Each wrong password came from another address, said the request."""
    Household(core, clock)
    statuses = []
    for number in range(14):
        headers = {"X_Forwarded_For": f"10.0.0.{number}", "X_Real_IP": f"10.0.0.{number}"}
        headers["Forwarded"] = f"for=10.0.0.{number}"
        wish = {"username": f"nobody {number}", "password": "wrong horse battery"}
        statuses.append(Client(core).post(LOGIN, wish, **headers).status)
    assert statuses == [401] * 10 + [429] * 4


def test_6_a_download_cannot_be_turned_to_anothers_playlist(house: Household, bob: Client) -> None:
    carol = house.sign_in(house.new_name())
    hers, download = house.make("playlist", carol), house.make("download", bob)
    for method in ("PATCH", "PUT", "POST"):
        answer = bob.request(method, f"/api/playlist/downloads/{download}/", json={"playlist": hers})
        assert answer.status == 405
    assert said(bob.post("/api/playlist/downloads/", {"playlist": hers})) == (404, "playlist_not_found")
    assert said(bob.post("/api/playlist/downloads/", {"playlist": hers, "url": f"{SITE}a"}))[0] == 422


def test_7_no_suffix_leads_to_a_route_that_is_not_there(house: Household, bob: Client) -> None:
    """``artwork.json`` went round the route that would have said no."""
    carol = house.sign_in(house.new_name())
    track = house.make("track", carol)
    for path in (f"/api/audio/{track}/artwork", f"/api/audio/{track}", "/api/audio", "/api/playlist"):
        for suffix in (".json", ".api", ".xml", ".html", "/.json", "?format=json"):
            for method in ("GET", "POST", "PUT", "PATCH"):
                answer = bob.request(method, path + suffix, json={} if method != "GET" else None)
                assert answer.status in (308, 404, 405, 422), (method, path + suffix)
                assert answer.status != 308 or "?format" in suffix


def test_8_a_picture_tells_strangers_nothing(house: Household, bob: Client) -> None:
    """It was shown to nobody in particular, and told which videos were there."""
    track = house.make("track", bob)
    known, unknown = (Client(house.core).get(f"/api/audio/{uid}/artwork/") for uid in (track, "0" * 32))
    assert (known.status, known.body) == (unknown.status, unknown.body)
    assert known.status == 401
    carol = house.sign_in(house.new_name())
    known, unknown = (carol.get(f"/api/audio/{uid}/artwork/") for uid in (track, "0" * 32))
    assert (known.status, known.body) == (unknown.status, unknown.body)


def test_9_a_user_starts_no_job(house: Household, bob: Client) -> None:
    """Neither for others' tracks, nor over what all share."""
    for job in house.alice.get("/api/task/").json.results:
        path = f"/api/task/{job.id}/"
        for answer in (bob.post(f"{path}run/"), bob.patch(path, {"is_paused": True}), bob.get(path)):
            assert said(answer) == (403, "admin_only")


@pytest.mark.parametrize(
    "address",
    ["100.64.0.1", "192.0.0.8", "fec0::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "3fff::1", "5f00::1", "2001:db8::1"],
)
def test_10_the_check_of_addresses_has_no_such_gap(address: str) -> None:
    """What was let through, and what others have let through. (Where it is asked: at each connection.)"""
    assert not is_allowed(address)
    assert is_allowed("93.184.216.34")


def test_11_the_last_admin_stays_and_resets_passwords(house: Household, core: SoundWave, clock: VirtualClock) -> None:
    alone = Household(core, clock)
    path = f"/api/user/admin/users/{alone.alice.user_id}/"
    for body in ({"is_admin": False}, {"state": "disabled"}, {"is_admin": False, "state": "disabled"}):
        assert said(alone.alice.patch(path, body)) == (409, "last_admin")
    assert said(alone.alice.delete(f"{path}?tracks=remove")) == (409, "last_admin")
    assert alone.alice.get("/api/user/admin/users/").status == 200
    bob = alone.add("bob")
    wish = {"password": "a password that is new"}
    assert alone.alice.post(f"/api/user/admin/users/{bob}/reset-password/", wish).status == 204
    assert Client(core).sign_in("bob", wish["password"]).status == 200


def test_12_tokens_are_in_no_address_and_end_with_the_password(house: Household, bob: Client) -> None:
    answer = bob.post("/api/user/tokens/", {"name": "x", "scopes": ["read"]})
    player = house.program(answer.json.token)
    for name in ("key", "api_key", "token"):
        assert Client(house.core).get(f"{ACCOUNT}?{name}={answer.json.token}").status == 401
    assert Client(house.core).get(ACCOUNT, Authorization=f"ApiKey {answer.json.token}").status == 401
    assert player.get(ACCOUNT).status == 200
    assert said(player.post("/api/playlist/", {"title": "x"})) == (403, "scope_missing")
    wish = {"old_password": PASSWORD, "new_password": "a password that is new"}
    assert bob.post("/api/user/change-password/", wish).status == 200
    assert player.get(ACCOUNT).status == 401


def test_13_signing_in_gives_a_token_that_works(house: Household, bob: Client) -> None:
    """It gave the expired one again. And what is stored is no token."""
    wish = {"username": name_of(bob), "password": PASSWORD, "return_token": True}
    first = Client(house.core).post(LOGIN, wish).json.token
    house.clock.advance(91 * DAY)
    assert house.program(first).get(ACCOUNT).status == 401
    second = Client(house.core).post(LOGIN, wish).json.token
    assert first != second
    assert house.program(second).get(ACCOUNT).status == 200
    assert second not in str([house.core.db.rows(f'SELECT * FROM "{table}"') for table in stored(house.core)])
    assert house.alice.sign_in("alice").status == 200  # it is three months later


def test_14_nobody_gives_the_server_cookies_of_other_sites(house: Household) -> None:
    """They were kept as they came, and used for everybody."""
    assert not {name for name in fields_of(house.core) if "cookie" in name}


def test_15_what_others_have_stays_when_an_account_goes(house: Household, bob: Client) -> None:
    """Its files are one for all: an account that went took them along."""
    carol, track = house.sign_in(house.new_name()), house.make("track", bob)
    with transaction(house.core.db) as tx:
        Entries(tx).ensure(carol.user_id, track, house.clock)
    assert house.alice.delete(f"/api/user/admin/users/{bob.user_id}/?tracks=remove").status == 204
    for job in list(house.alice.get("/api/task/").json.results):
        if job.id.startswith("library."):
            house.core.jobs.run(job.id)
    assert carol.get(f"/api/audio/{track}/stream/").status == 200
    assert bob.get(f"/api/audio/{track}/stream/").status == 401


def test_16_who_changes_the_password_stays_signed_in(house: Household, bob: Client) -> None:
    """The first admin was shown an app that answered 403 to everything."""
    before = dict(bob.cookies)
    wish = {"old_password": PASSWORD, "new_password": "a password that is new"}
    answer = bob.post("/api/user/change-password/", wish)
    bob.csrf_token = answer.json.csrf_token
    assert bob.cookies != before
    assert bob.get(ACCOUNT).status == 200
    assert bob.post("/api/playlist/", {"title": "x"}).status == 201


@pytest.mark.parametrize(
    "name",
    [
        "_<script>",
        "_\x00",
        "a_\n",
        "_\u202egnp",
        "_ ",
        " _",
        "_\u200b",
        "_\ud800",
        "_" * 200,
        "",
        "a\tb_",
        "_\u0007",
        "\u3164_",
        "_\ufe0f",
        "_\u034f",
        "_\U000e0101",
    ],
)
def test_17_an_underscore_makes_no_name_good(house: Household, name: str) -> None:
    """Any character would do, if there was one. What is only a sign of its own in a name is text, and no harm."""
    body = json.dumps({"username": name, "password": PASSWORD}).encode()
    answer = house.alice.request("POST", "/api/user/admin/users/", body=body)
    if answer.status == 201:  # cleaned, or shown as what it is
        shown = answer.json.username
        assert shown in ("_<script>", "_", "a_")
    else:
        assert answer.status in (400, 409, 422)
