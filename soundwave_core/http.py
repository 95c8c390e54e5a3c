"""Request in, typed body, judged, handled, answer out. The only module that touches ``bottle.request``.

Always in this order: who asks, same origin, permission, query and body, once only, handler, answer.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import bottle
import msgspec
from msgspec import Meta

from . import answers, idempotency, permissions
from .errors import BadRequest, Forbidden, Invalid, SoundWaveError, TooLarge, Unauthorized
from .records import Actor, Route

if TYPE_CHECKING:
    from .app import SoundWave
    from .routing import RouteEntry

log = logging.getLogger(__name__)

CSRF_HEADER = "SoundWave-CSRF"
ANNOUNCED = frozenset({401, 403, 429})


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every request body."""


class ListQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of a list's query: how many, and where to go on."""

    limit: Annotated[int, Meta(ge=1, le=200, description="How many results.")] = 50
    cursor: Annotated[str, Meta(max_length=500, description="Where to go on; taken from `next`.")] | None = None


Cursor = list[str | int | float | None]


def encode_cursor(values: Cursor) -> str:
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

    def revalidate(self, etag: str) -> None:
        """End here with a 304 where the client has this version already."""
        if answers.matches(self.headers.get("If-None-Match"), answers.weak(etag)):
            raise answers.NotModified(etag)

    def read_body(self, limit: int) -> bytes:
        """The whole body; TooLarge beyond ``limit`` bytes."""
        sentence = f"The body is larger than {limit} bytes."
        if int(self.environ.get("CONTENT_LENGTH") or 0) > limit:
            raise TooLarge(sentence)
        body = bytes(self.environ["wsgi.input"].read(limit + 1))
        if len(body) > limit:
            raise TooLarge(sentence)
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
        response = _answer(core, request)
    except answers.NotModified as unchanged:
        response = answers.not_modified(unchanged.etag)
    except SoundWaveError as error:
        if error.status in ANNOUNCED:
            core.plugins.announce(
                "request_refused", actor=request.actor, request=request, status=error.status, code=error.code
            )
        if error.status >= 500:
            log.error("%s %s: %s", request.method, request.path, error.sentence)
        response = answers.problem(error)
    except Exception:
        response = answers.crash(core.clock.new_id(), request.method, request.path)
    if request.actor is not None:
        response.set_header("SoundWave-User", request.actor.id)
    return response


def _answer(core: SoundWave, request: Request) -> bottle.HTTPResponse:
    route = request.route
    request.actor = core.actor_of(request)
    ensure_same_origin(request)
    permissions.judge(core, request, route)
    if route.query is not None:
        request.query = decode_query(request.environ.get("QUERY_STRING", ""), route.query)
    if not route.is_safe:
        limit = route.body_limit or core.config["body_limit_bytes"]
        request.raw_body = request.read_body(limit)
    if route.body is not None:
        request.body = decode_body(request, route.body)

    def run() -> bottle.HTTPResponse:
        return answers.encode(request, route, route.handler(core, request))

    return run() if route.is_safe else idempotency.once(core, request, run)


def ensure_same_origin(request: Request) -> None:
    """Writes with a cookie come from our own pages (Sec-Fetch-Site, else Origin) and carry the session's token."""
    if request.route.is_safe:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    has_cookie = request.headers.get("Cookie") is not None
    if site is not None:
        is_same = site in ("same-origin", "none") and (origin is None or _is_own(origin, request))
    elif origin is not None:
        is_same = _is_own(origin, request)
    else:
        is_same = not has_cookie
    if not is_same:
        raise Forbidden("This request comes from another site.", code="cross_origin")
    actor = request.actor
    if actor is not None and actor.session_id is not None:
        token = request.headers.get(CSRF_HEADER) or ""
        if not actor.csrf_token or not answers.same_secret(token, actor.csrf_token):
            raise Forbidden(f"The header {CSRF_HEADER} is missing or wrong.", code="csrf_failed")


def _is_own(origin: str, request: Request) -> bool:
    return urlsplit(origin).netloc.lower() == request.host.lower()


def decode_query(text: str, kind: Any) -> Any:
    """The query string as ``kind``; a name given twice, unknown or wrong is Invalid."""
    values: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in values:
            raise Invalid(f"{name} is given twice in the query.", code="query_invalid")
        values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"The query is wrong: {error}.", code="query_invalid") from error


def decode_body(request: Request, kind: Any) -> Any:
    """The JSON body as ``kind``: 415 not JSON by its type, 400 unreadable, 422 wrong."""
    content_type = (request.headers.get("Content-Type") or "").split(";")[0].strip().lower()
    if content_type != "application/json":
        raise BadRequest("Send application/json.", code="content_type_unsupported", status=415)
    if not request.raw_body:
        raise BadRequest("The body is empty; send JSON.", code="body_empty")
    try:
        return msgspec.json.decode(request.raw_body, type=kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"The body is wrong: {error}.") from error
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadRequest("The body is not readable JSON.", code="body_unreadable") from error
