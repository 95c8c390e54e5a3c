"""Requests and answers: bodies, problems, conditional requests, ranges, origins, keys."""

from __future__ import annotations

import gc
import gzip
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from core.toys import CRASH, ECHO, Echo, echo, owned_by, routes, toy
from msgspec import Meta

from soundwave_core import (
    LINE_FORM,
    AdminOnly,
    AdminWriteOnly,
    Body,
    Control,
    FileAnswer,
    Forbidden,
    Id,
    Invalid,
    IsAuthenticated,
    Json,
    ListQuery,
    Public,
    Raw,
    Request,
    Route,
    SoundWave,
    decode_cursor,
    encode_cursor,
    transaction,
)
from soundwave_core.answers import weak
from soundwave_core.bodies import Bodies
from soundwave_core.http import decode_query
from soundwave_core.origin import ensure_same_origin
from soundwave_core.sending import parse_range
from soundwave_core.testing import Client, MakeCore, make_cast
from soundwave_core.texts import wrong

CONTENT = bytes(range(256)) * 4
SHARED = [("Cache-Control", "public, max-age=60")]


@pytest.fixture
def core(make_core: MakeCore, tmp_path: Path) -> SoundWave:
    path = tmp_path / "thing.bin"
    path.write_bytes(CONTENT)
    made = routes(
        ECHO,
        CRASH,
        Route("GET", "/api/file/", lambda core, r: FileAnswer(path, "rev1", "audio/mpeg", "Jóga “1”.mp3"), Public),
        Route("GET", "/api/gone/", lambda core, r: FileAnswer(tmp_path / "no", "rev1", "audio/mpeg"), Public),
        Route("GET", "/api/list/", lambda core, r: Echo(str(r.query.limit)), Public, query=ListQuery, answer=Echo),
        Route("GET", "/api/long/", lambda core, r: Json(b'{"word":"%s"}' % (b"x" * 5000), "r7"), Public, answer=Echo),
        Route("GET", "/api/admin-thing/", echo, AdminOnly, answer=Echo),
        Route("POST", "/api/board/", echo, AdminWriteOnly, answer=Echo),
        Route("GET", "/api/board/", echo, AdminWriteOnly, answer=Echo),
        Route("POST", "/api/count/", count_up, IsAuthenticated, answer=Echo),
        Route("PUT", "/api/picture/", size_of, Public, content_types=("image/png", "image/gif"), answer=Echo),
        Route("GET", "/api/picture/", lambda core, r: Raw(CONTENT, "image/png", etag="r1"), Public, answer=Raw),
        Route("GET", "/api/shared-picture/", lambda core, r: Raw(b"x", "image/png", SHARED, "r1"), Public, answer=Raw),
    )
    return make_core(plugins={"toy": made, "things": owned_by({"a" * 32: "bob"})})


def count_up(core: Any, request: Any) -> Echo:
    with transaction(core.db) as tx:
        return Echo(str(tx.next_rev()))


def size_of(core: Any, request: Any) -> Echo:
    return Echo(str(len(request.raw_body)))


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"\xff\0", {"Content-Type": "image/png"}, 200, None),
        (b"\xff\0", {"Content-Type": "IMAGE/GIF; x=y"}, 200, None),
        (b"\xff\0", {"Content-Type": "image/jpeg"}, 415, "content_type_unsupported"),
        (b"{}", {"Content-Type": "application/json"}, 415, "content_type_unsupported"),
        (b"\xff\0", {"Content-Type": ""}, 415, "content_type_unsupported"),
        (b"", {"Content-Type": "image/png"}, 400, "body_empty"),
        (b"\xff\0", {"Content-Type": "image/png", "Content-Encoding": "gzip"}, 415, "content_encoding_unsupported"),
        (b"x" * ((1 << 20) + 1), {"Content-Type": "image/png"}, 413, "body_too_large"),
    ],
)
def test_bodies_that_are_no_json(
    client: Client, body: bytes, headers: dict[str, str], status: int, code: str | None
) -> None:
    answer = client.request("PUT", "/api/picture/", body=body, headers=headers)
    assert answer.status == status
    assert answer.json["code"] == code if code is not None else answer.json.word == "2"


def test_raw_answers_are_spared_by_their_etag(client: Client) -> None:
    first = client.get("/api/picture/")
    assert (first.status, first.body, first.headers["Content-Type"]) == (200, CONTENT, "image/png")
    assert (first.headers["ETag"], first.headers["Cache-Control"]) == ('"r1"', "private, no-cache")
    again = client.get("/api/picture/", If_None_Match='"r1"')
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", '"r1"')
    assert client.get("/api/picture/", If_None_Match='"r2"').body == CONTENT
    assert client.get("/api/shared-picture/").headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b'{"word": "hi"}', {}, 200, None),
        (b"", {}, 400, "body_empty"),
        (b"{", {}, 400, "body_unreadable"),
        (b'{"word": NaN}', {}, 400, "body_unreadable"),
        (b"\xff", {}, 400, "body_unreadable"),
        (b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}", {}, 422, "invalid"),
        (b'{"word": 7}', {}, 422, "invalid"),
        (b'{"word": "x", "more": 1}', {}, 422, "invalid"),
        (b"[]", {}, 422, "invalid"),
        (b'{"word": "x"}', {"Content-Type": "text/plain"}, 415, "content_type_unsupported"),
        (gzip.compress(b'{"word": "x"}', mtime=0), {"Content-Encoding": "gzip"}, 415, "content_encoding_unsupported"),
        (b'{"word": "x"}', {"Content-Encoding": "identity"}, 200, None),
        (b'{"word": "\\ud800"}', {}, 400, "body_unreadable"),
        (b'{"word": "x"}{}', {}, 400, "body_unreadable"),
        (b'{"word": 1e999}', {}, 422, "invalid"),
        (b'{"word": "x"}', {"Content-Length": "99"}, 400, "body_incomplete"),
        (b'{"word": "x"}', {"Content-Length": "-1"}, 400, "length_invalid"),
        (b'{"word": "x"}', {"Content-Length": "1_0"}, 400, "length_invalid"),
        (b'{"word": "x"}', {"Content-Length": "9" * 18}, 413, "body_too_large"),
        (b'{"word": "x"}', {"Content-Length": ""}, 400, "body_empty"),
        (b'"' + b"x" * (1 << 20) + b'"', {}, 413, "body_too_large"),
    ],
)
def test_bodies(client: Client, body: bytes, headers: dict[str, str], status: int, code: str | None) -> None:
    sent = {"Content-Type": "application/json"} | headers
    answer = client.request("POST", "/api/echo/", body=body, headers=sent)
    assert answer.status == status
    if code is not None:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json["code"] == code
        assert answer.json["detail"].endswith(".")


def test_a_crash_says_nothing_of_the_inside(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/api/crash/")
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert b"shadow" not in answer.body
    assert "shadow" in caplog.text
    assert answer.json["detail"].split()[-1].rstrip(".") in caplog.text


def test_unknown_paths_and_methods(client: Client) -> None:
    assert client.get("/api/nothing/").json["code"] == "path_not_found"
    refused = client.request("DELETE", "/api/echo/")
    assert (refused.status, refused.headers["Allow"]) == (405, "OPTIONS, POST")
    assert client.request("OPTIONS", "/api/echo/").status == 204
    assert client.get("//api//ping/").status == 404


def test_query(client: Client) -> None:
    assert client.get("/api/list/?limit=7").json == Echo("7")
    bad = ("limit=0", "limit=201", "limit=x", "limit=1&limit=2", "limits=1", "limit=1;limit=2")
    for query in (*bad, "cursor=%ff", "cursor=%zz", "cursor=%", "%c3%28=1", "cursor=%ed%a0%80"):
        assert client.get(f"/api/list/?{query}").json["code"] == "query_invalid", query


def test_the_word_null_in_a_query_is_a_word() -> None:
    class Wish(msgspec.Struct):
        words: str | None = None
        is_odd: bool | None = None

    assert decode_query("words=null", Wish) == Wish("null")
    with pytest.raises(Invalid, match="is_odd is wrong"):
        decode_query("is_odd=null", Wish)


def test_a_sentence_repeats_only_what_can_be_read(client: Client) -> None:
    for name in ("%1b%5b31m", "%e2%80%ae", "%c2%85", "x" * 5000):
        detail = client.get(f"/api/list/?{name}=1&{name}=2").json["detail"]
        assert detail.isprintable() and len(detail) <= 300, name


def test_what_is_wrong_is_said_in_words() -> None:
    class Wish(Body, frozen=True, kw_only=True):
        title: Annotated[str, Meta(pattern=LINE_FORM)]
        tracks: tuple[Id, ...] = ()
        values: dict[Annotated[str, Meta(pattern="^[a-z]*$")], int] | None = None

    def said(body: bytes) -> str:
        with pytest.raises(msgspec.ValidationError) as caught:
            msgspec.json.decode(body, type=Wish)
        return wrong("The body", caught.value)

    assert said(b'{"title": " "}') == "The body is wrong: `title` has the wrong form."
    assert said(b'{"title": "x", "tracks": ["downloads"]}') == "The body is wrong: `tracks[0]` has the wrong form."
    assert said(b'{"title": 7}') == "The body is wrong: `title` is refused: expected `str`, got `int`."
    assert said(b"{}") == "The body is wrong: `title` is missing."
    inside = msgspec.ValidationError("Object missing required field `code` - at `$.factors[0]`")
    assert wrong("The body", inside) == "The body is wrong: `code` is missing in `factors[0]`."
    assert said(b'{"is_admin": true}') == "The body is wrong: `is_admin` is not known."
    assert said(b'{"title": "x", "values": {"A": 1}}') == "The body is wrong: a name in `values` has the wrong form."
    assert said(b"[]") == "The body is wrong: expected `object`, got `array`."


def test_cursors() -> None:
    assert decode_cursor(encode_cursor(["a", 1, None])) == ["a", 1, None]


@pytest.mark.parametrize("values", [[10**30], [-(2**63) - 1]])
def test_a_cursor_holds_what_the_database_can(values: Any) -> None:
    with pytest.raises(Invalid):
        decode_cursor(encode_cursor(values))


def test_json_is_compressed_and_revalidated(client: Client) -> None:
    plain = client.get("/api/long/")
    packed = client.get("/api/long/", Accept_Encoding="gzip")
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["ETag"] == 'W/"r7"'
    again = client.get("/api/long/", If_None_Match='"x", W/"r7"')
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [("gzip;q=0", False), ("gzip; q=0.000", False), ("br, GZIP;q=0.1", True), ("x-gzip", False), ("identity", False)],
)
def test_compression_is_what_the_client_asks_for(client: Client, accepted: str, is_packed: bool) -> None:
    answer = client.get("/api/long/", Accept_Encoding=accepted)
    assert (answer.headers.get("Content-Encoding") == "gzip") == is_packed
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert client.head("/api/long/", Accept_Encoding=accepted).headers == answer.headers


def test_a_strong_tag_is_weak_for_what_may_be_compressed() -> None:
    assert [weak(tag) for tag in ("r7", '"r7"', 'W/"r7"')] == ['W/"r7"'] * 3


def test_writes_are_not_compressed(client: Client) -> None:
    """Their answers are kept for a resend, which may accept something else."""
    answer = client.post("/api/echo/", {"word": "x" * 5000}, Accept_Encoding="gzip")
    assert "Content-Encoding" not in answer.headers


RANGES = [
    (None, 200, CONTENT),
    ("bytes=0-", 206, CONTENT),
    ("bytes=0-0", 206, CONTENT[:1]),
    ("bytes=1000-", 206, CONTENT[1000:]),
    ("bytes=1000-99999", 206, CONTENT[1000:]),
    ("bytes=1000-99999999999999999999", 206, CONTENT[1000:]),
    ("bytes=-5", 206, CONTENT[-5:]),
    ("bytes=-99999", 206, CONTENT),
    ("bytes=1024-", 416, None),
    ("bytes=-0", 416, None),
    ("bytes=5-2", 200, CONTENT),
    ("bytes=0-1,5-6", 200, CONTENT),
    ("lines=1-2", 200, CONTENT),
    ("Bytes=0-0", 206, CONTENT[:1]),
    ("bytes=٣-٤", 200, CONTENT),
    ("bytes=-", 200, CONTENT),
]


@pytest.mark.parametrize(("header", "status", "content"), RANGES)
def test_ranges(client: Client, header: str | None, status: int, content: bytes | None) -> None:
    headers = {"Range": header} if header else {}
    answer = client.request("GET", "/api/file/", headers=headers)
    assert answer.status == status
    if content is not None:
        assert answer.body == content
        assert answer.headers["Content-Length"] == str(len(content))
        head = client.request("HEAD", "/api/file/", headers=headers)  # Range is for GET alone
        assert (head.status, head.body, head.headers) == (200, b"", client.get("/api/file/").headers)
    else:
        assert answer.headers["Content-Range"] == "bytes */1024"


def test_files_are_revalidated_and_named(client: Client) -> None:
    answer = client.get("/api/file/")
    assert answer.headers["ETag"] == '"rev1"'
    assert "filename*=UTF-8''J%C3%B3ga%20%E2%80%9C1%E2%80%9D.mp3" in answer.headers["Content-Disposition"]
    assert client.get("/api/file/", If_None_Match='"rev1"').status == 304
    assert client.get("/api/file/", Range="bytes=0-1", If_Range='"rev1"').status == 206
    assert client.get("/api/file/", Range="bytes=0-1", If_Range='"rev0"').status == 200
    assert client.get("/api/file/", Range="bytes=0-1", If_Range='W/"rev1"').status == 200
    assert client.get("/api/file/", Range="bytes=0-1", If_Range="Sun, 22 Nov 2026 08:55:44 GMT").status == 200
    assert client.get("/api/file/", If_None_Match='W/"rev1"').status == 304
    assert client.get("/api/file/", If_None_Match="*", Range="bytes=9999-").status == 304
    assert "Content-Length" not in client.get("/api/file/", If_None_Match="*").headers
    assert client.get("/api/gone/").json["code"] == "file_missing"
    assert client.get("/api/gone/", If_None_Match="*").status == 404


def test_an_empty_file(make_core: MakeCore, tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    empty = routes(Route("GET", "/api/empty/", lambda core, r: FileAnswer(path, "e", "audio/mpeg"), Public))
    client = Client(make_core(plugins={"toy": empty}))
    assert (client.get("/api/empty/").status, client.get("/api/empty/").headers["Content-Length"]) == (200, "0")
    answer = client.get("/api/empty/", Range="bytes=0-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */0")


def test_a_file_that_is_not_sent_is_closed(client: Client, recwarn: pytest.WarningsRecorder) -> None:
    for headers in ({"If_None_Match": "*"}, {"Range": "bytes=9999-"}):
        client.get("/api/file/", **headers)
    client.head("/api/file/")
    gc.collect()
    assert not [w for w in recwarn if issubclass(w.category, ResourceWarning)]


def test_range_of_nothing() -> None:
    with pytest.raises(ValueError, match="past"):
        parse_range("bytes=0-", 0)


def test_permissions(core: SoundWave) -> None:
    cast = make_cast(core)
    thing = f"/api/thing/{'a' * 32}/"
    cells = {
        ("/api/admin-thing/", "GET"): (401, 403, 403, 200),
        ("/api/board/", "GET"): (401, 200, 200, 200),
        ("/api/board/", "POST"): (401, 403, 403, 200),
        (thing, "GET"): (401, 200, 404, 200),
        (f"/api/thing/{'b' * 32}/", "GET"): (401, 404, 404, 404),
        ("/api/thing/downloads/", "GET"): (404, 404, 404, 404),
    }
    for (path, method), expected in cells.items():
        for member, status in zip((cast.nobody, cast.bob, cast.carol, cast.alice), expected, strict=True):
            assert member.request(method, path).status == status, (path, method, member.user_id)


def test_cross_site_writes_are_refused(core: SoundWave) -> None:
    alice = make_cast(core).alice
    assert alice.post("/api/count/").status == 200
    assert alice.post("/api/count/", Origin="http://evil.example").json["code"] == "cross_origin"
    assert alice.post("/api/count/", Origin="null").json["code"] == "cross_origin"
    assert alice.post("/api/count/", Sec_Fetch_Site="cross-site").json["code"] == "cross_origin"
    assert alice.post("/api/count/", Sec_Fetch_Site="same-site").json["code"] == "cross_origin"
    assert alice.post("/api/count/", SoundWave_CSRF="wrong").json["code"] == "csrf_failed"
    alice.csrf_token = None
    assert alice.post("/api/count/").json["code"] == "csrf_failed"


ORIGINS = [
    ({}, "http", False),  # the cookie alone
    ({"Origin": "http://localhost:8889"}, "http", True),
    ({"Origin": "HTTP://LOCALHOST:8889"}, "http", True),
    ({"Origin": "https://localhost:8889"}, "http", True),  # TLS ends at a proxy that nobody named
    ({"Origin": "http://localhost:8889"}, "https", False),
    ({"Origin": "http://localhost"}, "http", False),
    ({"Origin": "http://["}, "http", False),
    ({"Origin": "null"}, "http", False),
    ({"Origin": "null", "Host": ""}, "http", False),
    ({"Origin": "file://", "Host": ""}, "http", False),
    ({"Origin": "http://localhost:8889.evil.example"}, "http", False),
    ({"Origin": "https://music.lan", "Host": "music.lan:443"}, "https", True),
    ({"Origin": "http://music.lan", "Host": "music.lan:80"}, "http", True),
    ({"Origin": "http://music.lan", "Host": "music.lan:443"}, "http", False),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "https://music.lan"}, "http", True),  # a proxy rewrote Host
    ({"Sec-Fetch-Site": "same-origin"}, "http", True),
    ({"Sec-Fetch-Site": "none"}, "http", False),
    ({"Sec-Fetch-Site": "none", "Origin": "http://localhost:8889"}, "http", True),
    ({"Sec-Fetch-Site": "none", "Origin": "null"}, "http", False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8889"}, "http", False),
]


@pytest.mark.parametrize(("headers", "scheme", "is_ours"), ORIGINS)
def test_origins(core: SoundWave, headers: dict[str, str], scheme: str, is_ours: bool) -> None:
    client = Client(core)
    environ = client._environ("POST", "/api/echo/", b"", {"Cookie": "a=b"})
    del environ["HTTP_ORIGIN"]
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ["wsgi.url_scheme"] = scheme
    request = Request(core, environ, ECHO, {})
    if is_ours:
        ensure_same_origin(request)
    else:
        with pytest.raises(Forbidden, match="another site"):
            ensure_same_origin(request)


def test_a_program_without_cookies_needs_no_origin(core: SoundWave) -> None:
    environ = Client(core)._environ("POST", "/api/echo/", b"", {})
    del environ["HTTP_ORIGIN"]
    ensure_same_origin(Request(core, environ, ECHO, {}))


def test_an_exit_is_a_crash_of_that_request_alone(make_core: MakeCore) -> None:
    """It would end a thread of the server, and leave the connection waiting for ever."""
    client = Client(make_core(plugins={"toy": routes(Route("GET", "/api/exit/", lambda core, r: exit(3), Public))}))
    assert client.get("/api/exit/").json["code"] == "internal_error"


def test_an_actor_that_is_none_is_a_crash(make_core: MakeCore) -> None:
    for actor in ("bob", True, {"id": "1", "is_admin": True}):
        liar = toy(actor_from_request=lambda request, actor=actor: actor)
        core = make_core(plugins={"liar": liar})
        assert Client(core).get("/api/playlist/").json["code"] == "internal_error"
        core.stop()


def test_a_write_with_a_key_happens_once(core: SoundWave) -> None:
    cast = make_cast(core)
    first = cast.bob.post("/api/count/", Idempotency_Key="k1")
    assert cast.bob.post("/api/count/", Idempotency_Key="k1").body == first.body
    assert cast.bob.post("/api/count/", {"x": 1}, Idempotency_Key="k1").json["code"] == "idempotency_key_reused"
    assert cast.carol.post("/api/count/", Idempotency_Key="k1").body != first.body
    assert cast.bob.post("/api/count/", Idempotency_Key="k 1").json["code"] == "idempotency_key_invalid"


def test_a_key_is_stored_with_the_change_even_if_the_answer_is_lost(core: SoundWave) -> None:
    bob = make_cast(core).bob
    bob.post("/api/count/", Idempotency_Key="k1")
    with transaction(core.db) as tx:
        tx.execute("UPDATE operations SET answer = NULL")
    before = core.db.rev()
    assert bob.post("/api/count/", Idempotency_Key="k1").json["code"] == "already_applied"
    assert core.db.rev() == before


def test_every_answer_carries_the_headers(client: Client) -> None:
    for path in ("/api/ping/", "/nothing", "/api/crash/", "/api/file/"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_restriction_takes_away_and_names_its_reason(make_core: MakeCore) -> None:
    closed = toy(restrict=lambda actor, request: "It is night." if request.path == "/api/echo/" else None)
    core = make_core(plugins={"toy": routes(ECHO), "night": closed})
    answer = Client(core).post("/api/echo/", {"word": "x"})
    assert (answer.status, answer.json["code"], answer.json["detail"]) == (403, "restricted", "It is night.")
    assert Client(core).get("/api/ping/").status == 200


def test_what_was_sent_before_is_not_built_again_and_is_nobody_elses(make_core: MakeCore) -> None:
    built: list[str] = []

    def build(core: Any, request: Any) -> Json:
        etag = request.revalidate("r1")
        built.append(request.user.name)
        return Json(b'{"word":"%s"}' % (request.user.name.encode() * 400), etag)

    route = Route("GET", "/api/own/", build, IsAuthenticated, answer=Echo)
    cast = make_cast(make_core(plugins={"toy": routes(route)}))
    first, second = cast.bob.get("/api/own/"), cast.bob.get("/api/own/")
    assert (second.body, dict(second.headers)) == (first.body, dict(first.headers))
    assert built == ["bob"]
    packed, again = (cast.bob.get("/api/own/", Accept_Encoding="gzip") for _ in range(2))
    assert gzip.decompress(packed.body) == gzip.decompress(again.body) == first.body
    assert again.headers["Content-Encoding"] == "gzip"
    assert cast.carol.get("/api/own/").json.word.startswith("carol")
    assert cast.bob.get("/api/own/?x=1").status == 200
    assert built == ["bob", "bob", "carol", "bob"]


def test_kept_bodies_have_a_limit(core: SoundWave) -> None:
    bodies = core.part(Bodies)
    for number in range(20):
        bodies.keep((str(number),), bytes(900_000))
    assert bodies.find(("0",)) is None
    assert bodies.find(("19",)) is not None
    bodies.keep(("large",), bytes(2_000_000))
    assert bodies.find(("large",)) is None


def test_the_command_line_is_known_by_its_token_on_this_machine_only(core: SoundWave) -> None:
    core.control = Control("192.168.1.4", 8889, "swc_secret")
    line = {"Authorization": "Bearer swc_secret"}
    statuses = {
        address: Client(core, address=address).request("GET", "/api/admin-thing/", headers=line).status
        for address in ("127.0.0.1", "192.168.1.4", "192.168.1.5")
    }
    assert statuses == {"127.0.0.1": 200, "192.168.1.4": 200, "192.168.1.5": 401}
    assert Client(core).request("GET", "/api/admin-thing/", headers={"Authorization": "Bearer swc_x"}).status == 401
