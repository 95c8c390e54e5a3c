"""Every route, asked by everybody: what must come out follows from its permission, and nothing else comes out.

The routes come from the table of the running server. A route with a new kind of wildcard fails here until
``MAKERS`` knows how to make such a thing for somebody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from house.tree import ensure_none

from soundwave_core import SoundWave, transaction
from soundwave_core.routing import RouteEntry
from soundwave_core.testing import PASSWORD, Cast, Client, VirtualClock, make_cast
from soundwave_library import Entries, NewTrack, Playlists, Tracks

HOUSEHOLD = {"channel"}  # what everybody may look at, and admins change
ALL_SCOPES = ["read", "play", "write", "download", "admin"]
ALL_BUT_ADMIN = ALL_SCOPES[:-1]  # the most that a user's token can have
IN = "in"


@dataclass
class World:
    """A server with its cast. Things are made fresh for each question, for some answers remove them."""

    core: SoundWave
    cast: Cast
    made: int = 0

    def member(self, name: str) -> Client:
        """Signed in, even where the last question was to sign out."""
        client: Client = getattr(self.cast, name)
        if client.get("/api/user/account/").status != 200:
            client.cookies.clear()
            client.csrf_token = None
            assert client.sign_in(name).status == 200
        return client

    def token(self, name: str, scopes: list[str]) -> Client:
        """A client that only has a token of this member."""
        answer = self.member(name).post("/api/user/tokens/", {"name": "x", "scopes": scopes})
        assert answer.status == 201, answer.body
        return Bearer(self.core, token=answer.json.token)

    def id_of(self, name: str) -> str:
        return str(getattr(self.cast, name).user_id)

    def number(self) -> int:
        self.made += 1
        return self.made


@dataclass(slots=True)
class Bearer(Client):
    """A client without cookies."""

    token: str = ""

    def request(self, method: str, path: str, **kwargs: Any) -> Any:
        kwargs["headers"] = {"Authorization": f"Bearer {self.token}"}
        return Client.request(self, method, path, **kwargs)


def make_track(world: World, owner: str, made: dict[str, str]) -> str:
    content = f"track {world.number()}".encode()
    digest = hashlib.sha256(content).hexdigest()
    path = world.core.config.media_root / f"{world.made}.opus"
    path.write_bytes(content)
    new = NewTrack(
        uid=world.core.clock.new_id(), added_at=world.core.clock.stamp(), title="A track", path=path.name,
        size_bytes=len(content), codec="opus", content_hash=digest, revision=digest, block_hashes=[digest],
    )  # fmt: skip
    with transaction(world.core.db) as tx:
        uid = Tracks(tx).add(new)
        Entries(tx).ensure(world.id_of(owner), uid, world.core.clock)
    return uid


def make_playlist(world: World, owner: str, made: dict[str, str]) -> str:
    with transaction(world.core.db) as tx:
        return Playlists(tx).create(world.id_of(owner), "A playlist", world.core.clock)


def make_item(world: World, owner: str, made: dict[str, str]) -> str:
    track = make_track(world, owner, made)
    with transaction(world.core.db) as tx:
        uid = Playlists(tx).append(made["playlist"], track, world.core.clock)
    assert uid is not None
    return uid


def make_channel(world: World, owner: str, made: dict[str, str]) -> str:
    answer = world.member("alice").post("/api/channel/", {"url": f"https://example.org/{world.number()}"})
    assert answer.status == 201, answer.body
    return str(answer.json.id)


def make_download(world: World, owner: str, made: dict[str, str]) -> str:
    url = f"https://example.org/{world.number()}"
    answer = world.member(owner).post("/api/playlist/downloads/", {"url": url})
    assert answer.status == 202, answer.body
    return str(answer.json.id)


def make_download_item(world: World, owner: str, made: dict[str, str]) -> str:
    download, uid = make_download(world, owner, made), world.core.clock.new_id()
    row = {
        "uid": uid, "user_id": world.id_of(owner), "is_quiet": 0, "position": 0, "url": "https://example.org/a",
        "extractor": "site", "source_id": uid, "item": "{}", "state": "failed", "updated_at": world.core.clock.stamp(),
    }  # fmt: skip
    with transaction(world.core.db) as tx:
        rowid = tx.value("SELECT id FROM downloads WHERE uid = :uid", uid=download)
        tx["download_items"].insert({**row, "download_id": rowid})
    return uid


def make_session(world: World, owner: str, made: dict[str, str]) -> str:
    other = Client(world.core)
    assert other.sign_in(owner).status == 200
    return next(str(s.id) for s in other.get("/api/user/sessions/").json.results if s.is_current)


def make_token(world: World, owner: str, made: dict[str, str]) -> str:
    answer = world.member(owner).post("/api/user/tokens/", {"name": "x", "scopes": ["read"]})
    return str(answer.json.id)


def make_user(world: World, owner: str, made: dict[str, str]) -> str:
    """A throw-away account: only admins get in, and what they do to it ends it."""
    wish = {"username": f"user {world.number()}", "password": PASSWORD}
    return str(world.member("alice").post("/api/user/admin/users/", wish).json.id)


def make_invite(world: World, owner: str, made: dict[str, str]) -> str:
    return str(world.member("alice").post("/api/user/admin/invites/", {}).json.id)


MAKERS: dict[str, Callable[[World, str, dict[str, str]], str]] = {
    "track": make_track,
    "playlist": make_playlist,
    "item": make_item,
    "channel": make_channel,
    "download": make_download,
    "download_item": make_download_item,
    "session": make_session,
    "token": make_token,
    "user": make_user,
    "invite": make_invite,
    "task": lambda world, owner, made: "system.sweep-operations",
    "file": lambda world, owner, made: "nothing.js",
}
# Who asks, whose the thing in the path is, and with which scopes where it is a token.
QUESTIONS: tuple[tuple[str, str, list[str] | None], ...] = (
    ("nobody", "carol", None),
    ("bob", "bob", None),
    ("bob", "carol", None),
    ("alice", "alice", None),
    ("alice", "carol", None),
    ("bob's token", "bob", ["read"]),
    ("bob's token", "bob", ALL_BUT_ADMIN),
    ("bob's token", "carol", ALL_BUT_ADMIN),
    ("alice's token", "carol", ["read"]),
    ("alice's token", "carol", ALL_SCOPES),
)


def wanted(entry: RouteEntry, who: str, owner: str, scopes: list[str] | None) -> int | str:
    """What the contract's permissions say, written down a second time."""
    route, name = entry.route, entry.route.permission.name
    is_safe = route.method == "GET"
    is_admin = who.startswith("alice") and (scopes is None or "admin" in scopes)  # a lesser token is no admin's
    if name == "Public":
        return IN
    if who == "nobody":
        return 401
    is_admins = name == "AdminOnly" or (name == "AdminWriteOnly" and not is_safe)
    if is_admins and not is_admin:
        return 403
    scope = route.scope or ("admin" if is_admins else "read" if is_safe else "write")
    if scopes is not None and scope not in scopes:
        return 403
    is_theirs = who.split("'")[0] == owner or is_admin or route.resource in HOUSEHOLD
    return IN if route.resource is None or is_theirs else 404


def outcome(entry: RouteEntry, answer: Any) -> int | str:
    """Where the request ended: at the door (401, 403, 404), or inside, whatever it met there."""
    code = answer.json.get("code", "") if answer.status >= 400 else ""
    is_refused = answer.status in (401, 403) or code in (f"{entry.route.resource}_not_found", "path_not_found")
    is_broken = answer.status >= 500 and code != "not_built"  # the API can be tested without the app
    return int(answer.status) if is_refused or is_broken else IN


def ask(world: World, entry: RouteEntry, who: str, owner: str, scopes: list[str] | None) -> Any:
    made: dict[str, str] = {}
    path = entry.rule.text
    for wildcard in entry.rule.wildcards:
        made[wildcard.name] = MAKERS[wildcard.name](world, owner, made)
        path = path.replace(f"<{wildcard.name}:{wildcard.filter}>", made[wildcard.name])
    name = who.split("'")[0]
    if name == "nobody":
        client = world.cast.nobody
    else:
        client = world.member(name) if scopes is None else world.token(name, scopes)
    return client.request(entry.route.method, path)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("matrix")
    environ = {name: str(folder / name) for name in ("DATA_DIR", "MEDIA_ROOT", "CACHE_DIR")}
    environ["SOUNDWAVE_AUTH_BCRYPT_COST"] = "4"
    core = SoundWave(environ, clock=VirtualClock(), is_manual=True, notice=lambda line: None).start()
    yield World(core, make_cast(core))
    core.stop()


def test_every_kind_of_wildcard_can_be_made(assembled: SoundWave) -> None:
    names = {wildcard.name for entry in assembled.routes.routes() for wildcard in entry.rule.wildcards}
    ensure_none(f"say in MAKERS how a {name} is made" for name in sorted(names - set(MAKERS)))


def test_every_cell_of_the_matrix(world: World) -> None:
    wrong, cells = [], 0
    for entry in world.core.routes.routes():
        for who, owner, scopes in QUESTIONS:
            cells += 1
            answer = ask(world, entry, who, owner, scopes)
            expected, found = wanted(entry, who, owner, scopes), outcome(entry, answer)
            if expected != found:
                wrong.append(f"{who} {scopes or ''} on {owner}'s: {entry.label} ends {found}, not {expected}")
    print(f"{cells} cells: {len(world.core.routes.routes())} routes, {len(QUESTIONS)} questions each")
    ensure_none(wrong)
