"""Request in, typed body, judged, handled, answer out. The only module that touches ``bottle.request``.

Always in this order: who asks, same origin, role and scope, once only, access and restrictions, query and
body, handler, answer. (Once only comes before access: a DELETE that is sent again finds its thing gone.)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl

import bottle
import msgspec
from msgspec import Meta

from . import answers, encoding, idempotency, permissions
from .ballast import Ballast
from .bodies import Bodies
from .errors import BadRequest, Invalid, SoundWaveError, TooLarge, Unauthorized, Unavailable
from .origin import ensure_same_origin
from .records import Actor, Route
from .texts import wrong
from .version import __version__
from .web import is_navigation, to_login

if TYPE_CHECKING:
    from .app import SoundWave
    from .routing import RouteEntry

log = logging.getLogger(__name__)

ANNOUNCED = frozenset({401, 403, 429})
_LENGTH = re.compile(r"[0-9]{1,18}")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every request body."""


class ListQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of a list's query: how many, and where to go on."""

    limit: Annotated[int, Meta(ge=1, le=200, description="How many results.")] = 50
    cursor: Annotated[str, Meta(max_length=500, description="Where to go on; taken from `next`.")] | None = None


Cursor = list[str | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | float | None]  # what SQLite can hold


def encode_cursor(values: Cursor) -> str:
    """A list's last values as one opaque word for ``next``."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """The values that ``encode_cursor`` took; Invalid for anything else."""
    try:
        raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        return msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, UnicodeError, msgspec.MsgspecError) as error:
        raise Invalid("The cursor is not one of ours.", code="cursor_invalid") from error


class Headers:
    """The request's headers, by any case."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def get(self, name: str, default: str | None = None) -> str | None:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        value = self._environ.get(key, default)
        return value if value is None else str(value)


class Request:
    """What a handler sees. ``body`` and ``query`` are the route's Structs, ``params`` the wildcards."""

    def __init__(self, core: SoundWave, environ: dict[str, Any], route: Route, params: dict[str, str]) -> None:
        self.core = core
        self.environ = environ
        self.route = route
        self.params = params
        self.headers = Headers(environ)
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ["PATH_INFO"]
        self.prefix: str = environ.get("SCRIPT_NAME", "")
        self.scheme: str = environ["wsgi.url_scheme"]
        self.host: str = environ.get("HTTP_HOST", "")
        self.remote_address: str = environ.get("REMOTE_ADDR", "")
        self.actor: Actor | None = None
        self.body: Any = None
        self.query: Any = None
        self.raw_body = b""
        self.etag: str | None = None  # set by revalidate()

    @property
    def user(self) -> Actor:
        """The actor of a route that is not Public."""
        if self.actor is None:
            raise Unauthorized()
        return self.actor

    @property
    def cookies(self) -> dict[str, str]:
        cookies: dict[str, str] = {}
        for part in (self.headers.get("Cookie") or "").split(";"):
            name, _, value = part.strip().partition("=")
            cookies.setdefault(name, value)
        return cookies

    def revalidate(self, *versions: int | str) -> str:
        """The ETag of what this actor asks for, in these versions (change counters, say).

        Ends here where the client has that already (304), or where we sent it before (``bodies.py``).
        """
        who = f"{self.actor.id} {self.actor.is_admin}" if self.actor is not None else ""
        asked = "\n".join(
            (__version__, str(self.core.db.epoch), who, self.prefix, self.path, self.environ.get("QUERY_STRING", ""))
        )
        self.etag = ".".join([*map(str, versions), hashlib.sha256(asked.encode()).hexdigest()[:32]])
        if answers.matches(self.headers.get("If-None-Match"), answers.weak(self.etag)):
            raise answers.NotModified(self.etag)
        body = self.core.part(Bodies).find((self.etag, encoding.coding_for(self)))
        if body is not None:
            raise answers.Kept(self.etag, body)
        return self.etag

    def read_body(self, limit: int) -> bytes:
        """The whole body; TooLarge beyond ``limit`` bytes. (waitress gives a chunked one its length.)"""
        length = self.environ.get("CONTENT_LENGTH") or "0"
        if not _LENGTH.fullmatch(length):
            raise BadRequest("The Content-Length is no number.", code="length_invalid")
        if int(length) > limit:
            raise TooLarge(f"The body is larger than {limit} bytes.")
        body = bytes(self.environ["wsgi.input"].read(int(length)))
        if len(body) < int(length):
            raise BadRequest("The body ends too early.", code="body_incomplete")
        return body


def make_endpoint(core: SoundWave) -> Callable[[RouteEntry], Callable[..., bottle.HTTPResponse]]:
    """What ``routing.bind`` puts behind each route."""

    def endpoint(entry: RouteEntry) -> Callable[..., bottle.HTTPResponse]:
        def call(**params: str) -> bottle.HTTPResponse:
            environ = bottle.request.environ
            environ["soundwave.route"] = entry.route
            return handle(core, Request(core, environ, entry.route, params))

        return call

    return endpoint


def handle(core: SoundWave, request: Request) -> bottle.HTTPResponse:
    """One request, from the door to the answer; every error becomes problem+json."""
    try:
        with core.db.hasty():
            response = _answer(core, request)
    except answers.NotModified as unchanged:
        response = answers.not_modified(unchanged.etag)
    except answers.Kept as kept:
        response = encoding.versioned(kept.etag, kept.body)
    except SoundWaveError as error:
        response = _refuse(core, request, error)
    except (Exception, SystemExit) as error:
        if core.is_running:
            response = answers.crash(core.clock.new_id(), request.method, request.path, error)
        else:  # its database was closed under it
            response = answers.problem(Unavailable("The server is stopping.", code="stopping"))
    if request.actor is not None:
        response.set_header("SoundWave-User", request.actor.id)
    return response


def _refuse(core: SoundWave, request: Request, error: SoundWaveError) -> bottle.HTTPResponse:
    if error.status == 401 and is_navigation(request):
        return answers.see_other(to_login(request))
    if error.status in ANNOUNCED:
        core.plugins.announce(
            "request_refused", actor=request.actor, request=request, status=error.status, code=error.code
        )
    if error.status >= 500:
        log.error("%s %s: %s", request.method, request.path, error.sentence)
    return answers.problem(error)


def _answer(core: SoundWave, request: Request) -> bottle.HTTPResponse:
    route = request.route
    request.actor = core.actor_of(request)
    if not is_navigation(request):  # a page may be gone to from anywhere: it is the same for all
        ensure_same_origin(request)
    permissions.judge_actor(request.actor, route)
    if route.is_safe:
        return _carry_out(core, request)
    request.raw_body = request.read_body(route.body_limit or core.config["body_limit_bytes"])
    write = partial(_carry_out, core, request)
    return core.part(Ballast).guard(route, lambda: idempotency.once(core, request, write))


def _carry_out(core: SoundWave, request: Request) -> bottle.HTTPResponse:
    route = request.route
    permissions.judge_access(core, request, route)
    if route.query is not None:
        request.query = decode_query(request.environ.get("QUERY_STRING", ""), route.query)
    if route.body is not None:
        request.body = decode_body(request, route.body)
    elif route.content_types:
        ensure_content(request, route.content_types)
    return encoding.encode(request, route, route.handler(core, request))


def decode_query(text: str, kind: Any) -> Any:
    """The query string as ``kind``; a name given twice, unknown or wrong is Invalid, as is what is not UTF-8."""
    values: dict[str, str] = {}
    for name, value in _pairs(text):
        if name in values:
            raise Invalid(f"{name} is given twice in the query.", code="query_invalid")
        values[name] = value
    try:
        query = msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(wrong("The query", error), code="query_invalid") from error
    for name in values:
        if getattr(query, name) is None:  # msgspec takes the word null for None; a query has none
            raise Invalid(f"{name} is wrong in the query.", code="query_invalid")
    return query


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        if not _BAD_ESCAPE.search(text):
            return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeError:
        pass
    raise Invalid("The query is not percent-encoded UTF-8.", code="query_invalid")


def ensure_content(request: Request, kinds: Sequence[str]) -> None:
    """There is a body, of one of these types by its header, and not compressed: 400, 415."""
    content_type = (request.headers.get("Content-Type") or "").split(";")[0].strip().lower()
    if content_type not in kinds:
        raise BadRequest(f"Send {' or '.join(kinds)}.", code="content_type_unsupported", status=415)
    if (request.headers.get("Content-Encoding") or "identity").lower() != "identity":
        raise BadRequest("Send the body uncompressed.", code="content_encoding_unsupported", status=415)
    if not request.raw_body:
        raise BadRequest("The body is empty.", code="body_empty")


def decode_body(request: Request, kind: Any) -> Any:
    """The JSON body as ``kind``: 415 not JSON by its type, 400 unreadable, 422 wrong."""
    ensure_content(request, ("application/json",))
    try:
        return msgspec.json.decode(request.raw_body, type=kind)
    except msgspec.ValidationError as error:
        raise Invalid(wrong("The body", error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadRequest("The body is not readable JSON.", code="body_unreadable") from error
