"""Every route, by every method, asked by everybody: what must come out follows from its line in permissions.txt.

The server's own table must be that file, line by line, so that a route is reviewed before it is served. Whoever
asks has an account of their own, and comes anew after each write that was let in: whatever it did reaches nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

import pytest
from house.tree import ensure_none
from security.household import MAKERS, SCOPES, USER_SCOPES, Household, Made, Program, make_household_track, open_house

from soundwave_core import SoundWave, transaction
from soundwave_core.routing import RouteEntry
from soundwave_core.rules import Rule
from soundwave_core.testing import PASSWORD, Client, ClientAnswer

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
SAFE = ("GET", "HEAD")
HOUSEHOLD = {"channel"}  # what everybody may look at, and admins change
STATUSES = {
    "credentials_mixed": 400, "token_invalid": 401, "unauthorized": 401, "csrf_failed": 403, "admin_only": 403,
    "scope_missing": 403, "session_required": 403, "confirmation_needed": 403,
}  # fmt: skip
IN = "in"
DAY = 86400

# What the seed says of its endpoints (Security Verification), by the longest prefix.
OWN = {"IsAuthenticated", "IsOwnerOrAdmin"}
SEED = {
    "/api/user/login/": {"Public"},
    "/api/user/register/": {"Public"},
    "/api/playlist/": OWN,
    "/api/playlist/downloads/": OWN,
    "/api/audio/": OWN,
    "/api/channel/": {"AdminWriteOnly"},
    "/api/download/": {"AdminOnly"},
    "/api/task/": {"AdminOnly"},
    "/api/appsettings/": {"AdminOnly"},
    "/admin/": {"AdminOnly"},
    # Decided later, in the same manner:
    "/api/user/admin/": {"AdminOnly"},
    "/api/user/": OWN,
    "/api/search/": OWN,
    "/api/play/": OWN,
    "/api/offline/": OWN,
    "/api/openapi.json": {"IsAuthenticated"},
    "/api/docs/": {"IsAuthenticated"},
    "/metrics": {"AdminOnly"},
    # Nobody in particular: signing in, whether the server is up, and the app itself, which is empty.
    "/api/ping/": {"Public"},
    "/api/health/": {"Public"},
    "/api/session/": {"Public"},
    "/manifest.webmanifest": {"Public"},
    "/service-worker.js": {"Public"},
    "/static/": {"Public"},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One route as it was reviewed."""

    method: str
    rule: str
    permission: str
    scope: str
    resource: str
    access: str
    needs: frozenset[str]  # session, confirmation

    def __str__(self) -> str:
        resource = f"{self.resource}:{self.access}" if self.resource else ""
        words = [f"{self.method:6}", self.rule, self.permission, self.scope, resource, *sorted(self.needs)]
        return " ".join(filter(None, words))


def read(text: str) -> Line:
    method, rule, permission, scope, *notes = text.split()
    resource, _, access = next((note for note in notes if ":" in note), "").partition(":")
    return Line(method, rule, permission, scope, resource, access, frozenset(n for n in notes if ":" not in n))


def written(entry: RouteEntry) -> Line:
    """The route that is served, said as in the file."""
    route = entry.route
    is_safe, name = route.method == "GET", route.permission.name
    is_admins = name == "AdminOnly" or (name == "AdminWriteOnly" and not is_safe)
    scope = route.scope or ("admin" if is_admins else "read" if is_safe else "write")
    access = route.access.name.lower() if route.access else "read" if is_safe else "write"
    needs = {"session": route.needs_session, "confirmation": route.needs_confirmation}
    return Line(
        route.method, entry.rule.text, name, "-" if name == "Public" else scope, route.resource or "",
        access if route.resource else "", frozenset(need for need, is_needed in needs.items() if is_needed),
    )  # fmt: skip


FILE = Path(__file__).with_name("permissions.txt")
LINES = [read(line) for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
RULES = {rule: {line.method: line for line in lines} for rule, lines in groupby(LINES, lambda line: line.rule)}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and whose the thing in the path is. ``come`` is given a name that nobody has."""

    name: str
    come: Callable[[Household, str], Client]
    is_known: bool = True
    is_admin: bool = False
    scopes: tuple[str, ...] | None = None
    is_of_admin: bool = False
    has_own: bool = True
    is_confirmed: bool = True
    sends_csrf: bool = True
    always: str = ""  # how every request of theirs ends
    is_early: bool = False  # they came two days ago


def expired_token(house: Household, name: str) -> Client:
    return house.token(name, *USER_SCOPES, days=1)


def revoked_token(house: Household, name: str) -> Client:
    token = house.token(name, *USER_SCOPES)
    owner = house.sign_in(name)
    (uid,) = [row.id for row in owner.get("/api/user/tokens/").json.results]
    assert owner.delete(f"/api/user/tokens/{uid}/").status == 204
    return token


def disabled(come: Callable[[Household, str], Client], house: Household, name: str) -> Client:
    client = come(house, name)
    house.change(name, state="disabled")
    return client


def made_up(house: Household, name: str) -> Client:
    return Client(house.core, cookies={"soundwave_session": "x" * 43}, csrf_token="x" * 43)


def second_factor_is_missing(house: Household, name: str) -> Client:
    """The password was right, the code is not given yet."""
    house.turn_on_second_factor(house.sign_in(name))
    client = Client(house.core)
    answer = client.post("/api/user/login/", {"username": name, "password": PASSWORD})
    assert (answer.status, answer.json["code"]) == (401, "totp_required")
    return client


def second_factor_is_begun(house: Household, name: str) -> Client:
    client = house.sign_in(name)
    house.begin_second_factor(client)
    return house.again(client)


def signed_in_long_ago(house: Household, name: str, is_admin: bool = False) -> Client:
    """The clock would make everybody's session as old."""
    client = house.sign_in(name, is_admin)
    with transaction(house.core.db) as tx:
        past = house.clock.stamp_before(minutes=10)
        tx.execute("UPDATE sessions SET auth_at = :past WHERE user_id = :id", past=past, id=client.user_id)
    return client


def without_csrf(house: Household, name: str) -> Client:
    client = house.sign_in(name)
    client.csrf_token = None
    return client


def cookie_and_token(house: Household, name: str) -> Client:
    session, token = house.sign_in(name), house.token(name, *USER_SCOPES)
    return Program(
        house.core, cookies=session.cookies, csrf_token=session.csrf_token, user_id=session.user_id, always=token.always
    )


def demoted(house: Household, name: str) -> Client:
    """Users make no token of the scope admin: this one was an admin when it was made."""
    token = house.token(name, "admin", is_admin=True)
    house.change(name, is_admin=False)
    return token


def token_of(*scopes: str, is_admin: bool = False) -> Callable[[Household, str], Client]:
    return lambda house, name: house.token(name, *scopes, is_admin=is_admin)


def admin(house: Household, name: str) -> Client:
    return house.sign_in(name, is_admin=True)


ASKERS = (
    Asker("nobody", lambda house, name: Client(house.core), is_known=False, has_own=False),
    Asker("a made-up cookie", made_up, is_known=False, has_own=False),
    Asker("an expired session", Household.sign_in, is_known=False, is_early=True),
    Asker("a disabled user's session", partial(disabled, Household.sign_in), is_known=False, has_own=False),
    Asker("a second factor not given", second_factor_is_missing, is_known=False, has_own=False),
    Asker("an expired token", expired_token, always="token_invalid", is_early=True),
    Asker("a revoked token", revoked_token, always="token_invalid"),
    Asker("a disabled user's token", partial(disabled, token_of(*USER_SCOPES)), always="token_invalid", has_own=False),
    Asker("cookie and token", cookie_and_token, always="credentials_mixed"),
    Asker("a user", Household.sign_in),
    Asker("a user on another's", Household.sign_in, has_own=False),
    Asker("a user without the CSRF header", without_csrf, sends_csrf=False),
    Asker("a user who signed in long ago", signed_in_long_ago, is_confirmed=False),
    Asker("a user whose second factor is not in force", second_factor_is_begun),
    *(Asker(f"a user's token to {scope}", token_of(scope), scopes=(scope,)) for scope in USER_SCOPES),
    Asker("a former admin's token", demoted, always="token_invalid", has_own=False),
    Asker("a user's token", token_of(*USER_SCOPES), scopes=USER_SCOPES),
    Asker("a user's token on another's", token_of(*USER_SCOPES), scopes=USER_SCOPES, has_own=False),
    Asker("an admin", admin, is_admin=True),
    Asker("an admin on another's", admin, is_admin=True, has_own=False),
    Asker("an admin who signed in long ago", partial(signed_in_long_ago, is_admin=True), is_admin=True,
          is_confirmed=False, has_own=False),
    *(Asker(f"an admin's token to {scope}, on another's", token_of(scope, is_admin=True), scopes=(scope,),
            is_admin=scope == "admin", is_of_admin=True, has_own=False) for scope in SCOPES),  # a lesser one is none
    Asker("an admin's token on another's", token_of(*SCOPES, is_admin=True), scopes=SCOPES, is_admin=True,
          has_own=False),
)  # fmt: skip


@dataclass
class World:
    """A server, those who came early, and what was made so far. What may have changed is made anew."""

    house: Household
    other: Client
    early: dict[str, Client]
    clients: dict[str, Client] = field(default_factory=dict)
    things: dict[tuple[str, str], Made] = field(default_factory=dict)

    def client(self, asker: Asker) -> Client:
        if asker.name not in self.clients:
            self.clients[asker.name] = self.early.get(asker.name) or asker.come(self.house, self.house.new_name())
        return self.clients[asker.name]

    def path(self, rule: str, asker: Asker) -> str:
        """The rule's path to a thing of the asker's, or to the other's."""
        owner = self.client(asker) if asker.has_own else self.other
        return self.house.path_to(Rule.parse(rule), owner, self.things.setdefault((rule, asker.name), {}))

    def forget(self, rule: str, asker: Asker) -> None:
        del self.things[rule, asker.name], self.clients[asker.name]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_house(tmp_path_factory.mktemp("matrix")) as house:
        early = {asker.name: asker.come(house, house.new_name()) for asker in ASKERS if asker.is_early}
        house.clock.advance(2 * DAY)
        assert house.alice.sign_in("alice").status == 200
        yield World(house, house.sign_in("carol"), early)


def wanted(line: Line, asker: Asker) -> str:
    """What the contract's permissions say, written down a second time: a problem's code, or IN."""
    is_safe, is_token = line.method == "GET", asker.scopes is not None
    if asker.always:
        return asker.always
    if asker.is_known and not asker.sends_csrf and not is_safe:
        return "csrf_failed"
    if line.permission == "Public":
        return IN
    if not asker.is_known:
        return "unauthorized"
    is_admin = asker.is_admin or (asker.is_of_admin and line.scope != "admin")
    if (line.permission == "AdminOnly" or (line.permission == "AdminWriteOnly" and not is_safe)) and not is_admin:
        return "admin_only"
    if is_token and line.scope not in (asker.scopes or ()):
        return "scope_missing"
    if "session" in line.needs and is_token:
        return "session_required"
    if "confirmation" in line.needs and not asker.is_confirmed:
        return "confirmation_needed"
    is_theirs = asker.has_own or asker.is_admin or line.resource in HOUSEHOLD
    return IN if not line.resource or is_theirs else f"{line.resource}_not_found"


def is_as_wanted(line: Line, expected: str, answer: ClientAnswer) -> bool:
    code = answer.json["code"] if answer.status >= 400 else ""
    if expected == IN:  # whatever the handler says to a request without a body
        is_refused = answer.status in (401, 403) or code == f"{line.resource}_not_found"
        return not is_refused and (answer.status < 500 or code == "not_built")  # the API is there without the app
    return code == expected and answer.status == STATUSES.get(expected, 404) and gives_nothing_away(answer)


def gives_nothing_away(answer: ClientAnswer) -> bool:
    """A refusal is a problem that nobody keeps, with no cookie and no version of what it refuses."""
    is_plain = answer.headers["Content-Type"] == "application/problem+json"
    is_kept = answer.headers["Cache-Control"] != "no-store" or "etag" in answer.headers
    return is_plain and not is_kept and "set-cookie" not in answer.headers


def ask(world: World, asker: Asker, rule: str, method: str) -> str:
    """What is wrong with the answer; "" where it is as it must be."""
    lines, path = RULES[rule], world.path(rule, asker)
    client = world.client(asker)
    line = lines.get("GET" if method == "HEAD" else method)
    if line is None:
        return wrong_without_route(lines, client.request(method, path))
    if method == "HEAD":
        return wrong_head(client.get(path), client.head(path), is_counting=rule == "/metrics")
    expected, answer = wanted(line, asker), client.request(method, path)
    if expected == IN and method not in SAFE:
        world.forget(rule, asker)
    return "" if is_as_wanted(line, expected, answer) else f"not {expected}: {said(answer)}"


def wrong_without_route(lines: dict[str, Line], answer: ClientAnswer) -> str:
    """405 and what there is; OPTIONS asks for just that. The same for everybody."""
    allowed = sorted({*lines, "OPTIONS", *(["HEAD"] if "GET" in lines else [])})
    is_right = answer.headers.get("Allow") == ", ".join(allowed) and "soundwave-user" not in answer.headers
    if (answer.status, answer.body) == (204, b"") or (answer.status == 405 and gives_nothing_away(answer)):
        return "" if is_right else f"allows {answer.headers.get('Allow')}"
    return f"not 405: {said(answer)}"


def wrong_head(got: ClientAnswer, head: ClientAnswer, is_counting: bool) -> str:
    """As GET, without the body; one that counts its own requests is never twice as long."""
    same = ("content-type", "etag", "cache-control", "soundwave-user", *([] if is_counting else ["content-length"]))
    differs = [name for name in same if got.headers.get(name) != head.headers.get(name)]
    if head.status != got.status or head.body or differs:
        return f"GET {got.status}, HEAD {head.status}, {len(head.body)} bytes, other {differs}"
    return ""


def said(answer: ClientAnswer) -> str:
    return f"{answer.status} {answer.body[:200]!r}"


@pytest.mark.parametrize("asker", ASKERS, ids=lambda asker: asker.name)
def test_every_cell(world: World, asker: Asker, tell: Callable[[str], None]) -> None:
    wrong = []
    for rule in RULES:
        for method in METHODS:
            if problem := ask(world, asker, rule, method):
                wrong.append(f"{asker.name}: {method} {rule} is {problem}")
    cells = len(RULES) * len(METHODS)
    right, total = cells - len(wrong), cells * len(ASKERS)
    tell(
        f"authorisation matrix: {right} of {cells} cells are right for each who asks; {len(ASKERS)} ask, {total} in all"
    )
    ensure_none(wrong)


def test_of_what_is_the_households_users_change_nothing(world: World) -> None:
    bob, wrong = world.house.sign_in("bob"), []
    for line in LINES:
        if line.resource != "track":
            continue
        track = make_household_track(world.house, bob, {})
        answer = bob.request(line.method, line.rule.replace("<track:id>", track))
        is_refused = answer.status == 403 and answer.json["code"] == "read_only"
        if is_refused != (line.access == "write") or answer.status >= 500:
            wrong.append(f"{line}: {said(answer)}")
    ensure_none(wrong)


def test_a_user_makes_no_token_of_the_scope_admin(world: World) -> None:
    wish = {"name": "x", "scopes": ["read", "admin"]}
    answer = world.house.sign_in("bob").post("/api/user/tokens/", wish)
    assert (answer.status, answer.json["code"]) == (403, "scope_not_allowed")


def test_every_route_is_in_the_reviewed_table(assembled: SoundWave) -> None:
    served = {str(written(entry)) for entry in assembled.routes.routes()}
    reviewed = set(map(str, LINES))
    ensure_none([*(f"+ {line}" for line in sorted(served - reviewed)), *(f"- {line}" for line in reviewed - served)])
    assert len(LINES) == len(reviewed) == len(assembled.routes.routes())
    assert sorted(LINES, key=lambda line: (line.rule, line.method)) == LINES, "keep it sorted: by rule, then by method"


def test_the_seeds_table_is_in_force() -> None:
    """Public is what it names, and the app's empty pages; nothing else."""
    wrong = []
    for line in LINES:
        prefix = max((p for p in SEED if line.rule.startswith(p)), key=len, default="")
        is_page = line.method == "GET" and not line.rule.startswith("/api/")
        if line.permission not in SEED.get(prefix, {"Public"} if is_page else ()):
            wrong.append(f"{line.method} {line.rule} is {line.permission}")
    ensure_none(wrong)
    unmet = {prefix for prefix in SEED if not any(rule.startswith(prefix) for rule in RULES)}
    assert unmet <= {"/api/offline/"}


def test_every_kind_of_wildcard_can_be_made() -> None:
    names = {wildcard.name for rule in RULES for wildcard in Rule.parse(rule).wildcards}
    ensure_none(f"say in MAKERS how a {name} is made" for name in sorted(names - set(MAKERS)))


def test_every_permission_and_scope_is_asked_for() -> None:
    """The table has no kind of line that no cell could get wrong."""
    assert {line.permission for line in LINES} == {"Public", *OWN, "AdminOnly", "AdminWriteOnly"}
    assert {line.scope for line in LINES} == {"-", *SCOPES}
    assert {need for line in LINES for need in line.needs} == {"session", "confirmation"}
