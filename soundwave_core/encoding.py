"""What a handler returned, as an HTTP answer: JSON with its ETag, packed where the client takes that."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bottle
import msgspec

from .answers import JSON_CACHE, VARY, matches, not_modified, response, weak
from .bodies import Bodies
from .records import Answer, FileAnswer, Json, Raw, Route
from .sending import send_file

if TYPE_CHECKING:
    from .http import Request

GZIP_FROM_BYTES = 1024
GZIP_BEGINNING = b"\x1f\x8b"


def encode(request: Request, route: Route, value: Any) -> bottle.HTTPResponse:
    """What a handler returned, as an HTTP answer."""
    status, headers = route.status, list[tuple[str, str]]()
    if isinstance(value, Answer):
        status, headers, value = value.status or status, list(value.headers), value.value
    if value is None:
        return response(status if status != 200 else 204, b"", headers)
    if isinstance(value, FileAnswer):
        return send_file(request, value)
    if isinstance(value, Raw):
        return _raw(request, value, status, headers)
    body, etag = (value.body, value.etag) if isinstance(value, Json) else (msgspec.json.encode(value), None)
    if not route.is_safe or status != 200:
        return response(status, body, [*headers, ("Content-Type", "application/json"), VARY, *_cached(headers)])
    who = request.actor.id if request.actor is not None else ""
    tag = etag or hashlib.sha256(who.encode() + b"\n" + body).hexdigest()[:24]  # nobody is told 304 of another's copy
    if matches(request.headers.get("If-None-Match"), weak(tag)):
        return not_modified(tag)
    coding = coding_for(request)
    if coding:
        body = _packed(body)
    if etag is not None and etag == request.etag:
        request.core.part(Bodies).keep((etag, coding), body)
    return versioned(tag, body, headers)


def _raw(request: Request, value: Raw, status: int, headers: Sequence[tuple[str, str]]) -> bottle.HTTPResponse:
    complete = [*value.headers, *headers]
    if value.etag is not None:
        complete += [("ETag", f'"{value.etag}"'), VARY, *_cached(complete)]
        if matches(request.headers.get("If-None-Match"), f'"{value.etag}"'):
            return response(304, b"", complete)
    return response(status, value.body, [("Content-Type", value.content_type), *complete])


def versioned(etag: str, body: bytes, headers: Sequence[tuple[str, str]] = ()) -> bottle.HTTPResponse:
    """A JSON answer with its ETag. A body that is no JSON as it stands is packed: gzip begins with 1F 8B."""
    complete = [*headers, ("Content-Type", "application/json"), VARY, ("ETag", weak(etag)), *_cached(headers)]
    if body.startswith(GZIP_BEGINNING):
        complete.append(("Content-Encoding", "gzip"))
    return response(200, body, complete)


def _cached(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [] if any(name == "Cache-Control" for name, _ in headers) else [JSON_CACHE]


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, 1, mtime=0) if len(body) >= GZIP_FROM_BYTES else body


def coding_for(request: Request) -> str:
    """The content coding that the client takes and we give: gzip, or none."""
    return "gzip" if accepts(request, "gzip") else ""


def accepts(request: Request, coding: str) -> bool:
    """Whether Accept-Encoding names a coding, and not with ``q=0`` (RFC 9110 section 12.5.3)."""
    for part in (request.headers.get("Accept-Encoding") or "").lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        if name == coding:
            return weight.strip("0.") != "" or weight == ""
    return False
