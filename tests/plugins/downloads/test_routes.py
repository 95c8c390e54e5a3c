"""The routes from outside: bad input, pages, ETags, whose it is, what a token may do."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from soundwave_core import Database, SoundWave, transaction
from soundwave_core.testing import Cast, Client, MakeCore, VirtualClock
from soundwave_downloads.list_store import DownloadLists
from tests.plugins.downloads.stub import OWN, SITE, StubWorker, ask, drain, failure, look

URL = f"{SITE}/song"
NO_ID = "0" * 32


@pytest.fixture
def worker() -> StubWorker:
    return StubWorker()


WRONG_WISHES: list[Any] = [
    None, [], "x", 7, {}, {"url": None}, {"url": ""}, {"url": " "}, {"url": 7}, {"url": {"a": 1}}, {"urls": URL},
    {"url": URL, "x": 1}, {"url": "example.org"}, {"url": "//example.org"}, {"url": "http:example.org"},
    {"url": "http://"}, {"url": "http:///path"}, {"url": "http://[::1"}, {"url": "http://a b/"},
    {"url": "http://example.org\n"}, {"url": "http://example.org/\u0000"}, {"url": "http://example.org:x/"},
    {"url": "http://example.org:99999/"}, {"url": "file:///etc/passwd"}, {"url": "ftp://example.org/"},
    {"url": "data:audio/mpeg;base64,AAAA"}, {"url": "--exec=ls"}, {"url": "ytsearch5:cats"},
    {"url": "http://user@example.org/"}, {"url": "http://:pass@example.org/"}, {"url": "http://127.0.0.1/"},
    {"url": "http://localhost/"}, {"url": "http://[fe80::1%25eth0]/"}, {"url": "http://169.254.169.254/latest/"},
    {"url": "https://example.org/" + "a" * 2048}, {"url": URL, "follow": "yes"}, {"url": URL, "follow": 1},
    {"url": URL, "follow": None}, {"url": URL, "interval_seconds": 299}, {"url": URL, "interval_seconds": 2592001},
    {"url": URL, "interval_seconds": 1.5}, {"url": URL, "interval_seconds": "600"},
    {"url": URL, "interval_seconds": 10**30}, {"url": URL, "playlist_title": ""}, {"url": URL, "playlist_title": "  "},
    {"url": URL, "playlist_title": "a\nb"}, {"url": URL, "playlist_title": "a\n"},
    {"url": URL, "playlist_title": "x" * 301},
    {"url": URL, "playlist": NO_ID}, {"playlist": ""}, {"playlist": NO_ID + "\n"}, {"playlist": NO_ID.upper() + "A"},
    {"playlist": [NO_ID]}, {"playlist": "../" * 10},
]  # fmt: skip


CODES = ("invalid", "url_or_playlist", "not_a_link", "address_forbidden")


def test_wrong_wishes(core: SoundWave, cast: Cast) -> None:
    """Each is refused in one clear sentence, and nothing comes of it."""
    for wish in WRONG_WISHES:
        answer = cast.bob.request("POST", OWN, body=json.dumps(wish).encode(), headers=JSON)
        assert answer.status == 422, (wish, answer.body)
        assert answer.json["code"] in CODES, (wish, answer.body)
        assert answer.json["detail"].endswith("."), (wish, answer.body)
    assert cast.bob.get(OWN).json.count == 0


JSON = {"Content_Type": "application/json"}
WRONG_BODIES: list[tuple[bytes, dict[str, str], int]] = [
    (b"", JSON, 400), (b"{", JSON, 400), (b"{'url': 1}", JSON, 400), (b'{"url": "\xff"}', JSON, 400),
    (b'{"url": "http://example.org/\\ud800"}', JSON, 400), (b'{"url": "a", "url": "b"}', JSON, 422),
    (b"[" * 100_000, JSON, 422), (b'{"url": NaN}', JSON, 400), (b"url=http://example.org/", {}, 415),
    (b'{"url": "%s"}' % (b"a" * 2_000_000), JSON, 413),
]  # fmt: skip


def test_wrong_bodies(core: SoundWave, cast: Cast) -> None:
    for method, path in (("POST", OWN), ("POST", "/api/channel/")):
        for body, headers, status in WRONG_BODIES:
            kind = headers or {"Content_Type": "text/plain"}
            answer = cast.alice.request(method, path, body=body, headers=kind)
            assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json"), body[:40]
    assert cast.alice.get(OWN).json.count == cast.alice.get("/api/channel/").json.count == 0


@pytest.mark.parametrize("path", [OWN, f"{OWN}active/", f"{OWN}completed/", "/api/download/", "/api/channel/"])
def test_wrong_queries(core: SoundWave, cast: Cast, path: str) -> None:
    wrong = ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=1&limit=2", "cursor=", "cursor=x", "cursor=W10",
             "cursor=WyJhIl0", "cursor=Wy0xXQ", "cursor=WzFlMzAwXQ", "cursor=WzEsMl0", "cursor=" + "A" * 501,
             "cursor=W251bGxd", "offset=1", "state=lost", "state=", "user=x", "user="]  # fmt: skip
    for query in wrong:
        answer = cast.alice.get(f"{path}?{query}")
        assert (answer.status, answer.json["code"] in ("query_invalid", "cursor_invalid")) == (422, True), query
    assert cast.alice.get(f"{path}?cursor=WzBd").json.results == [] or path == "/api/channel/"


def test_unknown_things(core: SoundWave, cast: Cast) -> None:
    for method, path in itertools.chain(
        [("GET", f"{OWN}{NO_ID}/"), ("DELETE", f"{OWN}{NO_ID}/"), ("GET", f"/api/download/{NO_ID}/"),
         ("POST", f"/api/download/{NO_ID}/retry/"), ("GET", f"/api/channel/{NO_ID}/"),
         ("DELETE", f"/api/channel/{NO_ID}/"), ("POST", f"/api/channel/{NO_ID}/refresh/")],
        (("POST", f"{OWN}{NO_ID}/{name}/") for name in ("pause", "resume", "cancel", "retry")),
    ):  # fmt: skip
        answer = cast.alice.request(method, path)
        assert (answer.status, answer.json["code"].endswith("_not_found")) == (404, True), path
    assert cast.bob.get(f"{OWN}../").status == 404
    assert cast.bob.get(f"{OWN}x/").status == 404
    assert cast.bob.post(f"{OWN}active/").status == 405


def test_wrong_channel_changes(core: SoundWave, cast: Cast) -> None:
    channel = cast.alice.post("/api/channel/", {"url": URL}).json
    path = f"/api/channel/{channel.id}/"
    for patch in ([], 7, {"url": URL}, {"title": ""}, {"title": None}, {"interval_seconds": None},
                  {"interval_seconds": 1}, {"is_enabled": 1}, {"is_enabled": None}):  # fmt: skip
        assert cast.alice.patch(path, patch).status == 422, patch
    unchanged = cast.alice.patch(path, {}).json
    assert (unchanged.title, unchanged.is_enabled) == (channel.title, True)


def test_what_an_answer_says_of_itself(core: SoundWave, cast: Cast) -> None:
    """202 and 201 with a Location that leads to the thing."""
    asked = cast.bob.post(OWN, {"url": URL})
    assert (asked.status, asked.headers["Location"]) == (202, f"{OWN}{asked.json.id}/")
    assert cast.bob.get(asked.headers["Location"]).json == asked.json
    added = cast.alice.post("/api/channel/", {"url": URL})
    assert (added.status, added.headers["Location"]) == (201, f"/api/channel/{added.json.id}/")
    assert cast.bob.get(added.headers["Location"]).json.id == added.json.id
    assert cast.alice.post(f"/api/channel/{added.json.id}/refresh/").status == 202


def test_pages_go_through_everything_once(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    for number in range(5):
        ask(cast.bob, f"song-{number}")
        cast.alice.post("/api/channel/", {"url": f"{SITE}/channel-{number}"})
    uids = [one.id for one in cast.bob.get(OWN).json.results]
    assert (cast.bob.get(OWN).json.count, len(set(uids))) == (5, 5)
    drain(core, worker)

    def walk(client: Client, path: str) -> list[str]:
        found, pages = [], 0
        following: str | None = path
        while following is not None:
            page = client.get(following).json
            found += [one.id for one in page.results]
            following, pages = page.next, pages + 1
        assert pages == -(-page.count // 2)
        return found

    assert walk(cast.bob, f"{OWN}?limit=2") == walk(cast.bob, f"{OWN}completed/?limit=2") == uids
    assert walk(cast.bob, f"{OWN}?limit=2&state=done") == uids
    assert walk(cast.alice, f"{OWN}?limit=2&user={cast.bob.user_id}") == uids
    assert len(set(walk(cast.alice, "/api/download/?limit=2&state=done"))) == 10
    assert len(set(walk(cast.bob, "/api/channel/?limit=2"))) == 5


def test_a_list_is_the_actors_own(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    """Admins name another with ``user``; others may name themselves only."""
    uid = ask(cast.bob, "song")
    drain(core, worker)
    for path in (OWN, f"{OWN}completed/"):
        assert cast.alice.get(path).json.count == cast.carol.get(path).json.count == 0
        assert [one.id for one in cast.alice.get(f"{path}?user={cast.bob.user_id}").json.results] == [uid]
        assert cast.bob.get(f"{path}?user={cast.bob.user_id}").json.count == 1
        refused = cast.carol.get(f"{path}?user={cast.bob.user_id}")
        assert (refused.status, refused.json["code"]) == (403, "admin_only")
    assert cast.alice.get(f"{OWN}active/?user={NO_ID}").json.count == 0


class Bearer(Client):
    """A client with a token and no cookie."""

    token = ""

    def request(self, method: str, path: str, **kwargs: Any) -> Any:
        kwargs["headers"] = {"Authorization": f"Bearer {self.token}", **(kwargs.get("headers") or {})}
        return Client.request(self, method, path, **kwargs)


def bearer(core: SoundWave, owner: Client, *scopes: str) -> Bearer:
    made = owner.post("/api/user/tokens/", {"name": "x", "scopes": list(scopes)})
    client = Bearer(core)
    client.token = made.json.token
    return client


def test_what_a_token_may_do(core: SoundWave, cast: Cast) -> None:
    reads, downloads = bearer(core, cast.bob, "read"), bearer(core, cast.bob, "download")
    writes, admins = bearer(core, cast.alice, "write", "download"), bearer(core, cast.alice, "admin")
    uid = ask(downloads, "song")
    assert (reads.get(OWN).status, downloads.get(OWN).status) == (200, 403)
    assert reads.post(OWN, {"url": URL}).json["code"] == "scope_missing"
    for name in ("pause", "resume", "cancel", "retry"):
        assert reads.post(f"{OWN}{uid}/{name}/").json["code"] == "scope_missing"
        assert downloads.post(f"{OWN}{uid}/{name}/").status == 200
    assert reads.delete(f"{OWN}{uid}/").json["code"] == "scope_missing"
    assert downloads.delete(f"{OWN}{uid}/").status == 204
    assert (writes.get("/api/download/").status, writes.post("/api/channel/", {"url": URL}).status) == (403, 403)
    assert (admins.get("/api/download/").status, admins.post("/api/channel/", {"url": URL}).status) == (200, 201)


def test_polling_costs_one_statement_while_nothing_changes(
    core: SoundWave, cast: Cast, worker: StubWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.lists[f"{SITE}/list"] = ["a", "b"]
    uid = ask(cast.bob, "list")
    drain(core, worker, 1)
    statements: list[str] = []
    run = Database._run

    def counted(self: Database, sql: str, params: Any) -> Any:
        statements.append(sql)
        return run(self, sql, params)

    monkeypatch.setattr(Database, "_run", counted)
    cases = [(cast.bob, f"{OWN}{tail}") for tail in ("", "active/", "?state=queued", f"{uid}/")]
    for client, path in [*cases, (cast.alice, f"{OWN}?user={cast.bob.user_id}"), (cast.alice, "/api/download/")]:
        first = client.get(path)
        etag = first.headers["ETag"]
        statements.clear()
        again = client.get(path, If_None_Match=etag)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
        asked = [sql for sql in statements if "download" in sql and "SELECT *" not in sql]
        assert len(asked) == 1, asked
        assert "download_revs" in asked[0]


def test_every_change_moves_the_etag(core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock) -> None:
    """Also within one and the same moment; and nobody else's."""
    worker.lists[f"{SITE}/list"] = ["a", "b"]
    seen = {cast.bob.get(OWN).headers["ETag"]}
    others = cast.carol.get(OWN).headers["ETag"]

    def moved() -> bool:
        etag = cast.bob.get(OWN).headers["ETag"]
        is_new = etag not in seen
        seen.add(etag)
        return is_new

    uid = ask(cast.bob, "list")
    steps = [lambda: None, lambda: drain(core, worker, 1)]
    steps += [lambda name=name: cast.bob.post(f"{OWN}{uid}/{name}/") for name in ("pause", "resume", "cancel", "retry")]
    steps += [lambda: drain(core, worker, 1), lambda: drain(core, worker, 1), lambda: cast.bob.delete(f"{OWN}{uid}/")]
    for step in steps:
        step()
        assert moved()
        assert not moved()
    progress: list[bool] = []
    worker.steps["fetched"] = lambda: progress.append(moved())
    uid = ask(cast.bob, "song")
    drain(core, worker)
    assert progress == [True]
    assert cast.carol.get(OWN).headers["ETag"] == others
    assert cast.alice.get(f"{OWN}{uid}/").headers["ETag"] != cast.bob.get(f"{OWN}{uid}/").headers["ETag"]


def test_long_lists_are_shown_to_their_limit(core: SoundWave, cast: Cast, worker: StubWorker) -> None:
    """Counts are of all items, the items those of the first 500."""
    from soundwave_downloads.messages import Resolved
    from tests.plugins.downloads.stub import item

    items = [item(f"n{number}") for number in range(600)]
    worker.lists[f"{SITE}/list"] = Resolved(id="", kind="list", title="A list", items=items)
    uid = ask(cast.bob, "list")
    drain(core, worker, 1)
    shown = look(cast.bob, uid)
    assert (shown.items_total, len(shown.items), shown.items[499].title) == (600, 500, "N499")
    [listed] = cast.bob.get(OWN).json.results
    assert listed == shown


def test_the_queue_is_the_admins(core: SoundWave, cast: Cast, worker: StubWorker, clock: VirtualClock) -> None:
    worker.faults[URL] = failure("server_error")
    uid = ask(cast.bob, "song")
    drain(core, worker)
    [row] = cast.alice.get("/api/download/").json.results
    assert (row.download_id, row.user_id) == (uid, cast.bob.user_id)
    assert (row.state, row.error_code) == ("queued", "server_error")
    assert row.not_before == clock.stamp_after(seconds=60)
    assert cast.alice.get("/api/download/?state=running").json.count == 0
    assert cast.alice.get(f"/api/download/{row.id}/").json == row
    for path in ("/api/download/", f"/api/download/{row.id}/"):
        assert (cast.bob.get(path).status, cast.nobody.get(path).status) == (403, 401)
    assert cast.bob.post(f"/api/download/{row.id}/retry/").status == 403
    with transaction(core.db) as tx:
        tx.execute("UPDATE downloads SET title = :t", t='"quoted" \\ and \u2028')
    assert look(cast.bob, uid).title == '"quoted" \\ and \u2028'
    assert DownloadLists(core.db).rev(NO_ID) == 0


def test_a_network_that_is_none_withdraws_the_room_with_a_sentence(make_core: MakeCore) -> None:
    record = make_core(SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS="banana").plugins.records["downloads"]
    assert record.status == "failed"
    assert "SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS" in record.reason
