"""One browser, two users one after the other: what it kept of the first is of no use to the second.

The browser here keeps whatever an answer lets it keep, as RFC 9111 says, and asks again where it must.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from security.household import Household, Made

from soundwave_core.testing import PASSWORD, Client, ClientAnswer, MakeCore, make_cast

PERSONAL = (
    "/api/session/", "/api/audio/", "/api/playlist/", "/api/play/", "/api/search/?q=a", "/api/playlist/downloads/",
    "/api/playlist/downloads/active/", "/api/playlist/downloads/completed/", "/api/user/account/",
    "/api/user/config/", "/api/user/sessions/", "/api/user/tokens/", "/api/user/second-factor/", "/api/audio/usage/",
    "/api/channel/", "/api/openapi.json", "/api/health/",
)  # fmt: skip
ADMINS = (
    "/api/appsettings/", "/api/appsettings/plugins/", "/api/task/", "/api/download/", "/api/user/admin/users/",
    "/api/user/admin/invites/", "/api/user/admin/audit/", "/admin/",
)  # fmt: skip


@dataclass(slots=True)
class Browser(Client):
    """A client with a cache that stays when its users go."""

    kept: dict[str, tuple[ClientAnswer, str]] = field(default_factory=dict)

    def load(self, path: str) -> ClientAnswer:
        """From the cache where that is fresh for this cookie; else by asking, with what is known of it."""
        kept = self.kept.get(path)
        if kept is not None and self.may_reuse(*kept):
            return kept[0]
        answer = self.get(path, **({"If_None_Match": kept[0].headers["ETag"]} if kept else {}))
        if answer.status == 304 and kept:
            return kept[0]
        if (
            answer.status == 200
            and "no-store" not in answer.headers.get("Cache-Control", "")
            and "etag" in answer.headers
        ):
            self.kept[path] = (answer, str(self.cookies))
        return answer

    def may_reuse(self, answer: ClientAnswer, cookies: str) -> bool:
        """RFC 9111 sections 4.1 and 4.2: fresh, and for the same cookie where it varies by that."""
        is_fresh = "max-age" in answer.headers["Cache-Control"] and "no-cache" not in answer.headers["Cache-Control"]
        return is_fresh and ("Cookie" not in answer.headers.get("Vary", "") or cookies == str(self.cookies))

    def sign_out(self) -> ClientAnswer:
        answer = self.post("/api/user/logout/")
        self.csrf_token = None
        return answer


def come(house: Household, browser: Client, is_admin: bool = False) -> str:
    """Somebody new signs in here; their name."""
    name = house.new_name()
    house.add(name, is_admin)
    assert browser.sign_in(name).status == 200
    return name


def fill(house: Household, owner: Client) -> Made:
    made: Made = {}
    for kind in ("track", "playlist", "item", "download"):
        made[kind] = house.make(kind, owner, made)
    assert owner.patch("/api/user/config/", {"values": {"theme": owner.user_id}}).status == 200
    return made


def pages(browser: Client, made: Made) -> list[str]:
    """Every address that their own pages show, media and pictures by their versions too."""
    track, playlist = f"/api/audio/{made['track']}/", f"/api/playlist/{made['playlist']}/"
    shown, listed = browser.get(track).json, browser.get(playlist).json
    return [track, playlist, shown.audio_url, f"{track}download/", shown.artwork_url, listed.artwork_url,
            f"{track}artwork/", f"{playlist}artwork/", f"/api/playlist/downloads/{made['download']}/"]  # fmt: skip


def test_the_next_user_gets_nothing_that_the_browser_kept(house: Household) -> None:
    browser = Browser(house.core)
    come(house, browser, is_admin=True)
    first, made = browser.user_id, fill(house, browser)
    theirs = pages(browser, made)
    seen = {path: browser.load(path) for path in (*PERSONAL, *ADMINS, *theirs)}
    assert {path: answer.status for path, answer in seen.items() if answer.status != 200} in ({}, {"/admin/": 503})
    assert len(browser.kept) > 25
    assert browser.sign_out().status == 204
    for path in seen:  # nobody is signed in
        answer = browser.load(path)
        is_public = path in ("/api/session/", "/api/health/")
        assert answer.status == (200 if is_public else 401), path
        assert first.encode() not in answer.body
    come(house, browser)
    second = browser.user_id
    for path, before in seen.items():
        answer = browser.load(path)
        assert answer.status == (404 if path in theirs else 403 if path in ADMINS else 200), path
        assert answer.headers["SoundWave-User"] == second != before.headers["SoundWave-User"]
        assert not [uid for uid in (first, *made.values()) if uid.encode() in answer.body], path


def test_no_version_of_ones_is_anothers(house: Household) -> None:
    """An ETag names who asks: the same empty list of two users is two versions, and neither is told 304."""
    bob, carol = Client(house.core), Client(house.core)
    come(house, bob)
    come(house, carol)
    for path in PERSONAL:
        own = bob.get(path)
        assert bob.get(path, If_None_Match=own.headers["ETag"]).status == 304, path
        assert carol.get(path, If_None_Match=own.headers["ETag"]).status == 200, path
        assert Client(house.core).get(path, If_None_Match=own.headers["ETag"]).status != 304, path


def test_an_admin_who_is_none_any_more_gets_no_304(house: Household) -> None:
    browser = Browser(house.core)
    name = come(house, browser, is_admin=True)
    kept = {path: browser.get(path).headers.get("ETag", "*") for path in (*ADMINS, "/api/health/", "/api/session/")}
    house.change(name, is_admin=False)
    browser.cookies.clear()
    browser.csrf_token = None
    assert browser.sign_in(name).status == 200
    for path, etag in kept.items():
        assert browser.get(path, If_None_Match=etag).status == (403 if path in ADMINS else 200), path


def test_nothing_personal_may_be_kept_without_asking(house: Household) -> None:
    """Every good answer to a GET: private, and asked for again or not kept. Pictures are kept for one cookie."""
    browser = Browser(house.core)
    come(house, browser, is_admin=True)
    theirs = pages(browser, fill(house, browser))
    pictures = 0
    for path in (*PERSONAL, *ADMINS, *theirs):
        for headers in ({}, {"Range": "bytes=0-3"}):
            answer = browser.get(path, **headers)
            cached = answer.headers["Cache-Control"]
            if "immutable" in cached:
                assert "?v=" in path and "private" in cached and "Cookie" in answer.headers["Vary"]
                pictures += 1
            elif path != "/admin/":
                assert cached in ("private, no-cache", "no-store"), (path, cached)
            assert "public" not in cached
    assert pictures > 0


@pytest.mark.parametrize(
    ("base", "prefix", "name"),
    [
        ("http://localhost:8889", "", "soundwave_session"),
        ("http://localhost:8889", "/music", "soundwave_session"),
        ("https://localhost", "", "__Host-soundwave_session"),
        ("https://localhost", "/music", "__Secure-soundwave_session"),
    ],
)
def test_signing_out_takes_the_cookie_back_where_it_was_given(
    make_core: MakeCore, base: str, prefix: str, name: str
) -> None:
    core = make_core(SOUNDWAVE_BASE_PATH=prefix)
    make_cast(core)
    browser = Browser(core, base=base)
    assert browser.sign_in("bob").status == 200
    assert name in browser.cookies
    answer = browser.sign_out()
    gone = answer.headers["Set-Cookie"]
    assert gone.startswith(f"{name}=;")
    assert f"; Path={prefix}/;" in gone
    assert gone.endswith("; Max-Age=0")
    assert ("; Secure" in gone) == base.startswith("https")
    assert name not in browser.cookies
    assert "clear-site-data" not in answer.headers  # it would reach other apps at this host


def test_a_key_of_one_is_not_anothers(house: Household) -> None:
    """The same Idempotency-Key and the same body in one browser: each user's own write, and own answer."""
    browser, made = Browser(house.core), []
    for _ in range(2):
        come(house, browser)
        answer = browser.post("/api/playlist/", {"title": "Mix"}, Idempotency_Key="the-same")
        again = browser.post("/api/playlist/", {"title": "Mix"}, Idempotency_Key="the-same")
        assert (answer.status, again.body) == (201, answer.body)
        made.append(answer.json.id)
        browser.sign_out()
        assert browser.post("/api/playlist/", {"title": "Mix"}, Idempotency_Key="the-same").status == 401
    assert made[0] != made[1]


def test_a_token_of_the_first_is_not_the_seconds(house: Household) -> None:
    """Their CSRF token went with their session, and their session with their cookie."""
    browser = Browser(house.core)
    come(house, browser)
    kept, cookies = browser.csrf_token, dict(browser.cookies)
    browser.sign_out()
    come(house, browser)
    browser.csrf_token, own = kept, browser.csrf_token
    assert browser.post("/api/playlist/", {"title": "x"}).json["code"] == "csrf_failed"
    browser.csrf_token = own
    assert browser.post("/api/playlist/", {"title": "x"}).status == 201
    assert Client(house.core, cookies=cookies).get("/api/user/account/").status == 401


def test_signing_in_over_somebody_ends_their_session(house: Household) -> None:
    """Nobody signs out of a shared tablet."""
    browser = Browser(house.core)
    come(house, browser)
    first = dict(browser.cookies)
    come(house, browser)
    assert Client(house.core, cookies=first).get("/api/user/account/").status == 401
    assert browser.get("/api/user/account/").json.user.id == browser.user_id


def test_the_second_cannot_tell_who_was_first(house: Household) -> None:
    browser = Browser(house.core)
    name = come(house, browser)
    browser.sign_out()
    start = browser.get("/api/session/")
    assert (start.json.user, start.json.csrf_token) == (None, None)
    assert name.encode() not in start.body
    assert "soundwave-user" not in start.headers
    assert PASSWORD.encode() not in start.body
