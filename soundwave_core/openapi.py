"""The OpenAPI 3.1 document, written from the routes: what is bound is what is described."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from .answers import Problem
from .permissions import Public, needed_scope
from .records import FileAnswer, Json, Raw, Route
from .routing import RouteEntry, name_of
from .rules import Rule
from .schemas import PREFIX, Schema, Schemas

METHOD_ORDER = ("GET", "PUT", "POST", "PATCH", "DELETE")
BINARY: Schema = {"*/*": {}}  # bytes have no schema (OpenAPI 3.1 section 4.8.14.2)
ALWAYS = (400, 401, 403, 429, 503)
REASONS = {
    400: "The request cannot be read, or is for a host that is not allowed.",
    401: "Nobody is signed in, or the credential is no good.",
    403: "Signed in, but not allowed; or the request comes from another site.",
    404: "Not there, or not there for this actor.",
    409: "The request is fine, the state of things is not.",
    413: "The body is over the limit.",
    415: "The body is of another kind, by its Content-Type, than what is taken here.",
    416: "The file has no such bytes.",
    422: "The body, the query or the Idempotency-Key was read and is wrong.",
    429: "Too many at once.",
    503: "The server cannot do this now.",
}
HEADERS: dict[int, dict[str, Schema]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    416: {"Content-Range": {"schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes a resend harmless: the same key gets the first answer again.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,200}$"},
}


def document(
    entries: Iterable[RouteEntry],
    title: str,
    version: str,
    *,
    description: str = "",
    prefix: str = "",
    cookie: str = "soundwave_session",
) -> dict[str, Any]:
    """The document of these routes, in an order that depends on the routes alone.

    ``prefix``: the path that the server runs under (``/audio``). ``cookie``: the session cookie's name, which
    the scheme decides. Raises PluginError where a type has no JSON schema.
    """
    listed = sorted(entries, key=_order)
    schemas = Schemas(
        [Problem, *(e.route.answer for e in listed if _is_json(e.route.answer))],
        [kind for e in listed for kind in (e.route.body, e.route.query) if kind is not None],
    )
    schemas.of(Problem)
    paths: dict[str, dict[str, Any]] = {}
    operation_ids = _operation_ids(listed)
    for entry, (template, names) in zip(listed, _templates(listed), strict=True):
        operation = _operation(entry, names, operation_ids[entry.label], schemas)
        paths.setdefault(template, {})[entry.route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, **({"description": description} if description else {})},
        "servers": [{"url": prefix or "/"}],
        "tags": [{"name": plugin} for plugin in sorted({entry.plugin for entry in listed})],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": {_problem_name(status): _problem(status) for status in REASONS},
            "parameters": {"IdempotencyKey": IDEMPOTENCY_KEY},
            "securitySchemes": _security_schemes(cookie),
        },
    }


def _order(entry: RouteEntry) -> tuple[str, int, str]:
    return entry.rule.shape, METHOD_ORDER.index(entry.route.method), entry.rule.text


def _is_json(answer: Any) -> bool:
    return answer is not None and answer not in (FileAnswer, Raw, Json)


def _templates(entries: Sequence[RouteEntry]) -> list[tuple[str, list[str]]]:
    """Each entry's path and its parameters' names: one shape is one path, however the wildcards are named."""
    chosen: dict[str, tuple[str, list[str]]] = {}
    taken: set[str] = set()
    for entry in entries:
        if entry.rule.shape in chosen:
            continue
        names = [wildcard.name for wildcard in entry.rule.wildcards]
        while (template := _template(entry.rule, names)) in taken:
            names = [f"{name}_" for name in names]
        taken.add(template)
        chosen[entry.rule.shape] = template, names
    return [chosen[entry.rule.shape] for entry in entries]


def _template(rule: Rule, names: Sequence[str]) -> str:
    left = iter(names)
    parts = ("/" + (f"{{{next(left)}}}" if s.text is None else s.text) for s in rule.segments)
    return "".join(parts) + ("/" if rule.has_slash else "")


def _operation_ids(entries: Sequence[RouteEntry]) -> dict[str, str]:
    """``library_list_tracks``; a handler that answers several routes is told apart by method and path."""
    plain = {e.label: f"{e.plugin}_{re.sub(r'[^0-9A-Za-z_]', '', name_of(e.route.handler))}" for e in entries}
    used = list(plain.values())
    return {
        e.label: plain[e.label] if used.count(plain[e.label]) == 1 else f"{plain[e.label]}_{_slug(e)}" for e in entries
    }


def _slug(entry: RouteEntry) -> str:
    return "_".join([entry.route.method.lower(), *re.findall(r"[0-9A-Za-z]+", entry.rule.text)])


def _operation(entry: RouteEntry, names: Sequence[str], operation_id: str, schemas: Schemas) -> Schema:
    route = entry.route
    summary, text = _texts(route)
    operation: Schema = {"operationId": operation_id, "summary": summary, "tags": [entry.plugin]}
    if text:
        operation["description"] = text
    if parameters := _parameters(entry, names, schemas):
        operation["parameters"] = parameters
    if route.body is not None:
        content = {"application/json": {"schema": schemas.of(route.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    elif route.content_types:
        operation["requestBody"] = {"required": True, "content": {kind: {} for kind in route.content_types}}
    operation["responses"] = _responses(entry, schemas)
    operation["security"] = [] if route.permission is Public else [{"session": []}, {"bearer": []}]
    operation["x-permission"] = route.permission.name
    if route.permission is not Public:
        operation["x-scope"] = needed_scope(route)
    if route.resource is not None:
        operation["x-resource"] = route.resource
    return operation


def _texts(route: Route) -> tuple[str, str]:
    """Summary and description, from the handler's docstring."""
    handler: Any = route.handler
    while isinstance(handler, functools.partial):
        handler = handler.func
    first, _, rest = (inspect.getdoc(handler) or "").partition("\n")
    return first.strip().rstrip(".") or name_of(handler).replace("_", " ").strip().capitalize(), rest.strip()


def _parameters(entry: RouteEntry, names: Sequence[str], schemas: Schemas) -> list[Schema]:
    parameters: list[Schema] = []
    for name, wildcard in zip(names, entry.rule.wildcards, strict=True):
        schema = {"type": "string"} if wildcard.is_file else {"type": "string", "pattern": f"^(?:{wildcard.pattern})$"}
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    if entry.route.query is not None:
        for name, schema, is_required in schemas.fields(entry.route.query):
            text = {"description": schema.pop("description")} if "description" in schema else {}
            parameters.append({"name": name, "in": "query", "required": is_required, **text, "schema": schema})
    if not entry.route.is_safe and entry.route.permission is not Public:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    return parameters


def _responses(entry: RouteEntry, schemas: Schemas) -> Schema:
    responses = _successes(entry.route, schemas)
    for status in _problems(entry):
        responses[str(status)] = {"$ref": f"#/components/responses/{_problem_name(status)}"}
    return dict(sorted(responses.items()))


def _successes(route: Route, schemas: Schemas) -> dict[str, Schema]:
    if route.answer is None:
        status = 204 if route.status == 200 else route.status
        return {str(status): {"description": HTTPStatus(status).phrase}}
    content: Schema = BINARY
    if route.answer not in (FileAnswer, Raw):
        schema = schemas.of(route.answer) if _is_json(route.answer) else {}
        content = {"application/json": {"schema": schema}}
    responses = {str(route.status): {"description": HTTPStatus(route.status).phrase, "content": content}}
    if route.answer is FileAnswer:
        responses["206"] = {"description": "The bytes that Range asks for.", "content": content}
    if route.is_safe:
        responses["304"] = {"description": "What the client has is what it would get."}
    return responses


def _problems(entry: RouteEntry) -> list[int]:
    """The refusals that can happen to this route."""
    route, found = entry.route, set(ALWAYS)
    has_body = route.body is not None or bool(route.content_types)
    names_things = has_body and route.permission is not Public
    is_thing = route.answer is FileAnswer or (route.answer is Raw and route.permission is not Public)
    if entry.rule.wildcards or is_thing or names_things:
        found.add(404)
    if route.answer is FileAnswer:
        found.add(416)
    if not route.is_safe:
        found |= {409, 413, 422}
    if has_body:
        found.add(415)
    if route.query is not None:
        found.add(422)
    return sorted(found)


def _problem_name(status: int) -> str:
    return re.sub(r"[^A-Za-z]", "", HTTPStatus(status).phrase)


def _problem(status: int) -> Schema:
    content = {"application/problem+json": {"schema": {"$ref": PREFIX + "Problem"}}}
    headers = {"headers": HEADERS[status]} if status in HEADERS else {}
    return {"description": REASONS[status], **headers, "content": content}


def _security_schemes(cookie: str) -> dict[str, Schema]:
    return {
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "Writes also need the same origin and the session's token in SoundWave-CSRF.",
        },
        "bearer": {"type": "http", "scheme": "bearer", "description": "A named token with scopes."},
    }
