"""Every route is guarded by one of five permissions, and none hides another.

Which of them guards which is in ``permissions.txt``; that it does, ``test_authorisation_matrix.py`` asks.
"""

from __future__ import annotations

import re

import pytest
from house.tree import ensure_none

from soundwave_core import BACKUP_PATTERN, SoundWave, transaction
from soundwave_core import plugins as plugin_host
from soundwave_core.permissions import FIVE
from soundwave_core.routing import RouteEntry
from soundwave_core.rules import SLASHLESS
from soundwave_core.testing import Client, MakeCore, make_cast
from soundwave_library import Playlists

CONTRACT_ROUTES = (
    "POST /api/user/login/", "POST /api/user/register/",
    "GET /api/playlist/", "POST /api/playlist/", "GET /api/playlist/<playlist:id>/",
    "GET /api/playlist/downloads/", "POST /api/playlist/downloads/", "GET /api/playlist/downloads/<download:id>/",
    "GET /api/playlist/downloads/active/", "GET /api/playlist/downloads/completed/",
    "GET /api/audio/", "GET /api/channel/", "POST /api/channel/", "GET /api/download/", "GET /api/task/",
    "GET /api/appsettings/", "GET /admin/", "GET /service-worker.js",
)  # fmt: skip
EXAMPLES = {
    "id": "0" * 31 + "1", "name": "system.sweep-operations", "int": "1", "file": "nothing.js",
    f"re:{BACKUP_PATTERN}": "backup-20260105-120000-000-manual",
}  # fmt: skip


def label(entry: RouteEntry) -> str:
    return f"{entry.route.method} {entry.rule.text}"


def path_of(entry: RouteEntry) -> str:
    """The rule with something in place of each wildcard."""
    return re.sub(r"<\w+:([^>]+)>", lambda match: EXAMPLES[match[1]], entry.rule.text)


def test_every_route_has_one_of_the_five_permissions(assembled: SoundWave) -> None:
    ensure_none(label(entry) for entry in assembled.routes.routes() if entry.route.permission not in FIVE)


def test_what_is_owned_names_its_resource(assembled: SoundWave) -> None:
    """A wildcard of a kind is guarded as that kind; any other belongs to a guarded thing, or to admins."""
    wrong = []
    for entry in assembled.routes.routes():
        route = entry.route
        names = {wildcard.name for wildcard in entry.rule.wildcards if not wildcard.is_file}
        owned = names & set(assembled.resources)
        is_by_role = route.permission.name in ("AdminOnly", "AdminWriteOnly")
        if (owned and route.resource not in owned) or (names and route.resource is None and not is_by_role):
            wrong.append(f"{label(entry)} looks nobody's ownership up")
        if (route.permission.name == "IsOwnerOrAdmin") != (route.resource is not None and not is_by_role):
            wrong.append(f"{label(entry)} is {route.permission.name} and has the resource {route.resource}")
    ensure_none(wrong)


def test_paths_end_in_a_slash(assembled: SoundWave) -> None:
    rules = {entry.rule for entry in assembled.routes.routes() if not entry.rule.is_greedy}
    slashless = {rule.text for rule in rules if not rule.has_slash}
    ensure_none(text for text in slashless if "." not in text.rpartition("/")[2] and text[1:] not in SLASHLESS)


def test_without_the_slash_reads_are_sent_on(core: SoundWave, nobody: Client) -> None:
    wrong = []
    for entry in core.routes.routes():
        path = path_of(entry)
        if not entry.rule.has_slash or path == "/":
            continue
        answer = nobody.request(entry.route.method, f"{path[:-1]}?a=b")
        is_sent_on = answer.status == 308 and answer.headers["Location"] == f"{path}?a=b"
        if is_sent_on != (entry.route.method == "GET") or answer.status == 404:
            wrong.append(f"{entry.route.method} {path[:-1]} answers {answer.status}")
    ensure_none(wrong)


def test_the_contracts_routes_are_there(assembled: SoundWave) -> None:
    assert set(CONTRACT_ROUTES) <= {label(entry) for entry in assembled.routes.routes()}


@pytest.fixture(params=["library first", "downloads first"])
def ordered(request: pytest.FixtureRequest, make_core: MakeCore, monkeypatch: pytest.MonkeyPatch) -> SoundWave:
    order = ("auth", "library", "downloads", "offline", "system")
    if request.param == "downloads first":
        order = ("auth", "downloads", "library", "offline", "system")
    monkeypatch.setattr(plugin_host, "BUNDLED", order)
    core = make_core()
    assert tuple(core.plugins.records)[:5] == order
    return core


def test_playlists_and_downloads_answer_as_themselves(ordered: SoundWave) -> None:
    """The contract's route story: six paths, of two plugins, with something behind each."""
    cast = make_cast(ordered)
    bob, user = cast.bob, cast.bob.user_id
    playlist = bob.post("/api/playlist/", {"title": "Mix"}).json.id
    active = bob.post("/api/playlist/downloads/", {"url": "https://example.org/a"}).json.id
    done = bob.post("/api/playlist/downloads/", {"url": "https://example.org/b"}).json.id
    with transaction(ordered.db) as tx:
        tx.execute("UPDATE downloads SET state = 'done', is_resolved = 1 WHERE uid = :uid", uid=done)
    assert Playlists(ordered.db).get(playlist)["user_id"] == user

    def ids(path: str) -> set[str]:
        answer = bob.get(path)
        assert answer.status == 200, answer.body
        return {result.id for result in answer.json.results}

    assert ids("/api/playlist/") == {playlist}
    assert bob.get(f"/api/playlist/{playlist}/").json.title == "Mix"
    assert ids("/api/playlist/downloads/") == {active, done}
    assert bob.get(f"/api/playlist/downloads/{active}/").json.url == "https://example.org/a"
    assert ids("/api/playlist/downloads/active/") == {active}
    assert ids("/api/playlist/downloads/completed/") == {done}
    assert bob.get(f"/api/playlist/downloads/{playlist}/").json["code"] == "download_not_found"
    assert bob.get(f"/api/playlist/{active}/").json["code"] == "playlist_not_found"
