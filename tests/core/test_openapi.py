"""The document says what the routes do, validly, and the same on every run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType
from openapi_spec_validator import OpenAPIV31SpecValidator

from soundwave_core import schemas
from soundwave_core.errors import PluginError
from soundwave_core.http import Body, ListQuery
from soundwave_core.openapi import document
from soundwave_core.permissions import AdminOnly, AdminWriteOnly, IsAuthenticated, IsOwnerOrAdmin, Public
from soundwave_core.records import FileAnswer, Json, Raw, Route
from soundwave_core.routing import RouteEntry, RouteTable

T = TypeVar("T")


@pytest.fixture(scope="module", autouse=True)
def these_types_are_ours() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schemas, "OURS", schemas.OURS | {__name__.split(".")[0]})
        yield


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One playable item."""

    id: str
    title: Annotated[str, Meta(description="As it is shown.")]
    artist: str | None = None
    plays: int = 0
    tags: list[str] = []
    score: float | UnsetType = UNSET


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    count: int
    results: list[T]
    next: str | None = None


class Thin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    note: str = ""


class Rename(Body, frozen=True, kw_only=True, tag_field="op", tag="rename"):
    title: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]


class Move(Body, frozen=True, kw_only=True, tag_field="op", tag="move"):
    item: str
    after: str | None = None


class Ops(Body, frozen=True, kw_only=True):
    ops: Annotated[list[Rename | Move], Meta(max_length=100)]


class Patch(Body, frozen=True, kw_only=True):
    title: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    position: Annotated[int, Meta(ge=0, le=2**53 - 1)] | UnsetType = UNSET


class Applied(msgspec.Struct, frozen=True, tag_field="result", tag="applied"):
    rev: int = 0


class Rejected(msgspec.Struct, frozen=True, tag_field="result", tag="rejected"):
    code: str = ""


class TrackQuery(ListQuery, frozen=True, kw_only=True):
    search: Annotated[str, Meta(max_length=200, description="Words.")] | None = None
    ordering: Literal["-added_at", "title"] = "-added_at"
    kind: Literal["custom", "smart"] | None = None
    is_favorite: bool | None = None
    since: int


def list_tracks(core: Any, request: Any) -> Any:
    """The actor's tracks, newest first.

    Household channels are among them.
    """


def get_track(core: Any, request: Any) -> Any: ...


def act(core: Any, request: Any) -> Any:
    """Do it to a download."""


def play(kind: str, core: Any, request: Any) -> Any:
    """Send the audio."""


ROUTES = [
    ("library", Route("GET", "/api/audio/", list_tracks, IsAuthenticated, query=TrackQuery,
                      answer=Page[Track])),
    ("library", Route("GET", "/api/audio/<track:id>/", get_track, IsOwnerOrAdmin, "track", answer=Track)),
    ("library", Route("PATCH", "/api/audio/<track:id>/", get_track, IsOwnerOrAdmin, "track", Patch, Track)),
    ("lyrics", Route("DELETE", "/api/audio/<audio:id>/", partial(play, "x"), IsOwnerOrAdmin, "audio")),
    ("library", Route("GET", "/api/audio/<track:id>/stream/", partial(play, "x"), IsOwnerOrAdmin, "track",
                      answer=FileAnswer, scope="play")),
    ("downloads", Route("POST", "/api/downloads/<d:id>/pause/", act, IsOwnerOrAdmin, "d", answer=Thin,
                        status=202)),
    ("downloads", Route("POST", "/api/downloads/<d:id>/resume/", act, IsOwnerOrAdmin, "d", answer=Thin)),
    ("downloads", Route("POST", "/api/channel/", lambda core, request: None, AdminWriteOnly, body=Ops,
                        status=201)),
    ("offline", Route("POST", "/api/offline/sync/", get_track, IsAuthenticated, body=Rename | Move,
                      answer=Applied | Rejected)),
    ("core", Route("GET", "/service-worker.js", get_track, Public, answer=Raw)),
    ("core", Route("GET", "/static/<path:file>", get_track, Public, answer=FileAnswer)),
    ("core", Route("GET", "/api/openapi.json", get_track, IsAuthenticated, answer=Json)),
    ("core", Route("GET", "/metrics", get_track, AdminOnly, answer=dict)),
    ("core", Route("GET", "/", get_track, Public, answer=Raw)),
    ("library", Route("PUT", "/api/user/avatar/", act, IsAuthenticated, content_types=["image/png", "image/gif"])),
]  # fmt: skip


def entries_of(routes: list[tuple[str, Route]]) -> list[RouteEntry]:
    table = RouteTable()
    return [table.add(plugin, route) for plugin, route in routes]


def document_of(routes: list[tuple[str, Route]], **more: Any) -> dict[str, Any]:
    made = document(entries_of(routes), "SoundWave", "1.2.3", **more)
    OpenAPIV31SpecValidator(made).validate()
    return made


@pytest.fixture(scope="module")
def made(these_types_are_ours: None) -> dict[str, Any]:
    return document_of(ROUTES)


def test_the_document_is_valid_json_and_complete(made: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(json.loads(msgspec.json.encode(made))).validate()
    assert made["openapi"] == "3.1.0"
    assert made["info"] == {"title": "SoundWave", "version": "1.2.3"}
    assert made["servers"] == [{"url": "/"}]
    assert [tag["name"] for tag in made["tags"]] == ["core", "downloads", "library", "lyrics", "offline"]
    operations = {(path, method) for path, item in made["paths"].items() for method in item}
    assert len(operations) == len(ROUTES)
    assert ("/api/audio/{track}/", "delete") in operations
    assert not any(method == "head" for _, method in operations)


def test_the_order_depends_on_the_routes_alone(made: dict[str, Any]) -> None:
    assert json.dumps(document_of(ROUTES[::-1])) == json.dumps(made)


def test_prefix_cookie_and_description_are_told() -> None:
    made = document_of(ROUTES, prefix="/audio", cookie="__Host-soundwave_session", description="Sound.")
    assert made["servers"] == [{"url": "/audio"}]
    assert made["info"]["description"] == "Sound."
    assert made["components"]["securitySchemes"]["session"]["name"] == "__Host-soundwave_session"
    assert made["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_an_operation_is_described_by_its_handler(made: dict[str, Any]) -> None:
    operation = made["paths"]["/api/audio/"]["get"]
    assert operation["operationId"] == "library_list_tracks"
    assert operation["summary"] == "The actor's tracks, newest first"
    assert operation["description"] == "Household channels are among them."
    assert operation["tags"] == ["library"]
    assert made["paths"]["/api/audio/{track}/"]["get"]["summary"] == "Get track"
    assert made["paths"]["/api/audio/{track}/stream/"]["get"]["summary"] == "Send the audio"


def test_operation_ids_are_unique_words(made: dict[str, Any]) -> None:
    ids = [operation["operationId"] for item in made["paths"].values() for operation in item.values()]
    assert len(set(ids)) == len(ids)
    assert all(word.replace("_", "").isalnum() for word in ids)
    assert {"downloads_act_post_api_downloads_d_id_pause", "library_play", "downloads_lambda"} <= set(ids)


def test_wildcards_are_path_parameters_named_alike_on_one_path(made: dict[str, Any]) -> None:
    for operation in made["paths"]["/api/audio/{track}/"].values():
        assert operation["parameters"][0] == {
            "name": "track", "in": "path", "required": True,
            "schema": {"type": "string", "pattern": "^(?:[0-9a-f]{32})$"},
        }  # fmt: skip
    (path,) = made["paths"]["/static/{path}"]["get"]["parameters"]
    assert path["schema"] == {"type": "string"}


def test_two_shapes_in_one_place_are_two_paths() -> None:
    rules = ("/x/<n:id>/", "/x/<n:int>/", "/x/<n:re:pause|resume>/")
    made = document_of([("a", Route("GET", rule, get_track, Public)) for rule in rules])
    patterns = [item["get"]["parameters"][0]["schema"]["pattern"] for item in made["paths"].values()]
    assert set(patterns) == {"^(?:[0-9a-f]{32})$", "^(?:[0-9]{1,18})$", "^(?:pause|resume)$"}


def test_a_query_is_a_list_of_parameters(made: dict[str, Any]) -> None:
    parameters = {p["name"]: p for p in made["paths"]["/api/audio/"]["get"]["parameters"]}
    assert all(p["in"] == "query" for p in parameters.values())
    assert {name for name, p in parameters.items() if p["required"]} == {"since"}
    assert parameters["limit"]["description"] == "How many results."
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
    assert parameters["search"]["description"] == "Words."
    assert parameters["search"]["schema"] == {"type": "string", "maxLength": 200}
    assert parameters["ordering"]["schema"] == {"enum": ["-added_at", "title"], "default": "-added_at"}
    assert parameters["kind"]["schema"] == {"enum": ["custom", "smart"]}
    assert parameters["is_favorite"]["schema"] == {"type": "boolean"}
    assert "TrackQuery" not in made["components"]["schemas"]


def test_an_answer_requires_what_is_always_there(made: dict[str, Any]) -> None:
    found = made["components"]["schemas"]
    assert found["Track"]["required"] == ["id", "title", "artist", "plays", "tags"]
    assert found["Page_Track_"]["required"] == ["count", "results", "next"]
    assert found["Thin"]["required"] == ["id"]
    assert found["Applied"]["required"] == ["result", "rev"]
    assert found["Rejected"]["required"] == ["result", "code"]
    assert found["Problem"]["required"] == ["type", "title", "status", "detail", "code"]
    assert not any("default" in schema for schema in found["Track"]["properties"].values())
    assert found["Page_Track_"]["properties"]["results"]["items"] == {"$ref": "#/components/schemas/Track"}


def test_what_is_required_is_what_is_sent(made: dict[str, Any]) -> None:
    sent = [Track(id="x", title="y"), Page[Track](count=0, results=[]), Applied(), Rejected(), Thin(id="x")]
    for value, name in zip(sent, ["Track", "Page_Track_", "Applied", "Rejected", "Thin"], strict=True):
        assert list(msgspec.to_builtins(value)) == made["components"]["schemas"][name]["required"]


def test_a_body_requires_what_it_needs_and_keeps_its_bounds(made: dict[str, Any]) -> None:
    found = made["components"]["schemas"]
    assert made["paths"]["/api/audio/{track}/"]["patch"]["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Patch"}}},
    }
    assert found["Patch"]["required"] == []
    assert found["Patch"]["additionalProperties"] is False
    assert found["Patch"]["properties"]["position"] == {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
    assert found["Patch"]["properties"]["description"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert found["Rename"]["required"] == ["op", "title"]
    assert found["Rename"]["properties"]["title"]["maxLength"] == 200
    assert found["Move"]["required"] == ["op", "item"]
    assert found["Ops"]["properties"]["ops"]["maxItems"] == 100


def test_tagged_unions_keep_their_discriminator(made: dict[str, Any]) -> None:
    body = made["paths"]["/api/offline/sync/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    ref = "#/components/schemas/"
    assert body["anyOf"] == [{"$ref": ref + "Rename"}, {"$ref": ref + "Move"}]
    assert body["discriminator"] == {
        "propertyName": "op",
        "mapping": {"rename": ref + "Rename", "move": ref + "Move"},
    }


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        ("/api/audio/", "get", "200 304 400 401 403 422 429 503"),
        ("/api/audio/{track}/", "get", "200 304 400 401 403 404 429 503"),
        ("/api/audio/{track}/", "patch", "200 400 401 403 404 409 413 415 422 429 503"),
        ("/api/audio/{track}/", "delete", "204 400 401 403 404 409 413 422 429 503"),
        ("/api/audio/{track}/stream/", "get", "200 206 304 400 401 403 404 416 429 503"),
        ("/api/downloads/{d}/pause/", "post", "202 400 401 403 404 409 413 422 429 503"),
        ("/api/channel/", "post", "201 400 401 403 404 409 413 415 422 429 503"),
        ("/service-worker.js", "get", "200 304 400 401 403 429 503"),
        ("/api/user/avatar/", "put", "204 400 401 403 404 409 413 415 422 429 503"),
    ],
)
def test_the_statuses_are_those_that_can_occur(made: dict[str, Any], path: str, method: str, statuses: str) -> None:
    assert list(made["paths"][path][method]["responses"]) == statuses.split()


def test_answers_by_kind(made: dict[str, Any]) -> None:
    def content(path: str, status: str = "200", method: str = "get") -> Any:
        return made["paths"][path][method]["responses"][status].get("content")

    binary: dict[str, Any] = {"*/*": {}}
    for path, status in (("/api/audio/{track}/stream/", "206"), ("/service-worker.js", "200"), ("/", "200")):
        assert content(path, status) == binary
    assert content("/api/audio/{track}/", "204", "delete") is None
    assert content("/api/channel/", "201", "post") is None
    assert content("/api/openapi.json") == {"application/json": {"schema": {}}}
    assert content("/metrics") == {"application/json": {"schema": {"type": "object"}}}


def test_bodies_that_are_no_json(made: dict[str, Any]) -> None:
    wanted = {"required": True, "content": {"image/png": {}, "image/gif": {}}}
    assert made["paths"]["/api/user/avatar/"]["put"]["requestBody"] == wanted


def test_problems_are_shared(made: dict[str, Any]) -> None:
    responses = made["components"]["responses"]
    for item in made["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    shared = responses[response["$ref"].rpartition("/")[2]]
                    schema = shared["content"]["application/problem+json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}
    assert list(responses["TooManyRequests"]["headers"]) == ["Retry-After"]


def test_who_may_is_told(made: dict[str, Any]) -> None:
    worker, stream = (
        made["paths"]["/service-worker.js"]["get"],
        made["paths"]["/api/audio/{track}/stream/"]["get"],
    )
    channel, track = made["paths"]["/api/channel/"]["post"], made["paths"]["/api/audio/{track}/"]["patch"]
    assert (worker["security"], worker["x-permission"]) == ([], "Public")
    assert not {"x-scope", "x-resource"} & set(worker)
    assert stream["security"] == [{"session": []}, {"bearer": []}]
    assert (stream["x-permission"], stream["x-scope"], stream["x-resource"]) == (
        "IsOwnerOrAdmin",
        "play",
        "track",
    )
    assert (channel["x-permission"], channel["x-scope"]) == ("AdminWriteOnly", "admin")
    assert track["x-scope"] == "write"


def test_writes_take_an_idempotency_key(made: dict[str, Any]) -> None:
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    for item in made["paths"].values():
        for method, operation in item.items():
            assert (key in operation.get("parameters", [])) is (method != "get")


def test_strangers_types_carry_their_packages_name() -> None:
    theirs = msgspec.defstruct("Track", [("words", str)], module="soundwave_lyrics.routes")
    own = msgspec.defstruct("Line", [("track", Track), ("mine", theirs)], module="soundwave_lyrics.routes")
    routes = [
        ("library", Route("GET", "/a/", list_tracks, Public, answer=Page[Track])),
        ("lyrics", Route("GET", "/b/", list_tracks, Public, answer=Page[theirs])),
        ("lyrics", Route("GET", "/c/", list_tracks, Public, answer=own)),
    ]
    for order in (routes, routes[::-1]):
        found = document_of(order)["components"]["schemas"]
        assert list(found) == [
            "LyricsLine",
            "LyricsPage_Track_",
            "LyricsTrack",
            "Page_Track_",
            "Problem",
            "Track",
        ]
        assert found["LyricsLine"]["properties"]["track"]["$ref"].endswith("/Track")
        assert found["LyricsLine"]["properties"]["mine"]["$ref"].endswith("/LyricsTrack")
        assert found["LyricsPage_Track_"]["properties"]["results"]["items"]["$ref"].endswith("/LyricsTrack")
        assert found["LyricsTrack"]["required"] == ["words"]


def test_two_of_ours_with_one_name_are_told_apart() -> None:
    kinds = [
        msgspec.defstruct("Item", [("id", str)], module=module)
        for module in ("soundwave_library.a", "soundwave_downloads.a", "soundwave_downloads.b")
    ]
    routes = [("core", Route("GET", f"/{n}/", list_tracks, Public, answer=kind)) for n, kind in enumerate(kinds)]
    found = document_of(routes)["components"]["schemas"]
    assert list(found) == [
        "LibraryItem",
        "Problem",
        "soundwave_downloads.a.Item",
        "soundwave_downloads.b.Item",
    ]


def test_a_type_without_a_schema_is_refused() -> None:
    with pytest.raises(PluginError, match="has no JSON schema"):
        document_of([("a", Route("GET", "/a/", list_tracks, Public, answer=list[Meta]))])
